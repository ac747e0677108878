//! Writing the journal of one run.
#![expect(clippy::disallowed_methods, reason = "the undo record itself has none")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::record::{Armed, Intent, Outcome, Record};
use super::stored::{StoredAction, StoredState};
use super::{JournalError, blobs, disk, store};

/// An open journal. Every method returns when the record is on disk.
#[derive(Debug)]
pub struct Run {
    id: String,
    dir: PathBuf,
    file: File,
    /// Length up to the last whole record.
    length: u64,
    broken: bool,
    next: u64,
}

impl Run {
    /// Makes the journal under another name, so that a run is there with its first record or not at all.
    pub(super) fn create(draft: PathBuf, dir: PathBuf, id: String, first: &Record) -> Result<Self, JournalError> {
        disk::private_dir(&draft)?;
        disk::private_dir(&draft.join(BLOBS))?;
        let path = draft.join(JOURNAL);
        let mut options = OpenOptions::new();
        options.append(true).create_new(true).mode(0o600);
        let file = options.open(&path).map_err(|error| JournalError::io("create", &path, error))?;
        disk::sync_dir(&draft)?;
        let mut run = Self { id, dir: draft, file, length: 0, broken: false, next: 0 };
        run.write(first)?;
        fs::rename(&run.dir, &dir).map_err(|error| JournalError::io("create", &dir, error))?;
        dir.parent().map_or(Ok(()), disk::sync_dir)?;
        run.dir = dir;
        Ok(run)
    }

    /// Opens the journal of a run that is over, to add what became of it. Cuts a torn last line off.
    pub(super) fn reopen(dir: PathBuf, id: String, length: u64) -> Result<Self, JournalError> {
        let path = dir.join(JOURNAL);
        let file = OpenOptions::new().append(true).open(&path);
        let file = file.map_err(|error| JournalError::io("open", &path, error))?;
        file.set_len(length).map_err(|error| JournalError::io("cut", &path, error))?;
        Ok(Self { id, dir, file, length, broken: false, next: u64::MAX })
    }

    /// The run's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The number that the next intent or action will get.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.next
    }

    /// Keeps the bytes of a file as it is now, and gives their digest.
    ///
    /// # Errors
    /// When they cannot be written or synced.
    pub fn keep(&mut self, bytes: &[u8]) -> Result<String, JournalError> {
        blobs::keep(&self.dir.join(BLOBS), bytes)
    }

    /// Records a change before it is made. Bytes that `before` names must be kept already.
    ///
    /// # Errors
    /// When the record is not on disk. The change must not be made then.
    pub fn intent(&mut self, intent: Intent) -> Result<u64, JournalError> {
        let seq = self.take_seq();
        self.write(&Record::Intent(Box::new(Intent { seq, ..intent })))?;
        Ok(seq)
    }

    /// Records that a change was made, and what came of it.
    ///
    /// # Errors
    /// When the record is not on disk.
    pub fn done(&mut self, seq: u64, after: StoredState) -> Result<(), JournalError> {
        self.write(&Record::Done { seq, after })
    }

    /// Records an action before it is run.
    ///
    /// # Errors
    /// When the record is not on disk. The action must not be run then.
    pub fn action(&mut self, action: StoredAction) -> Result<u64, JournalError> {
        let seq = self.take_seq();
        self.write(&Record::Action { seq, action })?;
        Ok(seq)
    }

    /// Records that a handler was notified, and what it is going to run.
    ///
    /// # Errors
    /// When the record is not on disk.
    pub fn owed(&mut self, handler: &str, action: Option<StoredAction>) -> Result<(), JournalError> {
        self.write(&Record::Owed { handler: handler.to_owned(), action })
    }

    /// Records that a handler has run, whichever run owed it.
    ///
    /// # Errors
    /// When the record is not on disk.
    pub fn paid(&mut self, handler: &str) -> Result<(), JournalError> {
        self.write(&Record::Paid { handler: handler.to_owned() })
    }

    /// Records that the run will be taken back unless it is confirmed.
    ///
    /// # Errors
    /// When the record is not on disk. The way in must not be changed then.
    pub fn armed(&mut self, armed: Armed) -> Result<(), JournalError> {
        self.write(&Record::Armed(armed))
    }

    /// Records that nothing takes the run back any more.
    ///
    /// # Errors
    /// When the record is not on disk.
    pub fn disarmed(&mut self) -> Result<(), JournalError> {
        self.write(&Record::Disarmed { at: store::now() })
    }

    /// Records the end of the run.
    ///
    /// # Errors
    /// When the record is not on disk.
    pub fn finished(&mut self, outcome: Outcome) -> Result<(), JournalError> {
        self.write(&Record::RunFinished { outcome, at: store::now(), stopped: false })
    }

    /// Records that the run was stopped on the way, so that whoever comes next hears of it.
    ///
    /// # Errors
    /// When the record is not on disk.
    pub fn stopped(&mut self) -> Result<(), JournalError> {
        self.write(&Record::RunFinished { outcome: Outcome::Failed, at: store::now(), stopped: true })
    }

    pub(super) fn write(&mut self, record: &Record) -> Result<(), JournalError> {
        let path = self.dir.join(JOURNAL);
        if self.broken {
            return Err(JournalError::Broken(path.display().to_string()));
        }
        let result = self.append(record, &path);
        if result.is_err() {
            // Half a line would make every later one unreadable.
            self.broken = self.file.set_len(self.length).is_err() || self.file.sync_all().is_err();
        }
        result
    }

    fn append(&mut self, record: &Record, path: &Path) -> Result<(), JournalError> {
        let failed = |verb| move |error: io::Error| JournalError::io(verb, path, error);
        let mut line = serde_json::to_vec(record).map_err(|error| failed("write")(error.into()))?;
        line.push(b'\n');
        #[cfg(feature = "failpoints")]
        super::failpoint::before_record(path, &mut self.file, &line).map_err(failed("write"))?;
        self.file.write_all(&line).map_err(failed("write"))?;
        self.file.sync_data().map_err(failed("sync"))?;
        self.length += line.len() as u64;
        #[cfg(feature = "failpoints")]
        super::failpoint::after_record(path).map_err(failed("read"))?;
        Ok(())
    }

    fn take_seq(&mut self) -> u64 {
        let seq = self.next;
        self.next = self.next.saturating_add(1);
        seq
    }
}

pub(super) const JOURNAL: &str = "journal.jsonl";
pub(super) const BLOBS: &str = "blobs";
