//! Old runs are forgotten, so that the journals do not fill the disk.
//!
//! Counted and not dated: clocks jump, and a host that is seldom provisioned keeps its history.
#![expect(clippy::disallowed_methods, reason = "the undo record itself has none")]

use std::collections::BTreeSet;
use std::fs;
use std::io;

use super::run::JOURNAL;
use super::store::{RunRecord, Store};
use super::{JournalError, disk};

/// So many of the newest runs that changed something, or took one back, are kept.
pub const KEEP_CHANGING: usize = 100;

/// Other runs are kept while they are among so many of the newest.
pub const KEEP_ANY: usize = 20;

impl Store {
    /// Removes the runs that [`KEEP_CHANGING`] and [`KEEP_ANY`] leave out, except those that still owe a handler.
    /// The caller holds the lock.
    ///
    /// # Errors
    /// When the journals cannot be read, or a run cannot be removed.
    pub fn prune(&self) -> Result<(), JournalError> {
        let runs = self.read_all()?;
        let owing: BTreeSet<String> = self.owed()?.into_iter().map(|owed| owed.run_id).collect();
        let kept = kept(&runs);
        let old: Vec<&str> = runs.iter().map(|run| run.spec.run_id.as_str()).collect();
        let old = old.into_iter().filter(|id| !kept.contains(id) && !owing.contains(*id));
        let torn: Vec<String> = self.never_begun(&runs)?;
        // The oldest first: what took a run back outlives it.
        old.chain(torn.iter().map(String::as_str)).try_for_each(|id| self.remove(id))
    }

    /// What a kill before a run's first record, or within its removal, left.
    fn never_begun(&self, runs: &[RunRecord]) -> Result<Vec<String>, JournalError> {
        let is_run = |id: &String| runs.iter().any(|run| run.spec.run_id == *id);
        Ok(self.run_ids()?.into_iter().filter(|id| !is_run(id)).collect())
    }

    /// A run without its journal is none, so that goes first.
    fn remove(&self, id: &str) -> Result<(), JournalError> {
        let dir = self.dir(id)?;
        let journal = dir.join(JOURNAL);
        match fs::remove_file(&journal) {
            Ok(()) => disk::sync_dir(&dir)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(JournalError::io("remove", &journal, error)),
        }
        fs::remove_dir_all(&dir).map_err(|error| JournalError::io("remove", &dir, error))
    }
}

fn kept(runs: &[RunRecord]) -> BTreeSet<&str> {
    let newest = || runs.iter().rev();
    let changing = newest().filter(|run| run.counts()).take(KEEP_CHANGING);
    newest().take(KEEP_ANY).chain(changing).map(|run| run.spec.run_id.as_str()).collect()
}
