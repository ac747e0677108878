//! `quote`, `join`, and Jinja's filters that lay out text.

use minijinja::Error;
use minijinja::value::{Value, ValueKind};

use super::super::environment::Registry;
use super::{Arguments, invalid, items_of, text_of};

pub(super) fn register(registry: &mut Registry) {
    registry.filter("quote", quote);
    registry.filter("join", join);
    registry.filter("indent", indent);
    registry.filter("center", center);
    registry.filter("truncate", truncate);
    registry.filter("wordwrap", wordwrap);
    registry.filter("wordcount", |value, arguments| {
        arguments.end()?;
        let text = text_of(value)?;
        Ok(text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).count())
    });
    registry.filter("escape", escape);
    registry.filter("e", escape);
    registry.filter("forceescape", escape);
    registry.filter("striptags", striptags);
}

/// One word of a POSIX shell, as Python's `shlex.quote` writes it.
fn quote(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    arguments.end()?;
    let text = if value.is_none() { String::new() } else { text_of(value)? };
    if text.contains('\0') {
        return Err(invalid("text with a NUL character cannot be quoted"));
    }
    let safe = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !text.is_empty() && text.chars().all(safe) {
        return Ok(text);
    }
    Ok(format!("'{}'", text.replace('\'', r#"'"'"'"#)))
}

/// As Jinja's, but items may not be undefined.
fn join(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    let separator = arguments.text("d")?.unwrap_or_default();
    let attribute = arguments.text("attribute")?;
    arguments.end()?;
    let items = match value.as_str() {
        Some(text) => text.chars().map(Value::from).collect(),
        None => items_of(value)?,
    };
    let mut joined = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            joined.push_str(&separator);
        }
        let item = match &attribute {
            Some(path) => path.split('.').try_fold(item.clone(), |item, part| item.get_attr(part))?,
            None => item.clone(),
        };
        let before = joined.len();
        joined.push_str(&text_of(&item)?);
        let grown = joined.len() - before + separator.len();
        arguments.charge(grown / 64)?;
    }
    Ok(joined)
}

/// A number of columns that is worth filling.
fn columns(arguments: &mut Arguments<'_>, name: &str, default: i64) -> Result<usize, Error> {
    let given = arguments.integer(name)?.unwrap_or(default);
    match usize::try_from(given) {
        Ok(columns) if columns <= 10_000 => Ok(columns),
        _ => Err(invalid(format!("`{name}` must be between 0 and 10000"))),
    }
}

/// Lines after the first begin `width` columns further in, or with the text that is given as `width`.
fn indent(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    let margin = match arguments.value("width")? {
        Some(text) if text.kind() == ValueKind::String => text_of(&text)?,
        Some(width) => {
            let width = width.as_usize().filter(|width| *width <= 10_000);
            " ".repeat(width.ok_or_else(|| invalid("`width` must be text, or between 0 and 10000"))?)
        }
        None => "    ".to_owned(),
    };
    let (first, blank) = (arguments.flag("first", false)?, arguments.flag("blank", false)?);
    arguments.end()?;
    let text = text_of(value)?;
    arguments.charge(text.matches('\n').count().saturating_mul(margin.len()) / 64)?;
    let mut indented = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            indented.push('\n');
        }
        if (index > 0 || first) && (blank || !line.is_empty() || index == 0) {
            indented.push_str(&margin);
        }
        indented.push_str(line);
    }
    Ok(indented)
}

fn center(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    let width = columns(arguments, "width", 80)?;
    arguments.end()?;
    Ok(centered(&text_of(value)?, width, ' '))
}

/// As Python's `str.center`: of an odd number of fill characters the left side has the smaller half if the width is
/// even, and the larger one otherwise.
pub(in super::super) fn centered(text: &str, width: usize, fill: char) -> String {
    let missing = width.saturating_sub(text.chars().count());
    let left = missing / 2 + (missing & width & 1);
    let side = |count: usize| fill.to_string().repeat(count);
    format!("{}{text}{}", side(left), side(missing - left))
}

fn truncate(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    let length = columns(arguments, "length", 255)?;
    let kill_words = arguments.flag("killwords", false)?;
    let end = arguments.text("end")?.unwrap_or_else(|| "...".to_owned());
    let leeway = columns(arguments, "leeway", 0)?;
    arguments.end()?;
    let kept = length.checked_sub(end.chars().count()).ok_or_else(|| invalid("`length` is less than that of `end`"))?;
    let text = text_of(value)?;
    if text.chars().count() <= length + leeway {
        return Ok(text);
    }
    let mut cut: String = text.chars().take(kept).collect();
    if !kill_words && let Some(space) = cut.rfind(' ') {
        cut.truncate(space);
    }
    Ok(cut + &end)
}

/// Python's `textwrap.wrap`, each line by itself, with white space kept.
fn wordwrap(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    let width = columns(arguments, "width", 79)?.max(1);
    let break_long = arguments.flag("break_long_words", true)?;
    let separator = arguments.text("wrapstring")?.unwrap_or_else(|| "\n".to_owned());
    arguments.flag("break_on_hyphens", true)?;
    arguments.end()?;
    let text = text_of(value)?;
    arguments.charge(text.len() / 16)?;
    let wrapped = text.lines().map(|line| wrap(line, width, break_long).join(&separator));
    Ok(wrapped.collect::<Vec<_>>().join(&separator))
}

fn wrap(line: &str, width: usize, break_long: bool) -> Vec<String> {
    let length = |text: &str| text.chars().count();
    let mut lines: Vec<String> = Vec::new();
    let mut current = String::new();
    for chunk in chunks(line) {
        let mut chunk = chunk.to_owned();
        if length(&current) + length(&chunk) > width {
            let full = std::mem::take(&mut current);
            if !full.trim_end().is_empty() {
                lines.push(full.trim_end().to_owned());
            }
            if chunk.trim().is_empty() {
                continue;
            }
        }
        while break_long && length(&chunk) > width {
            let rest: String = chunk.chars().skip(width).collect();
            lines.push(chunk.chars().take(width).collect());
            chunk = rest;
        }
        current.push_str(&chunk);
    }
    if !current.trim_end().is_empty() {
        lines.push(current.trim_end().to_owned());
    }
    lines
}

/// Words and the spaces between them, in turn.
fn chunks(line: &str) -> Vec<&str> {
    let mut chunks = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c: char| c.is_whitespace() != first.is_whitespace()).unwrap_or(rest.len());
        let (chunk, after) = rest.split_at(end);
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

/// Jinja's, for HTML and XML.
fn escape(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    arguments.end()?;
    let text = text_of(value)?;
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    arguments.charge(escaped.len() / 64)?;
    Ok(escaped)
}

/// Tags and comments are taken out, and white space becomes one space.
fn striptags(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    arguments.end()?;
    let text = text_of(value)?;
    let mut bare = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find('<') {
        let end = if rest[start..].starts_with("<!--") { "-->" } else { ">" };
        let Some(length) = rest[start..].find(end) else { break };
        bare.push_str(&rest[..start]);
        rest = &rest[start + length + end.len()..];
    }
    bare.push_str(rest);
    let words: Vec<&str> = bare.split_whitespace().collect();
    Ok(words.join(" "))
}
