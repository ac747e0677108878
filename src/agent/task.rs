//! One task: how it is announced, and how its items become one result.

use std::time::Instant;

use super::interpreter::Interpreter;
use super::outcome::{self, ItemOutcome};
use crate::event::{Event, Failure, Status, TaskRef, TaskResult};
use crate::hostplay::Task;

/// Shown in the place of what `no_log` hides.
pub(super) const HIDDEN: &str = "(hidden by no_log)";

impl Interpreter<'_> {
    /// Runs a task and reports it.
    pub(super) fn run_task(&mut self, task: &Task, handler: bool) -> TaskResult {
        let started = Instant::now();
        let reference = self.task_ref(task, handler);
        self.emit(Event::TaskStarted(reference.clone()));
        let items = self.run_items(task);
        let mut result = self.finish_task(task, reference, &items);
        result.ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.emit(Event::TaskFinished(result.clone()));
        result
    }

    fn task_ref(&self, task: &Task, handler: bool) -> TaskRef {
        let vars = self.variables.for_task(task, None);
        // A name that cannot be rendered (it may use the loop variable) is shown as written, as Ansible does.
        let name = self.engine.render_string(&task.name, &vars).unwrap_or_else(|_| task.name.source.clone());
        TaskRef {
            id: task.id,
            name,
            role: task.role.clone(),
            module: task.module.clone(),
            handler,
            origin: task.origin.clone(),
        }
    }

    fn finish_task(&mut self, task: &Task, reference: TaskRef, items: &[ItemOutcome]) -> TaskResult {
        let pending = std::mem::take(&mut self.pending);
        let mut status = outcome::combined_status(items);
        if items.is_empty() {
            status = Status::Skipped;
        }
        let worst = items.iter().find(|item| item.status == status);
        if let Some(failed) = worst.filter(|_| status == Status::Failed) {
            self.last_failure = failed.registered();
        }
        let failure = worst.and_then(|item| item.failure.clone());
        let message = match (task.loop_.is_some(), items) {
            (false, [only]) => only.message.clone(),
            (_, []) => Some("the loop has no items".to_owned()),
            _ => None,
        };
        if status == Status::Failed && task.ignore_errors {
            status = Status::Ignored;
        }
        let result = TaskResult {
            task: reference,
            status,
            message,
            changes: pending.changes,
            // A command whose `changed_when` does not hold is none of the plan's business.
            actions: if status == Status::Ok { Vec::new() } else { pending.actions },
            failure,
            items: if task.loop_.is_some() { outcome::item_results(items) } else { Vec::new() },
            unknown: items.iter().any(|item| item.unknown),
            ms: 0,
            notified: pending.notified,
        };
        if task.no_log { hidden(result) } else { result }
    }
}

/// A result of which nothing may be shown but that it is there.
fn hidden(mut result: TaskResult) -> TaskResult {
    result.message = result.message.map(|_| HIDDEN.to_owned());
    result.failure = result.failure.map(|failure| Failure {
        message: "the task failed; the reason is hidden by no_log".to_owned(),
        origin: failure.origin,
        ..Failure::default()
    });
    for item in &mut result.items {
        HIDDEN.clone_into(&mut item.label);
        item.message = item.message.take().map(|_| HIDDEN.to_owned());
    }
    for change in &mut result.changes {
        change.sensitive = true;
        change.text = None;
        change.properties.clear();
    }
    result.actions.clear();
    result
}
