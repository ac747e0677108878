//! The texts that diagnostics point into, each held once.

use std::collections::HashMap;
use std::sync::Arc;

/// The user's files by the path under which they are shown.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    texts: HashMap<String, Arc<str>>,
}

impl Sources {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps a text for later diagnostics.
    pub fn add(&mut self, shown_as: &str, text: &str) -> Arc<str> {
        let text = Arc::<str>::from(text);
        self.texts.insert(shown_as.to_owned(), Arc::clone(&text));
        text
    }

    /// The text of a file.
    #[must_use]
    pub fn get(&self, shown_as: &str) -> Option<&str> {
        self.texts.get(shown_as).map(AsRef::as_ref)
    }

    /// A line of a file as it may be shown: the values of keys that look secret are masked.
    #[must_use]
    pub fn shown_line(&self, shown_as: &str, line: u32) -> Option<String> {
        self.line(shown_as, line).map(super::secrets::mask_line)
    }

    /// A line of a file, from 1, without its line ending.
    #[must_use]
    pub fn line(&self, shown_as: &str, line: u32) -> Option<&str> {
        self.get(shown_as)?.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)
    }
}
