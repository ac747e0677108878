//! What a template asks for, without rendering it.

use super::TemplateError;
use crate::hostplay::{Origin, Template};

/// How a source text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text with `{{ ... }}` and `{% ... %}` in it.
    Text,
    /// A bare expression.
    Expression,
}

/// A variable that a template refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The variable's name, without attributes.
    pub name: String,
    /// The template copes with its absence: it tests for it or gives a default.
    pub guarded: bool,
    /// Line in the user's file, from 1.
    pub line: u32,
    /// Column in the user's file, from 1.
    pub column: u32,
}

/// The variables that a template refers to, in the order in which they stand in it.
///
/// # Errors
/// A syntax error, an unknown filter or test, or a statement that is not supported.
pub fn analyse(template: &Template, kind: Kind) -> Result<Vec<Reference>, TemplateError> {
    let _ = (template, kind);
    Ok(Vec::new())
}

/// As [`analyse`], for a template file.
///
/// # Errors
/// As [`analyse`].
pub fn analyse_file(text: &str, shown_as: &str) -> Result<Vec<Reference>, TemplateError> {
    let origin = Origin { file: shown_as.to_owned(), line: 1, column: 1 };
    analyse(&Template { source: text.to_owned(), origin }, Kind::Text)
}
