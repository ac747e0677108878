//! The time that a task, what is between tasks, and each step of a rollback may take, so that a host that never ends holds up nobody else for ever.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::event::Event;
use crate::transport::LostHost;

/// How long an agent that was told to stop may say nothing: it takes the run back, packages and all.
const GRACE: Duration = Duration::from_secs(300);

/// What is at work on a host, and until when.
#[derive(Debug)]
pub(super) struct Overdue {
    limit: Option<Duration>,
    /// For people: what began last.
    at_work: String,
    until: Option<Instant>,
    stopping: bool,
}

impl Overdue {
    /// A request was sent to the host; `at_work` is what it does until it tells more.
    pub fn new(limit: Option<Duration>, at_work: &str) -> Self {
        Self { limit, at_work: at_work.to_owned(), until: limit.map(|limit| Instant::now() + limit), stopping: false }
    }

    /// Takes note of what the host tells.
    pub fn hear(&mut self, event: &Event) {
        if self.stopping {
            self.until = Some(Instant::now() + GRACE);
            return;
        }
        let at_work = match event {
            Event::TaskStarted(task) => format!("the task \"{}\"", task.name),
            Event::TaskFinished(result) => format!("what comes after the task \"{}\"", result.task.name),
            Event::RollbackStarted { .. } => "taking the run back".to_owned(),
            Event::RolledBack { change, .. } => format!("taking the run back, after {} {}", change.kind, change.name),
            _ => return,
        };
        self.at_work = at_work;
        self.until = self.limit.map(|limit| Instant::now() + limit);
    }

    /// Waits until something takes too long.
    pub async fn wait(&self) {
        match self.until {
            Some(until) => sleep_until(until).await,
            None => std::future::pending().await,
        }
    }

    /// What is told of it the first time; then the agent has some more time to stop.
    pub fn stop(&mut self) -> Option<Event> {
        if self.stopping {
            return None;
        }
        self.stopping = true;
        self.until = Some(Instant::now() + GRACE);
        Some(Event::Late { at_work: self.at_work.clone(), limit: self.seconds() })
    }

    /// An agent that does not stop is left to itself.
    pub fn lost(&self) -> LostHost {
        let reason = format!("{}, and does not stop", Event::late(&self.at_work, self.seconds()));
        LostHost { reason, stderr: String::new(), connection: String::new() }
    }

    fn seconds(&self) -> u64 {
        self.limit.unwrap_or_default().as_secs()
    }
}
