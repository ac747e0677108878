//! Making keys and certificates.

use std::collections::BTreeSet;

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize, SanType, SerialNumber,
};
use rustix::rand::{GetRandomFlags, getrandom};
use time::OffsetDateTime;

use super::names::Name;

/// The kind of a private key that can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::modules) enum KeyKind {
    /// RSA of 2048, 3072 or 4096 bits.
    Rsa(u32),
    /// ECDSA on the curve P-256.
    Ecdsa,
}

impl KeyKind {
    /// RSA of so many bits, 2048 where nothing is said; `None` for another number than 2048, 3072 and 4096.
    pub(in crate::modules) fn rsa(bits: Option<i64>) -> Option<Self> {
        match u32::try_from(bits.unwrap_or(2048)) {
            Ok(bits @ (2048 | 3072 | 4096)) => Some(Self::Rsa(bits)),
            _ => None,
        }
    }
}

/// What a certificate shall say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) common_name: String,
    pub(super) names: BTreeSet<Name>,
    /// Seconds since the epoch.
    pub(super) not_before: i64,
    pub(super) not_after: i64,
}

/// Why none could be made.
#[derive(Debug, thiserror::Error)]
pub(in crate::modules) enum IssueError {
    #[error("make the key or certificate: {0}")]
    Rcgen(#[from] rcgen::Error),
    #[error("make the certificate: its validity is outside of what a certificate can say: {0}")]
    Time(#[from] time::error::ComponentRange),
    #[error("make the certificate: no random numbers: {0}")]
    Random(#[from] rustix::io::Errno),
}

pub(in crate::modules) fn make_key(kind: KeyKind) -> Result<KeyPair, IssueError> {
    let size = match kind {
        KeyKind::Ecdsa => return Ok(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?),
        KeyKind::Rsa(4096) => RsaKeySize::_4096,
        KeyKind::Rsa(3072) => RsaKeySize::_3072,
        KeyKind::Rsa(_) => RsaKeySize::_2048,
    };
    Ok(KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size)?)
}

/// A self-signed leaf for a server, as PEM: not a CA, which strict clients refuse as a server's certificate.
pub(super) fn issue(request: &Request, key: &KeyPair) -> Result<String, IssueError> {
    Ok(leaf(request, key)?.self_signed(key)?.pem())
}

/// A leaf that an authority signs, whose key and certificate are given in PEM.
pub(super) fn issue_by(request: &Request, key: &KeyPair, authority: (&str, &str)) -> Result<String, IssueError> {
    let issuer = Issuer::from_ca_cert_pem(authority.1, KeyPair::from_pem(authority.0)?)?;
    let mut params = leaf(request, key)?;
    params.use_authority_key_identifier_extension = true;
    Ok(params.signed_by(key, &issuer)?.pem())
}

/// The certificate of an authority that signs servers' certificates and no other authority's.
pub(super) fn issue_authority(request: &Request, key: &KeyPair) -> Result<String, IssueError> {
    let mut params = named(request)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params.self_signed(key)?.pem())
}

fn leaf(request: &Request, key: &KeyPair) -> Result<CertificateParams, IssueError> {
    let mut params = named(request)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    if key.algorithm() == &PKCS_RSA_SHA256 {
        params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
    }
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

/// Subject, names, validity and serial number.
fn named(request: &Request) -> Result<CertificateParams, IssueError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, request.common_name.as_str());
    for name in &request.names {
        params.subject_alt_names.push(match name {
            Name::Dns(name) => SanType::DnsName(Ia5String::try_from(name.as_str())?),
            Name::Ip(address) => SanType::IpAddress(*address),
        });
    }
    params.not_before = OffsetDateTime::from_unix_timestamp(request.not_before)?;
    params.not_after = OffsetDateTime::from_unix_timestamp(request.not_after)?;
    params.serial_number = Some(serial()?);
    Ok(params)
}

/// 16 random bytes that read as a positive number (RFC 5280, 4.1.2.2). A serial made from the key would be the
/// same after a renewal, which some clients take for a forgery.
fn serial() -> Result<SerialNumber, IssueError> {
    let mut bytes = [0u8; 16];
    let mut filled = 0;
    while filled < bytes.len() {
        filled += getrandom(&mut bytes[filled..], GetRandomFlags::empty())?;
    }
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}
