//! `urlencode`, `urldecode` and `urlsplit`, with the results of Python's `urllib.parse`.

use minijinja::Error;
use minijinja::value::{Value, ValueKind};

use super::super::environment::Registry;
use super::{Arguments, entries_of, invalid, text_of};

pub(super) fn register(registry: &mut Registry) {
    registry.filter("urlencode", urlencode);
    registry.filter("urldecode", urldecode);
    registry.filter("urlsplit", urlsplit);
}

/// Everything but letters, digits, `-._~` and what is in `safe` is escaped (RFC 3986 section 2.1).
fn escaped(text: &str, safe: &str, space: &str) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        let character = char::from(byte);
        if character.is_ascii_alphanumeric() || "-._~".contains(character) || safe.contains(character) {
            escaped.push(character);
        } else if byte == b' ' {
            escaped.push_str(space);
        } else {
            escaped.extend(['%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }
    escaped
}

/// A text as part of a path; a mapping as a query.
fn urlencode(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    arguments.end()?;
    if value.kind() != ValueKind::Map {
        return Ok(escaped(&text_of(value)?, "/", "%20"));
    }
    let mut pairs = Vec::new();
    for (name, value) in entries_of(value)? {
        pairs.push(format!("{}={}", escaped(&text_of(&name)?, "", "+"), escaped(&text_of(&value)?, "", "+")));
    }
    Ok(pairs.join("&"))
}

/// `+` is a space, as in a form.
fn urldecode(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    arguments.end()?;
    let text = text_of(value)?.replace('+', " ");
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(byte) = bytes.get(index) {
        let digits = text.get(index + 1..index + 3).filter(|digits| digits.bytes().all(|d| d.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(code) if *byte == b'%' => {
                decoded.push(code);
                index += 3;
            }
            _ => {
                decoded.push(*byte);
                index += 1;
            }
        }
    }
    Ok(String::from_utf8_lossy(&decoded).into_owned())
}

/// The parts of a URL, or the one that is named.
fn urlsplit(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let query = arguments.text("query")?.unwrap_or_default();
    arguments.end()?;
    let text = text_of(value)?;
    let parts = split(&text)?;
    if query.is_empty() {
        return Ok(Value::from_pairs(parts));
    }
    let known = parts.into_iter().find(|(name, _)| *name == query).map(|(_, value)| value);
    known.ok_or_else(|| {
        invalid("the component must be fragment, hostname, netloc, password, path, port, query, scheme or username")
    })
}

fn split(url: &str) -> Result<Vec<(&'static str, Value)>, Error> {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    let (scheme, rest) = match url.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_lowercase(), rest),
        _ => (String::new(), url),
    };
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (netloc, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    let (user, host) = netloc.rsplit_once('@').map_or((None, netloc), |(user, host)| (Some(user), host));
    let (username, password) = match user.map(|user| user.split_once(':').unwrap_or((user, ""))) {
        Some((name, password)) => (Some(name), Some(password).filter(|_| user.is_some_and(|user| user.contains(':')))),
        None => (None, None),
    };
    let (hostname, port) = match host.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
        Some((address, port)) => (address, port.strip_prefix(':')),
        None => host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port))),
    };
    let port = match port.filter(|port| !port.is_empty()) {
        Some(port) => Value::from(port.parse::<u16>().map_err(|_| invalid("the port is not a number of a port"))?),
        None => Value::from(()),
    };
    let maybe = |text: Option<String>| text.map_or_else(|| Value::from(()), Value::from);
    Ok(vec![
        ("fragment", Value::from(fragment)),
        ("hostname", maybe(Some(hostname.to_lowercase()).filter(|host| !host.is_empty()))),
        ("netloc", Value::from(netloc)),
        ("password", maybe(password.map(str::to_owned))),
        ("path", Value::from(path)),
        ("port", port),
        ("query", Value::from(query)),
        ("scheme", Value::from(scheme)),
        ("username", maybe(username.map(str::to_owned))),
    ])
}
