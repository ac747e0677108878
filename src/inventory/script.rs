//! An inventory that a program prints (`PROGRAM --list`, `PROGRAM --host NAME`).
//!
//! The protocol is the one of Ansible's `script` plugin: a JSON mapping of groups, and `_meta.hostvars` with the
//! variables of hosts; without `_meta` the program is asked for each host.

#![expect(clippy::disallowed_methods, reason = "the controller starts the user's own program")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::tree::{Part, Tree};
use super::{Variables, hosts};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::yaml::{Key, Node, Span};

/// Lines of a program's complaint that are shown.
const SHOWN_LINES: usize = 10;

/// Runs the program, and adds the hosts and groups that it prints.
pub(super) fn read(path: &Path, shown: &str, tree: &mut Tree, problems: &mut Diagnostics) {
    let script = Script { path, shown };
    let reader = match script.ask(&["--list"]) {
        Ok(groups) => Reader { tree, script: &script, hosts: Vec::new(), groups },
        Err(problem) => {
            problems.push(*problem);
            return;
        }
    };
    if let Err(problem) = reader.read(problems) {
        problems.push(*problem);
    }
}

/// What stops the reading; boxed, since it is large.
type Stop = Box<Diagnostic>;

struct Script<'a> {
    path: &'a Path,
    shown: &'a str,
}

impl Script<'_> {
    /// What the program prints.
    fn ask(&self, arguments: &[&str]) -> Result<Map<String, Value>, Stop> {
        let asked = format!("{} {}", self.shown, arguments.join(" "));
        let failed = |why: String| Box::new(Diagnostic::new(format!("the inventory script `{asked}` {why}")));
        // With its whole path: a bare name would be looked for in PATH.
        let path = std::path::absolute(self.path).map_err(|error| failed(format!("cannot be found: {error}")))?;
        let mut command = Command::new(path);
        let output = command.args(arguments).stdin(Stdio::null()).output();
        let output = output.map_err(|error| {
            let problem = failed(format!("cannot be run: {error}"));
            Box::new(problem.hint("does the program that its first line names exist?"))
        })?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        let with_complaint = |problem: Stop| {
            let lines: Vec<_> = complaint.trim_end().lines().collect();
            let last = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
            if last.is_empty() { problem } else { Box::new(problem.note(format!("stderr:\n{}", last.join("\n")))) }
        };
        if !output.status.success() {
            return Err(with_complaint(failed(format!("failed: {}", output.status))));
        }
        if arguments.first() == Some(&"--host") && output.stdout.trim_ascii().is_empty() {
            return Ok(Map::new());
        }
        match serde_json::from_slice(&output.stdout) {
            Ok(Value::Object(printed)) => Ok(printed),
            Ok(_) => Err(failed("prints JSON that is no mapping".to_owned())),
            Err(error) => Err(with_complaint(failed(format!("prints what is no JSON: {error}")))),
        }
    }

    fn wrong(&self, what: &str, expected: &str) -> Stop {
        Box::new(Diagnostic::new(format!("the inventory script {}: {what} must be {expected}", self.shown)))
    }

    /// The place of all that the program prints.
    fn key(&self, name: &str) -> Key {
        let file = Arc::from(format!("{} --list", self.shown));
        Key { name: name.to_owned(), span: Span { file, line: 1, column: 1, length: 1 } }
    }

    fn variables(&self, what: &str, vars: &Value, problems: &mut Diagnostics) -> Result<Variables, Stop> {
        if !vars.is_object() {
            return Err(self.wrong(what, "a mapping"));
        }
        Ok(Variables::read(&Node::from_value(vars, &self.key("").span), problems))
    }
}

struct Reader<'a> {
    tree: &'a mut Tree,
    script: &'a Script<'a>,
    groups: Map<String, Value>,
    hosts: Vec<String>,
}

impl Reader<'_> {
    fn read(mut self, problems: &mut Diagnostics) -> Result<(), Stop> {
        for (name, data) in std::mem::take(&mut self.groups) {
            if name == "_meta" {
                self.groups.insert(name, data);
            } else {
                self.group(&name, data, problems)?;
            }
        }
        let meta = match self.groups.remove("_meta") {
            None => None,
            Some(meta) => match meta.get("hostvars") {
                Some(Value::Object(vars)) => Some(vars.clone()),
                _ => return Err(self.script.wrong("`hostvars` in `_meta`", "a mapping")),
            },
        };
        for name in std::mem::take(&mut self.hosts) {
            let vars = match &meta {
                Some(meta) => meta.get(&name).cloned().unwrap_or_else(|| Value::Object(Map::new())),
                None => Value::Object(self.script.ask(&["--host", &name])?),
            };
            let variables = self.script.variables(&format!("the variables of the host `{name}`"), &vars, problems)?;
            if let Some(host) = self.tree.hosts.get_mut(&name) {
                host.vars.part_mut(Part::Inline).extend(&variables);
            }
        }
        Ok(())
    }

    fn group(&mut self, name: &str, data: Value, problems: &mut Diagnostics) -> Result<(), Stop> {
        let key = self.script.key(name);
        if !hosts::is_group_name(name) {
            return Err(Box::new(hosts::bad_group_name(&key)));
        }
        self.tree.group(name);
        let mut data = match data {
            Value::Object(data) if ["hosts", "vars", "children"].iter().any(|key| data.contains_key(*key)) => data,
            // Oldest form: the group is its only host, with these variables.
            Value::Object(vars) => Map::from_iter([
                ("hosts".to_owned(), Value::from(vec![name])),
                ("vars".to_owned(), Value::Object(vars)),
            ]),
            hosts => Map::from_iter([("hosts".to_owned(), hosts)]),
        };
        let list = |value: Option<Value>, what: &str| match value {
            None => Ok(Vec::new()),
            Some(value) => serde_json::from_value::<Vec<String>>(value)
                .map_err(|_| self.script.wrong(&format!("`{what}` of the group `{name}`"), "a list of names")),
        };
        let (hosts, children) = (list(data.remove("hosts"), "hosts")?, list(data.remove("children"), "children")?);
        for host in hosts {
            self.tree.add_host(&host, name, self.script.shown);
            self.hosts.push(host);
        }
        if let Some(vars) = data.remove("vars") {
            let variables = self.script.variables(&format!("`vars` of the group `{name}`"), &vars, problems)?;
            self.tree.set_group_vars(name, &variables, problems);
        }
        for child in children {
            self.tree.add_child(name, &self.script.key(&child), problems);
        }
        Ok(())
    }
}
