//! JSON, YAML and base64.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use minijinja::Error;
use minijinja::value::{Value, ValueKind};
use serde::Serialize;
use serde_json::Value as Json;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::super::environment::Registry;
use super::super::json;
use super::{Arguments, invalid, items_of, text_of, yaml};
use crate::yaml::parse as parse_yaml;

pub(super) fn register(registry: &mut Registry) {
    registry.filter("to_json", to_json);
    registry.filter("to_nice_json", to_nice_json);
    registry.filter("from_json", from_json);
    registry.filter("tojson", to_json_sorted);
    registry.filter("from_yaml", from_yaml);
    registry.filter("to_yaml", to_yaml);
    registry.filter("to_nice_yaml", to_nice_yaml);
    registry.filter("b64encode", b64encode);
    registry.filter("b64decode", b64decode);
}

/// Python's `json.dumps`: by default with a space after commas and colons.
struct PythonFormatter {
    item: String,
    key: String,
}

impl Formatter for PythonFormatter {
    fn begin_array_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(self.item.as_bytes()) }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(self.item.as_bytes()) }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        writer.write_all(self.key.as_bytes())
    }
}

fn to_json(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    dump_json(value, arguments, None, false)
}

fn to_json_sorted(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    dump_json(value, arguments, None, true)
}

fn to_nice_json(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    dump_json(value, arguments, Some(4), true)
}

fn dump_json(value: &Value, arguments: &mut Arguments<'_>, indent: Option<i64>, sort: bool) -> Result<String, Error> {
    let indent = arguments.integer("indent")?.or(indent);
    let sort = arguments.flag("sort_keys", sort)?;
    let ascii = arguments.flag("ensure_ascii", true)?;
    let separators = arguments.value("separators")?.map(|pair| items_of(&pair)).transpose()?;
    arguments.end()?;
    let formatter = match separators.as_deref() {
        None => PythonFormatter { item: ", ".to_owned(), key: ": ".to_owned() },
        Some([item, key]) => PythonFormatter { item: text_of(item)?, key: text_of(key)? },
        Some(_) => return Err(invalid("separators are a pair: separators=(',', ':')")),
    };
    let mut value = json::argument(value)?;
    if sort {
        value.sort_all_objects();
    }
    let mut bytes = Vec::new();
    let written = match indent {
        Some(indent) => {
            let spaces = " ".repeat(usize::try_from(indent.clamp(0, 16)).unwrap_or(0));
            value
                .serialize(&mut Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(spaces.as_bytes())))
        }
        None => value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter)),
    };
    written.map_err(|_| invalid("the value cannot be written as JSON"))?;
    let text = String::from_utf8(bytes).map_err(|_| invalid("the value cannot be written as JSON"))?;
    Ok(if ascii { escape_non_ascii(&text) } else { text })
}

/// As Python does by default. Outside strings JSON is ASCII anyway.
fn escape_non_ascii(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            escaped.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

fn from_json(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    arguments.end()?;
    let parsed: Json = serde_json::from_str(&text_of(value)?)
        .map_err(|error| invalid(format!("the text is not JSON (line {}, column {})", error.line(), error.column())))?;
    Ok(json::to_engine(&parsed))
}

fn from_yaml(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    arguments.end()?;
    if value.kind() != ValueKind::String {
        return Ok(value.clone());
    }
    let text = text_of(value)?;
    arguments.charge(text.len() / 16)?;
    let read = parse_yaml("", &text).map_err(|problems| {
        let place = problems.iter().find_map(|problem| problem.origin.as_ref());
        let place = place.map_or_else(String::new, |at| format!(" (line {}, column {})", at.line, at.column));
        invalid(format!("the text is not YAML{place}"))
    })?;
    Ok(json::to_engine(&read.to_value()))
}

fn to_yaml(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    dump_yaml(value, arguments, 2, None)
}

fn to_nice_yaml(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    dump_yaml(value, arguments, 4, Some(false))
}

fn dump_yaml(value: &Value, arguments: &mut Arguments<'_>, indent: i64, flow: Option<bool>) -> Result<String, Error> {
    let indent = arguments.integer("indent")?.unwrap_or(indent);
    let sort = arguments.flag("sort_keys", true)?;
    let width = arguments.value("width")?.filter(|width| !width.is_none());
    let flow = match arguments.value("default_flow_style")? {
        Some(style) if style.is_none() => None,
        Some(style) => Some(style.is_true()),
        None => flow,
    };
    arguments.end()?;
    // PyYAML takes an indentation of 2 to 9, and a width of more than twice that.
    let indent = usize::try_from(indent).ok().filter(|indent| (2..10).contains(indent)).unwrap_or(2);
    let width = match width {
        Some(width) if width.as_usize().is_some_and(|width| width > 2 * indent) => width.as_usize().unwrap_or(80),
        Some(width) if f64::try_from(width.clone()).is_ok_and(|width| width > 1e15) => usize::MAX,
        _ => 80,
    };
    let mut value = json::argument(value)?;
    if sort {
        value.sort_all_objects();
    }
    Ok(yaml::dump(&value, yaml::Layout { indent, width, flow }))
}

fn b64encode(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    let url_safe = base64_arguments(arguments)?;
    let engine = if url_safe { &URL_SAFE } else { &STANDARD };
    Ok(engine.encode(text_of(value)?))
}

fn b64decode(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    let url_safe = base64_arguments(arguments)?;
    let engine = if url_safe { &URL_SAFE } else { &STANDARD };
    let text: String = text_of(value)?.split_whitespace().collect();
    let bytes = engine.decode(text).map_err(|_| invalid("the text is not base64"))?;
    String::from_utf8(bytes).map_err(|_| invalid("what the base64 stands for is not UTF-8 text"))
}

fn base64_arguments(arguments: &mut Arguments<'_>) -> Result<bool, Error> {
    let encoding = arguments.text("encoding")?.unwrap_or_else(|| "utf-8".to_owned());
    let url_safe = arguments.flag("urlsafe", false)?;
    arguments.end()?;
    if matches!(encoding.to_lowercase().as_str(), "utf-8" | "utf8") {
        Ok(url_safe)
    } else {
        Err(invalid("only the encoding utf-8 is supported"))
    }
}
