//! Waiting for somebody else: visibly, not for ever, and not against the user's wish.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// How often it is said again what is waited for.
const REMINDER: Duration = Duration::from_secs(60);

/// What is left of it.
pub(super) struct Patience<'a> {
    limit: Duration,
    stop: &'a AtomicBool,
    began: Instant,
    told: Option<Instant>,
}

impl<'a> Patience<'a> {
    pub(super) fn new(limit: Duration, stop: &'a AtomicBool) -> Self {
        Self { limit, stop, began: Instant::now(), told: None }
    }

    /// Says what is waited for, and waits a little; false when it has been too long, or nobody wants to wait any more.
    pub(super) fn wait(&mut self, what: &str, line: &mut dyn FnMut(&str)) -> bool {
        let waited = self.began.elapsed();
        if waited >= self.limit || self.is_stopped() {
            return false;
        }
        if self.told.is_none_or(|told| told.elapsed() >= REMINDER) {
            let limit = self.limit.as_secs();
            line(&format!("waiting for {what} (for {} s now, {limit} s at the most)", waited.as_secs()));
            self.told = Some(Instant::now());
        }
        let until = Instant::now() + PAUSE.min(self.limit.saturating_sub(waited));
        while Instant::now() < until && !self.is_stopped() {
            thread::sleep(Duration::from_millis(100));
        }
        !self.is_stopped()
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_once_and_ends() {
        let (mut lines, stop) = (Vec::new(), AtomicBool::new(false));
        let mut patience = Patience::new(Duration::from_millis(150), &stop);
        let began = Instant::now();
        while patience.wait("the lock", &mut |line| lines.push(line.to_owned())) {}
        assert!(began.elapsed() >= Duration::from_millis(150) && began.elapsed() < PAUSE);
        assert_eq!(lines, ["waiting for the lock (for 0 s now, 0 s at the most)"]);
    }

    #[test]
    fn nobody_waits_who_is_told_to_stop() {
        let stop = AtomicBool::new(false);
        let mut patience = Patience::new(Duration::from_secs(600), &stop);
        let began = Instant::now();
        assert!(!patience.wait("the lock", &mut |_| stop.store(true, Ordering::Release)));
        assert!(!patience.wait("the lock", &mut |_| ()));
        assert!(began.elapsed() < PAUSE);
    }
}
