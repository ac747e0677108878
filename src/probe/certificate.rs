//! What a certificate says.

use std::fmt::Write as _;
use std::net::IpAddr;

use sha2::{Digest, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The parts of a certificate that matter to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// DNS names and addresses of the subject alternative name, DNS names in lower case.
    pub names: Vec<String>,
    /// Seconds since the epoch.
    pub not_before: i64,
    /// Seconds since the epoch.
    pub not_after: i64,
    /// It is that of a CA, which strict clients refuse from a server (RFC 5280 section 4.2.1.9).
    pub is_ca: bool,
    /// It may be used by a server: serverAuth, any use, or no word about it.
    pub for_servers: bool,
    /// What kind of key it has, and how long: `RSA 2048`.
    pub key: KeyKind,
    /// SHA-256 of the DER, in lower-case hexadecimal.
    pub fingerprint: String,
    /// The public key, as the certificate has it.
    pub public_key: Vec<u8>,
}

/// A public key's kind with its length in bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA: EL8's crypto policy DEFAULT wants 2048 bits or more, FUTURE 3072 (crypto-policies(7)).
    Rsa(usize),
    /// On an elliptic curve.
    Ec(usize),
    /// Any other.
    Other,
}

impl KeyKind {
    fn of(key: &SubjectPublicKeyInfo<'_>) -> Self {
        match key.parsed() {
            Ok(PublicKey::RSA(key)) => Self::Rsa(key.key_size()),
            Ok(PublicKey::EC(point)) => Self::Ec(point.key_size()),
            _ => Self::Other,
        }
    }
}

impl Facts {
    /// Of a certificate in DER.
    #[must_use]
    pub fn of_der(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let names = certificate.subject_alternative_name().ok()?;
        let names = names.iter().flat_map(|names| &names.value.general_names).filter_map(name).collect();
        let usage = certificate.extended_key_usage().ok()?;
        Some(Self {
            names,
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
            is_ca: certificate.is_ca(),
            for_servers: usage.is_none_or(|usage| usage.value.server_auth || usage.value.any),
            key: KeyKind::of(certificate.public_key()),
            fingerprint: fingerprint(der),
            public_key: certificate.public_key().subject_public_key.data.to_vec(),
        })
    }

    /// Of the first certificate in a PEM file, which is the one that a server shows as its own.
    #[must_use]
    pub fn of_pem(pem: &[u8]) -> Option<Self> {
        let blocks = Pem::iter_from_buffer(pem).filter_map(Result::ok);
        Self::of_der(&blocks.into_iter().find(|block| block.label == "CERTIFICATE")?.contents)
    }

    /// Whether a client that asks for this host is content (RFC 6125: a wildcard is the whole first label).
    #[must_use]
    pub fn is_for(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let parent = host.split_once('.').map(|(_, parent)| parent);
        self.names.iter().any(|name| *name == host || name.strip_prefix("*.").is_some_and(|wild| Some(wild) == parent))
    }

    /// Whole days until its end; negative when it is over.
    #[must_use]
    pub fn days_left(&self, now: i64) -> i64 {
        (self.not_after - now).div_euclid(DAY)
    }
}

/// SHA-256 in lower-case hexadecimal.
#[must_use]
pub fn fingerprint(der: &[u8]) -> String {
    Sha256::digest(der).iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        GeneralName::IPAddress(bytes) => {
            let four = <[u8; 4]>::try_from(*bytes).ok().map(IpAddr::from);
            let sixteen = || <[u8; 16]>::try_from(*bytes).ok().map(IpAddr::from);
            four.or_else(sixteen).map(|address| address.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_clients_match_them() {
        let facts = Facts {
            names: vec!["mail.example.org".to_owned(), "*.lan.example.org".to_owned()],
            not_before: 0,
            not_after: 10 * DAY,
            is_ca: false,
            for_servers: true,
            key: KeyKind::Ec(256),
            fingerprint: String::new(),
            public_key: Vec::new(),
        };
        for (host, is_for) in [
            ("mail.example.org", true),
            ("MAIL.Example.org", true),
            ("a.lan.example.org", true),
            ("a.b.lan.example.org", false),
            ("lan.example.org", false),
            ("other.example.org", false),
        ] {
            assert_eq!(facts.is_for(host), is_for, "{host}");
        }
        assert_eq!((facts.days_left(DAY), facts.days_left(10 * DAY + 1)), (9, -1));
    }
}
