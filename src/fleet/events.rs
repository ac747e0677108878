//! The one stream of events.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::event::{Event, HostEvent};

/// Where events go.
pub(super) struct Events {
    sender: mpsc::Sender<HostEvent>,
    began: Instant,
}

impl Events {
    pub fn new(sender: mpsc::Sender<HostEvent>) -> Self {
        Self { sender, began: Instant::now() }
    }

    /// Tells what happened on a host, now.
    pub async fn tell(&self, host: &str, event: Event) {
        let event = HostEvent { host: host.to_owned(), at_ms: millis(self.began.elapsed()), event };
        // A reporter that has gone must not stop a run that changes hosts.
        let _ = self.sender.send(event).await;
    }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
