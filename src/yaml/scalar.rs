//! Plain scalars as `PyYAML`'s resolver reads them (YAML 1.1, yaml/resolver.py and yaml/constructor.py).

use std::sync::LazyLock;

use regex::Regex;

use super::NodeValue;

struct Patterns {
    binary: Regex,
    octal: Regex,
    hexadecimal: Regex,
    decimal: Regex,
    base60: Regex,
    float: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    let compile = |pattern: &str| Regex::new(pattern).ok();
    Some(Patterns {
        binary: compile("^[-+]?0b[01_]+$")?,
        octal: compile("^[-+]?0[0-7_]+$")?,
        hexadecimal: compile("^[-+]?0x[0-9a-fA-F_]+$")?,
        decimal: compile("^[-+]?(?:0|[1-9][0-9_]*)$")?,
        base60: compile("^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$")?,
        float: compile(r"^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)$")?,
    })
});

/// The value of a plain (unquoted) scalar. What has no JSON value (too large, infinite) stays text, and so do dates
/// and base-60 numbers with a fraction.
pub(super) fn resolve(text: &str) -> NodeValue {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeValue::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => NodeValue::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => NodeValue::Bool(false),
        _ => number(text).unwrap_or_else(|| NodeValue::Str(text.to_owned())),
    }
}

fn number(text: &str) -> Option<NodeValue> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return None;
    }
    let patterns = PATTERNS.as_ref()?;
    let digits = text.trim_start_matches(['-', '+']).replace('_', "");
    let sign = if text.starts_with('-') { "-" } else { "" };
    let radix = |prefix: usize, radix: u32| {
        i64::from_str_radix(&format!("{sign}{}", &digits[prefix..]), radix).ok().map(NodeValue::Int)
    };
    if patterns.decimal.is_match(text) {
        radix(0, 10)
    } else if patterns.octal.is_match(text) {
        radix(0, 8)
    } else if patterns.hexadecimal.is_match(text) {
        radix(2, 16)
    } else if patterns.binary.is_match(text) {
        radix(2, 2)
    } else if patterns.base60.is_match(text) {
        base60(sign, &digits).map(NodeValue::Int)
    } else if patterns.float.is_match(text) {
        format!("{sign}{digits}").parse().ok().filter(|value: &f64| value.is_finite()).map(NodeValue::Float)
    } else {
        None
    }
}

/// `1:30` is 90 to YAML 1.1.
fn base60(sign: &str, digits: &str) -> Option<i64> {
    let total = digits.split(':').try_fold(0_i64, |total, part| {
        let part: i64 = part.parse().ok()?;
        total.checked_mul(60)?.checked_add(part)
    })?;
    Some(if sign == "-" { -total } else { total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_read_as_pyyaml_reads_them() {
        let text = |text: &str| NodeValue::Str(text.to_owned());
        for (source, expected) in [
            ("yes", NodeValue::Bool(true)),
            ("Off", NodeValue::Bool(false)),
            ("y", text("y")),
            ("oN", text("oN")),
            ("~", NodeValue::Null),
            ("", NodeValue::Null),
            ("0644", NodeValue::Int(420)),
            ("0888", text("0888")),
            ("0o644", text("0o644")),
            ("0", NodeValue::Int(0)),
            ("-12", NodeValue::Int(-12)),
            ("+1_000", NodeValue::Int(1000)),
            ("0x1F", NodeValue::Int(31)),
            ("0b101", NodeValue::Int(5)),
            ("1:30", NodeValue::Int(90)),
            ("25:99", text("25:99")),
            ("1.5", NodeValue::Float(1.5)),
            ("-.5", text("-.5")),
            (".5", NodeValue::Float(0.5)),
            ("1e3", text("1e3")),
            ("1.0e+3", NodeValue::Float(1000.0)),
            (".inf", text(".inf")),
            ("192.0.2.1", text("192.0.2.1")),
            ("2026-11-24", text("2026-11-24")),
            ("99999999999999999999", text("99999999999999999999")),
            ("0b_", text("0b_")),
            ("-", text("-")),
        ] {
            assert_eq!(resolve(source), expected, "{source}");
        }
    }
}
