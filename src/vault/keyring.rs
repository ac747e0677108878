//! The passwords at hand, each with its label.

use std::fmt;

use super::{VaultError, cipher, envelope};

/// The label of a password that was given without one.
const DEFAULT: &str = "default";

/// A password with its label.
#[derive(Clone)]
pub struct Key {
    label: String,
    password: Vec<u8>,
}

impl Key {
    /// A password; an empty label is Ansible's `default`.
    #[must_use]
    pub fn new(label: &str, password: &[u8]) -> Self {
        let label = if label.is_empty() { DEFAULT } else { label };
        Self { label: label.to_owned(), password: password.to_vec() }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, hidden)", self.label)
    }
}

/// All of them, in the order in which they were given.
#[derive(Debug, Clone, Default)]
pub struct Keyring(Vec<Key>);

impl Keyring {
    /// A keyring of these.
    #[must_use]
    pub fn new(keys: Vec<Key>) -> Self {
        Self(keys)
    }

    /// Whether there is no password.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Decrypts a vault. As in Ansible, passwords with its label are tried first, and then all others.
    ///
    /// # Errors
    /// When no password fits, or the text is no vault.
    pub fn open(&self, text: &str) -> Result<Vec<u8>, VaultError> {
        self.open_labelled(text).map(|(text, _)| text)
    }

    /// Likewise, with the label of the password that fits.
    ///
    /// # Errors
    /// As [`Keyring::open`].
    pub fn open_labelled(&self, text: &str) -> Result<(Vec<u8>, String), VaultError> {
        let text = text.trim_start();
        let sealed = envelope::read(text)?;
        if self.0.is_empty() {
            return Err(VaultError::NoPassword);
        }
        let label = envelope::label(text).unwrap_or(DEFAULT);
        let (named, others): (Vec<_>, Vec<_>) = self.0.iter().partition(|key| key.label == label);
        let mut tried = named.into_iter().chain(others);
        let opened = tried.find_map(|key| Some((cipher::open(&key.password, &sealed)?, key.label.clone())));
        opened.ok_or_else(|| {
            let which = if self.0.len() == 1 { "the password does not fit" } else { "none of the passwords fits" };
            let label = envelope::label(text).map(|label| format!(" (it was encrypted with the label {label})"));
            VaultError::WrongPassword(format!("{which}{}", label.unwrap_or_default()))
        })
    }

    /// Encrypts with the password of a label, or with the only one.
    ///
    /// # Errors
    /// When it is not clear which password is meant.
    pub fn seal(&self, text: &[u8], label: Option<&str>) -> Result<String, VaultError> {
        let key = match (label, &self.0[..]) {
            (_, []) => return Err(VaultError::NoPassword),
            (None, [key]) => key,
            (None, _) => return Err(VaultError::NoKey("there are several passwords".to_owned())),
            (Some(label), keys) => keys
                .iter()
                .find(|key| key.label == label)
                .ok_or_else(|| VaultError::NoKey(format!("no password has the label {label}")))?,
        };
        let sealed = cipher::seal(&key.password, text).ok_or(VaultError::Random)?;
        Ok(envelope::write(&sealed, Some(key.label.as_str()).filter(|label| *label != DEFAULT)))
    }
}
