//! Expressions come to what Ansible makes of them (`tests/ansible/expressions.txt`).

use serde_json::{Map, Value};

use super::super::{Engine, Layer, Vars, environment, lookups, unsupported};
use crate::hostplay::{Origin, Template};

const VARIABLES: &str = include_str!("../../../tests/ansible/variables.json");
const EXPRESSIONS: &str = include_str!("../../../tests/ansible/expressions.txt");
const NAMES: &str = include_str!("../../../tests/ansible/names.json");
const TOLD: &str = include_str!("../../../tests/ansible/expressions.json");

/// Where we mean to differ, and why. `docs/ansible.md` tells it to users.
const DIFFERENCES: &[(&str, &str)] =
    &[("[3, 1, 3, 2] | union([5, 1])", "Ansible's order is that of Python's sets; ours is that of the lists")];

fn ours(expression: &str, vars: &Vars) -> Option<Value> {
    let origin = Origin { file: "expressions.txt".to_owned(), line: 1, column: 1 };
    let source = format!("{{{{ {} }}}}", expression.replace('⏎', "\n"));
    Engine::new().render(&Template { source, origin }, vars).ok()
}

#[test]
fn expressions_come_to_what_ansible_makes_of_them() {
    let variables: Map<String, Value> = serde_json::from_str(VARIABLES).unwrap();
    let vars = Vars::new(vec![Layer::Plain(variables.into())]);
    let told: Map<String, Value> = serde_json::from_str(TOLD).unwrap();
    let mut wrong = Vec::new();
    for line in EXPRESSIONS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let theirs = told[&line.replace('⏎', "\n")].get("value");
        let ours = ours(line, &vars);
        let known = DIFFERENCES.iter().any(|(expression, _)| *expression == line);
        if (ours.as_ref() == theirs) == known {
            let show = |value: Option<&Value>| value.map_or("an error".to_owned(), Value::to_string);
            let text = if known { "no longer a difference" } else { "" };
            wrong.push(format!("{line}\n     ours {}\n  theirs {} {text}", show(ours.as_ref()), show(theirs)));
        }
    }
    assert!(wrong.is_empty(), "{} expressions:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_name_of_ansible_is_known_or_explained() {
    let names: Map<String, Value> = serde_json::from_str(NAMES).unwrap();
    let kinds: [(&str, &[String]); 3] = [
        ("filter", environment::filters()),
        ("test", environment::tests()),
        ("lookup", &lookups::KNOWN.map(str::to_owned)),
    ];
    let mut unexplained = Vec::new();
    for (kind, known) in kinds {
        for name in names[kind].as_array().unwrap().iter().filter_map(Value::as_str) {
            let is_known = known.iter().any(|known| known == name);
            if is_known == unsupported::explain(kind, name).is_some() {
                unexplained.push(format!("{kind} {name}: known {is_known}"));
            }
        }
    }
    assert!(unexplained.is_empty(), "{unexplained:#?}");
}
