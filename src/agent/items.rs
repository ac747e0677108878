//! The items of a task: its loop, its conditions, its attempts.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::call::all_hold;
use super::interpreter::Interpreter;
use super::outcome::{self, ItemOutcome};
use crate::event::{Event, Failure, Status};
use crate::hostplay::{Loop, Mode, Origin, Task, Template, Until};
use crate::modules::{ArgKind, Module, pause};
use crate::template::{Kind, TemplateError, analyse, kind_of};

/// How a task looks while its items run.
pub(super) struct Running<'t> {
    pub(super) task: &'t Task,
    pub(super) module: Module,
}

impl Interpreter<'_> {
    /// All items; one without a loop. Registers the result.
    pub(super) fn run_items(&mut self, task: &Task) -> Vec<ItemOutcome> {
        let Some(module) = Module::from_name(&task.module) else {
            let message = format!("the agent does not know the module {}", task.module);
            return vec![ItemOutcome::failed(Failure { message, ..Failure::default() })];
        };
        let running = Running { task, module };
        let Some(spec) = &task.loop_ else {
            let outcome = self.run_item(&running, None);
            self.register(task, || outcome.registered(), outcome.unknown);
            return vec![outcome];
        };
        let values = match self.loop_values(task, spec) {
            Ok(values) => values,
            Err(outcome) => {
                if outcome.unknown {
                    self.doubt_facts_of(&running);
                }
                let none = || outcome::registered_loop(std::slice::from_ref(&outcome), &[], &spec.loop_var);
                self.register(task, none, outcome.unknown);
                return vec![*outcome];
            }
        };
        let mut outcomes = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            let mut item = Map::from_iter([(spec.loop_var.clone(), value.clone())]);
            if let Some(name) = &spec.index_var {
                item.insert(name.clone(), json!(index));
            }
            let mut outcome = self.run_item(&running, Some(&item));
            outcome.label = Some(self.label(task, spec, value, &item));
            let failed = outcome.status == Status::Failed;
            outcomes.push(outcome);
            // Ansible goes on with the other items; a transaction has no use for that.
            if failed && !task.ignore_errors {
                break;
            }
        }
        let unknown = outcomes.iter().any(|outcome| outcome.unknown);
        self.register(task, || outcome::registered_loop(&outcomes, &values, &spec.loop_var), unknown);
        outcomes
    }

    fn register(&mut self, task: &Task, result: impl FnOnce() -> Map<String, Value>, unknown: bool) {
        if let Some(name) = &task.register {
            self.variables.set(name, Value::Object(result()), unknown);
        }
    }

    fn loop_values(&self, task: &Task, spec: &Loop) -> Result<Vec<Value>, Box<ItemOutcome>> {
        if let Some(name) = self.unknown_in(&spec.items, &spec.origin, Kind::Text) {
            let unknown = || ItemOutcome::skipped(depends_on(&name), true);
            return Err(Box::new(self.skipped_without_item(task, spec).unwrap_or_else(unknown)));
        }
        let vars = self.variables.for_task(task, None);
        let rendered = self.engine.render_tree(&spec.items, &spec.origin, &vars);
        // `when: x is defined` beside `loop: "{{ x }}"`: the condition decides, though it is asked for each item.
        let rendered = rendered.map_err(|error| {
            let failed = || ItemOutcome::failed(error.to_failure());
            Box::new(self.skipped_without_item(task, spec).unwrap_or_else(failed))
        })?;
        let Value::Array(values) = rendered else {
            let message = format!("the loop needs a list, this is {}", kind_of(&rendered));
            let origin = Some(spec.origin.clone());
            return Err(Box::new(ItemOutcome::failed(Failure { message, origin, ..Failure::default() })));
        };
        if !spec.flatten {
            return Ok(values);
        }
        let flat = values.into_iter().flat_map(|value| match value {
            Value::Array(inner) => inner,
            other => vec![other],
        });
        Ok(flat.collect())
    }

    /// Skipped by a condition that asks nothing of the item, nor of what only applying can tell.
    fn skipped_without_item(&self, task: &Task, spec: &Loop) -> Option<ItemOutcome> {
        let is_of_item = |name: &str| name == spec.loop_var || spec.index_var.as_deref() == Some(name);
        let vars = self.variables.for_task(task, None);
        let mut conditions = task.when.iter().filter(|condition| {
            let references = analyse(condition, Kind::Expression);
            references.is_ok_and(|references| references.iter().all(|reference| !is_of_item(&reference.name)))
                && self.unknown_name(condition, Kind::Expression).is_none()
        });
        let unmet = conditions.find(|condition| matches!(self.engine.truthy(condition, &vars), Ok(false)))?;
        Some(ItemOutcome::skipped(format!("when: {}", unmet.source), false))
    }

    fn label(&self, task: &Task, spec: &Loop, value: &Value, item: &Map<String, Value>) -> String {
        if task.no_log {
            return super::task::HIDDEN.to_owned();
        }
        if let Some(label) = &spec.label {
            let vars = self.variables.for_task(task, Some(item));
            return self.engine.render_string(label, &vars).unwrap_or_else(|_| label.source.clone());
        }
        match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// One item, with its retries.
    fn run_item(&mut self, running: &Running<'_>, item: Option<&Map<String, Value>>) -> ItemOutcome {
        let task = running.task;
        if self.stopped() {
            return stopped();
        }
        if let Some(outcome) = self.skipped(running, item) {
            return outcome;
        }
        let attempts = match &task.until {
            Some(until) if self.host.mode() == Mode::Apply => until.retries.saturating_add(1),
            _ => 1,
        };
        // Known again only after the attempt: `notify` may name what the task itself sets.
        let expected = self.handlers_of(task, item).unwrap_or_default();
        self.host.owing(self.debts(&expected));
        let mut outcome = self.attempt(running, item);
        outcome.attempts = task.until.as_ref().map(|_| 1);
        for attempt in 2..=attempts {
            let Some(until) = &task.until else { break };
            match self.until_holds(task, until, item, &outcome) {
                Ok(true) => break,
                Ok(false) => {}
                Err(error) => return ItemOutcome::failed(error.to_failure()),
            }
            self.emit(Event::Output { line: format!("attempt {attempt} of {attempts} in {} s", until.delay) });
            if !pause(Duration::from_secs(until.delay.into()), &self.stop) {
                return stopped();
            }
            outcome = self.attempt(running, item);
            outcome.attempts = Some(attempt);
        }
        if attempts > 1
            && let Some(until) = &task.until
        {
            outcome = self.judge_last_attempt(task, until, item, outcome, attempts);
        }
        self.settle_handlers(task, item, &expected, outcome)
    }

    /// Notifies what a change calls for; what was expected and is not called for is owed no longer.
    fn settle_handlers(
        &mut self,
        task: &Task,
        item: Option<&Map<String, Value>>,
        expected: &[usize],
        outcome: ItemOutcome,
    ) -> ItemOutcome {
        match outcome.status {
            Status::Changed => {
                let notified = self.handlers_of(task, item).and_then(|handlers| self.notify(&handlers));
                if let Err(failure) = notified {
                    return ItemOutcome::failed(*failure);
                }
            }
            // What it changed before it failed stays owed, for as long as it stays.
            Status::Failed | Status::Ignored => return outcome,
            Status::Ok | Status::Skipped => {}
        }
        self.forgive(expected);
        outcome
    }

    fn judge_last_attempt(
        &self,
        task: &Task,
        until: &Until,
        item: Option<&Map<String, Value>>,
        mut outcome: ItemOutcome,
        attempts: u32,
    ) -> ItemOutcome {
        match self.until_holds(task, until, item, &outcome) {
            Ok(true) => {}
            Ok(false) if outcome.status == Status::Failed => {}
            Ok(false) => {
                let message = format!("the condition of `until` did not hold after {attempts} attempts");
                let (values, tried) = (std::mem::take(&mut outcome.values), outcome.attempts);
                outcome = ItemOutcome::failed(Failure { message, ..Failure::default() });
                (outcome.values, outcome.attempts) = (values, tried);
            }
            Err(error) => return ItemOutcome::failed(error.to_failure()),
        }
        outcome
    }

    fn until_holds(
        &self,
        task: &Task,
        until: &Until,
        item: Option<&Map<String, Value>>,
        outcome: &ItemOutcome,
    ) -> Result<bool, TemplateError> {
        let vars = self.with_result(task, item, outcome);
        all_hold(self, &until.conditions, &vars)
    }

    fn skipped(&mut self, running: &Running<'_>, item: Option<&Map<String, Value>>) -> Option<ItemOutcome> {
        let skipped = self.skipped_by_condition(running, item)?;
        if skipped.unknown {
            self.doubt_facts_of(running);
        }
        Some(skipped)
    }

    /// Names that a task may set or not are as unknown as what that depends on, whatever they stood for before.
    fn doubt_facts_of(&mut self, running: &Running<'_>) {
        if running.module == Module::SetFact {
            running.task.args.iter().for_each(|arg| self.variables.set(&arg.name, Value::Null, true));
        }
    }

    fn skipped_by_condition(&self, running: &Running<'_>, item: Option<&Map<String, Value>>) -> Option<ItemOutcome> {
        let task = running.task;
        let vars = self.variables.for_task(task, item);
        for condition in &task.when {
            if let Some(name) = self.unknown_name(condition, Kind::Expression) {
                return Some(ItemOutcome::skipped(depends_on(&name), true));
            }
            match self.engine.truthy(condition, &vars) {
                Ok(true) => {}
                Ok(false) => return Some(ItemOutcome::skipped(format!("when: {}", condition.source), false)),
                Err(error) => return Some(ItemOutcome::failed(error.to_failure())),
            }
        }
        let name = task.args.iter().find_map(|arg| {
            let spec = running.module.spec().arg(&arg.name);
            let bare = spec.is_some_and(|spec| matches!(spec.kind, ArgKind::Expression | ArgKind::Conditions));
            self.unknown_in(&arg.value, &arg.origin, if bare { Kind::Expression } else { Kind::Text })
        });
        name.map(|name| ItemOutcome::skipped(depends_on(&name), true))
    }

    /// The first name in these values that depends on what only applying can tell.
    fn unknown_in(&self, value: &Value, origin: &Origin, kind: Kind) -> Option<String> {
        match value {
            Value::String(source) => {
                self.unknown_name(&Template { source: source.clone(), origin: origin.clone() }, kind)
            }
            Value::Array(items) => items.iter().find_map(|item| self.unknown_in(item, origin, kind)),
            Value::Object(entries) => entries.values().find_map(|entry| self.unknown_in(entry, origin, kind)),
            _ => None,
        }
    }

    /// The first name in a template that depends on what only applying can tell.
    pub(super) fn unknown_name(&self, template: &Template, kind: Kind) -> Option<String> {
        if self.host.mode() == Mode::Apply {
            return None;
        }
        let references = analyse(template, kind).ok()?;
        self.variables.first_unknown(references.iter().map(|reference| reference.name.as_str())).map(str::to_owned)
    }
}

/// The controller is gone, or has asked to stop.
fn stopped() -> ItemOutcome {
    let message = "stopped, since the controller is gone or asked for it".to_owned();
    ItemOutcome::failed(Failure { message, ..Failure::default() })
}

fn depends_on(name: &str) -> String {
    format!("depends on `{name}` {}", crate::event::KNOWN_AFTER_APPLY)
}
