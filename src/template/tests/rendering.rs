//! Types, text, files, trees, conditions.

use serde_json::{Value, json};

use super::{Engine, plain, render, template};

#[test]
fn a_single_expression_keeps_its_type() {
    let vars = json!({"n": 5, "list": [1, {"a": null}], "t": true, "s": "x", "nil": null, "f": 1.5});
    for (source, expected) in [
        ("{{ n }}", json!(5)),
        ("{{ list }}", json!([1, {"a": null}])),
        ("{{ t }}", json!(true)),
        ("{{ s }}", json!("x")),
        ("{{ nil }}", json!(null)),
        ("{{ f }}", json!(1.5)),
        ("{{- n -}}", json!(5)),
        ("{{ list }}\n", json!([1, {"a": null}])),
        ("{{ s }}\n", json!("x\n")),
        ("{% if t %}{{ list }}{% else %}none{% endif %}", json!([1, {"a": null}])),
        ("{% if not t %}{{ list }}{% else %}none{% endif %}", json!("none")),
        ("{% set x = n %}{{ x }}", json!(5)),
        ("{{ n }}{{ n }}", json!("55")),
        (" {{ n }}", json!(" 5")),
        ("{{ n }} ", json!("5 ")),
        ("n={{ n }}, t={{ t }}, nil={{ nil }}, list={{ list }}", json!("n=5, t=True, nil=None, list=[1, {'a': None}]")),
        ("{{ '5' }}", json!("5")),
        ("{{ 'a' ~ n }}", json!("a5")),
        ("plain", json!("plain")),
        ("", json!("")),
        ("{# comment #}", json!("")),
        ("{% for i in list %}{{ loop.index }}{% endfor %}", json!("12")),
        ("{% raw %}{{ n }}{% endraw %}", json!("{{ n }}")),
        ("{{ omit }}", json!(null)),
        ("a{{ omit }}b", json!("ab")),
        ("{{ '%s' | format(n) }}", json!("5")),
    ] {
        assert_eq!(render(source, &vars), Ok(expected), "{source}");
    }
}

#[test]
fn backslashes_in_a_playbook_are_literal() {
    for (source, expected) in [
        (r"{{ 'mx1' | regex_replace('^mx(\d)$', 'mail\1') }}", "mail1"),
        (r"{{ 'a\nb' }}", r"a\nb"),
        (r"{{ 'it\'s' }}", "it's"),
        (r"{{ 'C:\\' }}", r"C:\\"),
        (r"{% set x = 'a\nb' %}{{ x }}", "a\nb"),
        (r"\1 \n", r"\1 \n"),
    ] {
        assert_eq!(render(source, &json!({})), Ok(json!(expected)), "{source}");
    }
}

#[test]
fn template_files_keep_their_lines() {
    let vars = plain(&json!({"domains": ["a.example", "b.example"], "relay": null}));
    let text = "# head\n{% for d in domains %}\n{{ d }} OK\n{% endfor %}\n  {% if relay %}\nrelayhost\n  {% endif %}\nend\\n{{ 'x\\ty' }}\n\n";
    let rendered = Engine::new().render_file(text, "templates/x.j2", &vars);
    assert_eq!(rendered.unwrap(), "# head\na.example OK\nb.example OK\n  end\\nx\ty\n\n");
}

#[test]
fn omit_leaves_entries_out() {
    let tree = json!({
        "keep": "{{ n }}", "drop": "{{ missing | default(omit) }}", "list": ["{{ omit }}", "x{{ n }}"],
        "inner": {"gone": "{{ omit }}"}, "number": 7,
    });
    let vars = plain(&json!({"n": 5}));
    let place = template("").origin;
    let rendered = Engine::new().render_tree(&tree, &place, &vars).unwrap();
    assert_eq!(rendered, json!({"keep": 5, "list": ["x5"], "inner": {}, "number": 7}));
    assert_eq!(Engine::new().render_tree(&json!("{{ omit }}"), &place, &vars), Ok(Value::Null));
    let nested = render("{{ {'a': omit, 'b': [omit, 1]} }}", &json!({}));
    assert_eq!(nested, Ok(json!({"b": [1]})));
}

#[test]
fn conditions_are_true_false_or_an_error() {
    let vars = plain(&json!({"t": true, "word": "yes", "off": "no", "list": [1], "n": 0, "nil": null, "text": "abc"}));
    for (source, expected) in [
        ("t", Some(true)),
        ("not t", Some(false)),
        ("{{ t }}", Some(true)),
        ("  {{ not t }}  ", Some(false)),
        ("word", Some(true)),
        ("off", Some(false)),
        ("''", Some(false)),
        ("n", Some(false)),
        ("nil", Some(false)),
        ("true", Some(true)),
        ("True and t", Some(true)),
        ("list | length > 0", Some(true)),
        ("list", None),
        ("text", None),
        ("{}", None),
    ] {
        let holds = Engine::new().truthy(&template(source), &vars);
        assert_eq!(holds.as_ref().ok(), expected.as_ref(), "{source}: {holds:?}");
    }
}

#[test]
fn text_is_text() {
    let vars = plain(&json!({"n": 5, "list": ["a"]}));
    let text = |source: &str| Engine::new().render_string(&template(source), &vars);
    assert_eq!(text("{{ n }}").unwrap(), "5");
    assert_eq!(text("{{ list }}").unwrap(), "['a']");
    assert_eq!(text("x").unwrap(), "x");
}
