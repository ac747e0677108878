//! YAML as a tree that knows where each of its nodes stands.
//!
//! This file and its folder are the only ones that name the YAML crate. Scalars are read as `PyYAML`, and
//! so Ansible, reads them (YAML 1.1: `yes` is a boolean, `0644` is 420), because people bring their
//! playbooks along. Keys are always text, as written.

mod build;
mod explain;
mod load;
mod scalar;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use build::parse;
pub use load::load;

use serde_json::{Map, Number, Value};

use crate::diagnostic::Diagnostic;
use crate::hostplay::{Origin, Template};

/// A place in a file, cheap to copy: the file's name is shared by all nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The path as shown to the user.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Characters on that line, at least 1.
    pub length: u32,
}

impl Span {
    /// The place where it starts.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin { file: self.file.to_string(), line: self.line, column: self.column }
    }
}

/// A YAML node.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: NodeValue,
    /// Where it is.
    pub span: Span,
    /// For text: where its first character stands, behind a quote or below a `|`.
    pub text_at: (u32, u32),
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeValue {
    /// `null`, `~` or nothing at all.
    Null,
    /// `yes`, `no`, `true`, `false`, `on`, `off`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a point.
    Float(f64),
    /// Text.
    Str(String),
    /// A list.
    Seq(Vec<Node>),
    /// A mapping, in the order in which it is written; no key twice.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key as text.
    pub name: String,
    /// Where it is.
    pub span: Span,
}

impl Key {
    /// A diagnostic that points at this key.
    #[must_use]
    pub fn problem(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(message).at(self.span.origin(), self.span.length)
    }
}

impl Node {
    /// Where the node starts.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.span.origin()
    }

    /// A diagnostic that points at this node.
    #[must_use]
    pub fn problem(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(message).at(self.span.origin(), self.span.length)
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Str(text) => Some(text),
            _ => None,
        }
    }

    /// A scalar as text, as Ansible would print it; `None` for lists, mappings and nothing.
    #[must_use]
    pub fn scalar_text(&self) -> Option<String> {
        match &self.value {
            NodeValue::Str(text) => Some(text.clone()),
            NodeValue::Bool(true) => Some("True".to_owned()),
            NodeValue::Bool(false) => Some("False".to_owned()),
            NodeValue::Int(value) => Some(value.to_string()),
            NodeValue::Float(value) => Some(value.to_string()),
            NodeValue::Null | NodeValue::Seq(_) | NodeValue::Map(_) => None,
        }
    }

    /// The entries, if it is a mapping.
    #[must_use]
    pub fn as_map(&self) -> Option<&[(Key, Node)]> {
        match &self.value {
            NodeValue::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items, if it is a list.
    #[must_use]
    pub fn as_seq(&self) -> Option<&[Node]> {
        match &self.value {
            NodeValue::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.value == NodeValue::Null
    }

    /// The value under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.iter().find(|(name, _)| name.name == key).map(|(_, value)| value)
    }

    /// The node in two or three words, for "expected ..., found ...".
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match &self.value {
            NodeValue::Null => "nothing",
            NodeValue::Bool(_) => "a boolean",
            NodeValue::Int(_) => "a whole number",
            NodeValue::Float(_) => "a number",
            NodeValue::Str(_) => "text",
            NodeValue::Seq(_) => "a list",
            NodeValue::Map(_) => "a mapping",
        }
    }

    /// "expected X, found Y" at this node.
    #[must_use]
    pub fn expected(&self, what: &str) -> Diagnostic {
        self.problem(format!("expected {what}, found {}", self.describe()))
    }

    /// The node as a template whose origin is its first character.
    #[must_use]
    pub fn template(&self) -> Option<Template> {
        let source = self.scalar_text()?;
        Some(Template { source, origin: self.text_origin() })
    }

    /// Where the first character of a text stands.
    #[must_use]
    pub fn text_origin(&self) -> Origin {
        let (line, column) = self.text_at;
        Origin { file: self.span.file.to_string(), line, column }
    }

    /// JSON as a tree that stands at one place.
    #[must_use]
    pub fn from_value(value: &Value, span: &Span) -> Self {
        let value = match value {
            Value::Null => NodeValue::Null,
            Value::Bool(value) => NodeValue::Bool(*value),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => NodeValue::Int(whole),
                (None, Some(float)) if number.is_f64() => NodeValue::Float(float),
                _ => NodeValue::Str(number.to_string()),
            },
            Value::String(text) => NodeValue::Str(text.clone()),
            Value::Array(items) => NodeValue::Seq(items.iter().map(|item| Self::from_value(item, span)).collect()),
            Value::Object(entries) => {
                let key = |name: &String| Key { name: name.clone(), span: span.clone() };
                let entry = |(name, value)| (key(name), Self::from_value(value, span));
                NodeValue::Map(entries.iter().map(entry).collect())
            }
        };
        Self { value, span: span.clone(), text_at: (span.line, span.column) }
    }

    /// The tree as JSON.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.value {
            NodeValue::Null => Value::Null,
            NodeValue::Bool(value) => Value::Bool(*value),
            NodeValue::Int(value) => Value::from(*value),
            // Infinity and NaN were kept as text when they were read.
            NodeValue::Float(value) => Number::from_f64(*value).map_or(Value::Null, Value::Number),
            NodeValue::Str(text) => Value::String(text.clone()),
            NodeValue::Seq(items) => items.iter().map(Self::to_value).collect(),
            NodeValue::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| (key.name.clone(), value.to_value()));
                Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }
}
