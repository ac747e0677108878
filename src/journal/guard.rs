//! Runs that changed the way in and are not confirmed: `docs/confirm.md`.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::record::{Armed, Record};
use super::{JournalError, RunRecord, Store, store};

/// A time that no time server moves, and the boot in which it has a meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// The kernel's name for this boot.
    pub boot: String,
    /// Milliseconds since then, sleep included.
    pub now: u64,
}

impl Clock {
    /// Reads it.
    #[must_use]
    pub fn read() -> Self {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned();
        let time = clock_gettime(ClockId::Boottime);
        let millis = time.tv_sec.saturating_mul(1000).saturating_add(time.tv_nsec / 1_000_000);
        Self { boot, now: u64::try_from(millis).unwrap_or(0) }
    }
}

/// A run that is taken back unless it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarded {
    /// The run.
    pub run_id: String,
    /// What was recorded when it was armed.
    pub armed: Armed,
    /// The oldest run that goes back with it and is not back yet.
    pub back_to: String,
    /// The run itself takes others back.
    pub is_rollback: bool,
    /// When a run that is over ceases to wait: a boot, and milliseconds on its clock. A run without it is at work,
    /// or was cut off.
    awaiting: Option<(String, u64)>,
}

impl Guarded {
    /// Whether the run has come to its end and waits for nothing but its confirmation.
    #[must_use]
    pub fn is_awaiting(&self) -> bool {
        self.awaiting.is_some()
    }

    /// The time that is left for the confirmation; none where nobody can confirm any more.
    #[must_use]
    pub fn left(&self, clock: &Clock) -> Duration {
        match &self.awaiting {
            Some((boot, until)) if *boot == clock.boot => {
                // Never more than was allowed, whatever a journal says.
                Duration::from_millis(until.saturating_sub(clock.now)).min(self.allowed())
            }
            _ => Duration::ZERO,
        }
    }

    /// The same run, going back to the oldest one that is not back yet; none when all that go back with it are.
    fn still(self, runs: &[RunRecord], undone: &BTreeSet<String>) -> Option<Self> {
        let mine = runs.iter().position(|run| run.spec.run_id == self.run_id)?;
        let first = runs[..=mine].iter().position(|run| run.spec.run_id == self.armed.since).unwrap_or(mine);
        // Of a run that did nothing there is nothing to take back, and rollbacks in between stay.
        let counts = |at: usize| runs[at].has_effect() && (at == mine || runs[at].undoes.is_empty());
        let is_left = |at: &usize| (*at == first || counts(*at)) && !undone.contains(&runs[*at].spec.run_id);
        let back_to = runs[(first..=mine).find(is_left)?].spec.run_id.clone();
        Some(Self { back_to, ..self })
    }

    fn allowed(&self) -> Duration {
        Duration::from_secs(self.armed.within.into())
    }
}

impl RunRecord {
    /// What was recorded when the run was armed, whatever became of it since.
    #[must_use]
    pub fn armed(&self) -> Option<&Armed> {
        self.records.iter().rev().find_map(|record| match record {
            Record::Armed(armed) => Some(armed),
            _ => None,
        })
    }

    /// What guarded the run, if it was confirmed with this word.
    #[must_use]
    pub fn confirmed_with(&self, nonce: &str) -> Option<&Armed> {
        let was_confirmed = self.records.iter().any(|record| matches!(record, Record::Confirmed { .. }));
        self.armed().filter(|armed| was_confirmed && armed.nonce == nonce)
    }

    /// What guards the run, unless it was confirmed or disarmed. Whether it was taken back is not looked at.
    #[must_use]
    pub fn guarded(&self) -> Option<Guarded> {
        let mut found: Option<Guarded> = None;
        for record in &self.records {
            match (record, &mut found) {
                (Record::Armed(armed), _) => {
                    found = Some(Guarded {
                        run_id: self.spec.run_id.clone(),
                        armed: armed.clone(),
                        back_to: armed.since.clone(),
                        is_rollback: !self.undoes.is_empty(),
                        awaiting: None,
                    });
                }
                (Record::Awaiting { boot, until }, Some(guarded)) => guarded.awaiting = Some((boot.clone(), *until)),
                (Record::Confirmed { .. } | Record::Disarmed { .. }, _) => found = None,
                _ => {}
            }
        }
        found
    }
}

impl Store {
    /// The runs that will be taken back unless they are confirmed, oldest first.
    ///
    /// # Errors
    /// As [`Store::read_all`].
    pub fn unconfirmed(&self) -> Result<Vec<Guarded>, JournalError> {
        let runs = self.read_all()?;
        let undone = Self::undone(&runs);
        let guarded = runs.iter().filter_map(RunRecord::guarded);
        Ok(guarded.filter_map(|guarded| guarded.still(&runs, &undone)).collect())
    }

    /// Records that a run is over and waits for its confirmation from now on.
    ///
    /// # Errors
    /// When the run cannot be read or written.
    pub fn mark_awaiting(&self, guarded: &Guarded, clock: &Clock) -> Result<(), JournalError> {
        let until = clock.now.saturating_add(u64::from(guarded.armed.within) * 1000);
        self.add(&guarded.run_id, &Record::Awaiting { boot: clock.boot.clone(), until })
    }

    /// Records in a run that its change of the way in was confirmed.
    ///
    /// # Errors
    /// When the run cannot be read or written.
    pub fn mark_confirmed(&self, id: &str) -> Result<(), JournalError> {
        self.add(id, &Record::Confirmed { at: store::now() })
    }

    /// Records in a run that nothing takes it back any more.
    ///
    /// # Errors
    /// When the run cannot be read or written.
    pub fn mark_disarmed(&self, id: &str) -> Result<(), JournalError> {
        self.add(id, &Record::Disarmed { at: store::now() })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]
mod tests {
    use super::super::Outcome;
    use super::super::tests::spec;
    use super::*;

    fn armed(since: &str) -> Armed {
        Armed { nonce: "n".to_owned(), within: 60, since: since.to_owned(), made: Vec::new() }
    }

    fn clock(boot: &str, now: u64) -> Clock {
        Clock { boot: boot.to_owned(), now }
    }

    fn names(store: &Store) -> Vec<String> {
        store.unconfirmed().unwrap().into_iter().map(|guarded| guarded.run_id).collect()
    }

    #[test]
    fn a_run_waits_until_it_is_confirmed_disarmed_or_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path());
        for id in ["1", "2", "3", "4"] {
            let mut run = store.begin(&spec(id)).unwrap();
            if id != "4" {
                run.armed(armed(id)).unwrap();
            }
            run.finished(Outcome::Succeeded).unwrap();
        }
        assert_eq!(names(&store), ["1", "2", "3"]);
        store.mark_confirmed("1").unwrap();
        assert_eq!(names(&store), ["2", "3"]);
        let asked = [("1", "n", true), ("1", "other", false), ("2", "n", false)];
        for (id, nonce, is_known) in asked {
            assert_eq!(store.read(id).unwrap().confirmed_with(nonce).is_some(), is_known, "{id} {nonce}");
        }
        store.mark_disarmed("3").unwrap();
        assert_eq!(names(&store), ["2"]);
        store.mark_rolled_back("2", "4").unwrap();
        assert_eq!(names(&store), [""; 0]);
        assert_eq!(store.history().unwrap()[0].outcome, "finished");
    }

    #[test]
    fn one_that_took_over_waits_until_it_is_back_and_so_is_all_that_it_took_over() {
        for order in
            [["1", "2", "3"], ["1", "3", "2"], ["2", "1", "3"], ["2", "3", "1"], ["3", "1", "2"], ["3", "2", "1"]]
        {
            let dir = tempfile::tempdir().unwrap();
            let store = Store::at(dir.path());
            for id in ["1", "2", "3"] {
                store.begin(&spec(id)).unwrap().armed(armed("1")).unwrap();
            }
            store.mark_disarmed("1").unwrap();
            store.mark_disarmed("2").unwrap();
            for (back, id) in order.into_iter().enumerate() {
                let left = order[back..].iter().min().unwrap();
                let guarded = store.unconfirmed().unwrap();
                assert_eq!(names(&store), ["3"], "{order:?}, {back} are back");
                assert_eq!(guarded[0].back_to, **left, "{order:?}, {back} are back");
                store.mark_rolled_back(id, "4").unwrap();
            }
            assert_eq!(names(&store), [""; 0], "{order:?}");
        }
    }

    #[test]
    fn one_that_took_over_and_did_nothing_goes_with_the_older_one() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path());
        store.begin(&spec("1")).unwrap().armed(armed("1")).unwrap();
        let mut refused = store.begin(&spec("2")).unwrap();
        refused.armed(armed("1")).unwrap();
        refused.finished(Outcome::Failed).unwrap();
        store.mark_disarmed("1").unwrap();
        assert_eq!(names(&store), ["2"]);
        store.mark_rolled_back("1", "3").unwrap();
        assert_eq!(names(&store), [""; 0]);
    }

    #[test]
    fn time_is_left_only_in_the_same_boot_and_never_more_than_was_allowed() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path());
        let mut run = store.begin(&spec("1")).unwrap();
        run.armed(armed("1")).unwrap();
        run.finished(Outcome::Succeeded).unwrap();
        let first = store.unconfirmed().unwrap().remove(0);
        assert!(!first.is_awaiting());
        assert_eq!(first.left(&clock("a", 0)), Duration::ZERO, "nobody confirms a run that was cut off");
        store.mark_awaiting(&first, &clock("a", 5_000)).unwrap();
        let waits = store.unconfirmed().unwrap().remove(0);
        assert!(waits.is_awaiting());
        for (now, left) in [(5_000, 60), (45_000, 20), (65_000, 0), (u64::MAX, 0), (0, 60)] {
            assert_eq!(waits.left(&clock("a", now)), Duration::from_secs(left), "at {now}");
            assert_eq!(waits.left(&clock("b", now)), Duration::ZERO, "after a reboot, at {now}");
        }
        assert_eq!(store.history().unwrap()[0].outcome, "unconfirmed");
    }
}
