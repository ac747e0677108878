//! Hostile templates end in an error: no hang, no exhausted memory, no overflown stack.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::super::{Kind, analyse};
use super::{Engine, Layer, Vars, render, template};

/// Fails in reasonable time, in the static check or when rendered.
fn assert_refused(name: &str, source: &str) {
    let start = Instant::now();
    let result =
        analyse(&template(source), Kind::Text).map(|_| ()).and_then(|()| render(source, &json!({})).map(|_| ()));
    assert!(result.is_err(), "{name} was not refused");
    assert!(start.elapsed() < Duration::from_secs(20), "{name} took {:?}", start.elapsed());
}

#[test]
fn growth_is_bounded() {
    let nest = "{% set ns = namespace(a=[1], b=[1]) %}{% for i in range(90000) %}";
    let double = "{% set ns = namespace(a=[1], b=[1]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}{% endfor %}";
    for (name, source) in [
        ("loops", "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}".to_owned()),
        (
            "output",
            "{% for a in range(90000) %}{% for b in range(90000) %}xxxxxxxxxxxxxxxx{% endfor %}{% endfor %}".to_owned(),
        ),
        ("recursion", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}".to_owned()),
        ("depth", format!("{nest}{{% set ns.a = [ns.a] %}}{{% endfor %}}")),
        ("dict depth", format!("{nest}{{% set ns.a = {{'x': ns.a}} %}}{{% endfor %}}")),
        ("filter depth", format!("{nest}{{% set ns.a = ns.a | batch(1) | list %}}{{% endfor %}}")),
        ("compare", format!("{double}{{{{ ns.a == ns.b }}}}")),
        ("print", format!("{double}{{{{ ns.a }}}}")),
        ("string", format!("{double}{{{{ ns.a | string | length }}}}")),
        ("products", "{{ [[[[1] * 1000] * 1000] * 1000] * 1000 == 1 }}".to_owned()),
        ("text product", "{{ 'x' * 1000000000 }}".to_owned()),
        (
            "text growth",
            "{% set ns = namespace(s='x') %}{% for i in range(64) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}"
                .to_owned(),
        ),
        ("replace", "{% set s = 'a' * 100000 %}{{ s | replace('a', s) | length }}".to_owned()),
        ("regex_replace", "{% set s = 'a' * 100000 %}{{ s | regex_replace('a', s) | length }}".to_owned()),
        ("join", "{% set s = 'a' * 100000 %}{{ s | join(s) | length }}".to_owned()),
        ("padding", "{{ '%999999999d' | format(1) | length }}".to_owned()),
        ("pattern", "{{ 'a' | regex_search('((a{999}){999}){999}') }}".to_owned()),
        ("indent", "{{ ('\n' * 100000) | indent(1000000000) | length }}".to_owned()),
    ] {
        assert_refused(name, &source);
    }
}

#[test]
fn deep_sources_are_refused() {
    for (name, source) in [
        ("operators", format!("{{{{ 1{} }}}}", "+1".repeat(100_000))),
        ("not", format!("{{{{ {}1 }}}}", "not ".repeat(100_000))),
        ("minus", format!("{{{{ {}1 }}}}", "- ".repeat(100_000))),
        ("brackets", format!("{{{{ {} }}}}", "[".repeat(100_000))),
        ("calls", format!("{{{{ x{} }}}}", "()".repeat(100_000))),
        ("attributes", format!("{{{{ x{} }}}}", ".y".repeat(100_000))),
        ("filters", format!("{{{{ x{} }}}}", "|e".repeat(100_000))),
        ("ternaries", format!("{{{{ 1{} }}}}", " if 1 else 1".repeat(100_000))),
        ("arguments", format!("{{{{ dict({}) }}}}", "1,".repeat(100_000))),
        ("blocks", "{% if 1 %}".repeat(100_000)),
        ("elif", format!("{{% if 0 %}}{}{{% endif %}}", "{% elif 0 %}".repeat(100_000))),
        ("size", "x".repeat(5 << 20) + "{{ 1 }}"),
    ] {
        assert_refused(name, &source);
    }
}

#[test]
fn doubling_variables_are_refused() {
    let mut text = Map::new();
    let mut lists = Map::new();
    for link in 0..25 {
        text.insert(format!("v{link}"), json!(format!("{{{{ v{0} }}}}{{{{ v{0} }}}}", link + 1)));
        let next = format!("{{{{ v{} }}}}", link + 1);
        lists.insert(format!("v{link}"), json!([next, next, next, next]));
    }
    for (mut vars, end) in [(text, json!("0123456789".repeat(10))), (lists, json!([1]))] {
        vars.insert("v25".into(), end);
        let vars = Vars::new(vec![Layer::Templates(Arc::new(vars))]);
        for source in
            ["{{ v0 }}", "x{{ v0 }}", "{{ v0 | string }}", "{{ v0 | flatten | length }}", "{{ v0 | to_json }}"]
        {
            let start = Instant::now();
            assert!(Engine::new().render(&template(source), &vars).is_err(), "{source}");
            assert!(start.elapsed() < Duration::from_secs(20), "{source} took {:?}", start.elapsed());
        }
    }
}

#[test]
fn what_real_templates_need_is_within_the_limits() {
    let names: Vec<Value> = (0..3000).map(|n| json!({"name": format!("host{n}.example.com"), "n": n})).collect();
    let source = "{% for h in hosts %}\n{{ h.name }} {% if h.n is odd %}odd{% else %}{{ h.name | regex_replace('^host', 'h') }}{% endif %}\n\n{% endfor %}";
    let rendered = render(source, &json!({"hosts": names})).unwrap();
    assert_eq!(rendered.as_str().unwrap().lines().filter(|line| !line.is_empty()).count(), 3000);
}
