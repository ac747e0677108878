//! Runs one compiled play against a host.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value, json};

use super::variables::{Remembered, Variables};
use crate::event::{ChangeView, Event, Failure, Status, TaskResult};
use crate::host::{Debt, Host};
use crate::hostplay::{Block, HostPlay, Step, Task};
use crate::modules::Module;
use crate::template::Engine;
use crate::veil::Veil;

/// Where events go, and whether anybody still listens.
pub trait Sink {
    /// Passes an event on.
    fn emit(&mut self, event: Event);
    /// Set when the controller is gone or asked to stop: no further task is begun, and no wait is sat out.
    fn stop(&self) -> Arc<AtomicBool>;
}

/// The state of one play on this host.
pub(super) struct Interpreter<'a> {
    pub(super) host: &'a mut dyn Host,
    pub(super) engine: &'a Engine,
    pub(super) play: &'a HostPlay,
    pub(super) now: i64,
    pub(super) variables: Variables,
    pub(super) pending: Pending,
    pub(super) stop: Arc<AtomicBool>,
    /// What the newest failed task would have registered.
    pub(super) last_failure: Map<String, Value>,
    pub(super) sink: &'a mut dyn Sink,
    notified: BTreeSet<usize>,
}

/// What the running task has changed so far.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) changes: Vec<ChangeView>,
    pub(super) actions: Vec<String>,
    /// The handlers that it has notified.
    pub(super) notified: Vec<String>,
}

/// Whether the play goes on.
enum Flow {
    Continue,
    /// A task failed and was neither ignored nor rescued.
    Failed(Box<TaskResult>),
    /// The controller is gone or asked to stop.
    Stopped,
}

/// What a play needs from the session.
pub(super) struct Setup<'a> {
    pub(super) host: &'a mut dyn Host,
    pub(super) engine: &'a Engine,
    pub(super) play: &'a HostPlay,
    pub(super) facts: &'a Map<String, Value>,
    pub(super) now: i64,
    /// Handlers that an earlier run left unpaid: they run at the end of the first play that has them.
    pub(super) owed: &'a [String],
    /// Learns what may not be shown.
    pub(super) veil: Veil,
    pub(super) sink: &'a mut dyn Sink,
}

/// After a play that went through: what it had the handlers for is owed no more.
pub(super) fn pay(owed: &mut Vec<String>, play: &HostPlay) {
    owed.retain(|owed| play.handlers.iter().all(|handler| handler.name.source != *owed));
}

/// Runs the play to its end, handlers included.
pub(super) fn run_play(setup: Setup<'_>, earlier: Remembered) -> (PlayEnd, Remembered) {
    let Setup { host, engine, play, facts, now, owed, veil, sink } = setup;
    let stop = sink.stop();
    let variables = Variables::new(play, facts, host.mode(), earlier, veil);
    let notified = owed_handlers(play, owed);
    let mut interpreter = Interpreter {
        host,
        engine,
        play,
        now,
        variables,
        pending: Pending::default(),
        stop,
        last_failure: Map::new(),
        sink,
        notified,
    };
    let mut flow = interpreter.run_steps(&play.steps);
    if matches!(flow, Flow::Continue) {
        flow = interpreter.flush_handlers();
    }
    let end = match flow {
        Flow::Continue => PlayEnd::Done,
        Flow::Failed(result) => PlayEnd::Failed(result.task.name),
        Flow::Stopped => PlayEnd::Stopped,
    };
    (end, interpreter.variables.remember())
}

fn owed_handlers(play: &HostPlay, owed: &[String]) -> BTreeSet<usize> {
    let handlers = play.handlers.iter().enumerate();
    handlers.filter(|(_, handler)| owed.contains(&handler.name.source)).map(|(index, _)| index).collect()
}

/// How a play ended on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PlayEnd {
    /// All tasks and handlers went through.
    Done,
    /// This task failed.
    Failed(String),
    /// All went through, and the controller found the host wanting all the same, for this reason.
    Condemned(String),
    /// The controller is gone or asked to stop.
    Stopped,
}

impl Interpreter<'_> {
    fn run_steps(&mut self, steps: &[Step]) -> Flow {
        for step in steps {
            if self.stopped() {
                return Flow::Stopped;
            }
            let flow = match step {
                Step::Task(task) => self.run_step(task, false),
                Step::Block(block) => self.run_block(block),
                Step::FlushHandlers(_) => self.flush_handlers(),
            };
            if !matches!(flow, Flow::Continue) {
                return flow;
            }
        }
        Flow::Continue
    }

    fn run_step(&mut self, task: &Task, handler: bool) -> Flow {
        let result = self.run_task(task, handler);
        match result.status {
            // Nothing is wrong with what was cut short, and there is nothing to rescue.
            Status::Failed if self.stopped() => Flow::Stopped,
            Status::Failed => Flow::Failed(Box::new(result)),
            _ => Flow::Continue,
        }
    }

    fn run_block(&mut self, block: &Block) -> Flow {
        let mut flow = self.run_steps(&block.block);
        if let Flow::Failed(result) = &flow
            && !block.rescue.is_empty()
        {
            self.expose_failure(result);
            flow = self.run_steps(&block.rescue);
        }
        match (flow, self.run_steps(&block.always)) {
            (Flow::Continue, after) => after,
            (first, _) => first,
        }
    }

    /// `ansible_failed_task` and `ansible_failed_result`, as a `rescue` may use them.
    fn expose_failure(&mut self, result: &TaskResult) {
        let message = result.failure.as_ref().map(|failure| failure.message.clone()).unwrap_or_default();
        self.variables.set(
            "ansible_failed_task",
            json!({"name": result.task.name, "action": result.task.module}),
            false,
        );
        let mut failed = self.last_failure.clone();
        failed.insert("failed".to_owned(), json!(true));
        failed.entry("msg").or_insert_with(|| json!(message));
        self.variables.set("ansible_failed_result", Value::Object(failed), false);
    }

    /// The handlers that a task, or an item of its loop, notifies when it changes something, by their place.
    pub(super) fn handlers_of(
        &self,
        task: &Task,
        item: Option<&Map<String, Value>>,
    ) -> Result<Vec<usize>, Box<Failure>> {
        let vars = self.variables.for_task(task, item);
        let mut found = Vec::new();
        for topic in &task.notify {
            let rendered = self.engine.render_string(topic, &vars);
            let wanted = rendered.map_err(|error| Box::new(error.to_failure()))?;
            let handlers = self.play.handlers.iter().enumerate();
            let answers = |handler: &Task| self.handler_name(handler) == wanted || handler.listen.contains(&wanted);
            let before = found.len();
            found.extend(handlers.filter(|(_, handler)| answers(handler)).map(|(index, _)| index));
            if found.len() == before {
                let message = format!("no handler is named `{wanted}` or listens to it");
                return Err(Box::new(Failure { message, origin: Some(topic.origin.clone()), ..Failure::default() }));
            }
        }
        Ok(found)
    }

    /// What these handlers will owe.
    pub(super) fn debts(&self, handlers: &[usize]) -> Vec<Debt> {
        handlers.iter().filter_map(|&index| self.play.handlers.get(index)).map(|handler| self.debt(handler)).collect()
    }

    fn debt(&self, handler: &Task) -> Debt {
        let action = Module::from_name(&handler.module).and_then(|module| {
            let args = self.arguments(handler, module, &self.variables.for_task(handler, None)).ok()?;
            module.expected_action(&args)
        });
        Debt { handler: handler.name.source.clone(), action }
    }

    /// Marks the handlers that a changed task, or a changed item of its loop, notifies.
    pub(super) fn notify(&mut self, handlers: &[usize]) -> Result<(), Box<Failure>> {
        for &index in handlers {
            let Some(handler) = self.play.handlers.get(index) else { continue };
            if self.notified.insert(index) {
                self.host.owe(&self.debt(handler)).map_err(|error| Box::new(error.to_failure()))?;
            }
            let name = self.handler_name(handler);
            if !self.pending.notified.contains(&name) {
                self.pending.notified.push(name);
            }
        }
        Ok(())
    }

    /// What a task owed in advance and does not owe, as it changed nothing.
    pub(super) fn forgive(&mut self, handlers: &[usize]) {
        for &index in handlers.iter().filter(|index| !self.notified.contains(index)) {
            // A handler that runs without need does no harm.
            drop(self.host.forgive(&self.play.handlers[index].name.source));
        }
    }

    fn handler_name(&self, handler: &Task) -> String {
        let vars = self.variables.for_task(handler, None);
        self.engine.render_string(&handler.name, &vars).unwrap_or_else(|_| handler.name.source.clone())
    }

    /// Runs the notified handlers in the order of their definition; a handler may notify a later one.
    fn flush_handlers(&mut self) -> Flow {
        while let Some(index) = self.notified.pop_first() {
            if self.stopped() {
                return Flow::Stopped;
            }
            let Some(handler) = self.play.handlers.get(index) else { continue };
            let flow = self.run_step(handler, true);
            if !matches!(flow, Flow::Continue) {
                return flow;
            }
            if let Err(error) = self.host.paid(&handler.name.source) {
                self.emit(Event::Warning { message: format!("the handler will run again: {error}") });
            }
        }
        Flow::Continue
    }

    /// Moves what the host recorded to the running task.
    pub(super) fn collect_changes(&mut self) {
        let changes = self.host.take_changes();
        self.pending.changes.extend(changes.iter().map(crate::host::Change::view));
        self.pending.actions.extend(self.host.take_actions());
    }

    /// Whether the controller is gone or asked to stop.
    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    pub(super) fn emit(&mut self, event: Event) {
        self.sink.emit(event);
    }
}
