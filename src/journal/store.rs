//! The runs on this host: beginning one, reading the others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::record::{FORMAT, Outcome, Record};
use super::run::{BLOBS, JOURNAL, Run};
use super::stored::{StoredKey, StoredSpec};
use super::{JournalError, blobs, disk};
use crate::hostplay::RunSpec;
use crate::protocol::RunSummary;

/// Where the journals are on a real host.
pub const BASE: &str = "/var/lib/mailprov";

/// Before the name of a run whose first record is not yet on disk.
const DRAFT: &str = ".new-";

/// The same for one that takes others back.
const UNDO_DRAFT: &str = ".undo-";

/// All journals under one directory.
#[derive(Debug, Clone)]
pub struct Store {
    runs: PathBuf,
}

/// A run as its journal tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Whose run it was.
    pub spec: StoredSpec,
    /// When it began, seconds since the epoch.
    pub started: u64,
    /// Its place among the runs.
    pub number: u64,
    /// The runs that it took back, newest first.
    pub undoes: Vec<String>,
    /// The newest run before it that [`RunRecord::counts`], where its journal tells.
    pub previous: Option<String>,
    /// All other records, in order.
    pub records: Vec<Record>,
    /// Bytes up to the last whole record.
    length: u64,
}

/// A handler that was notified and never ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// The run that owes it.
    pub run_id: String,
    /// The handler's name.
    pub handler: String,
}

impl Store {
    /// The store under this directory; nothing is made until a run begins.
    #[must_use]
    pub fn at(base: &Path) -> Self {
        Self { runs: base.join("runs") }
    }

    /// Begins a run: its directory and its first record are on disk afterwards.
    ///
    /// # Errors
    /// When the id cannot be one or is taken, an earlier journal cannot be read, or the disk refuses.
    pub fn begin(&self, spec: &RunSpec) -> Result<Run, JournalError> {
        self.begin_undoing(spec, Vec::new())
    }

    /// Begins a run that takes others back.
    ///
    /// # Errors
    /// As [`Store::begin`].
    pub fn begin_undoing(&self, spec: &RunSpec, undoes: Vec<String>) -> Result<Run, JournalError> {
        let dir = self.dir(&spec.run_id)?;
        if dir.exists() {
            return Err(JournalError::RunExists(spec.run_id.clone()));
        }
        let runs = self.read_all()?;
        let is_undo = !undoes.is_empty();
        let first = Record::RunStarted {
            format: FORMAT,
            spec: StoredSpec::from(spec),
            at: now(),
            number: runs.last().map_or(0, |run| run.number.saturating_add(1)),
            undoes,
            previous: runs.iter().rev().find(|run| run.counts()).map(|run| run.spec.run_id.clone()),
        };
        self.runs.parent().map_or(Ok(()), disk::private_dir)?;
        disk::private_dir(&self.runs)?;
        self.clear_drafts()?;
        let draft = self.runs.join(format!("{}{}", if is_undo { UNDO_DRAFT } else { DRAFT }, spec.run_id));
        Run::create(draft, dir, spec.run_id.clone(), &first)
    }

    /// The ordinary run that was cut off before its first record was on disk, if no other one came after it.
    ///
    /// # Errors
    /// When the runs cannot be listed.
    pub fn stillborn(&self, runs: &[RunRecord]) -> Result<Option<String>, JournalError> {
        let last = runs.last().map_or("", |run| run.spec.run_id.as_str());
        // The names of runs begin with their time.
        let drafts = self.names()?.into_iter().filter_map(|name| name.strip_prefix(DRAFT).map(str::to_owned));
        Ok(drafts.filter(|id| is_run_id(id) && id.as_str() > last).max())
    }

    /// Removes what runs left that never were. The caller holds the lock.
    ///
    /// # Errors
    /// When something cannot be removed.
    #[expect(clippy::disallowed_methods, reason = "of a journal that never was")]
    pub fn clear_drafts(&self) -> Result<(), JournalError> {
        for name in self.names()?.iter().filter(|name| name.starts_with(DRAFT) || name.starts_with(UNDO_DRAFT)) {
            let path = self.runs.join(name);
            fs::remove_dir_all(&path).map_err(|error| JournalError::io("remove", &path, error))?;
        }
        Ok(())
    }

    /// The ids of all runs, in no order.
    pub(super) fn run_ids(&self) -> Result<Vec<String>, JournalError> {
        Ok(self.names()?.into_iter().filter(|name| is_run_id(name)).collect())
    }

    fn names(&self) -> Result<Vec<String>, JournalError> {
        let failed = |error| JournalError::io("read", &self.runs, error);
        let entries = match fs::read_dir(&self.runs) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let names = entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
        names.collect::<Result<_, _>>().map_err(failed)
    }

    /// Reads a run.
    ///
    /// # Errors
    /// When there is none, or its journal is damaged anywhere but in a torn last line.
    pub fn read(&self, id: &str) -> Result<RunRecord, JournalError> {
        let path = self.dir(id)?.join(JOURNAL);
        match fs::read(&path) {
            Ok(bytes) => match parse(&path, &bytes)? {
                Some(run) if run.spec.run_id != id => {
                    let message = format!("it is of the run {:?}, in the folder of another one", run.spec.run_id);
                    Err(JournalError::Damaged { path: path.display().to_string(), line: 1, message })
                }
                run => run.ok_or_else(|| JournalError::NoSuchRun(id.to_owned())),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(JournalError::NoSuchRun(id.to_owned())),
            Err(error) => Err(JournalError::io("read", &path, error)),
        }
    }

    /// The bytes of a file as it was before a change of this run.
    ///
    /// # Errors
    /// When they are not there, or not those that were kept.
    pub fn blob(&self, id: &str, sha256: &str) -> Result<Vec<u8>, JournalError> {
        blobs::fetch(&self.dir(id)?.join(BLOBS), sha256)
    }

    /// Records in a run that another one has taken it back.
    ///
    /// # Errors
    /// When the run cannot be read or written.
    pub fn mark_rolled_back(&self, id: &str, by: &str) -> Result<(), JournalError> {
        self.add(id, &Record::RolledBack { by: by.to_owned(), at: now() })
    }

    /// Records the end of a run that was cut off when nothing was left for it to do.
    ///
    /// # Errors
    /// When the run cannot be read or written.
    pub fn mark_finished(&self, id: &str) -> Result<(), JournalError> {
        self.add(id, &Record::RunFinished { outcome: Outcome::Succeeded, at: now(), stopped: false })
    }

    pub(super) fn add(&self, id: &str, record: &Record) -> Result<(), JournalError> {
        let length = self.read(id)?.length;
        Run::reopen(self.dir(id)?, id.to_owned(), length)?.write(record)
    }

    /// All runs, oldest first.
    ///
    /// # Errors
    /// As [`Store::read`], for the first that cannot be read.
    pub fn read_all(&self) -> Result<Vec<RunRecord>, JournalError> {
        let mut runs = Vec::new();
        for id in self.run_ids()? {
            match self.read(&id) {
                Ok(run) => runs.push(run),
                // A kill before the first record was whole leaves a run that never was.
                Err(JournalError::NoSuchRun(_)) => {}
                Err(error) => return Err(error),
            }
        }
        runs.sort_by_key(|run| run.number);
        Ok(runs)
    }

    /// The runs whose effect was taken back. A rollback that was itself taken back does not count.
    #[must_use]
    pub fn undone(runs: &[RunRecord]) -> BTreeSet<String> {
        // Newest first: what took a run back is newer than it.
        let mut undone = BTreeSet::new();
        for run in runs.iter().rev() {
            if run.rolled_back_by().any(|by| !undone.contains(by)) {
                undone.insert(run.spec.run_id.clone());
            }
        }
        undone
    }

    /// The runs that were cut off, are still in effect, and after which none succeeded. A rollback that was cut off is
    /// one of them until what it takes back is taken back.
    #[must_use]
    pub fn unfinished(runs: &[RunRecord]) -> Vec<&RunRecord> {
        let undone = Self::undone(runs);
        let is_undone = |id: &String| undone.contains(id);
        let settles = |run: &RunRecord| {
            run.undoes.is_empty() && run.outcome() == Some(Outcome::Succeeded) && !is_undone(&run.spec.run_id)
        };
        let settled = runs.iter().rposition(settles).map_or(0, |last| last + 1);
        let is_open = |run: &&RunRecord| {
            let still_matters =
                if run.undoes.is_empty() { !is_undone(&run.spec.run_id) } else { !run.undoes.iter().all(is_undone) };
            run.outcome().is_none() && still_matters
        };
        runs[settled..].iter().filter(is_open).collect()
    }

    /// The runs for `mailprov history`, oldest first.
    ///
    /// # Errors
    /// As [`Store::read_all`].
    pub fn history(&self) -> Result<Vec<RunSummary>, JournalError> {
        let runs = self.read_all()?;
        let undone = Self::undone(&runs);
        Ok(runs.into_iter().map(|run| run.into_summary(&undone)).collect())
    }

    /// The handlers that runs left unpaid, oldest first, each once. Runs that were taken back owe nothing.
    ///
    /// # Errors
    /// As [`Store::read_all`].
    pub fn owed(&self) -> Result<Vec<Owed>, JournalError> {
        let runs = self.read_all()?;
        let undone = Self::undone(&runs);
        let mut owed: Vec<Owed> = Vec::new();
        for run in &runs {
            for record in &run.records {
                match record {
                    Record::Owed { handler, .. }
                        if !undone.contains(&run.spec.run_id) && owed.iter().all(|known| known.handler != *handler) =>
                    {
                        owed.push(Owed { run_id: run.spec.run_id.clone(), handler: handler.clone() });
                    }
                    Record::Paid { handler } => owed.retain(|known| known.handler != *handler),
                    _ => {}
                }
            }
        }
        Ok(owed)
    }

    pub(super) fn dir(&self, id: &str) -> Result<PathBuf, JournalError> {
        if is_run_id(id) { Ok(self.runs.join(id)) } else { Err(JournalError::BadRunId(id.to_owned())) }
    }
}

impl RunRecord {
    /// How the run ended; `None` when it never said.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.records.iter().rev().find_map(|record| match record {
            Record::RunFinished { outcome, .. } => Some(*outcome),
            _ => None,
        })
    }

    /// Whether it was stopped on its way to its end.
    #[must_use]
    pub fn was_stopped(&self) -> bool {
        self.records.iter().any(|record| matches!(record, Record::RunFinished { stopped: true, .. }))
    }

    /// Whether it set out to change anything.
    #[must_use]
    pub fn has_intents(&self) -> bool {
        self.records.iter().any(|record| matches!(record, Record::Intent(_)))
    }

    /// Whether it set out to change anything or to take a run back: only such runs are missed.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.has_intents() || !self.undoes.is_empty()
    }

    /// Whether it changed something, or was cut off and may have.
    #[must_use]
    pub fn has_effect(&self) -> bool {
        self.has_intents() || self.outcome().is_none()
    }

    /// The resources that it changed, each once, in order.
    #[must_use]
    pub fn changed(&self) -> Vec<StoredKey> {
        let mut intents = BTreeMap::new();
        let mut changed: Vec<StoredKey> = Vec::new();
        for record in &self.records {
            match record {
                // What merely follows another change was not asked for.
                Record::Intent(intent) if intent.follows.is_none() => drop(intents.insert(intent.seq, intent)),
                Record::Done { seq, after } => {
                    if let Some(intent) = intents.get(seq).filter(|intent| intent.before != *after)
                        && !changed.contains(&intent.key)
                    {
                        changed.push(intent.key.clone());
                    }
                }
                _ => {}
            }
        }
        changed
    }

    /// The runs that took it back, oldest first, those that were taken back themselves among them.
    pub fn rolled_back_by(&self) -> impl Iterator<Item = &str> {
        self.records.iter().filter_map(|record| match record {
            Record::RolledBack { by, .. } => Some(by.as_str()),
            _ => None,
        })
    }

    /// The run for people and programs.
    #[must_use]
    pub fn into_summary(self, undone: &BTreeSet<String>) -> RunSummary {
        let outcome = match self.outcome() {
            _ if undone.contains(&self.spec.run_id) => "rolled back",
            Some(_) if self.guarded().is_some() => "unconfirmed",
            Some(Outcome::Succeeded) => "finished",
            Some(Outcome::Failed) => "failed",
            None => "unfinished",
        };
        let undone_by = self.rolled_back_by().filter(|by| !undone.contains(*by)).last().map(str::to_owned);
        let ended = self.records.iter().rev().find_map(|record| match record {
            Record::RunFinished { at, .. } => Some(*at),
            _ => None,
        });
        RunSummary {
            started: self.started,
            ended,
            undone_by,
            outcome: outcome.to_owned(),
            changed: self.changed().iter().map(ToString::to_string).collect(),
            undoes: self.undoes,
            spec: self.spec.into(),
        }
    }
}

/// A journal from its bytes. A last line without its newline was never acknowledged and is left out.
/// `None` when not even the first is whole.
fn parse(path: &Path, bytes: &[u8]) -> Result<Option<RunRecord>, JournalError> {
    let damaged = |line, message| JournalError::Damaged { path: path.display().to_string(), line, message };
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let mut records = Vec::new();
    for (at, line) in bytes[..whole].split_inclusive(|&byte| byte == b'\n').enumerate() {
        let record = serde_json::from_slice(line).map_err(|error| damaged(at + 1, error.to_string()))?;
        records.push(record);
    }
    let mut records = records.into_iter();
    match records.next() {
        None => Ok(None),
        Some(Record::RunStarted { format, spec, at, number, undoes, previous }) if (1..=FORMAT).contains(&format) => {
            let records = records.collect();
            Ok(Some(RunRecord { spec, started: at, number, undoes, previous, records, length: whole as u64 }))
        }
        Some(Record::RunStarted { format, .. }) => {
            let message = format!("format {format} is newer than this version of mailprov ({FORMAT})");
            Err(damaged(1, message))
        }
        Some(_) => Err(damaged(1, "it does not begin with run_started".to_owned())),
    }
}

fn is_run_id(id: &str) -> bool {
    id.len() <= 128
        && id.starts_with(|first: char| first.is_ascii_alphanumeric())
        && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// Seconds since the epoch.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}
