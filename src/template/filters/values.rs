//! `default`, `mandatory`, `bool`, `ternary` and conversions between types.

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Error, filters};

use super::super::environment::Registry;
use super::{Arguments, invalid, items_of, undefined};

pub(super) fn register(registry: &mut Registry) {
    registry.filter("default", default);
    registry.filter("d", default);
    registry.filter("mandatory", mandatory);
    registry.filter("bool", bool);
    registry.filter_aside("ternary", ternary);
    registry.filter("int", int);
    registry.filter("float", float);
    registry.filter("list", list);
    registry.filter_aside("type_debug", type_debug);
}

fn default(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let other = arguments.maybe_undefined("default_value")?;
    let falsy_too = arguments.flag("boolean", false)?;
    arguments.end()?;
    let missing = value.is_undefined() || (falsy_too && !value.is_true());
    Ok(if missing { other.unwrap_or_else(|| Value::from("")) } else { value.clone() })
}

fn mandatory(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let message = arguments.text("msg")?;
    arguments.end()?;
    match message {
        _ if !value.is_undefined() => Ok(value.clone()),
        Some(message) => Err(invalid(message)),
        None => Err(undefined()),
    }
}

/// Ansible's words for true are `yes`, `on`, `true` and `1` in any case; all else is false.
fn bool(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    arguments.end()?;
    Ok(match value.kind() {
        ValueKind::Undefined => return Err(undefined()),
        ValueKind::None | ValueKind::Bool => value.clone(),
        _ => Value::from(matches!(value.to_string().to_lowercase().as_str(), "yes" | "on" | "true" | "1" | "1.0")),
    })
}

fn ternary(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let (yes, no) = (arguments.maybe_undefined("true_val")?, arguments.maybe_undefined("false_val")?);
    let none = arguments.maybe_undefined("none_val")?;
    arguments.end()?;
    let (Some(yes), Some(no)) = (yes, no) else { return Err(invalid("two values to choose from are needed")) };
    match none {
        _ if value.is_undefined() => Err(undefined()),
        Some(none) if value.is_none() => Ok(none),
        _ => Ok(if value.is_true() { yes } else { no }),
    }
}

/// No arguments by name.
const NOTHING: [(&str, Value); 0] = [];

/// As in Jinja, what cannot be read as a number is the default, and that is 0.
fn int(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let default = arguments.value("default")?.unwrap_or_else(|| Value::from(0));
    let base = arguments.integer("base")?.map(u32::try_from).transpose();
    arguments.end()?;
    let base = base.map_err(|_| invalid("the base must be between 2 and 36"))?;
    filters::int(arguments.state(), &trimmed(value), Some(default), base, Kwargs::from_iter(NOTHING))
}

fn float(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let default = arguments.value("default")?.unwrap_or_else(|| Value::from(0.0));
    arguments.end()?;
    filters::float(arguments.state(), &trimmed(value), Some(default), Kwargs::from_iter(NOTHING))
}

/// Python reads numbers with white space around them.
fn trimmed(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |text| Value::from(text.trim()))
}

/// A list as it is, the characters of a text, the keys of a mapping.
fn list(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    arguments.end()?;
    match value.kind() {
        ValueKind::Undefined => Err(undefined()),
        ValueKind::Seq | ValueKind::Iterable => items_of(value).map(Value::from),
        _ => filters::list(arguments.state(), value.clone()),
    }
}

/// Python's name of the type.
fn type_debug(value: &Value, arguments: &mut Arguments<'_>) -> Result<&'static str, Error> {
    arguments.end()?;
    Ok(match value.kind() {
        ValueKind::Undefined => return Err(undefined()),
        ValueKind::None => "NoneType",
        ValueKind::Bool => "bool",
        ValueKind::Number if value.is_integer() => "int",
        ValueKind::Number => "float",
        ValueKind::String => "str",
        ValueKind::Bytes => "bytes",
        ValueKind::Seq | ValueKind::Iterable => "list",
        ValueKind::Map => "dict",
        _ => "object",
    })
}
