//! One inventory file in Ansible's INI form.
//!
//! Lines of hosts are words as a shell splits them, lines of variables are `name=value` as they stand; values of both
//! are Python literals where they can be.

mod literal;
mod words;

use std::collections::HashSet;
use std::sync::Arc;

use super::tree::Tree;
use super::{Variables, hosts};
use crate::diagnostic::{Diagnostics, did_you_mean};
use crate::yaml::{Key, Node, Span};
use words::Word;

const SECTIONS: [&str; 3] = ["hosts", "children", "vars"];

/// Adds the hosts and groups of a file.
pub(super) fn read(shown: &str, text: &str, tree: &mut Tree, problems: &mut Diagnostics) {
    let known = tree.groups.keys().cloned().collect();
    let section = Section { group: "ungrouped".to_owned(), kind: "hosts" };
    let mut reader =
        Reader { tree, file: Arc::from(shown), problems, section: Some(section), known, named: Vec::new() };
    for (line, number) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().zip(1..) {
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        let text = line.trim();
        if !text.is_empty() && !text.starts_with(['#', ';']) {
            reader.line(&Line { text, number, indent });
        }
    }
    reader.check_groups();
}

struct Line<'t> {
    text: &'t str,
    number: u32,
    /// Characters before the text.
    indent: usize,
}

struct Section {
    group: String,
    /// One of [`SECTIONS`].
    kind: &'static str,
}

struct Reader<'a> {
    tree: &'a mut Tree,
    file: Arc<str>,
    problems: &'a mut Diagnostics,
    /// `None` behind a section that cannot be read, whose lines are left out.
    section: Option<Section>,
    /// Groups that some inventory declares.
    known: HashSet<String>,
    /// Groups that need a declaration somewhere.
    named: Vec<Key>,
}

impl Reader<'_> {
    fn line(&mut self, line: &Line<'_>) {
        if let Some((name, kind)) = section(line.text) {
            self.section = self.open(line, name, kind);
            return;
        }
        if line.text.starts_with('[') && line.text.ends_with(']') {
            let problem = self.key(line, 0, line.text).problem("this section cannot be read");
            self.problems.push(problem.hint("write [group], [group:children] or [group:vars], without spaces inside"));
            self.section = None;
            return;
        }
        let Some(Section { group, kind }) = &self.section else { return };
        let group = group.clone();
        match *kind {
            "hosts" => self.host(line, &group),
            "children" => self.child(line, &group),
            _ => self.variable(line, &group),
        }
    }

    /// Begins a section; its kind stands behind the colon.
    fn open(&mut self, line: &Line<'_>, name: &str, kind: Option<&str>) -> Option<Section> {
        let key = self.key(line, 1, name);
        if !hosts::is_group_name(name) {
            self.problems.push(hosts::bad_group_name(&key));
            return None;
        }
        let given = kind.unwrap_or("hosts");
        let Some(kind) = SECTIONS.into_iter().find(|known| *known == given) else {
            let problem = self.key(line, name.chars().count() + 2, given);
            let problem = problem.problem(format!("there is no kind of section `{given}`"));
            let problem =
                problem.note(format!("sections of a group are [{name}], [{name}:children] and [{name}:vars]"));
            self.problems.push(problem.maybe_hint(did_you_mean(given, SECTIONS)));
            return None;
        };
        self.tree.group(name);
        if kind == "vars" {
            self.named.push(key);
        } else {
            self.known.insert(name.to_owned());
        }
        Some(Section { group: name.to_owned(), kind })
    }

    fn host(&mut self, line: &Line<'_>, group: &str) {
        let words = match words::split(line.text) {
            Ok(words) => words,
            Err(why) => {
                self.problems.push(self.key(line, 0, line.text).problem(format!("this line cannot be read: {why}")));
                return;
            }
        };
        let Some((host, assignments)) = words.split_first() else { return };
        let key = self.key(line, host.at, &host.text);
        if host.text.ends_with(':') || host.text == "---" {
            let problem = key.problem(format!("`{}` cannot be the name of a host", host.text));
            self.problems.push(problem.hint("a YAML inventory has the extension .yaml or .yml"));
            return;
        }
        let mut variables = Variables::default();
        for word in assignments {
            let Some((name, value)) = self.assignment(line, word) else { return };
            variables.set(name, value);
        }
        let source = Arc::clone(&self.file);
        hosts::add(self.tree, &hosts::Naming { key: &key, group, source: &source }, &variables, self.problems);
    }

    fn assignment(&mut self, line: &Line<'_>, word: &Word) -> Option<(Key, Node)> {
        let Some((name, value)) = word.text.split_once('=') else {
            let problem = self.key(line, word.at, &word.text).problem("expected a variable as name=value");
            let problem = problem.hint("quote a value that has spaces: name=\"two words\"");
            self.problems.push(problem.hint("each host stands on a line of its own"));
            return None;
        };
        self.set(line, word.at, name, word.at + name.chars().count() + 1, value)
    }

    fn variable(&mut self, line: &Line<'_>, group: &str) {
        let Some((name, value)) = line.text.split_once('=') else {
            let problem = self.key(line, 0, line.text).problem("expected a variable as name=value");
            self.problems.push(problem.note(format!("this is the section [{group}:vars]")));
            return;
        };
        let behind = value.chars().count() - value.trim_start().chars().count();
        let at = name.chars().count() + 1 + behind;
        if let Some((name, value)) = self.set(line, 0, name.trim(), at, value.trim()) {
            let mut variables = Variables::default();
            variables.set(name, value);
            self.tree.set_group_vars(group, &variables, self.problems);
        }
    }

    fn set(&mut self, line: &Line<'_>, at: usize, name: &str, value_at: usize, value: &str) -> Option<(Key, Node)> {
        let key = self.key(line, at, name);
        if let Some(problem) = Variables::refuse_name(&key) {
            self.problems.push(problem);
            return None;
        }
        let span = self.key(line, value_at, value).span;
        Some((key, Node::from_value(&literal::value(value), &span)))
    }

    fn child(&mut self, line: &Line<'_>, parent: &str) {
        let (name, behind) = line.text.split_at(line.text.find(char::is_whitespace).unwrap_or(line.text.len()));
        let key = self.key(line, 0, name);
        let comment = behind.trim_start();
        if !hosts::is_group_name(name) || !(comment.is_empty() || comment.starts_with('#')) {
            let problem = self.key(line, 0, line.text).problem("expected the name of a group");
            self.problems.push(problem.note(format!("this is the section [{parent}:children]")));
            return;
        }
        self.named.push(key.clone());
        self.tree.add_child(parent, &key, self.problems);
    }

    /// As in Ansible, a group is declared by its hosts or its children, not by being named.
    fn check_groups(&mut self) {
        for key in self.named.iter().filter(|key| !self.known.contains(&key.name)) {
            let problem = key.problem(format!("there is no group `{}`", key.name));
            let hint = did_you_mean(&key.name, self.known.iter().map(String::as_str));
            self.problems.push(problem.maybe_hint(hint).hint(format!("declare it: a line [{}]", key.name)));
        }
    }

    /// A name, so many characters into a line.
    fn key(&self, line: &Line<'_>, at: usize, name: &str) -> Key {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let column = number(line.indent + at).saturating_add(1);
        let span = Span {
            file: Arc::clone(&self.file),
            line: line.number,
            column,
            length: number(name.chars().count()).max(1),
        };
        Key { name: name.to_owned(), span }
    }
}

/// The group and the kind of `[group:kind] # comment`.
fn section(line: &str) -> Option<(&str, Option<&str>)> {
    let (inside, behind) = line.strip_prefix('[')?.split_once(']')?;
    let behind = behind.trim_start();
    if !(behind.is_empty() || behind.starts_with('#')) || inside.contains(char::is_whitespace) {
        return None;
    }
    match inside.split_once(':') {
        None => (!inside.is_empty()).then_some((inside, None)),
        Some((name, kind)) => {
            let word = !kind.is_empty() && kind.chars().all(|c| c.is_alphanumeric() || c == '_');
            (word && !name.is_empty()).then_some((name, Some(kind)))
        }
    }
}
