//! Ctrl-C, once and twice; SIGTERM and SIGHUP mean the same.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The signals by which the user asks for an end: SIGINT, SIGTERM and SIGHUP.
pub struct Signals(Vec<Signal>);

impl Signals {
    /// Listens from here on. A signal that cannot be listened for keeps its default effect: it ends us.
    ///
    /// # Panics
    /// Outside of an asynchronous runtime.
    #[must_use]
    pub fn listen() -> Self {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        Self(kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect())
    }

    /// Waits for the next one; for ever where none can be listened for.
    pub async fn next(&mut self) {
        std::future::poll_fn(|context| {
            let arrived = self.0.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if arrived { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}

/// How often the user asked for an end.
pub(super) struct Interrupt {
    count: watch::Receiver<u32>,
    listener: Option<JoinHandle<()>>,
    /// So many are of the past.
    past: u32,
}

impl Interrupt {
    /// Counts the signals.
    pub fn from_signals() -> Self {
        let (sender, count) = watch::channel(0);
        // From here on, so that none is missed before the task runs.
        let mut signals = Signals::listen();
        let listener = tokio::spawn(async move {
            loop {
                signals.next().await;
                sender.send_modify(|count| *count += 1);
            }
        });
        Self { count, listener: Some(listener), past: 0 }
    }

    /// Counts what a test sends.
    #[cfg(test)]
    pub fn from_count(count: watch::Receiver<u32>) -> Self {
        Self { count, listener: None, past: 0 }
    }

    /// The same user, for work that has not been interrupted yet.
    pub fn anew(&self) -> Self {
        Self { count: self.count.clone(), listener: None, past: *self.count.borrow() }
    }

    /// Whether the user asked at least once.
    pub fn requested(&self) -> bool {
        self.count() > 0
    }

    /// How often the user asked.
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
