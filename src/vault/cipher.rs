//! The cryptography of a vault: keys by PBKDF2-HMAC-SHA256, AES-256 in counter mode, HMAC-SHA256 over what it gives.

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{
    AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{hmac, pbkdf2};

/// Bytes of a salt.
const SALT: usize = 32;
/// Rounds of PBKDF2; the format fixes them.
const ROUNDS: NonZeroU32 = NonZeroU32::new(10_000).unwrap();
/// AES works on blocks of 16 bytes, to which the text is padded (PKCS #7).
const BLOCK: usize = 16;

/// What is kept of an encrypted text.
pub(super) struct Sealed {
    pub(super) salt: Vec<u8>,
    pub(super) digest: Vec<u8>,
    pub(super) text: Vec<u8>,
}

struct Keys {
    cipher: [u8; 32],
    digest: hmac::Key,
    iv: [u8; BLOCK],
}

fn derive(password: &[u8], salt: &[u8]) -> Keys {
    let mut derived = [0; 80];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt, password, &mut derived);
    let (mut cipher, mut iv) = ([0; 32], [0; BLOCK]);
    cipher.copy_from_slice(&derived[..32]);
    iv.copy_from_slice(&derived[64..]);
    Keys { cipher, digest: hmac::Key::new(hmac::HMAC_SHA256, &derived[32..64]), iv }
}

/// Encrypts; `None` when the system gives no random numbers.
pub(super) fn seal(password: &[u8], text: &[u8]) -> Option<Sealed> {
    let mut salt = vec![0; SALT];
    aws_lc_rs::rand::fill(&mut salt).ok()?;
    let keys = derive(password, &salt);
    let padding = BLOCK - text.len() % BLOCK;
    let mut text = text.to_vec();
    text.resize(text.len() + padding, u8::try_from(padding).ok()?);
    let key = EncryptingKey::ctr(UnboundCipherKey::new(&AES_256, &keys.cipher).ok()?).ok()?;
    // The key is used for this text alone: its salt is new.
    key.less_safe_encrypt(&mut text, EncryptionContext::Iv128(FixedLength::from(keys.iv))).ok()?;
    let digest = hmac::sign(&keys.digest, &text).as_ref().to_vec();
    Some(Sealed { salt, digest, text })
}

/// Decrypts; `None` when the password does not fit, or the text was changed.
pub(super) fn open(password: &[u8], sealed: &Sealed) -> Option<Vec<u8>> {
    let keys = derive(password, &sealed.salt);
    hmac::verify(&keys.digest, &sealed.text, &sealed.digest).ok()?;
    let key = DecryptingKey::ctr(UnboundCipherKey::new(&AES_256, &keys.cipher).ok()?).ok()?;
    let mut text = sealed.text.clone();
    let text = key.decrypt(&mut text, DecryptionContext::Iv128(FixedLength::from(keys.iv))).ok()?;
    let padding = usize::from(*text.last()?);
    let end = text.len().checked_sub(padding).filter(|_| (1..=BLOCK).contains(&padding))?;
    Some(text[..end].to_vec())
}
