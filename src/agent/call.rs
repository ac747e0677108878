//! One call of a module: its arguments, and what `changed_when` and `failed_when` make of its result.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::interpreter::Interpreter;
use super::items::Running;
use super::outcome::ItemOutcome;
use crate::event::{Failure, Status};
use crate::hostplay::{FileBody, Origin, Task, Template};
use crate::modules::{ArgKind, Args, Context, Module, ModuleError};
use crate::template::{Kind, TemplateError, Vars, analyse};

impl Interpreter<'_> {
    /// Renders the arguments, runs the module, and applies `changed_when` and `failed_when`.
    pub(super) fn attempt(&mut self, running: &Running<'_>, item: Option<&Map<String, Value>>) -> ItemOutcome {
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
        let facts = self.variables.facts();
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
                facts: &facts,
                stop: &self.stop,
                tell: &mut |event| sink.emit(event),
                now: self.now,
            };
            module.run(&args, &mut context)
        };
        self.collect_changes();
        let recorded = self.pending.changes.len() > changes_before || self.pending.actions.len() > actions_before;
        match result {
            Ok(outcome) => {
                // `setup` repeats what is known; the others say something new.
                if module != Module::Setup
                    && let Some(Value::Object(facts)) = outcome.values.get("ansible_facts")
                {
                    self.variables.set_facts(facts, outcome.unknown);
                }
                Ok(ItemOutcome::of(outcome, recorded))
            }
            Err(ModuleError::Failed { failure, values }) => {
                Ok(ItemOutcome { values, recorded, ..ItemOutcome::failed(*failure) })
            }
            Err(error) => Err(Box::new(failure_of(task, &error))),
        }
    }

    /// Rendered and checked arguments. Conditions become `{condition, holds}`.
    pub(super) fn arguments(&self, task: &Task, module: Module, vars: &Vars) -> Result<Args, Box<Failure>> {
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

    fn conditions(&self, value: &Value, origin: &Origin, vars: &Vars) -> Result<Value, Box<Failure>> {
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

    /// The task's variables with its own result under the name it registers.
    pub(super) fn with_result(&self, task: &Task, item: Option<&Map<String, Value>>, outcome: &ItemOutcome) -> Vars {
        let mut extra = item.cloned().unwrap_or_default();
        if let Some(name) = &task.register {
            extra.insert(name.clone(), Value::Object(outcome.registered()));
        }
        self.variables.for_task(task, Some(&extra))
    }

    fn apply_overrides(
        &self,
        task: &Task,
        item: Option<&Map<String, Value>>,
        outcome: &mut ItemOutcome,
    ) -> Result<(), TemplateError> {
        if outcome.status == Status::Skipped {
            return Ok(());
        }
        if let Some(conditions) =
            task.failed_when.as_ref().filter(|conditions| self.can_judge(task, conditions, outcome))
        {
            let vars = self.with_result(task, item, outcome);
            if all_hold(self, conditions, &vars)? {
                let message = "the condition of `failed_when` holds".to_owned();
                let values = std::mem::take(&mut outcome.values);
                let recorded = outcome.recorded;
                *outcome =
                    ItemOutcome { values, recorded, ..ItemOutcome::failed(Failure { message, ..Failure::default() }) };
            } else if outcome.status == Status::Failed {
                outcome.status = if outcome.recorded { Status::Changed } else { Status::Ok };
                outcome.failure = None;
            }
        }
        if let Some(conditions) =
            task.changed_when.as_ref().filter(|conditions| self.can_judge(task, conditions, outcome))
            && outcome.status != Status::Failed
        {
            let vars = self.with_result(task, item, outcome);
            outcome.status = if all_hold(self, conditions, &vars)? { Status::Changed } else { Status::Ok };
        }
        Ok(())
    }

    /// Whether conditions can be asked in a check of a task that was not run: when they ask nothing of its result and
    /// of nothing else that only applying can tell (`changed_when: false`).
    fn can_judge(&self, task: &Task, conditions: &[Template], outcome: &ItemOutcome) -> bool {
        let asks_result = |condition: &Template| {
            let references = analyse(condition, Kind::Expression).unwrap_or_default();
            references.iter().any(|reference| Some(&reference.name) == task.register.as_ref())
        };
        !outcome.unknown
            || conditions
                .iter()
                .all(|condition| !asks_result(condition) && self.unknown_name(condition, Kind::Expression).is_none())
    }
}

/// Whether all conditions hold.
pub(super) fn all_hold(
    interpreter: &Interpreter<'_>,
    conditions: &[Template],
    vars: &Vars,
) -> Result<bool, TemplateError> {
    for condition in conditions {
        if !interpreter.engine.truthy(condition, vars)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A file of the task's role, else one beside the playbook, else one by its path there.
fn find_file<'f>(
    files: &'f BTreeMap<String, FileBody>,
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
