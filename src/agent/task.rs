//! One task: its loop, its conditions, its module.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::interpreter::Interpreter;
use super::outcome::{self, ItemOutcome};
use crate::event::{Event, Failure, Status, TaskRef, TaskResult};
use crate::hostplay::{FileBody, Loop, Mode, Task, Template, Until};
use crate::modules::{ArgKind, Args, Context, Module, ModuleError};
use crate::template::{Kind, TemplateError, Vars, analyse};

/// How a task looks while its items run.
struct Running<'t> {
    task: &'t Task,
    module: Module,
}

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

    /// All items; one without a loop. Registers the result.
    fn run_items(&mut self, task: &Task) -> Vec<ItemOutcome> {
        let Some(module) = Module::from_name(&task.module) else {
            let message = format!("the agent does not know the module {}", task.module);
            return vec![ItemOutcome::failed(Failure { message, ..Failure::default() })];
        };
        let running = Running { task, module };
        let Some(spec) = &task.loop_ else {
            let outcome = self.run_item(&running, None);
            if let Some(name) = &task.register {
                self.variables.set(name, Value::Object(outcome.registered()), outcome.unknown);
            }
            return vec![outcome];
        };
        let values = match self.loop_values(task, spec) {
            Ok(values) => values,
            Err(outcome) => return vec![*outcome],
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
        if let Some(name) = &task.register {
            let unknown = outcomes.iter().any(|outcome| outcome.unknown);
            let result = outcome::registered_loop(&outcomes, &values, &spec.loop_var);
            self.variables.set(name, Value::Object(result), unknown);
        }
        outcomes
    }

    fn loop_values(&self, task: &Task, spec: &Loop) -> Result<Vec<Value>, Box<ItemOutcome>> {
        if let Some(name) = self.unknown_in(std::iter::once((&spec.items, &spec.origin))) {
            return Err(Box::new(ItemOutcome::skipped(depends_on(&name), true)));
        }
        let vars = self.variables.for_task(task, None);
        let rendered = self.engine.render_tree(&spec.items, &spec.origin, &vars);
        let rendered = rendered.map_err(|error| Box::new(ItemOutcome::failed(error.to_failure())))?;
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

    fn label(&self, task: &Task, spec: &Loop, value: &Value, item: &Map<String, Value>) -> String {
        if task.no_log {
            return "(hidden by no_log)".to_owned();
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
        if let Some(outcome) = self.skipped_by_condition(task, item) {
            return outcome;
        }
        let attempts = match &task.until {
            Some(until) if self.host.mode() == Mode::Apply => until.retries.saturating_add(1),
            _ => 1,
        };
        let mut outcome = self.attempt(running, item);
        for attempt in 2..=attempts {
            let Some(until) = &task.until else { break };
            match self.until_holds(task, until, item, &outcome) {
                Ok(true) => return outcome,
                Ok(false) => {}
                Err(error) => return ItemOutcome::failed(error.to_failure()),
            }
            self.emit(Event::Output { line: format!("attempt {attempt} of {attempts} in {} s", until.delay) });
            std::thread::sleep(Duration::from_secs(until.delay.into()));
            outcome = self.attempt(running, item);
        }
        if attempts > 1
            && let Some(until) = &task.until
        {
            return self.judge_last_attempt(task, until, item, outcome, attempts);
        }
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
                let values = std::mem::take(&mut outcome.values);
                outcome = ItemOutcome::failed(Failure { message, ..Failure::default() });
                outcome.values = values;
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

    /// The task's variables with its own result under the name it registers.
    fn with_result(&self, task: &Task, item: Option<&Map<String, Value>>, outcome: &ItemOutcome) -> Vars {
        let mut extra = item.cloned().unwrap_or_default();
        if let Some(name) = &task.register {
            extra.insert(name.clone(), Value::Object(outcome.registered()));
        }
        self.variables.for_task(task, Some(&extra))
    }

    fn skipped_by_condition(&self, task: &Task, item: Option<&Map<String, Value>>) -> Option<ItemOutcome> {
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
        let arguments = task.args.iter().map(|arg| (&arg.value, &arg.origin));
        self.unknown_in(arguments).map(|name| ItemOutcome::skipped(depends_on(&name), true))
    }

    /// Renders the arguments, runs the module, and applies `changed_when` and `failed_when`.
    fn attempt(&mut self, running: &Running<'_>, item: Option<&Map<String, Value>>) -> ItemOutcome {
        let task = running.task;
        let vars = self.variables.for_task(task, item);
        let mut outcome = match self.call_module(running, &vars) {
            Ok(outcome) => outcome,
            Err(failure) => ItemOutcome::failed(*failure),
        };
        if let Err(error) = self.apply_overrides(task, item, &mut outcome) {
            return ItemOutcome::failed(error.to_failure());
        }
        outcome
    }

    fn call_module(&mut self, running: &Running<'_>, vars: &Vars) -> Result<ItemOutcome, Box<Failure>> {
        let (task, module) = (running.task, running.module);
        let args = self.arguments(task, module, vars)?;
        let (changes_before, actions_before) = (self.pending.changes.len(), self.pending.actions.len());
        let result = {
            let (engine, files, sink) = (self.engine, &self.play.files, &mut *self.sink);
            let render = |text: &str, shown_as: &str| {
                engine.render_file(text, shown_as, vars).map_err(|error| Box::new(error.to_failure()))
            };
            let find_file = |kind: &str, name: &str| find_file(files, task.role.as_deref(), kind, name);
            let mut context = Context {
                host: &mut *self.host,
                render: &render,
                find_file: &find_file,
                no_log: task.no_log,
                facts: self.facts,
                tell: &mut |event| sink.emit(event),
                now: self.now,
            };
            module.run(&args, &mut context)
        };
        self.collect_changes();
        let recorded = self.pending.changes.len() > changes_before || self.pending.actions.len() > actions_before;
        match result {
            Ok(outcome) => {
                if let Some(Value::Object(facts)) = outcome.values.get("ansible_facts") {
                    self.variables.set_facts(facts, outcome.unknown);
                }
                Ok(ItemOutcome::of(outcome, recorded))
            }
            Err(ModuleError::Failed { failure, values }) => Ok(ItemOutcome { values, ..ItemOutcome::failed(*failure) }),
            Err(error) => Err(Box::new(failure_of(task, &error))),
        }
    }

    /// Rendered and checked arguments. Conditions become `{condition, holds}`.
    fn arguments(&self, task: &Task, module: Module, vars: &Vars) -> Result<Args, Box<Failure>> {
        let mut given = Map::new();
        for arg in &task.args {
            let spec = module.spec().arg(&arg.name);
            if spec.is_some_and(|spec| spec.kind == ArgKind::Conditions) {
                given.insert(arg.name.clone(), self.conditions(&arg.value, &arg.origin, vars)?);
                continue;
            }
            // `omit` renders to null, which is the same as an argument left out.
            let rendered = match (spec.map(|spec| spec.kind), &arg.value) {
                (Some(ArgKind::Expression), Value::String(source)) => {
                    let expression = Template { source: source.clone(), origin: arg.origin.clone() };
                    self.engine.eval(&expression, vars).map(|value| json!({"expression": source, "value": value}))
                }
                (_, value) => self.engine.render_tree(value, &arg.origin, vars),
            };
            given.insert(arg.name.clone(), rendered.map_err(|error| Box::new(error.to_failure()))?);
        }
        Args::decode(module.spec(), &given).map_err(|error| Box::new(failure_of(task, &error)))
    }

    fn conditions(&self, value: &Value, origin: &crate::hostplay::Origin, vars: &Vars) -> Result<Value, Box<Failure>> {
        let texts: Vec<&Value> = match value {
            Value::Array(items) => items.iter().collect(),
            other => vec![other],
        };
        let mut judged = Vec::with_capacity(texts.len());
        for text in texts {
            let holds = match text {
                Value::Bool(holds) => *holds,
                other => {
                    let source = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
                    let condition = Template { source, origin: origin.clone() };
                    self.engine.truthy(&condition, vars).map_err(|error| Box::new(error.to_failure()))?
                }
            };
            judged.push(json!({"condition": text, "holds": holds}));
        }
        Ok(Value::Array(judged))
    }

    fn apply_overrides(
        &self,
        task: &Task,
        item: Option<&Map<String, Value>>,
        outcome: &mut ItemOutcome,
    ) -> Result<(), TemplateError> {
        if outcome.status == Status::Skipped || outcome.unknown {
            return Ok(());
        }
        if let Some(conditions) = &task.failed_when {
            let vars = self.with_result(task, item, outcome);
            if all_hold(self, conditions, &vars)? {
                let message = "the condition of `failed_when` holds".to_owned();
                let values = std::mem::take(&mut outcome.values);
                *outcome = ItemOutcome { values, ..ItemOutcome::failed(Failure { message, ..Failure::default() }) };
            } else if outcome.status == Status::Failed {
                outcome.status = Status::Ok;
                outcome.failure = None;
            }
        }
        if let Some(conditions) = &task.changed_when
            && outcome.status != Status::Failed
        {
            let vars = self.with_result(task, item, outcome);
            outcome.status = if all_hold(self, conditions, &vars)? { Status::Changed } else { Status::Ok };
        }
        Ok(())
    }

    fn finish_task(&mut self, task: &Task, reference: TaskRef, items: &[ItemOutcome]) -> TaskResult {
        let pending = std::mem::take(&mut self.pending);
        let mut status = outcome::combined_status(items);
        if items.is_empty() {
            status = Status::Skipped;
        }
        let worst = items.iter().find(|item| item.status == status);
        let mut failure = worst.and_then(|item| item.failure.clone());
        let mut message = match (task.loop_.is_some(), items) {
            (false, [only]) => only.message.clone(),
            (_, []) => Some("the loop has no items".to_owned()),
            _ => None,
        };
        if task.no_log {
            message = message.map(|_| "(hidden by no_log)".to_owned());
            failure = failure.map(|failure| Failure {
                message: "the task failed; the reason is hidden by no_log".to_owned(),
                origin: failure.origin,
                ..Failure::default()
            });
        }
        if status == Status::Failed && task.ignore_errors {
            status = Status::Ignored;
        }
        let mut notified = Vec::new();
        if status == Status::Changed {
            match self.notify(task) {
                Ok(names) => notified = names,
                Err(error) => (status, failure) = (Status::Failed, Some(error.to_failure())),
            }
        }
        TaskResult {
            task: reference,
            status,
            message,
            changes: pending.changes,
            actions: if task.no_log { Vec::new() } else { pending.actions },
            failure,
            items: if task.loop_.is_some() { outcome::item_results(items) } else { Vec::new() },
            unknown: items.iter().any(|item| item.unknown),
            ms: 0,
            notified,
        }
    }

    /// The first name in these values that depends on what only applying can tell.
    fn unknown_in<'v>(&self, values: impl Iterator<Item = (&'v Value, &'v crate::hostplay::Origin)>) -> Option<String> {
        if self.host.mode() == Mode::Apply {
            return None;
        }
        values.into_iter().find_map(|(value, origin)| self.unknown_in_tree(value, origin))
    }

    fn unknown_in_tree(&self, value: &Value, origin: &crate::hostplay::Origin) -> Option<String> {
        match value {
            Value::String(source) => {
                self.unknown_name(&Template { source: source.clone(), origin: origin.clone() }, Kind::Text)
            }
            Value::Array(items) => items.iter().find_map(|item| self.unknown_in_tree(item, origin)),
            Value::Object(entries) => entries.values().find_map(|entry| self.unknown_in_tree(entry, origin)),
            _ => None,
        }
    }

    fn unknown_name(&self, template: &Template, kind: Kind) -> Option<String> {
        if self.host.mode() == Mode::Apply {
            return None;
        }
        let references = analyse(template, kind).ok()?;
        self.variables.first_unknown(references.iter().map(|reference| reference.name.as_str())).map(str::to_owned)
    }
}

fn all_hold(interpreter: &Interpreter<'_>, conditions: &[Template], vars: &Vars) -> Result<bool, TemplateError> {
    for condition in conditions {
        if !interpreter.engine.truthy(condition, vars)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A file of the task's role, else one beside the playbook, else one by its path there.
fn find_file<'f>(
    files: &'f std::collections::BTreeMap<String, FileBody>,
    role: Option<&str>,
    kind: &str,
    name: &str,
) -> Option<&'f FileBody> {
    let in_role = role.and_then(|role| files.get(&format!("roles/{role}/{kind}/{name}")));
    in_role.or_else(|| files.get(&format!("playbook/{kind}/{name}"))).or_else(|| files.get(&format!("playbook/{name}")))
}

fn failure_of(task: &Task, error: &ModuleError) -> Failure {
    match error {
        ModuleError::Host(error) => error.to_failure(),
        ModuleError::Argument { name, .. } => Failure {
            message: error.to_string(),
            origin: task.args.iter().find(|arg| arg.name == *name).map(|arg| arg.origin.clone()),
            ..Failure::default()
        },
        ModuleError::Failed { failure, .. } => (**failure).clone(),
    }
}

fn depends_on(name: &str) -> String {
    format!("depends on `{name}` {}", crate::event::KNOWN_AFTER_APPLY)
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}
