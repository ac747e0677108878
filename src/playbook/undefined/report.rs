//! What was found, once for all hosts and tasks that have it in common.

use std::collections::{BTreeMap, HashSet};

use crate::diagnostic::{Diagnostic, Diagnostics, Sources, did_you_mean};
use crate::hostplay::Origin;
use crate::template::TemplateError;

/// How a name came to be needed.
pub(super) struct Why {
    pub(super) task: String,
    pub(super) task_origin: Origin,
    /// Variables whose values led to it, the task's own first.
    pub(super) chain: Vec<String>,
}

struct Undefined {
    why: Why,
    hosts: Vec<String>,
    near: Option<String>,
}

/// Collects problems of a play.
pub(super) struct Report {
    host_count: usize,
    undefined: BTreeMap<(Origin, String), Undefined>,
    others: Diagnostics,
}

impl Report {
    pub(super) fn new(host_count: usize) -> Self {
        Self { host_count, undefined: BTreeMap::new(), others: Diagnostics::new() }
    }

    pub(super) fn undefined(&mut self, name: &str, at: &Origin, why: &Why, host: &str, known: &[String]) {
        let found = self.undefined.entry((at.clone(), name.to_owned())).or_insert_with(|| Undefined {
            why: Why { task: why.task.clone(), task_origin: why.task_origin.clone(), chain: why.chain.clone() },
            hosts: Vec::new(),
            near: did_you_mean(name, known.iter().map(String::as_str)),
        });
        if found.hosts.last().is_none_or(|last| last != host) {
            found.hosts.push(host.to_owned());
        }
    }

    pub(super) fn endless(&mut self, name: &str, chain: &str, at: &Origin) {
        let problem = Diagnostic::new(format!("the value of `{name}` needs itself")).at(at.clone(), length(name));
        self.others.push(problem.note(chain.to_owned()));
    }

    pub(super) fn broken(&mut self, error: TemplateError, task: &str, task_origin: &Origin) {
        let mut problem = Diagnostic::new(error.message);
        let at = error.origin.unwrap_or_else(|| task_origin.clone());
        if at.file != task_origin.file || at.line < task_origin.line {
            problem = problem.note(format!("used by the task `{task}` at {task_origin}"));
        }
        problem = problem.at(at, 1);
        problem.hints = error.hints;
        self.others.push(problem);
    }

    pub(super) fn into_diagnostics(self, sources: &Sources, facts: &HashSet<String>) -> Diagnostics {
        let mut all = self.others;
        for ((at, name), found) in self.undefined {
            let at = with_indentation(at, &name, sources);
            let mut problem = Diagnostic::new(format!("undefined variable `{name}`")).at(at.clone(), length(&name));
            if !found.why.chain.is_empty() {
                problem = problem.note(format!("in the value of `{}`", found.why.chain.join("` -> `")));
            }
            let task = &found.why.task_origin;
            if at.file != task.file || !found.why.chain.is_empty() {
                problem = problem.note(format!("needed by the task `{}` at {task}", found.why.task));
            }
            if found.hosts.len() < self.host_count {
                problem = problem.note(format!("on {}", few(&found.hosts)));
            }
            problem = match name.as_str() {
                "item" => problem.hint("`item` is there in a task with `loop` only"),
                name if facts.contains(name) => problem.hint("facts are not gathered: `gather_facts: false`"),
                name if facts_name(name) => problem.note("mailprov gathers no such fact").maybe_hint(found.near),
                name if found.near.is_none() => problem.hint(format!(
                    "where it may be missing, write `{name} | default(...)` or test `{name} is defined`"
                )),
                _ => problem.maybe_hint(found.near),
            };
            all.push(problem);
        }
        all
    }
}

fn facts_name(name: &str) -> bool {
    name.starts_with("ansible_")
}

fn few(hosts: &[String]) -> String {
    match hosts {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}

fn length(name: &str) -> u32 {
    u32::try_from(name.chars().count()).unwrap_or(1)
}

/// In a block scalar the engine does not see the indentation: moves the place to the name on its line.
fn with_indentation(at: Origin, name: &str, sources: &Sources) -> Origin {
    let Some(line) = sources.line(&at.file, at.line) else { return at };
    let start = usize::try_from(at.column.saturating_sub(1)).unwrap_or(0);
    let from = line.char_indices().nth(start).map_or(line.len(), |(offset, _)| offset);
    let Some(found) = line.get(from..).and_then(|rest| rest.find(name)) else { return at };
    let column = line.get(..from + found).map_or(0, |before| before.chars().count());
    Origin { column: u32::try_from(column).unwrap_or(0).saturating_add(1), ..at }
}
