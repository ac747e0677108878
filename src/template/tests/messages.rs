//! What an error says, where, and that it keeps secrets.

use serde_json::json;

use super::{Engine, eval, plain, render, template, templates};

#[test]
fn undefined_variables_are_named_with_their_place() {
    let vars = json!({"hostname": "x", "ansible_facts": {"fqdn": "mx1", "deep": {}}, "list": [{"a": 1}]});
    for (source, undefined, place) in [
        ("{{ hostnam }}", "hostnam", "10:8"),
        ("a {{ ansible_facts.fqdm }}", "ansible_facts.fqdm", "10:10"),
        ("{{ ansible_facts.deep.er.still }}", "ansible_facts.deep.er", "10:8"),
        ("{{ ansible_facts['zz'] }}", "ansible_facts['zz']", "10:8"),
        ("{{ hostname ~ hostnam }}", "hostnam", "10:19"),
        ("{{ 'x' if hostnam == 'y' }}", "hostnam", "10:15"),
        ("{{ hostnam | upper }}", "hostnam", "10:8"),
        ("{{ hostnam | list }}", "hostnam", "10:8"),
        ("{{ hostnam | to_json }}", "hostnam", "10:8"),
        ("{{ hostnam is match('x') }}", "hostnam", "10:8"),
        ("{{ [hostname, hostnam] | join(',') }}", "hostnam", "10:19"),
        ("{{ hostnam() }}", "", "10:8"),
        ("line one\nline {{ hostnam }}", "hostnam", "11:9"),
        ("{% for i in hostnam %}{% endfor %}", "hostnam", "10:17"),
        ("{% if hostnam %}{% endif %}", "hostnam", "10:11"),
        ("{% for i in list %}{{ i.b }}{% endfor %}", "i.b", "10:27"),
        ("é{{ hostnam }}", "hostnam", "10:9"),
        (r"{{ 'a\\b\\c' ~ hostnam }}", "hostnam", "10:20"),
        ("{% set x = hostnam %}{{ x }}", "hostnam", "10:16"),
        ("{{ hostname }}{{ hostnam | default('x') }}{{ hostnam }}", "hostnam", "10:50"),
    ] {
        let error = render(source, &vars).unwrap_err();
        assert_eq!(error.undefined.as_deref().unwrap_or_default(), undefined, "{source}: {error}");
        assert_eq!(error.origin.as_ref().unwrap().to_string(), format!("play.yaml:{place}"), "{source}: {error}");
        assert!(undefined.is_empty() || error.message.contains(undefined), "{source}: {error}");
    }
}

#[test]
fn the_nearest_name_is_offered() {
    let vars = json!({"mail_domain": "x", "ansible_facts": {"fqdn": "mx1"}});
    for (source, hint) in [
        ("{{ mail_domian }}", "did you mean `mail_domain`?"),
        ("{{ ansible_facts.fqnd }}", "did you mean `ansible_facts.fqdn`?"),
        ("{{ 'a' | regex_replce('b') }}", "did you mean `regex_replace`?"),
        ("{{ mail_domain is sucess }}", "did you mean `success`?"),
    ] {
        let error = render(source, &vars).unwrap_err();
        assert!(error.hints.iter().any(|given| given == hint), "{source}: {error:?}");
        assert_eq!(error.to_failure().hints, error.hints);
    }
}

#[test]
fn syntax_errors_have_a_place_and_a_hint() {
    for (source, place) in [
        ("{{ a", "10:8"),
        ("x\n{{ 'abc }}", "11:11"),
        ("{% if a %}", "10:13"),
        ("{% endif %}", "10:8"),
        ("{{ {{ a }} }}", "10:13"),
    ] {
        let error = render(source, &json!({"a": 1})).unwrap_err();
        assert!(error.message.starts_with("template syntax: "), "{error}");
        assert_eq!(error.origin.as_ref().unwrap().to_string(), format!("play.yaml:{place}"), "{source}: {error}");
        assert!(!error.hints.is_empty(), "{source}: {error:?}");
    }
    let error = eval("{{ a }} == 1", &json!({"a": 1})).unwrap_err();
    assert!(error.hints[0].contains("without `{{ }}`"), "{error:?}");
}

#[test]
fn what_is_not_supported_says_so() {
    for (source, message) in [
        ("{% include 'x.j2' %}", "`{% include %}` is not supported"),
        ("{% extends 'x.j2' %}", "`{% extends %}` is not supported"),
        ("{% import 'x.j2' as x %}", "`{% import %}` is not supported"),
        ("{% block a %}{% endblock %}", "`{% block %}` is not supported"),
        ("{{ lookup('env', 'HOME') }}", "lookup('env', ...) is read on the controller, and this one was not"),
        (
            "{{ lookup('ansible.builtin.file', 'x') }}",
            "lookup('file', ...) is read on the controller, and this one was not",
        ),
        (
            "#jinja2: trim_blocks: False\n{{ 1 }}",
            "template syntax: a `#jinja2:` line cannot change the syntax here: Ansible's defaults hold",
        ),
        ("{{ range }}", "the value is a function, a macro or `vars` itself"),
        ("{{ vars }}", "the value is a function, a macro or `vars` itself"),
        ("{{ 'x' if false }}", "a value is undefined"),
    ] {
        let error = render(source, &json!({})).unwrap_err();
        assert_eq!(error.message, message, "{source}");
        assert!(!error.hints.is_empty() && error.origin.is_some(), "{source}: {error:?}");
    }
}

#[test]
fn errors_never_show_values() {
    let secret = "hunter2";
    let vars = json!({"p": secret, "list": [secret], "map": {"k": secret}, "n": 740_213});
    for expression in [
        "p + 1",
        "1 + p",
        "p / 2",
        "-p",
        "p.x.y",
        "p()",
        "p.nope()",
        "p[0:'a']",
        "p | int + map",
        "list | sum",
        "map | sum",
        "p | from_json",
        "p | b64decode",
        "p | hash('x')",
        "p | ipaddr('x y')",
        "p | regex_replace(p ~ '(')",
        "p | regex_search(p, p)",
        "map[p].x",
        "list | items2dict",
        "p | dict2items",
        "p | combine(p)",
        "p | round",
        "p | abs",
        "p | batch(p)",
        "n ** 99999",
        "n % 0",
        "p * p",
        "p is version(p, p)",
        "p is failed",
        "list | join(missing)",
        "p | mandatory(1, 2)",
        "range(p)",
        "p | map(p)",
        "list | map(p)",
        "list | select(p)",
        "p | format(p)",
        "'%d' | format(p)",
        "p ~ missing",
        "[p] | map(attribute='a.b')",
        "p | nofilter",
        "lookup('vars', p)",
        "lookup(p, 1)",
        "dict(p)",
        "list | sort(attribute=p)",
        "p | replace(1)",
        "p | indent(p)",
        "p.split(1, 2, 3)",
        "p.format(p=p)",
        "'{x}'.format(p)",
        "list | min(p)",
        "namespace(p)",
        "list | zip(n)",
        "p < n",
        "n in p",
        "n in n",
        "p | to_nice_json(indent=p)",
        "vars[p].q",
    ] {
        for vars in [
            plain(&vars),
            templates(&json!({"p": "{{ 'hunter2' }}", "list": ["{{ p }}"], "map": {"k": "{{ p }}"}, "n": 740_213})),
        ] {
            let template = template(&format!("{{{{ {expression} }}}}x"));
            if let Err(error) = Engine::new().render(&template, &vars) {
                let shown = format!("{error} {error:?} {:?}", error.to_failure());
                assert!(!shown.contains(secret) && !shown.contains("740213"), "{expression}: {shown}");
            }
        }
    }
}
