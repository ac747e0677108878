//! What a run told, task by task, and where a prediction differs from what came.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Ran, events};

/// Stands for a value that only applying can tell.
const UNKNOWN: &str = "(known after apply)";

/// A resource: its kind and name.
pub type Resource = (String, String);

/// Property → value afterwards; `None` where there is none.
pub type After = BTreeMap<String, Option<String>>;

/// A change as it was told.
#[derive(Debug, Clone)]
struct Told {
    verb: String,
    before_is_unknown: bool,
    after: After,
}

/// A task's end as it was told.
#[derive(Debug)]
struct Task {
    /// Its id in the play, and how often it ran before.
    key: (u64, usize),
    name: String,
    status: String,
    unknown: bool,
    failure: Option<Vec<String>>,
    changes: BTreeMap<Resource, Told>,
}

/// A run on one host.
#[derive(Debug)]
pub struct Run {
    tasks: Vec<Task>,
}

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Each in a line.
    pub mispredicted: Vec<String>,
    /// Results that were said to be known after applying only.
    pub unknown: usize,
    /// The run was refused or failed, as predicted.
    pub refused: bool,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> Vec<&Value> {
    value.as_array().into_iter().flatten().collect()
}

impl Run {
    pub fn of(ran: &Ran) -> Self {
        let mut times: BTreeMap<u64, usize> = BTreeMap::new();
        let events = events(ran);
        let finished = events.iter().filter(|event| event["event"]["type"] == "task_finished");
        let tasks = finished.map(|event| {
            let event = &event["event"];
            let id = event["task"]["id"].as_u64().expect("a task has an id");
            let time = times.entry(id).and_modify(|time| *time += 1).or_default();
            let failure = &event["failure"];
            let said = || [vec![&failure["message"]], list(&failure["causes"]), list(&failure["hints"])].concat();
            Task {
                key: (id, *time),
                name: text(&event["task"]["name"]),
                status: status(event),
                unknown: event["unknown"] == true,
                failure: (!failure.is_null()).then(|| said().into_iter().map(text).collect()),
                changes: list(&event["changes"]).into_iter().map(change).collect(),
            }
        });
        Self { tasks: tasks.collect() }
    }

    /// Whether it told of no task at all, as of a host that is not reached.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Whether a task failed.
    pub fn failed(&self) -> bool {
        self.tasks.iter().any(|task| task.failure.is_some())
    }

    /// What holds of each resource after all tasks, as far as it was told and is known.
    pub fn ends(&self) -> BTreeMap<Resource, After> {
        let mut ends: BTreeMap<Resource, After> = BTreeMap::new();
        for (resource, told) in self.tasks.iter().flat_map(|task| &task.changes) {
            let end = ends.entry(resource.clone()).or_default();
            if told.verb == "delete" || told.verb == "create" {
                end.clear();
            }
            end.insert("exists".to_owned(), Some((told.verb != "delete").to_string()));
            end.extend(told.after.clone());
        }
        for end in ends.values_mut() {
            end.retain(|_, value| value.as_deref() != Some(UNKNOWN));
        }
        ends
    }

    /// Compares this, which was predicted, with what came.
    pub fn compare(&self, came: &Self) -> Verdict {
        let mut verdict = Verdict { refused: self.failed() && came.failed(), ..Verdict::default() };
        for task in &self.tasks {
            let values = task.changes.values().flat_map(|told| told.after.values());
            let unknown = values.filter(|value| is_unknown(value)).count();
            verdict.unknown += unknown.max(usize::from(task.unknown));
            match came.tasks.iter().find(|other| other.key == task.key) {
                Some(other) => {
                    let differences = task.differences(other);
                    verdict.mispredicted.extend(differences.into_iter().map(|line| format!("{}: {line}", task.name)));
                }
                None => verdict.mispredicted.push(format!("{} ({}) did not run", task.name, task.status)),
            }
        }
        for other in &came.tasks {
            if !self.tasks.iter().any(|task| task.key == other.key) {
                let failure = other.failure.iter().flatten().map(|line| format!("; {line}"));
                let line = format!("{} ({}) was not foreseen{}", other.name, other.status, failure.collect::<String>());
                verdict.mispredicted.push(line);
            }
        }
        verdict
    }
}

impl Task {
    fn differences(&self, came: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        let cannot_be = self.unknown && self.failure.is_none() && came.failure.is_none();
        if self.status != came.status && !cannot_be {
            lines.push(format!("{} was foreseen, {} came", self.status, came.status));
        }
        if self.failure != came.failure {
            lines.push(format!("{:?} was foreseen to be said, and {:?} was", self.failure, came.failure));
        }
        if came.failure.is_some() {
            return lines;
        }
        for (resource, told) in &self.changes {
            let other = came.changes.get(resource);
            for (property, value) in &told.after {
                let shown = format!("{} {} {property}", resource.0, resource.1);
                match other.and_then(|other| other.after.get(property)) {
                    Some(other) if other == value || is_unknown(value) => {}
                    Some(other) => lines.push(format!("{shown}: {value:?} was foreseen, {other:?} came")),
                    // Where only applying can tell the state before, it may have been the same.
                    None if told.before_is_unknown || is_unknown(value) => {}
                    None => lines.push(format!("{shown}: {value:?} was foreseen, and did not change")),
                }
            }
        }
        for (resource, told) in &came.changes {
            for (property, value) in &told.after {
                let foreseen = self.changes.get(resource).is_some_and(|told| told.after.contains_key(property));
                // A second edit of a content that is not known: said of the task, not of the file again.
                let cannot_be = property == "content" && self.unknown;
                if !foreseen && !cannot_be {
                    lines.push(format!("{} {} {property}: {value:?} was not foreseen", resource.0, resource.1));
                }
            }
        }
        lines
    }
}

#[expect(clippy::ref_option, reason = "as the maps hold it")]
fn is_unknown(value: &Option<String>) -> bool {
    value.as_deref() == Some(UNKNOWN)
}

/// A preview waits for nothing: to skip that is to foresee that it will be there.
fn status(event: &Value) -> String {
    match (text(&event["task"]["module"]).as_str(), text(&event["status"])) {
        ("wait_for", status) if status == "skipped" => "ok".to_owned(),
        (_, status) => status,
    }
}

fn change(view: &Value) -> (Resource, Told) {
    let value = |value: &Value| value.as_str().map(str::to_owned);
    let properties = list(&view["properties"]);
    // Sets: each element that comes or goes is a property of its own.
    let mut after: After = BTreeMap::new();
    for property in &properties {
        let name = text(&property["name"]);
        if view["kind"] == "firewall" {
            let element = value(&property["after"]).or(value(&property["before"])).unwrap_or_default();
            after.insert(format!("{name} {element}"), Some((!property["after"].is_null()).to_string()));
        } else {
            after.insert(name, value(&property["after"]));
        }
    }
    let mut before_is_unknown = properties.iter().any(|property| property["before"] == UNKNOWN);
    // A text, or what is said in the place of one that cannot be shown.
    if !view["text"].is_null() {
        after.insert("content".to_owned(), value(&view["text"]["after"]));
        before_is_unknown |= view["text"]["before"] == UNKNOWN;
    }
    // Only between two things of which both are there is the kind a change; else it follows from the rest.
    if after.get("type").is_some_and(|kind| kind.as_deref() == Some("file")) && before_is_unknown {
        after.remove("type");
    }
    let told = Told { verb: text(&view["verb"]), before_is_unknown, after };
    ((text(&view["kind"]), text(&view["name"])), told)
}
