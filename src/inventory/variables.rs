//! Variables as they stand in a file, each with its place.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::yaml::{Key, Node, NodeValue, Span};

/// Names with their values, in the order in which they were written; no name twice.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Variables {
    entries: Vec<(Key, Node)>,
    /// What other files of the same rank said before, the oldest first.
    shadowed: Vec<(Key, Node)>,
}

impl Variables {
    /// The entries of a mapping; nothing gives none. Names that no template could use are errors.
    pub fn read(node: &Node, problems: &mut Diagnostics) -> Self {
        let entries = match &node.value {
            NodeValue::Null => return Self::default(),
            NodeValue::Map(entries) => entries,
            _ => {
                problems.push(node.expected("a mapping of variables"));
                return Self::default();
            }
        };
        problems.extend(entries.iter().filter_map(|(key, _)| Self::refuse_name(key)));
        Self { entries: entries.clone(), shadowed: Vec::new() }
    }

    /// What is wrong with a name that no template could use.
    pub(super) fn refuse_name(key: &Key) -> Option<Diagnostic> {
        let problem = || key.problem(format!("`{}` cannot be the name of a variable", key.name));
        (!is_variable_name(&key.name)).then(|| problem().hint("use letters, digits and _, and no digit first"))
    }

    /// Sets a variable that no file sets.
    pub fn set_implicit(&mut self, name: &str, value: NodeValue) {
        let span = Span { file: Arc::from("<implicit>"), line: 1, column: 1, length: 1 };
        let key = Key { name: name.to_owned(), span: span.clone() };
        self.set(key, Node { value, span, text_at: (1, 1) });
    }

    /// Sets a variable, in the place of one of the same name.
    pub fn set(&mut self, key: Key, value: Node) {
        self.entries.retain(|(known, _)| known.name != key.name);
        self.entries.push((key, value));
    }

    /// Takes a variable out.
    pub(super) fn remove(&mut self, name: &str) -> Option<Node> {
        let at = self.entries.iter().position(|(key, _)| key.name == name)?;
        Some(self.entries.remove(at).1)
    }

    /// Lays other variables over these.
    pub fn extend(&mut self, other: &Self) {
        let over: HashSet<_> = other.names().collect();
        let (below, kept) =
            std::mem::take(&mut self.entries).into_iter().partition(|(key, _)| over.contains(key.name.as_str()));
        self.entries = kept;
        self.shadowed.extend::<Vec<_>>(below);
        self.shadowed.extend(other.shadowed.iter().cloned());
        self.entries.extend(other.entries.iter().cloned());
    }

    /// The value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries.iter().find(|(key, _)| key.name == name).map(|(_, value)| value)
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(key, _)| key.name.as_str())
    }

    /// Names with places and values.
    #[must_use]
    pub fn entries(&self) -> &[(Key, Node)] {
        &self.entries
    }

    /// Every value that was given to a variable, the one that counts last.
    pub fn history(&self, name: &str) -> impl Iterator<Item = &Node> {
        let shadowed = self.shadowed.iter().filter(move |(key, _)| key.name == name);
        shadowed.map(|(_, value)| value).chain(self.get(name))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// As JSON.
    #[must_use]
    pub fn to_map(&self) -> Map<String, Value> {
        self.entries.iter().map(|(key, value)| (key.name.clone(), value.to_value())).collect()
    }
}

/// Whether a template can name such a variable.
#[must_use]
pub fn is_variable_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
