//! A password that does not show up by accident.

use std::fmt;

/// A secret text: it has no `Display`, and its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret, for whoever has to use it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The secret as a line for a program that asks for it.
    pub(super) fn line(&self) -> String {
        format!("{}\n", self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}
