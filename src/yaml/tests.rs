//! What is read, where it stands, and how errors look.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use proptest::prelude::*;
use serde_json::json;

use super::parse;
use crate::diagnostic::Sources;

/// The rendered errors of a text.
fn errors(text: &str) -> String {
    let mut sources = Sources::new();
    sources.add("x.yaml", text);
    parse("x.yaml", text).expect_err("must be refused").render(&sources, false)
}

#[test]
fn values_are_read_as_ansible_reads_them() {
    for (text, expected) in [
        (
            "a: yes\nb: 'yes'\nc: 0644\nd: \"0644\"\ne:\n",
            json!({"a": true, "b": "yes", "c": 420, "d": "0644", "e": null}),
        ),
        ("- !!str 12\n- [x, 1.5]\n- {k: ~}\n", json!(["12", ["x", 1.5], {"k": null}])),
        ("a: |\n  x\n   y\nb: >-\n  x\n  y\n", json!({"a": "x\n y\n", "b": "x y"})),
        ("b: &b {x: 1, y: 2}\nd:\n  <<: *b\n  y: 3\n", json!({"b": {"x": 1, "y": 2}, "d": {"y": 3, "x": 1}})),
        ("<<: [{x: 1}, {x: 2, y: 3}]\n", json!({"x": 1, "y": 3})),
        ("25: smtp\non: x\n", json!({"25": "smtp", "on": "x"})),
        ("\u{feff}---\na: 1\n", json!({"a": 1})),
        ("{\n\t\"a\": [1,\n\t\t2]}\n", json!({"a": [1, 2]})),
        ("", json!(null)),
        ("# nothing\n", json!(null)),
    ] {
        assert_eq!(parse("x.yaml", text).unwrap().to_value(), expected, "{text}");
    }
}

#[test]
fn nodes_know_where_they_and_their_text_start() {
    let text = "a: plain\nb: 'quoted'\nc: |\n  first\n  second\nd: |\n\n   first\ne: [x,  y]\nf: é\n";
    let tree = parse("dir/x.yaml", text).unwrap();
    let at = |key: &str| tree.get(key).map(|node| (node.origin().to_string(), node.text_origin().to_string()));
    let place = |node: &str, text: &str| Some((format!("dir/x.yaml:{node}"), format!("dir/x.yaml:{text}")));
    assert_eq!(at("a"), place("1:4", "1:4"));
    assert_eq!(at("b"), place("2:4", "2:5"));
    assert_eq!(at("c"), place("4:3", "4:3"));
    assert_eq!(at("d"), place("8:4", "7:4"));
    let second = tree.get("e").and_then(|node| node.as_seq()?.get(1));
    assert_eq!(second.map(|node| node.span.column), Some(9));
    assert_eq!(tree.as_map().and_then(|entries| Some(entries.get(5)?.0.span.line)), Some(10));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn syntax_errors_point_and_help() {
    insta::assert_snapshot!(errors("a:\n\tb: 1\n"), @r"
    error: a tab is used for indentation
     --> x.yaml:2:1
      |
    2 |     b: 1
      | ^^^^
      |
      = help: YAML allows only spaces there
    ");
    insta::assert_snapshot!(errors("a: 1\n\tb: 1\n"), @r"
    error: a tab is used for indentation
     --> x.yaml:2:1
      |
    2 |     b: 1
      | ^^^^
      |
      = help: YAML allows only spaces there
    ");
    insta::assert_snapshot!(errors("- hosts all\n  tasks: []\n"), @r"
    error: a `:` is not allowed here
     --> x.yaml:2:8
      |
    2 |   tasks: []
      |        ^
      |
      = help: a `:` is missing in the line above
    ");
    insta::assert_snapshot!(errors("a: \"x\nb: 1\n"), @r#"
    error: this quote is never closed
     --> x.yaml:1:4
      |
    1 | a: "x
      |    ^
    "#);
    insta::assert_snapshot!(errors("- name: {{ x }}\n"), @r#"
    error: an unquoted template
     --> x.yaml:1:9
      |
    1 | - name: {{ x }}
      |         ^^
      |
      = help: a value that starts with `{{` must be quoted: "{{ ... }}"
    "#);
    insta::assert_snapshot!(errors("dest: {{ dir }}/file\n"), @r#"
    error: an unquoted template
     --> x.yaml:1:7
      |
    1 | dest: {{ dir }}/file
      |       ^^
      |
      = help: a value that starts with `{{` must be quoted: "{{ ... }}"
    "#);
    insta::assert_snapshot!(errors("msg: foo: bar\n"), @r"
    error: a `:` is not allowed here
     --> x.yaml:1:9
      |
    1 | msg: foo: bar
      |         ^
      |
      = help: a text that contains `: ` must be quoted
    ");
    insta::assert_snapshot!(errors("name: a\n   hosts: b\n"), @r"
    error: a `:` is not allowed here
     --> x.yaml:2:9
      |
    2 |    hosts: b
      |         ^
      |
      = help: is this line indented as its neighbours are?
    ");
    insta::assert_snapshot!(errors("a:1\nb: 2\n"), @r"
    error: a `:` is not allowed here
     --> x.yaml:2:2
      |
    2 | b: 2
      |  ^
      |
      = help: a space is missing after the `:` of the line above
    ");
    insta::assert_snapshot!(errors("a: 'it's'\n"), @r"
    error: text after the closing quote
     --> x.yaml:1:8
      |
    1 | a: 'it's'
      |        ^
      |
      = help: inside single quotes an apostrophe is written twice: 'it''s'
    ");
    insta::assert_snapshot!(errors("a: [1, 2\n"), @r"
    error: this `[` is never closed
     --> x.yaml:1:4
      |
    1 | a: [1, 2
      |    ^
    ");
    insta::assert_snapshot!(errors("a: @b\n"), @r"
    error: a value cannot start with `@`
     --> x.yaml:1:4
      |
    1 | a: @b
      |    ^
      |
      = help: put the value in quotes
    ");
    insta::assert_snapshot!(errors("a: *b\n"), @r"
    error: an alias without its anchor
     --> x.yaml:1:4
      |
    1 | a: *b
      |    ^
      |
      = help: a text that starts with `*` must be quoted
    ");
    insta::assert_snapshot!(errors("? [x]\n: 1\n"), @r"
    error: a key must be text, not a list or mapping
     --> x.yaml:1:3
      |
    1 | ? [x]
      |   ^
    ");
    insta::assert_snapshot!(errors("a: 1\n---\nb: 2\n"), @r"
    error: a second YAML document in one file
     --> x.yaml:2:1
      |
    2 | ---
      | ^^^
      |
      = help: leave out the `---`, or put it into a file of its own
    ");
}

#[test]
fn all_duplicate_keys_and_tags_are_reported_at_once() {
    insta::assert_snapshot!(errors("a: 1\nb: {c: 1, c: 2}\na: 2\nv: !vault |\n  abc\nw: !!set {}\n"), @r"
    error: the key `c` is here twice
     --> x.yaml:2:11
      |
    2 | b: {c: 1, c: 2}
      |           ^ again here
      |
     ::: x.yaml:2:5
      |
    2 | b: {c: 1, c: 2}
      |     - first here

    error: the key `a` is here twice
     --> x.yaml:3:1
      |
    3 | a: 2
      | ^ again here
      |
     ::: x.yaml:1:1
      |
    1 | a: 1
      | - first here

    error: this vault cannot be used: failed to read it: `abc` is no format that mailprov knows
     --> x.yaml:5:3
      |
    5 |   abc
      |   ^^^

    error: the tag `!!set` is not supported yet
     --> x.yaml:6:4
      |
    6 | w: !!set {}
      |    ^^^^^
      |
      = help: leave the tag out; quotes make a value text
    ");
}

#[test]
fn bombs_are_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..8 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.extend([format!("a{level}: &a{level} [{items}]\n")]);
    }
    assert!(errors(&bomb).contains("more than 1000000 values"));
    assert!(errors(&format!("{}{}", "[".repeat(100), "]".repeat(100))).contains("levels of nesting"));
    assert!(errors("a: &a [1, *a]\n").contains("inside the very node"));
    let mut tower = "a0: &a0 [x]\n".to_owned();
    for level in 1..70 {
        tower.extend([format!("a{level}: &a{level} [*a{}]\n", level - 1)]);
    }
    assert!(errors(&tower).contains("levels of nesting"));
}

proptest! {
    #[test]
    fn no_text_panics(text in "[-a-c:#|>&*!<\\[\\]{}'\", \n\t0-9%?é~]{0,60}") {
        match parse("x.yaml", &text) {
            Ok(node) => drop(node.to_value()),
            Err(problems) => {
                let mut sources = Sources::new();
                sources.add("x.yaml", &text);
                prop_assert!(!problems.render(&sources, false).is_empty());
            }
        }
    }
}
