//! JSON, YAML, base64 and digests.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use minijinja::Error;
use minijinja::value::Value;
use serde::Serialize;
use serde_json::Value as Json;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::super::environment::Registry;
use super::super::json;
use super::{Arguments, invalid, text_of, yaml};

pub(super) fn register(registry: &mut Registry) {
    registry.filter("to_json", to_json);
    registry.filter("to_nice_json", to_nice_json);
    registry.filter("from_json", from_json);
    registry.filter("to_yaml", to_yaml);
    registry.filter("to_nice_yaml", to_nice_yaml);
    registry.filter("b64encode", b64encode);
    registry.filter("b64decode", b64decode);
    registry.filter("hash", hash);
}

/// Python's `json.dumps` puts a space after commas and colons.
struct PythonFormatter;

impl Formatter for PythonFormatter {
    fn begin_array_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

fn to_json(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    dump_json(value, arguments, None, false)
}

fn to_nice_json(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    dump_json(value, arguments, Some(4), true)
}

fn dump_json(value: &Value, arguments: &mut Arguments<'_>, indent: Option<i64>, sort: bool) -> Result<String, Error> {
    let indent = arguments.integer("indent")?.or(indent);
    let sort = arguments.flag("sort_keys", sort)?;
    let ascii = arguments.flag("ensure_ascii", true)?;
    arguments.end()?;
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
        None => value.serialize(&mut Serializer::with_formatter(&mut bytes, PythonFormatter)),
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

fn to_yaml(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    dump_yaml(value, arguments, 2)
}

fn to_nice_yaml(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    dump_yaml(value, arguments, 4)
}

fn dump_yaml(value: &Value, arguments: &mut Arguments<'_>, indent: i64) -> Result<String, Error> {
    let indent = arguments.integer("indent")?.unwrap_or(indent).clamp(2, 16);
    let sort = arguments.flag("sort_keys", true)?;
    // Known to Ansible's users; lines are never folded here.
    arguments.value("width")?;
    arguments.value("default_flow_style")?;
    arguments.end()?;
    let mut value = json::argument(value)?;
    if sort {
        value.sort_all_objects();
    }
    Ok(yaml::dump(&value, usize::try_from(indent).unwrap_or(2)))
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

/// A digest in hexadecimal. MD5 and SHA-1, Ansible's default, are broken and left out.
fn hash(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    let kind = arguments.text("hashtype")?;
    arguments.end()?;
    let text = text_of(value)?;
    let digest = match kind.as_deref() {
        Some("sha224") => Sha224::digest(text).to_vec(),
        Some("sha256") => Sha256::digest(text).to_vec(),
        Some("sha384") => Sha384::digest(text).to_vec(),
        Some("sha512") => Sha512::digest(text).to_vec(),
        _ => return Err(invalid("name a digest: hash('sha256'), or sha224, sha384, sha512")),
    };
    Ok(digest.iter().fold(String::with_capacity(2 * digest.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
