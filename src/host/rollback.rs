//! Taking runs back: their journals played backwards, once a resource, through the live host.
//!
//! What was recorded before is put back; nothing that was asked is inverted. A rollback is itself a run with a
//! journal: it can be taken back, and one that was killed is finished by doing it again.

mod chain;
mod companions;
mod gap;
mod leftovers;
mod restore;
mod same;
mod target;
mod traces;

#[cfg(test)]
mod by_hand;
#[cfg(test)]
mod frozen;
#[cfg(test)]
mod frozen_guards;
#[cfg(test)]
mod frozen_traces;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod preview_tests;
#[cfg(test)]
mod proof_tests;
#[cfg(test)]
mod tests;

use super::backend::Backend;
use super::guard::Arm;
use super::{HostError, Live, Preview};
use crate::event::{Event, Failure};
use crate::hostplay::{Mode, RunSpec, UndoTarget};
use crate::journal::{JournalError, Outcome, RunRecord, Store};

use chain::Chain;

/// Why a rollback did not come about. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    /// This run was taken back before.
    #[error("take back the run {0}: it was taken back already")]
    AlreadyUndone(String),
    /// The host cannot be put back to what it was after this run.
    #[error("go back to the run {0}: it was itself taken back")]
    NotInEffect(String),
    /// Runs later than the one to go back to have been forgotten.
    #[error("{asked}: {missing}; without what is missing the host would become a mixture")]
    Gap {
        /// What was asked for, as `go back to the run ID`.
        asked: String,
        /// Which runs are missing.
        missing: String,
        /// The oldest run after them that can be taken back.
        oldest: Option<String>,
    },
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal asks for something that no host could do.
    #[error(transparent)]
    Host(#[from] HostError),
}

impl RollbackError {
    /// The failure as it travels to the user.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        match self {
            Self::Journal(error) => error.to_failure(),
            Self::Host(error) => error.to_failure(),
            Self::Gap { oldest, .. } => {
                Failure { message: self.to_string(), hints: vec![gap::hint(oldest.as_deref())], ..Failure::default() }
            }
            Self::AlreadyUndone(_) | Self::NotInEffect(_) => Failure {
                message: self.to_string(),
                hints: vec!["`mailprov history` lists the runs".to_owned()],
                ..Failure::default()
            },
        }
    }
}

/// What a rollback did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The runs that were taken back wholly, newest first.
    pub undone: Vec<String>,
    /// How many resources were put back.
    pub restored: usize,
    /// How many were kept as they are: changed by someone else since, or not to be put back. The runs that they
    /// belong to stay in effect and can be taken back again.
    pub kept: usize,
    /// How many of those could not be put back, restarts and reloads among them: trying again may help.
    pub failed: usize,
}

impl Report {
    /// Whether everything is as it was.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.kept == 0
    }
}

/// Takes runs back, the newest first. With `force` also what someone else changed since.
///
/// In check mode ([`RunSpec::mode`]) it only tells what it would do.
///
/// The caller holds the lock. Every resource that is put back or kept is told by an [`Event::RolledBack`].
///
/// Where no run is left to take back nothing is done, and that is no error.
///
/// # Errors
/// When the run that was named cannot be taken back, or a journal is damaged; nothing was changed then.
pub fn rollback<B: Backend>(
    backend: B,
    store: &Store,
    spec: &RunSpec,
    target: &UndoTarget,
    force: bool,
    emit: &mut dyn FnMut(Event),
) -> Result<Report, RollbackError> {
    rollback_guarded(backend, store, spec, target, force, None, emit)
}

/// As [`rollback`], with what is to be called before it changes the way into the host for the first time.
///
/// # Errors
/// As [`rollback`].
pub fn rollback_guarded<B: Backend>(
    backend: B,
    store: &Store,
    spec: &RunSpec,
    target: &UndoTarget,
    force: bool,
    arm: Option<Arm>,
    emit: &mut dyn FnMut(Event),
) -> Result<Report, RollbackError> {
    let runs = store.read_all()?;
    if let (UndoTarget::Newest, Some(id)) = (target, store.stillborn(&runs)?) {
        emit(Event::Warning { message: format!("the run {id} was cut off before it changed anything") });
        if spec.mode == Mode::Apply {
            store.clear_drafts()?;
        }
        return Ok(Report { undone: vec![id], ..Report::default() });
    }
    if let (UndoTarget::Newest, Some(last)) = (target, runs.last().filter(|last| is_all_but_ended(last, &runs))) {
        let message = format!("the rollback {} was cut off when all was back already", last.spec.run_id);
        emit(Event::Warning { message });
        if spec.mode == Mode::Apply {
            store.mark_finished(&last.spec.run_id)?;
        }
        return Ok(Report { undone: last.undoes.clone(), ..Report::default() });
    }
    let ids = select(&runs, target)?;
    if ids.is_empty() {
        return Ok(Report::default());
    }
    let chains = ids.iter().map(|id| Chain::of(store, &runs, id)).collect::<Result<Vec<_>, _>>()?;
    if spec.mode == Mode::Check {
        return preview(backend, store, &chains, force, emit);
    }
    let run = store.begin_undoing(spec, ids.clone())?;
    let mut live = Live::new(backend, run).guarded(arm);
    let mut report = Report::default();
    for (id, chain) in ids.iter().zip(&chains) {
        let kept = report.kept;
        restore::run(&mut live, store, chain, force, &mut report, emit)?;
        if report.kept == kept {
            report.undone.push(id.clone());
        }
    }
    // A rollback that was cut off may have put the files back and not restarted what reads them.
    if report.restored > 0 || chains.iter().any(|chain| chain.was_tried) {
        let failed = restore::actions(&mut live, &chains, emit)?;
        if failed > 0 {
            // What runs may still go by the runs' files, or not run at all: they stay in effect, to be asked once more.
            report.undone.clear();
            report.kept += failed;
            report.failed += failed;
        }
    }
    // Last of all: a run that is marked is not looked at again.
    let marked = Store::undone(&runs);
    for id in report.undone.iter().filter(|id| !marked.contains(*id)) {
        store.mark_rolled_back(id, &spec.run_id)?;
    }
    let outcome = if report.is_complete() { Outcome::Succeeded } else { Outcome::Failed };
    live.run().finished(outcome)?;
    Ok(report)
}

/// What a rollback would put back and keep; neither the host nor its journals are written to.
fn preview<B: Backend>(
    backend: B,
    store: &Store,
    chains: &[Chain],
    force: bool,
    emit: &mut dyn FnMut(Event),
) -> Result<Report, RollbackError> {
    let mut host = Preview::of_rollback(backend);
    let mut report = Report::default();
    for chain in chains {
        restore::run(&mut host, store, chain, force, &mut report, emit)?;
    }
    Ok(report)
}

/// The runs to take back, newest first; none when the host is where it shall go.
fn select(runs: &[RunRecord], target: &UndoTarget) -> Result<Vec<String>, RollbackError> {
    let undone = Store::undone(runs);
    let in_effect = |run: &&RunRecord| !undone.contains(&run.spec.run_id);
    let id = match target {
        UndoTarget::Newest => {
            let newest = newest(runs);
            if let [id] = newest.as_slice()
                && let Some(position) = runs.iter().position(|run| run.spec.run_id == *id)
            {
                gap::admit(runs, position, target, &undone)?;
            }
            return Ok(newest);
        }
        UndoTarget::Run(id) | UndoTarget::After(id) | UndoTarget::Only(id) => id,
    };
    let position = runs.iter().position(|run| run.spec.run_id == *id);
    let position = position.ok_or_else(|| JournalError::NoSuchRun(id.clone()))?;
    let from = match target {
        UndoTarget::After(_) if undone.contains(id) => return Err(RollbackError::NotInEffect(id.clone())),
        _ if undone.contains(id) => return Err(RollbackError::AlreadyUndone(id.clone())),
        UndoTarget::Only(_) => return Ok(vec![id.clone()]),
        UndoTarget::After(_) => position + 1,
        UndoTarget::Run(_) | UndoTarget::Newest => position,
    };
    gap::admit(runs, position, target, &undone)?;
    let is_older = |id: &String| runs[..from].iter().any(|run| run.spec.run_id == *id);
    // What took back a run that goes back itself goes with it.
    let counts = |run: &&RunRecord| run.undoes.is_empty() || run.undoes.iter().any(is_older);
    let selected = runs[from..].iter().rev().filter(in_effect).filter(counts);
    Ok(selected.map(|run| run.spec.run_id.clone()).collect())
}

/// Whether a rollback was cut off when nothing but its last record was missing. Who repeats it means that one, and not the
/// run before those that it took back.
fn is_all_but_ended(run: &RunRecord, runs: &[RunRecord]) -> bool {
    let undone = Store::undone(runs);
    run.outcome().is_none() && !run.undoes.is_empty() && run.undoes.iter().all(|target| undone.contains(target))
}

/// The run that is meant when none is named; none when no run that changed anything is in effect.
fn newest(runs: &[RunRecord]) -> Vec<String> {
    let undone = Store::undone(runs);
    // Who repeats a rollback that was cut off means the same run, and not the one before it.
    if let Some(last) = runs.last().filter(|run| run.outcome().is_none() && !run.undoes.is_empty()) {
        return last.undoes.clone();
    }
    // A rollback belongs to the run that it takes back: it is named, or left alone.
    let ordinary = runs.iter().rev().filter(|run| run.undoes.is_empty() && !undone.contains(&run.spec.run_id));
    // A run that was cut off is the one that is meant, whether it came to change something or not.
    let mut candidates = ordinary.filter(|run| run.has_effect());
    candidates.next().map(|found| found.spec.run_id.clone()).into_iter().collect()
}
