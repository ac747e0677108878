//! Why a template could not be rendered.

use crate::event::Failure;
use crate::hostplay::Origin;

/// A template that cannot be parsed or rendered. The text is a lower-case fragment and never holds
/// the value of a variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// What went wrong.
    pub message: String,
    /// Where in the user's file, as near as it is known.
    pub origin: Option<Origin>,
    /// The undefined variable with its attributes (`ansible_facts.foo`), if that is what went wrong.
    pub undefined: Option<String>,
    /// The variable whose own template failed, if it is not the template that was to be rendered.
    pub variable: Option<Box<str>>,
    /// What to try.
    pub hints: Vec<String>,
}

impl TemplateError {
    /// An error with a text and nothing else.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), origin: None, undefined: None, variable: None, hints: Vec::new() }
    }

    /// Adds what to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Says where it happened.
    #[must_use]
    pub fn at(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }

    /// The failure as it travels to the user.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        Failure {
            message: self.message.clone(),
            origin: self.origin.clone(),
            hints: self.hints.clone(),
            ..Failure::default()
        }
    }
}
