//! The variables of a play's roles, for each of its hosts.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::compile::CompiledPlay;
use super::super::scope::maps;
use super::super::tree::BUILT_IN;
use super::super::values::is_template;
use super::value::{Step, Wrong, judge};
use super::{Opt, RoleCheck};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::hostplay::{Origin, VarLayer};
use crate::inventory::Variables;
use crate::template::{Engine, Vars};
use crate::yaml::{Node, NodeValue, Span};

/// A problem with its place; the same one on several hosts is told once.
type Found = BTreeMap<(Option<Origin>, String), (Diagnostic, Vec<String>)>;

/// Reports all values of variables that the play's roles cannot use.
pub(in crate::playbook) fn check(
    checks: &[RoleCheck],
    maps: &[Variables],
    play: &CompiledPlay,
    problems: &mut Diagnostics,
) {
    let mut found = Found::new();
    for role in checks {
        for host in &play.hosts {
            let mut look =
                Look { role, maps, play, host, vars: play.vars_without_facts(host, &role.layers), found: &mut found };
            role.spec.options.iter().for_each(|option| look.option(option));
            look.conditions();
        }
    }
    for (problem, hosts) in found.into_values() {
        let problem = match &hosts[..] {
            some if some.len() == play.hosts.len() => problem,
            [one] => problem.note(format!("on {one}")),
            [one, rest @ ..] => problem.note(format!("on {one} and {} more", rest.len())),
            [] => problem,
        };
        problems.push(problem);
    }
}

/// One role on one host.
struct Look<'l> {
    role: &'l RoleCheck,
    maps: &'l [Variables],
    play: &'l CompiledPlay,
    host: &'l str,
    vars: Vars,
    found: &'l mut Found,
}

impl Look<'_> {
    fn option(&mut self, option: &Opt) {
        let value = match self.vars.get(&option.name) {
            Ok(Some(value)) => value,
            Ok(None) => {
                if option.required && !self.vars.has(&option.name) {
                    let message = format!("the role `{}` needs the variable `{}`", self.role.role, option.name);
                    self.report(Diagnostic::new(message));
                }
                return;
            }
            // It needs facts, or is broken, which is told elsewhere. What is plain in it can be judged.
            Err(_) => match self.node(&option.name).and_then(|node| without_templates(&node)) {
                Some(value) => value,
                None => return,
            },
        };
        for wrong in judge(option, &value) {
            let problem = self.problem(&option.name, &wrong);
            self.report(problem);
        }
    }

    fn conditions(&mut self) {
        for condition in &self.role.spec.conditions {
            // One that needs facts is left to the host.
            if let Ok(false) = Engine::new().truthy(&condition.that, &self.vars) {
                let wrong = Wrong { path: Vec::new(), message: condition.message.clone(), hint: None };
                let problem = self.problem(&condition.variable, &wrong);
                self.report(problem);
            }
        }
    }

    fn problem(&self, name: &str, wrong: &Wrong) -> Diagnostic {
        let message = format!("{name}: {}", wrong.message);
        let problem = match self.node(name) {
            Some(node) => {
                let span = place(&node, &wrong.path);
                let secret = self.role.spec.options.iter().any(|option| option.name == name && option.no_log);
                if secret {
                    // With a place the line would be shown.
                    return Diagnostic::new(message).note(format!("it stands at {}", span.origin()));
                }
                let problem = Diagnostic::new(message).at(span.origin(), span.length);
                if span.file.starts_with(BUILT_IN) {
                    problem.hint(format!("set {name} in the inventory or with --extra-vars"))
                } else {
                    problem
                }
            }
            None if self.play.extra_vars().contains_key(name) => {
                Diagnostic::new(message).note("given with --extra-vars")
            }
            None => Diagnostic::new(message),
        };
        problem.maybe_hint(wrong.hint.clone())
    }

    fn report(&mut self, problem: Diagnostic) {
        let key = (problem.origin.clone(), problem.message.clone());
        let (_, hosts) = self.found.entry(key).or_insert_with(|| (problem, Vec::new()));
        if hosts.last().is_none_or(|last| last != self.host) {
            hosts.push(self.host.to_owned());
        }
    }

    /// The node whose value counts, unless it was given on the command line.
    fn node(&self, name: &str) -> Option<Node> {
        if self.play.extra_vars().contains_key(name) {
            return None;
        }
        let find = |layer: &VarLayer| match *layer {
            VarLayer::BelowFacts(maps::INVENTORY) => {
                let layers = self.play.inventory().layers_for(self.host);
                layers.iter().rev().find_map(|layer| layer.variables.get(name).cloned())
            }
            VarLayer::BelowFacts(index) | VarLayer::AboveFacts(index) | VarLayer::AboveRegistered(index) => {
                self.maps.get(index).and_then(|map| map.get(name)).cloned()
            }
        };
        self.role.layers.iter().rev().find_map(find)
    }
}

/// The parts of a list or mapping that are no templates.
fn without_templates(node: &Node) -> Option<Value> {
    match &node.value {
        NodeValue::Str(text) if is_template(text) => None,
        // In the place of a template stands nothing, so that the others keep theirs.
        NodeValue::Seq(items) => Some(items.iter().map(|item| without_templates(item).unwrap_or_default()).collect()),
        NodeValue::Map(entries) => {
            let entries = entries.iter().filter_map(|(key, node)| Some((key.name.clone(), without_templates(node)?)));
            Some(Value::Object(entries.collect::<Map<_, _>>()))
        }
        _ => Some(node.to_value()),
    }
}

/// Where a part of a value stands, as far as it is written out.
fn place(node: &Node, path: &[Step]) -> Span {
    let mut node = node;
    for step in path {
        let next = match (&node.value, step) {
            (NodeValue::Seq(items), Step::Item(index)) => items.get(*index),
            (NodeValue::Map(_), Step::Entry(name)) => node.get(name),
            (NodeValue::Map(entries), Step::Key(name)) => {
                let key = entries.iter().find(|(key, _)| key.name == *name);
                return key.map_or_else(|| node.span.clone(), |(key, _)| key.span.clone());
            }
            _ => None,
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    node.span.clone()
}
