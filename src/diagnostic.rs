//! What is wrong in a user's file, and how it is shown: the line, a caret, and what to try.
//!
//! Values of keys that look secret are masked in the shown line, so a diagnostic can go into a log.

mod nearest;
mod render;
mod secrets;
mod sources;

use std::fmt;

pub use nearest::{did_you_mean, nearest, slip};
pub use sources::Sources;

use crate::hostplay::Origin;

/// Something wrong in the user's input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong: a lower-case fragment, without a full stop. Never contains a secret.
    pub message: String,
    /// Where.
    pub origin: Option<Origin>,
    /// How many characters the caret underlines, at least 1.
    pub length: u32,
    /// A few words beside the caret.
    pub label: Option<String>,
    /// Other places that belong to it, each with a few words.
    pub related: Vec<(Origin, String)>,
    /// Why, or what was looked at.
    pub notes: Vec<String>,
    /// What to try.
    pub hints: Vec<String>,
}

impl Diagnostic {
    /// A diagnostic without a place.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            origin: None,
            length: 1,
            label: None,
            related: Vec::new(),
            notes: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// Points at a place in a file.
    #[must_use]
    pub fn at(mut self, origin: Origin, length: u32) -> Self {
        self.origin = Some(origin);
        self.length = length;
        self
    }

    /// A few words beside the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Another place that belongs to it.
    #[must_use]
    pub fn related(mut self, origin: Origin, label: impl Into<String>) -> Self {
        self.related.push((origin, label.into()));
        self
    }

    /// A line that says why.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// A line that says what to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// A line that says what to try, if there is one.
    #[must_use]
    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hints.extend(hint);
        self
    }

    /// The diagnostic as text of several lines, the last with its newline.
    #[must_use]
    pub fn render(&self, sources: &Sources, colour: bool) -> String {
        render::render(self, render::Severity::Error, sources, colour)
    }

    /// Likewise, for something that does not stop the run.
    #[must_use]
    pub fn render_warning(&self, sources: &Sources, colour: bool) -> String {
        render::render(self, render::Severity::Warning, sources, colour)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, "{origin}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Diagnostic {}

/// Several diagnostics, in the order in which they were found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one, unless the same one is there already (a file that is read twice).
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.0.contains(&diagnostic) {
            self.0.push(diagnostic);
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// The value, if nothing is wrong.
    ///
    /// # Errors
    /// Themselves, if there are any.
    pub fn or_ok<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }

    /// All of them as text, a blank line between two.
    #[must_use]
    pub fn render(&self, sources: &Sources, colour: bool) -> String {
        let texts: Vec<_> = self.0.iter().map(|diagnostic| diagnostic.render(sources, colour)).collect();
        texts.join("\n")
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<T: IntoIterator<Item = Diagnostic>>(&mut self, iter: T) {
        iter.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
