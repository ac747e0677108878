//! The engine as its users see it.

#![expect(clippy::unwrap_used, reason = "tests")]

mod ansible;
mod filters;
mod laws;
mod limits;
mod messages;
mod references;
mod rendering;
mod secrets;
mod statements;
mod variables;

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Engine, Layer, TemplateError, Vars};
use crate::hostplay::{Origin, Template};

/// A template that stands at `play.yaml:10:5`.
fn template(source: &str) -> Template {
    Template { source: source.to_owned(), origin: Origin { file: "play.yaml".into(), line: 10, column: 5 } }
}

/// Variables whose strings are data.
fn plain(value: &Value) -> Vars {
    Vars::new(vec![Layer::Plain(Arc::new(value.as_object().cloned().unwrap_or_default()))])
}

/// Variables whose strings are templates.
fn templates(value: &Value) -> Vars {
    Vars::new(vec![Layer::Templates(Arc::new(value.as_object().cloned().unwrap_or_default()))])
}

fn render(source: &str, vars: &Value) -> Result<Value, TemplateError> {
    Engine::new().render(&template(source), &plain(vars))
}

fn eval(source: &str, vars: &Value) -> Result<Value, TemplateError> {
    Engine::new().eval(&template(source), &plain(vars))
}

/// Checks a table of expressions against their values.
fn assert_values(table: &[(&str, Value)]) {
    let vars = json!({
        "name": "mail.example.com", "n": 5, "yes": true, "no": false, "nil": null, "empty": "",
        "list": ["b", "a", "c"], "nested": [1, [2, [3, null]], 4],
        "map": {"b": 1, "a": 2}, "hosts": [{"name": "mx1", "prio": 10, "up": true}, {"name": "mx2", "prio": 20}],
        "result": {"rc": 0, "stdout": "x", "changed": true, "failed": false, "skipped": false},
        "broken": {"failed": true},
    });
    let wrong = table.iter().filter_map(|(source, expected)| {
        let value = eval(source, &vars);
        (value.as_ref() != Ok(expected)).then(|| format!("{source}: {value:?}, expected {expected}"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
