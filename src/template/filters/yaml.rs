//! A YAML emitter for `to_yaml`: block style, as `PyYAML` writes it with `default_flow_style=False`.

use serde_json::Value;

/// The value as a YAML document, with a newline at its end.
pub(super) fn dump(value: &Value, indent: usize) -> String {
    let mut text = String::new();
    match value {
        Value::Object(entries) if !entries.is_empty() => block(&mut text, value, 0, indent),
        Value::Array(items) if !items.is_empty() => block(&mut text, value, 0, indent),
        other => {
            text.push_str(&inline(other));
            text.push('\n');
        }
    }
    text
}

/// A collection that is not empty, from the beginning of a line. `column` is where its entries stand.
fn block(text: &mut String, value: &Value, column: usize, indent: usize) {
    match value {
        Value::Object(entries) => {
            for (index, (key, value)) in entries.iter().enumerate() {
                if index > 0 {
                    text.push_str(&" ".repeat(column));
                }
                text.push_str(&scalar(key));
                text.push(':');
                after_key(text, value, column, indent);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push_str(&" ".repeat(column));
                }
                text.push_str("- ");
                if is_block(item) {
                    block(text, item, column + 2, indent);
                } else {
                    text.push_str(&inline(item));
                    text.push('\n');
                }
            }
        }
        _ => {}
    }
}

fn after_key(text: &mut String, value: &Value, column: usize, indent: usize) {
    if is_block(value) {
        // Items of a list stand as far in as its key.
        let column = if value.is_array() { column } else { column + indent };
        text.push('\n');
        text.push_str(&" ".repeat(column));
        block(text, value, column, indent);
    } else {
        text.push(' ');
        text.push_str(&inline(value));
        text.push('\n');
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
        _ => false,
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => scalar(text),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
    }
}

/// Plain where every YAML reader takes it for this text; in double quotes, as in JSON, otherwise.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_./-+@ ,=:%".contains(c))
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !is_word(text);
    if plain { text.to_owned() } else { Value::String(text.to_owned()).to_string() }
}

/// Words that YAML 1.1 or 1.2 reads as something else.
fn is_word(text: &str) -> bool {
    matches!(
        text.to_ascii_lowercase().as_str(),
        "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null" | "nan" | "inf"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::dump;

    #[test]
    fn nested_collections_are_written_in_block_style() {
        let value = json!({
            "mynetworks": ["127.0.0.0/8", "[::1]/128"],
            "empty": [], "none": {}, "nil": null,
            "tls": {"level": "may", "on": true, "n": 5, "deep": {"a": [1, [2, 3], {"b": "c", "d": ["e"]}]}},
        });
        let expected = "\
mynetworks:
- \"127.0.0.0/8\"
- \"[::1]/128\"
empty: []
none: {}
nil: null
tls:
    level: may
    \"on\": true
    \"n\": 5
    deep:
        a:
        - 1
        - - 2
          - 3
        - b: c
          d:
          - e
";
        assert_eq!(dump(&value, 4), expected);
    }

    #[test]
    fn text_that_reads_as_something_else_is_quoted() {
        for (text, written) in [
            ("plain", "plain"),
            ("smtpd: x", "\"smtpd: x\""),
            ("hash:/etc/aliases", "hash:/etc/aliases"),
            ("yes", "\"yes\""),
            ("0644", "\"0644\""),
            ("1.5", "\"1.5\""),
            ("", "\"\""),
            (" a", "\" a\""),
            ("a ", "\"a \""),
            ("a #b", "\"a #b\""),
            ("two\nlines", "\"two\\nlines\""),
            ("- a", "\"- a\""),
            ("null", "\"null\""),
        ] {
            assert_eq!(dump(&json!(text), 2), format!("{written}\n"), "{text}");
        }
    }
}
