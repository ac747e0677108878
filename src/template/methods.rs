//! Methods of Python's texts and lists that the engine lacks or has in another meaning.

use minijinja::value::{Value, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State};
use minijinja_contrib::pycompat;

use super::filters::{centered, invalid};

/// Longer texts are not made by filling.
const MAX_WIDTH: usize = 10_000;

/// Called for every method that a value has not itself.
pub(super) fn call(state: &mut State, value: &Value, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    let own = match value.kind() {
        ValueKind::String => value.as_str().map(|text| of_text(text, method, arguments)),
        ValueKind::Seq if method == "index" => Some(index_of(value, arguments).map(Some)),
        _ => None,
    };
    match own.transpose()?.flatten() {
        Some(value) => Ok(value),
        None => pycompat::unknown_method_callback(state, value, method, arguments),
    }
}

fn of_text(text: &str, method: &str, arguments: &[Value]) -> Result<Option<Value>, Error> {
    Ok(Some(match method {
        "title" => {
            let () = from_args(arguments)?;
            Value::from(title(text))
        }
        "swapcase" => {
            let () = from_args(arguments)?;
            Value::from(text.chars().flat_map(swapped).collect::<String>())
        }
        "index" => {
            let (wanted,): (&str,) = from_args(arguments)?;
            let at = text.find(wanted).ok_or_else(|| invalid("the text does not contain what is looked for"))?;
            Value::from(text[..at].chars().count())
        }
        "partition" | "rpartition" => {
            let (separator,): (&str,) = from_args(arguments)?;
            partition(text, separator, method == "rpartition")?
        }
        "rsplit" => {
            let (separator, most): (Option<&str>, Option<i64>) = from_args(arguments)?;
            rsplit(text, separator, most)?
        }
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(arguments)?;
            Value::from(text.strip_prefix(prefix).unwrap_or(text))
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(arguments)?;
            Value::from(text.strip_suffix(suffix).unwrap_or(text))
        }
        "zfill" => {
            let (width,): (usize,) = from_args(arguments)?;
            let (sign, digits) = text.split_at(usize::from(text.starts_with(['+', '-'])));
            let missing = bounded(width)?.saturating_sub(text.chars().count());
            Value::from(format!("{sign}{}{digits}", "0".repeat(missing)))
        }
        "ljust" | "rjust" | "center" => {
            let (width, fill): (usize, Option<char>) = from_args(arguments)?;
            let (width, fill) = (bounded(width)?, fill.unwrap_or(' '));
            let missing = fill.to_string().repeat(width.saturating_sub(text.chars().count()));
            Value::from(match method {
                "ljust" => format!("{text}{missing}"),
                "rjust" => format!("{missing}{text}"),
                _ => centered(text, width, fill),
            })
        }
        _ => return Ok(None),
    }))
}

fn bounded(width: usize) -> Result<usize, Error> {
    if width > MAX_WIDTH { Err(invalid("the width is too large")) } else { Ok(width) }
}

/// Letters after anything but a letter are capitals.
fn title(text: &str) -> String {
    let mut inside = false;
    let mut titled = String::with_capacity(text.len());
    for character in text.chars() {
        if inside {
            titled.extend(character.to_lowercase());
        } else {
            titled.extend(character.to_uppercase());
        }
        inside = character.is_alphabetic();
    }
    titled
}

fn swapped(character: char) -> Vec<char> {
    if character.is_uppercase() { character.to_lowercase().collect() } else { character.to_uppercase().collect() }
}

fn partition(text: &str, separator: &str, last: bool) -> Result<Value, Error> {
    if separator.is_empty() {
        return Err(invalid("the separator is empty"));
    }
    let found = if last { text.rsplit_once(separator) } else { text.split_once(separator) };
    let parts = match found {
        Some((before, after)) => [before, separator, after],
        None if last => ["", "", text],
        None => [text, "", ""],
    };
    Ok(parts.into_iter().map(Value::from).collect())
}

fn rsplit(text: &str, separator: Option<&str>, most: Option<i64>) -> Result<Value, Error> {
    let most = most.and_then(|most| usize::try_from(most).ok()).map_or(usize::MAX, |most| most.saturating_add(1));
    let mut parts: Vec<&str> = match separator {
        Some("") => return Err(invalid("the separator is empty")),
        Some(separator) => text.rsplitn(most, separator).collect(),
        None => text.trim().rsplitn(most, char::is_whitespace).filter(|part| !part.is_empty()).collect(),
    };
    parts.reverse();
    Ok(parts.into_iter().map(Value::from).collect())
}

fn index_of(list: &Value, arguments: &[Value]) -> Result<Value, Error> {
    let (wanted,): (&Value,) = from_args(arguments)?;
    let found = list.try_iter()?.position(|item| item == *wanted);
    found.map(Value::from).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "the list does not contain the value"))
}
