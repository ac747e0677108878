//! Tests (`is ...`) with Ansible's names and meaning, beside those of the engine.

use std::collections::BTreeSet;

use minijinja::Error;
use minijinja::value::{Value, ValueKind};
use regex::Regex;

use super::environment::Registry;
use super::filters::{Arguments, invalid, items_of, regexes, text_of, undefined};

mod version;

pub(super) fn register(registry: &mut Registry) {
    results(registry);
    registry.test("match", |value, arguments| matches(value, arguments, "match"));
    registry.test("search", |value, arguments| matches(value, arguments, "search"));
    registry.test("regex", |value, arguments| matches(value, arguments, "search"));
    registry.test("version", version);
    registry.test("version_compare", version);
    registry.test("truthy", truthy);
    registry.test("falsy", |value, arguments| truthy(value, arguments).map(|holds| !holds));
    registry.test("contains", contains);
    registry.test("subset", |value, arguments| {
        let other = arguments.need("other")?;
        within(value, &other, arguments)
    });
    registry.test("superset", |value, arguments| {
        let other = arguments.need("other")?;
        within(&other, value, arguments)
    });
    registry.test("all", |value, arguments| {
        arguments.end()?;
        Ok(items_of(value)?.iter().all(Value::is_true))
    });
    registry.test("any", |value, arguments| {
        arguments.end()?;
        Ok(items_of(value)?.iter().any(Value::is_true))
    });
}

/// What became of a task, by its registered result.
fn results(registry: &mut Registry) {
    for name in ["failed", "failure"] {
        registry.test(name, |result, arguments| flag(result, arguments, "failed"));
    }
    for name in ["succeeded", "success", "successful"] {
        registry.test(name, |result, arguments| flag(result, arguments, "failed").map(|failed| !failed));
    }
    for name in ["changed", "change"] {
        registry.test(name, |result, arguments| flag(result, arguments, "changed"));
    }
    for name in ["skipped", "skip"] {
        registry.test(name, |result, arguments| flag(result, arguments, "skipped"));
    }
}

fn flag(result: &Value, arguments: &Arguments<'_>, name: &str) -> Result<bool, Error> {
    arguments.end()?;
    match result.kind() {
        ValueKind::Undefined => Err(undefined()),
        ValueKind::Map => Ok(result.get_attr(name)?.is_true()),
        kind => Err(invalid(format!("a registered result is needed, and this is a {kind}"))),
    }
}

fn matches(value: &Value, arguments: &mut Arguments<'_>, how: &str) -> Result<bool, Error> {
    let pattern = arguments.text("pattern")?.unwrap_or_default();
    let (ignorecase, multiline) = (arguments.flag("ignorecase", false)?, arguments.flag("multiline", false)?);
    let how = arguments.text("match_type")?.unwrap_or_else(|| how.to_owned());
    arguments.end()?;
    let text = text_of(value)?;
    // Python's `match` holds at the beginning only, whatever `multiline` says.
    let anchored = |from: &str, to: &str| -> Result<Regex, Error> {
        regexes::compile(&pattern, ignorecase, multiline)?;
        regexes::compile(&format!("{from}{pattern}{to}"), ignorecase, multiline)
    };
    let regex = match how.as_str() {
        "search" => regexes::compile(&pattern, ignorecase, multiline)?,
        "match" => anchored(r"\A(?:", ")")?,
        "fullmatch" => anchored(r"\A(?:", r")\z")?,
        _ => return Err(invalid("match_type must be search, match or fullmatch")),
    };
    Ok(regex.is_match(&text))
}

fn version(value: &Value, arguments: &mut Arguments<'_>) -> Result<bool, Error> {
    let other = arguments.need_text("version")?;
    let operator = arguments.text("operator")?.unwrap_or_else(|| "eq".to_owned());
    // Ansible's `strict` and `version_type` choose between dialects whose order is the same for
    // plain versions.
    arguments.value("strict")?;
    arguments.value("version_type")?;
    arguments.end()?;
    let order = version::compare(&text_of(value)?, &other);
    Ok(match operator.as_str() {
        "==" | "=" | "eq" => order.is_eq(),
        "!=" | "<>" | "ne" => order.is_ne(),
        "<" | "lt" => order.is_lt(),
        "<=" | "le" => order.is_le(),
        ">" | "gt" => order.is_gt(),
        ">=" | "ge" => order.is_ge(),
        _ => return Err(invalid("the operator must be <, <=, ==, !=, >= or >")),
    })
}

/// Python's truth; with `convert_bool=true` Ansible's words count.
fn truthy(value: &Value, arguments: &mut Arguments<'_>) -> Result<bool, Error> {
    let convert = arguments.flag("convert_bool", false)?;
    arguments.end()?;
    if value.is_undefined() {
        return Err(undefined());
    }
    let word = value.as_str().filter(|_| convert).map(str::to_lowercase);
    Ok(match word.as_deref() {
        Some("no" | "off" | "false" | "0" | "n" | "f") => false,
        _ => value.is_true(),
    })
}

fn contains(list: &Value, arguments: &mut Arguments<'_>) -> Result<bool, Error> {
    let wanted = arguments.need("value")?;
    arguments.end()?;
    if let Some(text) = list.as_str() {
        return Ok(text.contains(&text_of(&wanted)?));
    }
    let items = items_of(list)?;
    arguments.charge(items.len())?;
    Ok(items.contains(&wanted))
}

fn within(small: &Value, large: &Value, arguments: &Arguments<'_>) -> Result<bool, Error> {
    arguments.end()?;
    let (small, large) = (items_of(small)?, items_of(large)?);
    arguments.charge(small.len() + large.len())?;
    let large: BTreeSet<Value> = large.into_iter().collect();
    Ok(small.iter().all(|item| large.contains(item)))
}
