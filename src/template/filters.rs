//! Filters with Ansible's names and meaning, beside those of the engine.

mod addresses;
mod collections;
mod comment;
mod digests;
mod encoding;
mod numbers;
mod paths;
mod products;
pub(super) mod regexes;
mod text;
mod urls;
mod values;
mod yaml;

use minijinja::value::{DynObject, Kwargs, Value, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State};

use super::environment::Registry;
use super::lazy::Lazy;
use super::{json, omit};
pub(super) use products::{product, subelements};
pub(super) use text::centered;

/// Adds all of them.
pub(super) fn register(registry: &mut Registry) {
    values::register(registry);
    text::register(registry);
    comment::register(registry);
    numbers::register(registry);
    urls::register(registry);
    products::register(registry);
    digests::register(registry);
    paths::register(registry);
    regexes::register(registry);
    collections::register(registry);
    encoding::register(registry);
    addresses::register(registry);
}

/// The arguments of a filter or test after its operand, by position or by name as in Python.
pub(super) struct Arguments<'a> {
    state: &'a State<'a, 'a>,
    positional: std::slice::Iter<'a, Value>,
    named: Kwargs,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(state: &'a State<'a, 'a>, values: &'a [Value]) -> Result<Self, Error> {
        let (positional, named) = from_args::<(&[Value], Kwargs)>(values)?;
        Ok(Self { state, positional: positional.iter(), named })
    }

    /// The next argument, whose name this is.
    pub(super) fn value(&mut self, name: &str) -> Result<Option<Value>, Error> {
        match self.maybe_undefined(name)? {
            Some(value) if value.is_undefined() => Err(undefined()),
            other => Ok(other),
        }
    }

    /// As [`Self::value`], for an argument that may not be needed.
    pub(super) fn maybe_undefined(&mut self, name: &str) -> Result<Option<Value>, Error> {
        match self.positional.next() {
            Some(value) => Ok(Some(value.clone())),
            None if self.named.has(name) => self.named.get::<Value>(name).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn need(&mut self, name: &str) -> Result<Value, Error> {
        let missing = || Error::new(ErrorKind::MissingArgument, format!("the argument `{name}` is missing"));
        self.value(name)?.ok_or_else(missing)
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Error> {
        self.value(name)?.map(|value| text_of(&value)).transpose()
    }

    pub(super) fn need_text(&mut self, name: &str) -> Result<String, Error> {
        text_of(&self.need(name)?)
    }

    pub(super) fn flag(&mut self, name: &str, otherwise: bool) -> Result<bool, Error> {
        Ok(self.value(name)?.map_or(otherwise, |value| value.is_true()))
    }

    pub(super) fn integer(&mut self, name: &str) -> Result<Option<i64>, Error> {
        let value = self.value(name)?.filter(|value| !value.is_none());
        let wrong = || invalid(format!("the argument `{name}` must be a whole number"));
        value.map(|value| value.as_i64().ok_or_else(wrong)).transpose()
    }

    /// An argument that is given by name only.
    pub(super) fn named_flag(&mut self, name: &str) -> Result<bool, Error> {
        Ok(self.named.has(name) && self.named.get::<Value>(name)?.is_true())
    }

    /// A whole number that is given by name only.
    pub(super) fn integer_named(&mut self, name: &str) -> Result<Option<i64>, Error> {
        let value = if self.named.has(name) { Some(self.named.get::<Value>(name)?) } else { None };
        let wrong = || invalid(format!("the argument `{name}` must be a whole number"));
        value.map(|value| value.as_i64().ok_or_else(wrong)).transpose()
    }

    /// The next argument, which has no name.
    pub(super) fn positional(&mut self) -> Option<Value> {
        self.positional.next().cloned()
    }

    /// All that are given by name.
    pub(super) fn all_named(&self) -> Result<Vec<(Value, Value)>, Error> {
        self.named.args().map(|name| Ok((Value::from(name), self.named.get::<Value>(name)?))).collect()
    }

    /// All that are left by position.
    pub(super) fn rest(&mut self) -> Vec<Value> {
        self.positional.by_ref().cloned().collect()
    }

    /// Nothing may be left over.
    pub(super) fn end(&self) -> Result<(), Error> {
        if self.positional.len() > 0 {
            return Err(Error::new(ErrorKind::TooManyArguments, "too many arguments"));
        }
        self.named.assert_all_used()
    }

    /// Pays for work that the engine does not see.
    pub(super) fn charge(&self, fuel: usize) -> Result<(), Error> {
        self.state.consume_fuel(u64::try_from(fuel).unwrap_or(u64::MAX))
    }

    /// For filters that only dress up one of the engine's.
    pub(super) fn state(&self) -> &'a State<'a, 'a> {
        self.state
    }
}

/// An error of a filter. Texts never hold values.
pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

pub(super) fn undefined() -> Error {
    Error::from(ErrorKind::UndefinedError)
}

/// The value as text, as Python's `str` has it.
pub(super) fn text_of(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::Undefined => Err(undefined()),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable | ValueKind::Plain if !omit::is_omit(value) => {
            Ok(json::to_engine(&json::argument(value)?).to_string())
        }
        _ => Ok(value.to_string()),
    }
}

/// The items of a list.
pub(super) fn items_of(value: &Value) -> Result<Vec<Value>, Error> {
    if let Some(lazy) = value.downcast_object_ref::<Lazy>().filter(|lazy| lazy.entries().is_none()) {
        return lazy.items().map(|item| item.map_err(json::to_error)).collect();
    }
    match value.kind() {
        ValueKind::Undefined => Err(undefined()),
        ValueKind::Seq | ValueKind::Iterable => value.try_iter()?.checked().collect(),
        kind => Err(invalid(format!("a list is needed, and this is a {kind}"))),
    }
}

/// The entries of a mapping.
pub(super) fn entries_of(value: &Value) -> Result<Vec<(Value, Value)>, Error> {
    if let Some(entries) = value.downcast_object_ref::<Lazy>().and_then(Lazy::entries) {
        return entries.map(|(name, item)| Ok((Value::from(name), item.map_err(json::to_error)?))).collect();
    }
    match value.kind() {
        ValueKind::Undefined => Err(undefined()),
        ValueKind::Map => {
            let pairs = value.as_object().and_then(DynObject::try_iter_pairs);
            Ok(pairs.ok_or_else(|| invalid("the mapping cannot be walked"))?.collect())
        }
        kind => Err(invalid(format!("a mapping is needed, and this is a {kind}"))),
    }
}
