//! Layers, laziness, nesting, cycles.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Engine, Layer, TemplateError, Vars, template, templates};

fn map(value: &Value) -> Arc<Map<String, Value>> {
    Arc::new(value.as_object().cloned().unwrap_or_default())
}

fn render(source: &str, vars: &Vars) -> Result<Value, TemplateError> {
    Engine::new().render(&template(source), vars)
}

#[test]
fn later_layers_win_and_templates_see_all_layers() {
    let vars = Vars::new(vec![
        Layer::Templates(map(&json!({"domain": "example.org", "fqdn": "{{ short }}.{{ domain }}", "low": 1}))),
        Layer::Plain(map(&json!({"short": "mx1", "fact": "{{ domain }}"}))),
        Layer::Templates(map(&json!({"domain": "example.com", "copy": "{{ fact }}"}))),
    ]);
    for (source, expected) in [
        ("{{ fqdn }}", json!("mx1.example.com")),
        ("{{ low }}", json!(1)),
        // What comes from outside is never rendered, neither directly nor through a variable.
        ("{{ fact }}", json!("{{ domain }}")),
        ("{{ copy }}", json!("{{ domain }}")),
        ("{{ vars['fqdn'] }}", json!("mx1.example.com")),
        ("{{ vars.low }}", json!(1)),
        ("{{ 'low' in vars and 'nope' not in vars }}", json!(true)),
        ("{{ lookup('vars', 'fqdn') }}", json!("mx1.example.com")),
        ("{{ lookup('vars', 'low', 'domain') }}", json!([1, "example.com"])),
        ("{{ lookup('vars', 'nope', default='d') }}", json!("d")),
        ("{{ query('vars', 'low') }}", json!([1])),
    ] {
        assert_eq!(render(source, &vars), Ok(expected), "{source}");
    }
    assert_eq!(vars.get("fqdn"), Ok(Some(json!("mx1.example.com"))));
    assert_eq!(vars.get("nope"), Ok(None));
    assert!(vars.has("fact") && !vars.has("nope"));
    assert_eq!(vars.names(), ["copy", "domain", "fact", "fqdn", "low", "short"]);
}

#[test]
fn only_what_is_asked_for_is_rendered() {
    let vars = templates(&json!({
        "good": "ok", "bad": "{{ 1 + 'a' }}",
        "tls": {"cert": "/etc/{{ good }}.pem", "key": "{{ nowhere }}"},
        "list": ["{{ good }}", "{{ nowhere }}"],
    }));
    assert_eq!(render("{{ good }}", &vars), Ok(json!("ok")));
    assert_eq!(render("{{ tls.cert }}", &vars), Ok(json!("/etc/ok.pem")));
    assert_eq!(render("{{ list[0] }} {{ list | length }}", &vars), Ok(json!("ok 2")));
    assert!(render("{{ bad }}", &vars).is_err());
    for source in ["{{ tls }}", "{{ list }}", "a{{ tls }}", "{{ list | join }}", "{{ tls | to_json }}", "{{ tls.key }}"]
    {
        let error = render(source, &vars).unwrap_err();
        assert!(error.message.starts_with("`nowhere` is undefined"), "{source}: {error}");
    }
}

#[test]
fn lazy_values_behave_like_plain_ones() {
    let vars = templates(&json!({
        "n": 2, "list": ["{{ n }}", {"a": "{{ n + 1 }}"}], "map": {"x": "{{ n }}", "y-z": ["{{ n }}"]},
        "loop_over": [{"name": "a{{ n }}"}, {"name": "b"}], "alias": "{{ map }}",
    }));
    for (source, expected) in [
        ("{{ list }}", json!([2, {"a": 3}])),
        ("{{ list[1].a }}", json!(3)),
        ("{{ map }}", json!({"x": 2, "y-z": [2]})),
        ("{{ map['y-z'][0] }}", json!(2)),
        ("{{ alias.x }}", json!(2)),
        ("{{ map.items() | list }}", json!([["x", 2], ["y-z", [2]]])),
        ("{{ map | dict2items | map(attribute='value') | list }}", json!([2, [2]])),
        ("{{ map | combine({'x': 9}) }}", json!({"x": 9, "y-z": [2]})),
        ("{{ map == {'x': 2, 'y-z': [2]} }}", json!(true)),
        ("{{ 2 in list }}", json!(true)),
        ("{{ 'x' in map }}", json!(true)),
        ("{{ list + [1] }}", json!([2, {"a": 3}, 1])),
        ("{% for i in loop_over %}{{ i.name }} {% endfor %}", json!("a2 b ")),
        ("{{ loop_over | map(attribute='name') | join(',') }}", json!("a2,b")),
        ("{{ loop_over | selectattr('name', 'match', 'a') | list }}", json!([{"name": "a2"}])),
        ("map: {{ map }}", json!("map: {'x': 2, 'y-z': [2]}")),
        ("{{ map | to_json }}", json!("{\"x\": 2, \"y-z\": [2]}")),
        ("{{ list | first }}", json!(2)),
        ("{{ map is mapping and list is sequence }}", json!(true)),
        ("{{ (map if true else []) | length }}", json!(2)),
    ] {
        assert_eq!(render(source, &vars), Ok(expected), "{source}");
    }
}

#[test]
fn a_variable_whose_template_is_undefined_counts_as_undefined() {
    let vars = templates(&json!({"domain": "{{ facts.domain }}", "gone": "{{ missing | default(omit) }}"}));
    assert_eq!(render("{{ domain | default('d') }}", &vars), Ok(json!("d")));
    assert_eq!(render("{{ domain is defined }}", &vars), Ok(json!(false)));
    assert_eq!(render("{{ gone }}", &vars), Ok(json!(null)));
    assert_eq!(vars.get("gone"), Ok(None));
    let error = render("x {{ domain }}", &vars).unwrap_err();
    assert_eq!(error.message, "`facts` is undefined (in the variable `domain`)");
    assert_eq!(error.undefined.as_deref(), Some("facts"));
    assert_eq!(error.variable.as_deref(), Some("domain"));
    assert_eq!(error.origin.unwrap().to_string(), "play.yaml:10:10");
}

#[test]
fn cycles_are_named() {
    let vars = templates(&json!({
        "a": "{{ b }}", "b": "x{{ c.d }}", "c": {"d": "{{ a }}"}, "self": "{{ self }}",
        "m": {"x": "{{ m.y }}", "y": "{{ m.x }}", "z": "{{ m.w }}", "w": "fine"},
    }));
    let message = |source: &str| render(source, &vars).unwrap_err().message;
    assert_eq!(message("{{ a }}"), "the variable `a` is defined by itself: a → b → c.d → a");
    assert_eq!(message("{{ a | default('x') }}"), "the variable `a` is defined by itself: a → b → c.d → a");
    assert_eq!(message("{{ self }}"), "the variable `self` is defined by itself: self → self");
    assert_eq!(message("{{ m.x }}"), "the variable `m.x` is defined by itself: m.x → m.y → m.x");
    assert_eq!(render("{{ m.z }}", &vars), Ok(json!("fine")));
}

#[test]
fn long_chains_end_in_an_error() {
    let mut chain = Map::new();
    for link in 0..200 {
        chain.insert(format!("v{link}"), json!(format!("{{{{ v{} }}}}", link + 1)));
    }
    chain.insert("v200".into(), json!("end"));
    let vars = Vars::new(vec![Layer::Templates(Arc::new(chain))]);
    assert_eq!(render("{{ v180 }}", &vars), Ok(json!("end")));
    assert!(render("{{ v0 }}", &vars).unwrap_err().message.contains("hang one on another"));
}
