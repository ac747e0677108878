//! Ctrl-C, once and twice; SIGTERM and SIGHUP mean the same.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often the user asked for an end.
#[derive(Debug)]
pub struct Interrupt {
    count: watch::Receiver<u32>,
    listener: Option<JoinHandle<()>>,
    /// So many are of the past.
    past: u32,
}

impl Interrupt {
    /// Listens for SIGINT, SIGTERM and SIGHUP, until it is dropped.
    ///
    /// # Panics
    /// Outside of an asynchronous runtime.
    #[must_use]
    pub fn from_signals() -> Self {
        let (sender, count) = watch::channel(0);
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        // From here on, so that none is missed before the task runs. A signal that cannot be listened for keeps its
        // default effect: it ends us.
        let mut signals: Vec<_> = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
        let listener = tokio::spawn(async move {
            while !signals.is_empty() {
                std::future::poll_fn(|context| {
                    let arrived = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
                    if arrived { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
                })
                .await;
                sender.send_modify(|count| *count += 1);
            }
        });
        Self { count, listener: Some(listener), past: 0 }
    }

    /// Counts what a test sends.
    #[cfg(test)]
    pub(super) fn from_count(count: watch::Receiver<u32>) -> Self {
        Self { count, listener: None, past: 0 }
    }

    /// The same user, for work that has not been interrupted yet.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self { count: self.count.clone(), listener: None, past: *self.count.borrow() }
    }

    /// Whether the user asked at least once.
    pub(super) fn requested(&self) -> bool {
        self.count() > 0
    }

    /// How often the user asked.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count.borrow().saturating_sub(self.past)
    }

    /// Waits until the user has asked so many times.
    pub async fn times(&self, wanted: u32) {
        let mut count = self.count.clone();
        if count.wait_for(|&count| count.saturating_sub(self.past) >= wanted).await.is_err() {
            // Nobody listens, so nobody will ask.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        if let Some(listener) = &self.listener {
            listener.abort();
        }
    }
}
