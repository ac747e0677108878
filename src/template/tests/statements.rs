//! Statements work as in the bare engine: what is inserted into compiled templates changes no jump.

use minijinja::Environment;
use minijinja::value::Serde;
use serde_json::json;

use super::{Engine, plain};

#[test]
fn rewritten_templates_give_what_the_bare_engine_gives() {
    let vars = json!({
        "xs": [1, 2, 3, 4], "none": [], "t": true, "f": false, "m": {"a": 1, "b": {"c": 2}},
        "tree": [{"n": "r", "kids": [{"n": "a", "kids": []}, {"n": "b", "kids": [{"n": "c", "kids": []}]}]}],
    });
    let mut bare = Environment::new();
    bare.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    bare.set_syntax(super::super::syntax::config().unwrap());
    for source in [
        "{% for x in xs %}{% if x == 2 %}two{% elif x is odd %}odd{% else %}{{ x }}{% endif %},{% else %}no{% endfor %}",
        "{% for x in none %}{{ x }}{% else %}empty{% endfor %}!",
        "{% for x in xs if x > 2 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% endfor %}",
        "{% for x in xs %}{% for y in xs if y < x %}{{ x * y }} {% else %}-{% endfor %}{% endfor %}",
        "{% for node in tree recursive %}{{ node.n }}({{ loop(node.kids) }}){% endfor %}",
        "{% macro f2(a, b=m.b.c * 2, c='x') %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ f2(1) }}{{ f2(1, c='y') }}{{ f2(b=3, a=2) }}",
        "{% macro outer(n) %}<{{ caller(n + 1) }}>{% endmacro %}{% call(x) outer(1) %}{{ x }}{% endcall %}",
        "{% macro r(n) %}{{ n }}{% if n > 0 %}{{ r(n - 1) }}{% endif %}{% endmacro %}{{ r(4) }}",
        "{% set x %}a{{ m.a }}{% endset %}{{ x }}{% set y = [x, x] %}{{ y }}{% set a, b = [1, 2] %}{{ a + b }}",
        "{% set ns = namespace(n=0) %}{% for x in xs %}{% set ns.n = ns.n + x * x %}{% endfor %}{{ ns.n }}",
        "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{% filter upper %}x{{ m.b.c }}y{% endfilter %}",
        "{{ 1 < 2 < 3 }}{{ 1 < 3 < 2 }}{{ 1 < 3 < 2 < 9 }}{{ t and f or t }}{{ f or m.a and 0 }}{{ not f and t }}",
        "{{ m.z | default(m.a * 3) }}{{ m.b['c'] | default(9) }}{{ m['z'] is defined }}{{ (m.b.c is defined) ~ 1 }}",
        "{{ 'a' if t else 'b' }}{{ ('a' if f else 'b') * 2 }}{{ [1] if f else 'ok' }}",
        "{% if m.q is defined and m.q == 1 %}1{% elif m.b.c | default(0) == 2 %}2{% endif %}{% do xs.count(1) %}",
    ] {
        let expected = bare.render_str(source, Serde(&vars)).unwrap();
        let rendered = Engine::new().render_file(source, "x.j2", &plain(&vars));
        assert_eq!(rendered, Ok(expected), "{source}");
    }
}
