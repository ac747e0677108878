//! How a scalar may be written (`analyze_scalar` and `choose_scalar_style` of yaml/emitter.py, yaml/resolver.py).

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Number;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
}

/// What YAML 1.1 reads as something else than text, where it stands without quotes.
static NO_TEXT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let patterns = [
        "yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
        r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?",
        r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+",
        "[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+|<<|=|~|null|Null|NULL|",
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
        r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?",
    ];
    Regex::new(&format!("^(?:{})$", patterns.join("|"))).ok()
});

/// What is against writing a text in some way.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is found by itself, as in analyze_scalar")]
struct Traits {
    block_indicators: bool,
    flow_indicators: bool,
    line_breaks: bool,
    special: bool,
    space_at_edge: bool,
    break_then_space: bool,
    space_then_break: bool,
}

fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_space(character: char) -> bool {
    matches!(character, '\0' | ' ' | '\t' | '\r') || is_break(character)
}

fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}'
        | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

impl Traits {
    fn of(text: &str) -> Self {
        let marker = text.starts_with("---") || text.starts_with("...");
        let mut traits = Self { block_indicators: marker, flow_indicators: marker, ..Self::default() };
        let characters: Vec<char> = text.chars().collect();
        for (index, &character) in characters.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|index| characters.get(index)).copied();
            let space_after = characters.get(index + 1).is_none_or(|next| is_space(*next));
            traits.indicators(character, before, space_after);
            traits.line_breaks |= is_break(character);
            traits.special |= !is_printable(character);
            let at_edge = index == 0 || index + 1 == characters.len();
            traits.space_at_edge |= at_edge && (character == ' ' || is_break(character));
            traits.break_then_space |= character == ' ' && before.is_some_and(is_break);
            traits.space_then_break |= is_break(character) && before == Some(' ');
        }
        traits
    }

    fn indicators(&mut self, character: char, before: Option<char>, space_after: bool) {
        let (flow, block) = match (character, before) {
            ('#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`', None) => {
                (true, true)
            }
            ('?' | ':', None) | (':', Some(_)) => (true, space_after),
            ('-', None) => (space_after, space_after),
            (',' | '?' | '[' | ']' | '{' | '}', Some(_)) => (true, false),
            ('#', Some(before)) => (is_space(before), is_space(before)),
            _ => (false, false),
        };
        self.flow_indicators |= flow;
        self.block_indicators |= block;
    }
}

/// The style for a text, inside brackets or not, as a key or not.
pub(super) fn style(text: &str, flow: bool, key: bool) -> Style {
    let traits = Traits::of(text);
    let only_double = traits.special || traits.space_then_break;
    let is_text = NO_TEXT.as_ref().is_none_or(|pattern| !pattern.is_match(text));
    let indicators = if flow { traits.flow_indicators } else { traits.block_indicators };
    let unclear = traits.line_breaks || traits.space_at_edge || indicators;
    if is_text && !unclear && !only_double {
        Style::Plain
    } else if !(only_double || traits.break_then_space || key && traits.line_breaks) {
        Style::Single
    } else {
        Style::Double
    }
}

/// Whether a key stands before its colon on one line; a long one gets a `?`.
pub(super) fn fits_as_key(text: &str) -> bool {
    text.chars().count() < 128 && !text.chars().any(is_break)
}

/// A character inside double quotes.
pub(super) fn escape(character: char) -> String {
    let short = match character {
        '\0' => "\\0",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{b}' => "\\v",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        '\u{1b}' => "\\e",
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{85}' => "\\N",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        other if is_printable(other) => return other.to_string(),
        other => {
            let code = u32::from(other);
            return match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            };
        }
    };
    short.to_owned()
}

/// A number as `PyYAML` writes it: one with an exponent has a point too, or it would read as text.
pub(super) fn number(number: &Number) -> String {
    let text = number.to_string();
    match text.split_once('e') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0e{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::super::{Layout, dump};
    use crate::yaml;

    fn documents() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            "[ -~]{0,12}".prop_map(Value::String),
            "[a-z:#'\" \n,\\-\\[\\]{}?&*!|>%@`é\t\u{85}]{0,8}".prop_map(Value::String),
            proptest::sample::select(vec!["yes", "null", "1", "0644", "1.5", "~", "", "2001-01-01", "<<", "="])
                .prop_map(|text| Value::String(text.to_owned())),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::from),
            text.clone(),
            "[ -~]{60,200}".prop_map(Value::String),
        ];
        leaf.prop_recursive(4, 32, 4, move |inner| {
            // Our reader takes `<<` for a merge even in quotes.
            let key =
                text.clone().prop_filter_map("a key", |key| key.as_str().map(str::to_owned).filter(|key| key != "<<"));
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((key, inner), 0..4)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_it_was(
            value in documents(), indent in 2_usize..6, flow in proptest::option::of(any::<bool>()),
        ) {
            let text = dump(&value, Layout { indent, width: 80, flow });
            let read = yaml::parse("-", &text);
            prop_assert_eq!(read.ok().map(|node| node.to_value()), Some(value), "{}", text);
        }
    }
}
