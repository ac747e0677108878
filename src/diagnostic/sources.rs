//! The texts that diagnostics point into, each held once.

use std::collections::HashMap;
use std::sync::Arc;

use crate::vault::Keyring;
use crate::veil::Veil;

/// The user's files by the path under which they are shown, and what is secret in them.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    texts: HashMap<String, Arc<str>>,
    keyring: Arc<Keyring>,
    veil: Veil,
}

impl Sources {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// None yet, with the passwords of vaults in them, and where the secrets that are found go.
    #[must_use]
    pub fn secret(keyring: Arc<Keyring>, veil: Veil) -> Self {
        Self { texts: HashMap::new(), keyring, veil }
    }

    /// The passwords of vaults.
    #[must_use]
    pub fn keyring(&self) -> &Arc<Keyring> {
        &self.keyring
    }

    /// What may not be shown.
    #[must_use]
    pub fn veil(&self) -> &Veil {
        &self.veil
    }

    /// Keeps a text for later diagnostics.
    pub fn add(&mut self, shown_as: &str, text: &str) -> Arc<str> {
        let text = Arc::<str>::from(text);
        self.texts.insert(shown_as.to_owned(), Arc::clone(&text));
        text
    }

    /// All texts.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.values().map(AsRef::as_ref)
    }

    /// The text of a file.
    #[must_use]
    pub fn get(&self, shown_as: &str) -> Option<&str> {
        self.texts.get(shown_as).map(AsRef::as_ref)
    }

    /// A line of a file as it may be shown: the values of keys that look secret are masked.
    #[must_use]
    pub fn shown_line(&self, shown_as: &str, line: u32) -> Option<String> {
        self.line(shown_as, line).map(|line| self.veil.hide(&super::secrets::mask_line(line)).into_owned())
    }

    /// A line of a file, from 1, without its line ending.
    #[must_use]
    pub fn line(&self, shown_as: &str, line: u32) -> Option<&str> {
        self.get(shown_as)?.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)
    }
}
