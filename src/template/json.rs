//! Between the engine's values and JSON values.

use minijinja::value::{DynObject, Serde, Value as Engine, ValueKind};
use minijinja::{Error, ErrorKind};
use serde_json::{Map, Number, Value};

use super::lazy::Lazy;
use super::{TemplateError, explain, omit};

/// Nesting beyond this is refused, so that walking a value cannot exhaust the stack.
const MAX_DEPTH: usize = 100;

/// Elements of one value, all levels together, and its text in units of 64 bytes.
const MAX_SIZE: usize = 1_000_000;

/// The engine's value of a JSON value: data, which is never rendered.
pub(super) fn to_engine(value: &Value) -> Engine {
    Engine::from(Serde(value))
}

/// The value as JSON; `None` for `omit`. Elements of lists and mappings that are `omit` are left out.
pub(super) fn from_engine(value: &Engine) -> Result<Option<Value>, TemplateError> {
    Conversion { budget: MAX_SIZE }.convert(value, 0)
}

/// As [`from_engine`] for filters: `omit` reads as null, and errors are the engine's.
pub(super) fn argument(value: &Engine) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    match from_engine(value) {
        Ok(value) => Ok(value.unwrap_or_default()),
        Err(error) => Err(to_error(error)),
    }
}

/// Our error on its way through the engine.
pub(super) fn to_error(error: TemplateError) -> Error {
    Error::new(ErrorKind::InvalidOperation, error.message.clone()).with_source(error)
}

/// A value that can be kept: an iterator, which might be walked only once, becomes a list.
pub(super) fn settled(value: &Engine) -> Result<Engine, TemplateError> {
    match value.kind() {
        ValueKind::Iterable => Ok(from_engine(value)?.map_or_else(omit::value, |value| to_engine(&value))),
        ValueKind::Undefined | ValueKind::Invalid => Err(no_value(value)),
        _ => Ok(value.clone()),
    }
}

struct Conversion {
    budget: usize,
}

impl Conversion {
    fn convert(&mut self, value: &Engine, depth: usize) -> Result<Option<Value>, TemplateError> {
        self.spend(1)?;
        if depth > MAX_DEPTH {
            return Err(TemplateError::new(format!("the value is nested more than {MAX_DEPTH} levels deep")));
        }
        if let Some(lazy) = value.downcast_object_ref::<Lazy>() {
            return self.lazy(lazy, depth).map(Some);
        }
        if omit::is_omit(value) {
            return Ok(None);
        }
        Ok(Some(match value.kind() {
            ValueKind::None => Value::Null,
            ValueKind::Bool => Value::Bool(value.is_true()),
            ValueKind::Number => Value::Number(number(value)?),
            ValueKind::String => {
                let text = value.to_string();
                self.spend(text.len() / 64)?;
                Value::String(text)
            }
            ValueKind::Seq | ValueKind::Iterable => {
                let items = value.try_iter().map_err(|_| no_value(value))?;
                let items = items.filter_map(|item| self.convert(&item, depth + 1).transpose());
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            ValueKind::Map => {
                let entries = value.as_object().and_then(DynObject::try_iter_pairs).ok_or_else(|| no_value(value))?;
                let mut converted = Map::new();
                for (key, item) in entries {
                    if let Some(item) = self.convert(&item, depth + 1)? {
                        converted.insert(key.to_string(), item);
                    }
                }
                Value::Object(converted)
            }
            _ => return Err(no_value(value)),
        }))
    }

    fn lazy(&mut self, lazy: &Lazy, depth: usize) -> Result<Value, TemplateError> {
        if let Some(entries) = lazy.entries() {
            let mut converted = Map::new();
            for (name, item) in entries {
                if let Some(item) = self.convert(&item?, depth + 1)? {
                    converted.insert(name.to_owned(), item);
                }
            }
            return Ok(Value::Object(converted));
        }
        let items = lazy.items().map(|item| self.convert(&item?, depth + 1));
        Ok(Value::Array(items.filter_map(Result::transpose).collect::<Result<_, _>>()?))
    }

    fn spend(&mut self, cost: usize) -> Result<(), TemplateError> {
        self.budget = self.budget.checked_sub(cost).ok_or_else(|| TemplateError::new("the value is too large"))?;
        Ok(())
    }
}

/// Why something that the engine can hold is no value.
fn no_value(value: &Engine) -> TemplateError {
    match value.kind() {
        ValueKind::Undefined => TemplateError::new("a value is undefined")
            .hint("an inline `if` without `else` has no value when its condition does not hold"),
        ValueKind::Invalid => invalid(value),
        ValueKind::Bytes => TemplateError::new("the value is binary"),
        _ => TemplateError::new("the value is a function, a macro or `vars` itself")
            .hint("call the function: `name(...)`; take one variable: `vars['name']`"),
    }
}

/// The error inside an invalid value.
fn invalid(value: &Engine) -> TemplateError {
    let walked = Engine::from(vec![value.clone()]).try_iter();
    match walked.ok().and_then(|items| items.checked().find_map(Result::err)) {
        Some(error) => explain::inner(&error).unwrap_or_else(|| TemplateError::new(error.kind().to_string())),
        None => TemplateError::new("a value could not be made"),
    }
}

fn number(value: &Engine) -> Result<Number, TemplateError> {
    let number = match serde_json::to_value(value) {
        Ok(Value::Number(number)) => Some(number),
        _ => None,
    };
    number.ok_or_else(|| TemplateError::new("the number is out of range"))
}
