//! How the results of attempts, items and modules become one task result.

use serde_json::{Map, Value, json};

use crate::event::{Failure, ItemResult, Status};
use crate::modules::Outcome;

/// The result of one item (or of the task, when it has no loop).
#[derive(Debug, Clone)]
pub(super) struct ItemOutcome {
    /// How it ended. Never `Ignored`: that is decided for the task as a whole.
    pub status: Status,
    /// A line for the user.
    pub message: Option<String>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// The module's values for `register`.
    pub values: Map<String, Value>,
    /// The outcome depends on what cannot be known before applying.
    pub unknown: bool,
    /// Shown for this item.
    pub label: Option<String>,
    /// The host recorded a change or an action, whatever became of it.
    pub recorded: bool,
    /// How often it was tried, where `until` says that it may be tried again.
    pub attempts: Option<u32>,
}

impl ItemOutcome {
    /// What a module gave; `recorded`: the host recorded a change or an action meanwhile.
    pub(super) fn of(outcome: Outcome, recorded: bool) -> Self {
        let status = match (&outcome.skipped, outcome.changed.unwrap_or(recorded)) {
            (Some(_), _) => Status::Skipped,
            (None, true) => Status::Changed,
            (None, false) => Status::Ok,
        };
        Self {
            status,
            message: outcome.skipped.or(outcome.message),
            failure: None,
            values: outcome.values,
            unknown: outcome.unknown,
            label: None,
            recorded,
            attempts: None,
        }
    }

    /// Skipped, for this reason.
    pub(super) fn skipped(reason: impl Into<String>, unknown: bool) -> Self {
        Self {
            status: Status::Skipped,
            message: Some(reason.into()),
            failure: None,
            values: Map::new(),
            unknown,
            label: None,
            recorded: false,
            attempts: None,
        }
    }

    /// Failed, for this reason.
    pub(super) fn failed(failure: Failure) -> Self {
        Self {
            status: Status::Failed,
            message: Some(failure.message.clone()),
            failure: Some(failure),
            values: Map::new(),
            unknown: false,
            label: None,
            recorded: false,
            attempts: None,
        }
    }

    /// What `register` keeps: the module's values and Ansible's common ones.
    pub(super) fn registered(&self) -> Map<String, Value> {
        let mut result = self.values.clone();
        result.insert("changed".into(), json!(self.status == Status::Changed));
        result.insert("failed".into(), json!(self.status == Status::Failed));
        result.insert("skipped".into(), json!(self.status == Status::Skipped));
        if let Some(attempts) = self.attempts {
            result.insert("attempts".into(), json!(attempts));
        }
        if let Some(message) = &self.message {
            result.entry("msg").or_insert_with(|| json!(message));
        }
        result
    }
}

/// All items of a loop taken together: failed before changed before ok before skipped.
pub(super) fn combined_status(items: &[ItemOutcome]) -> Status {
    let any = |status| items.iter().any(|item| item.status == status);
    if any(Status::Failed) {
        Status::Failed
    } else if any(Status::Changed) {
        Status::Changed
    } else if any(Status::Ok) {
        Status::Ok
    } else {
        Status::Skipped
    }
}

/// What `register` keeps of a loop.
pub(super) fn registered_loop(items: &[ItemOutcome], values: &[Value], loop_var: &str) -> Map<String, Value> {
    let status = combined_status(items);
    let results = items.iter().zip(values).map(|(item, value)| {
        let mut result = item.registered();
        result.insert(loop_var.to_owned(), value.clone());
        result.insert("ansible_loop_var".into(), json!(loop_var));
        Value::Object(result)
    });
    let mut whole = Map::new();
    whole.insert("results".into(), Value::Array(results.collect()));
    whole.insert("changed".into(), json!(status == Status::Changed));
    whole.insert("failed".into(), json!(status == Status::Failed));
    whole.insert("skipped".into(), json!(status == Status::Skipped));
    whole
}

/// The lines of a loop as the reporter shows them.
pub(super) fn item_results(items: &[ItemOutcome]) -> Vec<ItemResult> {
    let lines = items.iter().map(|item| ItemResult {
        label: item.label.clone().unwrap_or_default(),
        status: item.status,
        message: item.message.clone(),
    });
    lines.collect()
}
