//! Values of an INI inventory: what Python's `ast.literal_eval` can read is a number, a list, ...; all else is text.

use serde_json::{Map, Number, Value};

/// Levels of lists and mappings.
const MAX_DEPTH: usize = 32;

/// The value that a text stands for.
pub(super) fn value(text: &str) -> Value {
    literal(text).unwrap_or_else(|| Value::from(text))
}

/// The value of a Python literal; `None` when the text is none, or has no JSON value (too large, complex, a tuple as
/// a key).
fn literal(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text.trim_start_matches([' ', '\t']) };
    let value = reader.value(0)?;
    reader.space();
    // Several values with a comma between them are a tuple, even without parentheses.
    if !reader.rest.starts_with(',') {
        return reader.at_end().then_some(value);
    }
    let mut items = vec![value];
    while reader.eat(',') && !reader.at_end() {
        items.push(reader.value(1)?);
        reader.space();
    }
    reader.at_end().then_some(Value::Array(items))
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, c: char) -> bool {
        self.space();
        self.rest.strip_prefix(c).inspect(|rest| self.rest = rest).is_some()
    }

    /// Nothing is left but a comment.
    fn at_end(&mut self) -> bool {
        self.space();
        self.rest.is_empty() || self.rest.starts_with('#')
    }

    /// The longest prefix of such characters.
    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.space();
        let first = self.rest.chars().next().filter(|_| depth <= MAX_DEPTH)?;
        match first {
            '[' | '(' => self.items(depth),
            '{' => self.mapping_or_set(depth),
            '0'..='9' | '.' | '-' | '+' => self.number(),
            '"' | '\'' => self.texts(),
            _ => {
                let before = self.rest;
                match self.take(|c| c.is_alphanumeric() || c == '_') {
                    "None" => Some(Value::Null),
                    "True" => Some(Value::Bool(true)),
                    "False" => Some(Value::Bool(false)),
                    _ => {
                        self.rest = before;
                        self.texts()
                    }
                }
            }
        }
    }

    /// A list or a tuple; one value in parentheses is that value.
    fn items(&mut self, depth: usize) -> Option<Value> {
        let list = self.eat('[');
        let end = if list { ']' } else { ')' };
        if !list && !self.eat('(') {
            return None;
        }
        let (mut items, mut tuple) = (Vec::new(), list);
        loop {
            if self.eat(end) {
                tuple |= items.is_empty();
                return if tuple { Some(Value::Array(items)) } else { items.pop() };
            }
            items.push(self.value(depth + 1)?);
            if self.eat(',') {
                tuple = true;
            } else if !self.rest.trim_start().starts_with(end) {
                return None;
            }
        }
    }

    fn mapping_or_set(&mut self, depth: usize) -> Option<Value> {
        self.eat('{');
        if self.eat('}') {
            return Some(Value::Object(Map::new()));
        }
        let first = self.value(depth + 1)?;
        if !self.eat(':') {
            return self.set(first, depth);
        }
        let mut entries = Map::new();
        let mut key = first;
        loop {
            let value = self.value(depth + 1)?;
            entries.insert(key_text(&key)?, value);
            if !self.eat(',') {
                return self.eat('}').then_some(Value::Object(entries));
            }
            if self.eat('}') {
                return Some(Value::Object(entries));
            }
            key = self.value(depth + 1)?;
            if !self.eat(':') {
                return None;
            }
        }
    }

    fn set(&mut self, first: Value, depth: usize) -> Option<Value> {
        let mut items = vec![first];
        while self.eat(',') && !self.rest.trim_start().starts_with('}') {
            let item = self.value(depth + 1)?;
            if !items.contains(&item) {
                items.push(item);
            }
        }
        self.eat('}').then_some(Value::Array(items))
    }

    fn number(&mut self) -> Option<Value> {
        let mut negative = false;
        while let Some(sign) = self.rest.chars().next().filter(|c| matches!(c, '+' | '-')) {
            negative ^= sign == '-';
            self.rest = &self.rest[1..];
            self.space();
        }
        let mut end = 0;
        for (at, c) in self.rest.char_indices() {
            let exponent = self.rest[..at].ends_with(['e', 'E']) && !self.rest.starts_with("0x");
            if !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || (exponent && matches!(c, '+' | '-'))) {
                break;
            }
            end = at + 1;
        }
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        number(text, negative)
    }

    /// A string literal, or several that Python joins.
    fn texts(&mut self) -> Option<Value> {
        let mut text = self.text()?;
        loop {
            self.space();
            let quoted = self.rest.trim_start_matches(['r', 'R', 'u', 'U']);
            if !quoted.starts_with(['"', '\'']) {
                return Some(Value::String(text));
            }
            text.push_str(&self.text()?);
        }
    }

    fn text(&mut self) -> Option<String> {
        let prefix = self.take(|c| c.is_ascii_alphabetic()).to_ascii_lowercase();
        let raw = match prefix.as_str() {
            "" | "u" | "b" => false,
            "r" | "br" | "rb" => true,
            _ => return None,
        };
        let triple = ["\"\"\"", "'''"].into_iter().find(|quote| self.rest.starts_with(quote));
        let quote = triple.or_else(|| ["\"", "'"].into_iter().find(|quote| self.rest.starts_with(quote)))?;
        self.rest = &self.rest[quote.len()..];
        let mut text = String::new();
        loop {
            if let Some(rest) = self.rest.strip_prefix(quote) {
                self.rest = rest;
                return Some(text);
            }
            let c = self.rest.chars().next()?;
            self.rest = &self.rest[c.len_utf8()..];
            match c {
                '\\' if raw => {
                    let next = self.rest.chars().next()?;
                    self.rest = &self.rest[next.len_utf8()..];
                    text.extend(['\\', next]);
                }
                '\\' => self.escape(&mut text)?,
                c => text.push(c),
            }
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self, text: &mut String) -> Option<()> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        match c {
            '\\' | '\'' | '"' => text.push(c),
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'a' => text.push('\u{7}'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'v' => text.push('\u{b}'),
            'x' => text.push(self.code(2)?),
            'u' => text.push(self.code(4)?),
            'U' => text.push(self.code(8)?),
            'N' => return None,
            '0'..='7' => {
                let end = self.rest.find(|c| !matches!(c, '0'..='7')).unwrap_or(self.rest.len()).min(2);
                let code = u32::from_str_radix(&format!("{c}{}", &self.rest[..end]), 8).ok()?;
                self.rest = &self.rest[end..];
                text.push(char::from_u32(code)?);
            }
            c => text.extend(['\\', c]),
        }
        Some(())
    }

    fn code(&mut self, digits: usize) -> Option<char> {
        let (code, rest) = self.rest.split_at_checked(digits)?;
        self.rest = rest;
        char::from_u32(u32::from_str_radix(code, 16).ok()?)
    }
}

/// A key as `json.dumps` writes it.
fn key_text(key: &Value) -> Option<String> {
    match key {
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(key.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn number(text: &str, negative: bool) -> Option<Value> {
    let misplaced = text.starts_with('_') || text.ends_with('_') || text.contains("__");
    let digits = text.replace('_', "").to_ascii_lowercase();
    if misplaced || digits.is_empty() {
        return None;
    }
    let radix = [("0x", 16), ("0o", 8), ("0b", 2)].into_iter().find(|(prefix, _)| digits.starts_with(prefix));
    let whole = match radix {
        Some((prefix, radix)) => Some(i64::from_str_radix(&digits[prefix.len()..], radix).ok()?),
        // 0644 is no number in Python 3, and 00 is.
        None if digits.bytes().all(|c| c.is_ascii_digit()) => {
            let zeros = digits.bytes().all(|c| c == b'0');
            if digits.starts_with('0') && digits.len() > 1 && !zeros {
                return None;
            }
            Some(digits.parse().ok()?)
        }
        None => None,
    };
    if let Some(whole) = whole {
        return Some(Value::from(if negative { -whole } else { whole }));
    }
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') || digits == "." || digits.ends_with('j') {
        return None;
    }
    let float: f64 = digits.parse().ok()?;
    Number::from_f64(if negative { -float } else { float }).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::value;

    #[test]
    fn values_read_as_python_literals() {
        for (text, expected) in [
            ("22", json!(22)),
            ("22 # the port", json!(22)),
            ("-1_000", json!(-1000)),
            ("0x1f", json!(31)),
            ("0o17", json!(15)),
            ("00", json!(0)),
            ("1.50", json!(1.5)),
            (".5", json!(0.5)),
            ("1.", json!(1.0)),
            ("1e3", json!(1000.0)),
            ("1e-3", json!(0.001)),
            ("True", json!(true)),
            ("None", json!(null)),
            ("'quoted'", json!("quoted")),
            ("'a' \"b\"", json!("ab")),
            (r"'a\n\x41\101\q'", json!("a\nAA\\q")),
            (r"r'\n'", json!(r"\n")),
            ("'''a'b'''", json!("a'b")),
            ("[1, 'a', None,]", json!([1, "a", null])),
            ("(1, 2)", json!([1, 2])),
            ("(1)", json!(1)),
            ("1, 2", json!([1, 2])),
            ("1,", json!([1])),
            ("()", json!([])),
            ("{'a': [1], 2: True}", json!({"a": [1], "2": true})),
            ("{}", json!({})),
            ("{1, 1, 2}", json!([1, 2])),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_literal_is_text() {
        for text in [
            "",
            "yes",
            "true",
            "0644",
            "1_",
            "1__0",
            "a b # c",
            "192.0.2.1",
            "a, b",
            "[a]",
            "[1",
            "1 2",
            "--",
            "f'x'",
            "{{ x }}",
            "{'a'}}",
            "'a",
            "1e999",
            "2j",
            "99999999999999999999",
            "-o X=1",
            "e5",
            "_1",
            "(,)",
            "{1: }",
        ] {
            assert_eq!(value(text), json!(text));
        }
    }

    proptest! {
        #[test]
        fn no_value_panics(text in "[-+a-eux0-9_.,:'\"#\\\\ \\[\\](){}äTN]{0,24}") {
            let _ = value(&text);
        }
    }
}
