//! What holds for every template.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Kind, analyse};
use super::{Engine, eval, plain, render, template};

/// Pieces that make templates when strung together, and broken ones as often.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{{ "),
        Just(" }}"),
        Just("{% "),
        Just(" %}"),
        Just("{# "),
        Just(" #}"),
        Just("if "),
        Just("for x in "),
        Just("endif"),
        Just("endfor"),
        Just("else"),
        Just("set y = "),
        Just("macro m(a) "),
        Just("endmacro"),
        Just("a"),
        Just("b.c"),
        Just("x"),
        Just("y"),
        Just(".z"),
        Just("[0]"),
        Just("['k']"),
        Just("("),
        Just(")"),
        Just(" | default("),
        Just(" | upper"),
        Just(" | list"),
        Just(" | to_json"),
        Just(" is defined"),
        Just(" and "),
        Just(" not "),
        Just(" + "),
        Just(" ~ "),
        Just("'\\1'"),
        Just("\"é\n\""),
        Just("'"),
        Just("1"),
        Just("-"),
        Just("\n"),
        Just(" "),
        Just("true"),
        Just("\\"),
        Just("vars"),
        Just("loop"),
        Just(" | regex_replace("),
        Just(","),
        Just(" if "),
        Just(" else "),
        Just("raw"),
        Just("text"),
        Just("{"),
        Just("}"),
        Just("omit"),
        Just("namespace()"),
        Just("lookup('vars', "),
        Just("😀"),
    ];
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

/// Expressions that parse.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("a".to_owned()),
        Just("b.c".to_owned()),
        Just("u".to_owned()),
        Just("v.w".to_owned()),
        Just("b.q".to_owned()),
        Just("1".to_owned()),
        Just("'s'".to_owned()),
        Just("[u, 1]".to_owned()),
        Just("t".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x} ~ {y})")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x} == {y})")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x} and {y})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(x, y, z)| format!("({x} if {y} else {z})")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x} | default({y}))")),
            inner.clone().prop_map(|x| format!("({x} is defined)")),
            inner.clone().prop_map(|x| format!("({x}).k")),
            inner.clone().prop_map(|x| format!("({x} | string)")),
            inner.prop_map(|x| format!("[{x}]")),
        ]
    })
}

fn vars() -> Value {
    json!({"a": 1, "b": {"c": "{{ a }}"}, "t": true})
}

proptest! {
    #[test]
    fn no_text_panics(text in prop_oneof![any::<String>(), pieces()]) {
        let _ = analyse(&template(&text), Kind::Text);
        let _ = analyse(&template(&text), Kind::Expression);
        let _ = render(&text, &vars());
        let _ = eval(&text, &vars());
        let _ = Engine::new().render_file(&text, "x.j2", &plain(&vars()));
    }

    /// Names that are undefined when rendered were among those that the static check found; and what
    /// it says about guarded names keeps its word.
    #[test]
    fn the_static_check_finds_what_rendering_misses(text in expression(), braces: bool) {
        let text = if braces { format!("x {{{{ {text} }}}}") } else { text };
        let kind = if braces { Kind::Text } else { Kind::Expression };
        let references = analyse(&template(&text), kind).unwrap();
        let rendered = if braces { render(&text, &vars()) } else { eval(&text, &vars()) };
        if let Err(error) = rendered && let Some(undefined) = &error.undefined {
            let root = undefined.split(['.', '[']).next().unwrap_or_default();
            prop_assert!(
                root == "(" || references.iter().any(|found| found.name == root),
                "{} not in {:?}", undefined, references
            );
        }
    }

    /// A place always lies within the template.
    #[test]
    fn places_lie_within_the_text(text in pieces()) {
        let lines: Vec<&str> = text.split('\n').collect();
        let errors = [render(&text, &vars()).err(), analyse(&template(&text), Kind::Text).err()];
        for place in errors.into_iter().flatten().filter_map(|error| error.origin) {
            let line = usize::try_from(place.line - 10).unwrap();
            prop_assert!(line < lines.len(), "{place} in {text:?}");
            let first = if line == 0 { 5 } else { 1 };
            let width = lines[line].chars().count();
            let column = usize::try_from(place.column).unwrap();
            prop_assert!((first..=first + width).contains(&column), "{place} in {text:?}");
        }
    }

    /// Text without delimiters is itself.
    #[test]
    fn plain_text_is_itself(text in "[^{]*") {
        prop_assert_eq!(render(&text, &json!({})), Ok(json!(text)));
    }
}
