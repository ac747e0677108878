//! Python's `re` on the `regex` crate: same syntax but for look-around and back references in patterns,
//! which that crate refuses since they cannot be matched in linear time.

use minijinja::Error;
use minijinja::value::Value;
use regex::{Captures, Regex, RegexBuilder};

use super::super::environment::Registry;
use super::{Arguments, invalid, text_of};

pub(super) fn register(registry: &mut Registry) {
    registry.filter("regex_replace", regex_replace);
    registry.filter("regex_search", regex_search);
    registry.filter("regex_findall", regex_findall);
    registry.filter("regex_escape", regex_escape);
}

/// Memory that a compiled pattern may take.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// Compiles a pattern of Python's syntax.
pub(in super::super) fn compile(pattern: &str, ignorecase: bool, multiline: bool) -> Result<Regex, Error> {
    let mut builder = RegexBuilder::new(&python_pattern(pattern));
    builder.case_insensitive(ignorecase).multi_line(multiline).size_limit(MAX_PATTERN_BYTES);
    builder.build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => invalid("the regular expression is too large"),
        _ => invalid(
            "the regular expression is not valid, or uses look-around or back references, which are not supported",
        ),
    })
}

/// `\Z` of Python is `\z` here. Jinja reads `'\b'` as a backspace where it keeps escapes, and who writes
/// that means a word boundary.
fn python_pattern(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                translated.push('\\');
                translated.extend(characters.next().map(|escaped| if escaped == 'Z' { 'z' } else { escaped }));
            }
            '\u{8}' => translated.push_str("\\b"),
            other => translated.push(other),
        }
    }
    translated
}

/// A piece of a replacement.
enum Piece {
    Text(char),
    Group(String),
}

/// Python's replacement templates: `\1`, `\g<1>`, `\g<name>`, `\n` and the like, `\\`.
fn pieces(replacement: &str) -> Result<Vec<Piece>, Error> {
    let mut pieces = Vec::new();
    let mut characters = replacement.chars().peekable();
    while let Some(character) = characters.next() {
        // Jinja reads `'\1'` as the character U+0001 where it keeps escapes.
        if ('\u{1}'..='\u{7}').contains(&character) {
            pieces.push(Piece::Group(u32::from(character).to_string()));
            continue;
        }
        if character != '\\' {
            pieces.push(Piece::Text(character));
            continue;
        }
        match characters.next() {
            Some('g') if characters.peek() == Some(&'<') => {
                characters.next();
                pieces.push(Piece::Group(characters.by_ref().take_while(|&c| c != '>').collect()));
            }
            Some(digit) if digit.is_ascii_digit() && digit != '0' => {
                let mut group = digit.to_string();
                group.extend(characters.next_if(char::is_ascii_digit));
                pieces.push(Piece::Group(group));
            }
            Some('n') => pieces.push(Piece::Text('\n')),
            Some('t') => pieces.push(Piece::Text('\t')),
            Some('r') => pieces.push(Piece::Text('\r')),
            Some('\\') | None => pieces.push(Piece::Text('\\')),
            Some(other) if other.is_ascii_alphanumeric() => {
                return Err(invalid("the replacement has an escape that Python does not know either"));
            }
            Some(other) => pieces.extend([Piece::Text('\\'), Piece::Text(other)]),
        }
    }
    Ok(pieces)
}

/// The text of a group by number or name; empty if it took no part in the match.
fn group<'a>(captures: &Captures<'a>, group: &str) -> &'a str {
    let found = match group.parse::<usize>() {
        Ok(number) => captures.get(number),
        Err(_) => captures.name(group),
    };
    found.map_or("", |found| found.as_str())
}

fn check_group(regex: &Regex, group: &str) -> Result<(), Error> {
    let known = match group.parse::<usize>() {
        Ok(number) => number < regex.captures_len(),
        Err(_) => regex.capture_names().flatten().any(|name| name == group),
    };
    if known { Ok(()) } else { Err(invalid(format!("the regular expression has no group {group}"))) }
}

fn regex_replace(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    let pattern = arguments.text("pattern")?.unwrap_or_default();
    let replacement = arguments.text("replacement")?.unwrap_or_default();
    let (ignorecase, multiline) = (arguments.flag("ignorecase", false)?, arguments.flag("multiline", false)?);
    let count = arguments.integer("count")?.unwrap_or(0);
    let mandatory = arguments.integer("mandatory_count")?.unwrap_or(0);
    arguments.end()?;
    let text = text_of(value)?;
    let regex = compile(&pattern, ignorecase, multiline)?;
    let pieces = pieces(&replacement)?;
    for piece in &pieces {
        if let Piece::Group(name) = piece {
            check_group(&regex, name)?;
        }
    }
    let mut replaced = String::with_capacity(text.len());
    let (mut copied, mut done) = (0, 0);
    for captures in regex.captures_iter(&text) {
        if count > 0 && done == count {
            break;
        }
        let Some(whole) = captures.get(0) else { break };
        let before = replaced.len();
        replaced.push_str(&text[copied..whole.start()]);
        for piece in &pieces {
            match piece {
                Piece::Text(character) => replaced.push(*character),
                Piece::Group(name) => replaced.push_str(group(&captures, name)),
            }
        }
        arguments.charge(1 + (replaced.len() - before) / 64)?;
        copied = whole.end();
        done += 1;
    }
    if mandatory > 0 && done != mandatory {
        return Err(invalid(format!(
            "the regular expression should match {mandatory} times, and matches {done} times"
        )));
    }
    replaced.push_str(&text[copied..]);
    Ok(replaced)
}

/// The match, or the groups that are asked for as `'\\1'` or `'\\g<name>'`; null without a match.
fn regex_search(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let pattern = arguments.need_text("regex")?;
    let groups = arguments.rest();
    let (ignorecase, multiline) = (arguments.flag("ignorecase", false)?, arguments.flag("multiline", false)?);
    arguments.end()?;
    let regex = compile(&pattern, ignorecase, multiline)?;
    let mut wanted = Vec::new();
    for name in &groups {
        match pieces(&text_of(name)?)?.as_slice() {
            [Piece::Group(name)] => wanted.push(name.clone()),
            _ => return Err(invalid("a group is asked for as '\\\\1' or '\\\\g<name>'")),
        }
    }
    for name in &wanted {
        check_group(&regex, name)?;
    }
    let text = text_of(value)?;
    Ok(match regex.captures(&text) {
        None => Value::from(()),
        Some(captures) if wanted.is_empty() => Value::from(group(&captures, "0")),
        Some(captures) => wanted.iter().map(|name| Value::from(group(&captures, name))).collect(),
    })
}

/// As Python's `findall`: whole matches, or the group if there is one, or lists of groups.
fn regex_findall(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let pattern = arguments.need_text("regex")?;
    let (multiline, ignorecase) = (arguments.flag("multiline", false)?, arguments.flag("ignorecase", false)?);
    arguments.end()?;
    let regex = compile(&pattern, ignorecase, multiline)?;
    let text = text_of(value)?;
    let mut found = Vec::new();
    for captures in regex.captures_iter(&text) {
        arguments.charge(1)?;
        found.push(match regex.captures_len() {
            1 => Value::from(group(&captures, "0")),
            2 => Value::from(group(&captures, "1")),
            groups => (1..groups).map(|number| Value::from(group(&captures, &number.to_string()))).collect(),
        });
    }
    Ok(Value::from(found))
}

fn regex_escape(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    let kind = arguments.text("re_type")?.unwrap_or_else(|| "python".to_owned());
    arguments.end()?;
    let special = match kind.as_str() {
        // What Python's `re.escape` escapes.
        "python" => "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}",
        "posix_basic" => "].[^$*\\",
        "posix_extended" => "^$.*+?[]|(){}\\",
        _ => return Err(invalid("re_type must be python, posix_basic or posix_extended")),
    };
    let mut escaped = String::new();
    for character in text_of(value)?.chars() {
        if special.contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    Ok(escaped)
}
