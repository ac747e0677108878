//! Reading keys and certificates, and what is wrong with them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use rcgen::{KeyPair, PublicKeyData};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo, X509Certificate};
use x509_parser::public_key::PublicKey;

use super::issue::{KeyKind, Request};
use super::names::{Name, list};
use super::own::missing;
use crate::modules::install::hex;

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// A private key that is there.
pub(in crate::modules) struct Key {
    pub(super) pair: KeyPair,
    kind: Option<KeyKind>,
}

impl Key {
    /// Reads PEM of any of the usual kinds; `None` when there is no key in it, or one with a passphrase.
    pub(in crate::modules) fn read(bytes: &[u8]) -> Option<Self> {
        let blocks = Pem::iter_from_buffer(bytes).filter_map(Result::ok);
        let pair = blocks
            .filter(|block| block.label.ends_with("PRIVATE KEY"))
            .find_map(|block| KeyPair::try_from(block.contents.as_slice()).ok())?;
        let kind = kind(&pair.subject_public_key_info());
        Some(Self { pair, kind })
    }

    /// Whether it is what is asked for, or a longer one.
    pub(in crate::modules) fn suits(&self, wanted: KeyKind) -> bool {
        match (self.kind, wanted) {
            (Some(KeyKind::Rsa(bits)), KeyKind::Rsa(least)) => bits >= least,
            (kind, wanted) => kind == Some(wanted),
        }
    }
}

fn kind(public_key: &[u8]) -> Option<KeyKind> {
    let (_, info) = SubjectPublicKeyInfo::from_der(public_key).ok()?;
    match info.parsed().ok()? {
        PublicKey::RSA(key) => u32::try_from(key.key_size()).ok().map(KeyKind::Rsa),
        // An uncompressed point of P-256: a tag and twice 32 bytes.
        PublicKey::EC(point) if point.data().len() == 65 => Some(KeyKind::Ecdsa),
        _ => None,
    }
}

/// A certificate that is there: the first in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) common_name: Option<String>,
    pub(super) names: BTreeSet<Name>,
    not_before: i64,
    pub(super) not_after: i64,
    public_key: Vec<u8>,
    pub(super) is_ca: bool,
    server_auth: bool,
    /// Subject and issuer are the same: nobody else vouches for it.
    pub(super) self_issued: bool,
    pub(super) fingerprint: String,
    /// What names its key in the certificates that it signs (RFC 5280, 4.2.1.2).
    pub(super) subject_key_id: Option<Vec<u8>>,
    /// What names the key that signed it (4.2.1.1).
    authority_key_id: Option<Vec<u8>>,
}

/// Who is to vouch for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voucher<'k> {
    /// Nobody; the authority of this key may have done so before.
    Itself(Option<&'k [u8]>),
    /// The authority of this key; one that is still to be made has none.
    Authority(Option<&'k [u8]>),
}

impl Found {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let blocks = Pem::iter_from_buffer(bytes).filter_map(Result::ok);
        let block = blocks.into_iter().find(|block| block.label == "CERTIFICATE")?;
        let (_, certificate) = X509Certificate::from_der(&block.contents).ok()?;
        let names = certificate.subject_alternative_name().ok()?;
        let names = names.iter().flat_map(|extension| &extension.value.general_names).filter_map(name).collect();
        let usage = certificate.extended_key_usage().ok()?;
        let subject = certificate.subject();
        let common_name = subject.iter_common_name().next().and_then(|name| name.as_str().ok()).map(str::to_owned);
        Some(Self {
            common_name,
            names,
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
            public_key: certificate.public_key().subject_public_key.data.to_vec(),
            is_ca: certificate.is_ca(),
            server_auth: usage.is_some_and(|usage| usage.value.server_auth || usage.value.any),
            self_issued: subject.as_raw() == certificate.issuer().as_raw(),
            fingerprint: hex(&Sha256::digest(&block.contents)),
            subject_key_id: key_ids(&certificate).0,
            authority_key_id: key_ids(&certificate).1,
        })
    }

    /// Whether it was made by this module, and may be replaced.
    pub(super) fn is_ours(&self, voucher: Voucher<'_>) -> bool {
        let (Voucher::Itself(key_id) | Voucher::Authority(key_id)) = voucher;
        self.self_issued || key_id.is_some_and(|key_id| self.authority_key_id.as_deref() == Some(key_id))
    }

    /// Whether this is its key.
    pub(super) fn has_key(&self, key: &Key) -> bool {
        self.public_key == key.pair.der_bytes()
    }

    /// What is wrong with it, as ends of "the certificate ...".
    pub(super) fn defects(
        &self,
        wanted: &Request,
        key: &Key,
        now: i64,
        renew_before: i64,
        voucher: Voucher<'_>,
    ) -> Vec<String> {
        let names = format!("is for {}, not for {}", list(&self.names), list(&wanted.names));
        let subject = self.common_name.as_deref().unwrap_or("nobody");
        let by_authority = !self.self_issued && self.is_ours(voucher);
        let ours = self.is_ours(voucher);
        let checks = [
            (
                matches!(voucher, Voucher::Authority(_)) && !by_authority,
                "is not signed by the host's own authority".to_owned(),
            ),
            (matches!(voucher, Voucher::Itself(_)) && by_authority, "is signed by the host's own authority".to_owned()),
            (!self.has_key(key), "is of another key".to_owned()),
            (self.not_after <= now, format!("ended on {}", date(self.not_after))),
            (
                self.not_after > now && self.not_after - now < renew_before * DAY,
                format!("ends on {}, in less than {renew_before} days", date(self.not_after)),
            ),
            (self.not_before > now, format!("begins only on {}", date(self.not_before))),
            (self.names != wanted.names, names),
            // Who vouches for a name decides what the subject is.
            (ours && subject != wanted.common_name, format!("has the subject {subject}, not {}", wanted.common_name)),
            (self.is_ca, "is that of a CA, which strict clients refuse".to_owned()),
            (!self.server_auth, "lacks the use serverAuth".to_owned()),
        ];
        checks.into_iter().filter(|(wrong, _)| *wrong).map(|(_, defect)| defect).collect()
    }

    /// What is wrong with one that somebody else has issued, and that is not ours to replace.
    pub(super) fn defects_of_own(&self, wanted: &Request, key: &Key, now: i64) -> Vec<String> {
        let covers = |name: &Name| self.names.contains(name) || self.names.iter().any(|known| known.covers(name));
        let checks = [
            (!self.has_key(key), Some("is of another key".to_owned())),
            (self.not_after <= now, Some(format!("ended on {}", date(self.not_after)))),
            (self.not_before > now, Some(format!("begins only on {}", date(self.not_before)))),
            (true, missing(wanted.names.iter().filter(|name| !covers(name)))),
            (self.is_ca, Some("is that of a CA, which strict clients refuse".to_owned())),
            (!self.server_auth, Some("lacks the use serverAuth".to_owned())),
        ];
        checks.into_iter().filter(|(wrong, _)| *wrong).filter_map(|(_, defect)| defect).collect()
    }
}

/// The certificates of a file, each in PEM, in their order.
pub(super) fn leaves(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
    let parts = text.split(begin).skip(1).filter_map(|part| part.split_once(end));
    parts.map(|(body, _)| format!("{begin}{body}{end}\n")).collect()
}

/// The identifiers of its own key and of the one that signed it.
fn key_ids(certificate: &X509Certificate<'_>) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let (mut own, mut authority) = (None, None);
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => own = Some(id.0.to_vec()),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                authority = id.key_identifier.as_ref().map(|id| id.0.to_vec());
            }
            _ => {}
        }
    }
    (own, authority)
}

fn name(name: &GeneralName<'_>) -> Option<Name> {
    match name {
        GeneralName::DNSName(name) => Some(Name::Dns(name.to_ascii_lowercase())),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| Name::Ip(IpAddr::from(bytes))),
            16 => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| Name::Ip(IpAddr::from(bytes))),
            _ => None,
        },
        _ => None,
    }
}

/// `2027-01-31T00:00:00Z`.
pub(super) fn date(seconds: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok();
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_else(|| format!("@{seconds}"))
}
