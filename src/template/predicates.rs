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
    for name in ["abs", "is_abs"] {
        registry.test(name, |path, arguments| {
            arguments.end()?;
            text_of(path).map(|path| path.starts_with('/'))
        });
    }
    for name in ["nan", "isnan"] {
        registry.test(name, |value, arguments| {
            arguments.end()?;
            Ok(value.kind() == ValueKind::Number && f64::try_from(value.clone()).is_ok_and(f64::is_nan))
        });
    }
    registry.test("url", url);
    registry.test("sequence", |value, arguments| {
        arguments.end()?;
        match value.kind() {
            ValueKind::Undefined => Err(undefined()),
            kind => Ok(matches!(kind, ValueKind::Seq | ValueKind::Iterable | ValueKind::String | ValueKind::Map)),
        }
    });
    for name in ["subset", "issubset"] {
        registry.test(name, |value, arguments| {
            let other = arguments.need("other")?;
            within(value, &other, arguments)
        });
    }
    for name in ["superset", "issuperset"] {
        registry.test(name, |value, arguments| {
            let other = arguments.need("other")?;
            within(&other, value, arguments)
        });
    }
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
    registry.test("unreachable", |result, arguments| flag(result, arguments, "unreachable"));
    registry.test("reachable", |result, arguments| flag(result, arguments, "unreachable").map(|lost| !lost));
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
    let strict = arguments.value("strict")?.filter(|strict| !strict.is_none());
    let dialect = arguments.value("version_type")?.filter(|kind| !kind.is_none()).map(|kind| text_of(&kind));
    arguments.end()?;
    let dialect = match (dialect.transpose()?.as_deref(), strict.is_some_and(|strict| strict.is_true())) {
        (None | Some("loose"), false) => version::Dialect::Loose,
        (Some("strict"), _) | (None, true) => version::Dialect::Strict,
        (Some("semver" | "semantic"), _) => version::Dialect::Semantic,
        (Some("pep440"), _) => version::Dialect::Pep440,
        _ => return Err(invalid("version_type must be loose, strict, semver, semantic or pep440")),
    };
    let order = version::compare(dialect, &text_of(value)?, &other)
        .ok_or_else(|| invalid("the version is not one of the kind that version_type says"))?;
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

/// Whether a text is a URL, of one of the schemes if they are given.
fn url(value: &Value, arguments: &mut Arguments<'_>) -> Result<bool, Error> {
    let schemes = arguments.value("schemes")?.filter(|schemes| !schemes.is_none());
    arguments.end()?;
    let text = text_of(value)?;
    let Some((scheme, rest)) = text.split_once("://") else { return Ok(false) };
    let well_formed = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        && !rest.is_empty()
        && !rest.starts_with('/');
    let wanted = match schemes {
        Some(schemes) => items_of(&schemes)?.iter().any(|wanted| wanted.as_str() == Some(scheme)),
        None => true,
    };
    Ok(well_formed && wanted)
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
