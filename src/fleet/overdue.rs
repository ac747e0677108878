//! The time that a task, and what is between tasks, may take, so that a host that never ends holds up nobody else for ever.

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
    /// A request was sent to the host.
    pub fn new(limit: Option<Duration>) -> Self {
        let at_work = "what comes before the first task".to_owned();
        Self { limit, at_work, until: limit.map(|limit| Instant::now() + limit), stopping: false }
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
    pub fn stop(&mut self) -> Option<String> {
        if self.stopping {
            return None;
        }
        self.stopping = true;
        self.until = Some(Instant::now() + GRACE);
        Some(format!("{}: the run ends on this host", self.words()))
    }

    /// An agent that does not stop is left to itself.
    pub fn lost(&self) -> LostHost {
        let reason = format!("{}, and does not stop", self.words());
        LostHost { reason, stderr: String::new(), connection: String::new() }
    }

    fn words(&self) -> String {
        let seconds = self.limit.unwrap_or_default().as_secs();
        format!("{} takes longer than {seconds} s (--task-timeout)", self.at_work)
    }
}
