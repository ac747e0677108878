//! Between the engine's values and JSON values.

use minijinja::Value as Engine;
use minijinja::value::ValueKind;
use serde_json::{Map, Number, Value};

use super::TemplateError;

/// Nesting beyond this is refused, so that walking a value cannot exhaust the stack.
const MAX_DEPTH: usize = 100;

/// The value as JSON; `None` for `omit`.
pub(super) fn from_engine(value: &Engine) -> Result<Option<Value>, TemplateError> {
    convert(value, 0)
}

fn convert(value: &Engine, depth: usize) -> Result<Option<Value>, TemplateError> {
    if depth > MAX_DEPTH {
        return Err(TemplateError::new("the value is nested too deeply"));
    }
    let failed = |error: &minijinja::Error| TemplateError::new(error.kind().to_string());
    Ok(Some(match value.kind() {
        ValueKind::None => Value::Null,
        ValueKind::Bool => Value::Bool(value.is_true()),
        ValueKind::Number => Value::Number(number(value)?),
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().map_err(|error| failed(&error))?;
            Value::Array(items.filter_map(|item| convert(&item, depth + 1).transpose()).collect::<Result<Vec<_>, _>>()?)
        }
        ValueKind::Map => {
            let mut entries = Map::new();
            for key in value.try_iter().map_err(|error| failed(&error))? {
                let item = value.get_item(&key).map_err(|error| failed(&error))?;
                if let Some(item) = convert(&item, depth + 1)? {
                    entries.insert(key.to_string(), item);
                }
            }
            Value::Object(entries)
        }
        ValueKind::String => Value::String(value.to_string()),
        other => return Err(TemplateError::new(format!("{other} is no value"))),
    }))
}

fn number(value: &Engine) -> Result<Number, TemplateError> {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| match value {
            Value::Number(number) => Some(number),
            _ => None,
        })
        .ok_or_else(|| TemplateError::new("the number is out of range"))
}
