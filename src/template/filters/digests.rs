//! Digests, and passwords hashed for `/etc/shadow`.

use std::fmt::Write as _;

use md5::Md5;
use minijinja::Error;
use minijinja::value::Value;
use sha_crypt::{Sha256Params, Sha512Params, sha256_crypt_b64, sha512_crypt_b64};
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::super::TemplateError;
use super::super::environment::Registry;
use super::super::json;
use super::{Arguments, invalid, text_of};

pub(super) fn register(registry: &mut Registry) {
    registry.filter("hash", |value, arguments| {
        let kind = arguments.text("hashtype")?.unwrap_or_else(|| "sha1".to_owned());
        arguments.end()?;
        digest(&kind, &text_of(value)?)
    });
    registry.filter("checksum", |value, arguments| {
        arguments.end()?;
        digest("sha1", &text_of(value)?)
    });
    registry.filter("sha1", |value, arguments| {
        arguments.end()?;
        digest("sha1", &text_of(value)?)
    });
    registry.filter("md5", |value, arguments| {
        arguments.end()?;
        digest("md5", &text_of(value)?)
    });
    registry.filter("to_uuid", to_uuid);
    registry.filter("password_hash", password_hash);
}

/// In hexadecimal. MD5 and SHA-1, Ansible's default, are here for names and caches; they prove nothing.
fn digest(kind: &str, text: &str) -> Result<String, Error> {
    Ok(hexadecimal(&match kind {
        "md5" => Md5::digest(text).to_vec(),
        "sha1" => Sha1::digest(text).to_vec(),
        "sha224" => Sha224::digest(text).to_vec(),
        "sha256" => Sha256::digest(text).to_vec(),
        "sha384" => Sha384::digest(text).to_vec(),
        "sha512" => Sha512::digest(text).to_vec(),
        _ => return Err(invalid("the digest must be md5, sha1, sha224, sha256, sha384 or sha512")),
    }))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Ansible's namespace for names (plugins/filter/core.py).
const ANSIBLE_NAMESPACE: &str = "361e6d51faec444a9079341386da8e2e";

/// A UUID of a name (version 5, RFC 9562 section 5.5).
fn to_uuid(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    let namespace = arguments.text("namespace")?.map(|text| text.replace('-', ""));
    arguments.end()?;
    let namespace = namespace.unwrap_or_else(|| ANSIBLE_NAMESPACE.to_owned());
    let wrong = || invalid("the namespace must be a UUID");
    let number = u128::from_str_radix(&namespace, 16).ok().filter(|_| namespace.len() == 32).ok_or_else(wrong)?;
    let mut hasher = Sha1::new();
    hasher.update(number.to_be_bytes());
    hasher.update(text_of(value)?);
    let mut bytes = hasher.finalize().to_vec();
    bytes.truncate(16);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hexadecimal(&bytes);
    Ok([&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-"))
}

/// What one hash costs of a template's fuel: ten are the most.
const HASH_FUEL: usize = 100_000;

/// `sha512` and `sha256` as in crypt(5), with the rounds of Ansible's `passlib`.
fn password_hash(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    let kind = arguments.text("hashtype")?.unwrap_or_else(|| "sha512".to_owned());
    let salt = arguments.text("salt")?.filter(|salt| !salt.is_empty());
    arguments.integer("salt_size")?;
    let rounds = arguments.integer("rounds")?;
    arguments.end()?;
    let Some(salt) = salt else {
        let error = TemplateError::new("password_hash needs a salt, or every run would make another hash")
            .hint("give one that stays: `password_hash('sha512', 'a-text-of-up-to-16')`");
        return Err(json::to_error(error));
    };
    if salt.len() > 16 || !salt.chars().all(|c| c.is_ascii_alphanumeric() || "./".contains(c)) {
        return Err(invalid("the salt must be up to 16 letters, digits, dots and slashes"));
    }
    let (prefix, usual) = match kind.as_str() {
        "sha512" => ("$6$", 656_000),
        "sha256" => ("$5$", 535_000),
        _ => return Err(invalid("of password hashes only sha512 and sha256 are supported")),
    };
    let rounds = usize::try_from(rounds.unwrap_or(usual)).ok().filter(|rounds| (1000..=999_999).contains(rounds));
    let rounds = rounds.ok_or_else(|| invalid("the rounds must be between 1000 and 999999"))?;
    arguments.charge(HASH_FUEL)?;
    let password = text_of(value)?;
    // The way to hash it is quadratic in its length.
    if password.len() > 1024 {
        return Err(invalid("the password is longer than 1024 bytes"));
    }
    let salted = salt.as_bytes();
    let hash = if kind == "sha512" {
        Sha512Params::new(rounds).and_then(|params| sha512_crypt_b64(password.as_bytes(), salted, &params))
    } else {
        Sha256Params::new(rounds).and_then(|params| sha256_crypt_b64(password.as_bytes(), salted, &params))
    };
    let hash = hash.map_err(|_| invalid("the password cannot be hashed"))?;
    // 5000 rounds are what a hash without their number has.
    let shown = if rounds == 5000 { String::new() } else { format!("rounds={rounds}$") };
    Ok(format!("{prefix}{shown}{salt}${hash}"))
}
