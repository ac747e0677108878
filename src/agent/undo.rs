//! Taking runs back, and telling of them.

use std::path::Path;

use super::channel::Speaker;
use super::confirm;
use super::interpreter::Sink;
use super::session::{journals, machine};
use crate::event::{Event, Failure, HostOutcome};
use crate::host::guard::{self, Arm};
use crate::host::rollback::{Report, RollbackError, rollback_guarded};
use crate::hostplay::{Mode, RunSpec, UndoTarget};
use crate::journal::{Lock, Store, lock};
use crate::protocol::{Reply, RollbackSpec};

/// Answers a request for the history.
pub(super) fn serve_history(speaker: &Speaker) -> Result<(), Box<Failure>> {
    let runs = journals().history().map_err(|error| Box::new(error.to_failure()))?;
    speaker.reply(&Reply::History(runs));
    Ok(())
}

/// Undoes the run that was asked for.
pub(super) fn serve_rollback(speaker: &mut Speaker, spec: &RollbackSpec) -> Result<(), Box<Failure>> {
    let _lock =
        Lock::acquire(Path::new(lock::PATH), &spec.run.controller).map_err(|error| Box::new(error.to_failure()))?;
    let report = asked(speaker, spec).map_err(|error| Box::new(error.to_failure()))?;
    let outcome =
        if report.is_complete() { HostOutcome::Succeeded } else { HostOutcome::Failed { rolled_back: false } };
    speaker.emit(Event::HostFinished { outcome });
    Ok(())
}

fn asked(speaker: &mut Speaker, spec: &RollbackSpec) -> Result<Report, RollbackError> {
    let store = journals();
    let arm = arming(&store, spec)?;
    let report = undo(speaker, &spec.run, &spec.target, spec.force, arm)?;
    confirm::wait(&store, &spec.run.run_id, speaker)?;
    Ok(report)
}

/// A rollback is a run as any other. But one that leads back to where a guard leads already needs none of its own: what
/// is left undone of it is that guard's.
fn arming(store: &Store, spec: &RollbackSpec) -> Result<Option<Arm>, RollbackError> {
    let Some(within) = spec.confirm_within.filter(|_| spec.run.mode == Mode::Apply) else { return Ok(None) };
    let unconfirmed = store.unconfirmed()?;
    let leads_there = match &spec.target {
        // The guard of a rollback leads to before that one, which is not where this one goes.
        UndoTarget::Newest => unconfirmed.iter().any(|guarded| !guarded.is_rollback),
        UndoTarget::Run(id) => unconfirmed.iter().any(|guarded| guarded.back_to == *id),
        UndoTarget::After(_) | UndoTarget::Only(_) => false,
    };
    if leads_there {
        return Ok(None);
    }
    Ok(Some(guard::arming(guard::nonce()?, within, spec.run.run_id.clone())))
}

/// Takes back a run that has just failed; the caller holds the lock. Says whether everything is as it was.
pub(super) fn take_back(speaker: &mut Speaker, failed: &RunSpec) -> Result<bool, RollbackError> {
    let spec = RunSpec { run_id: format!("{}-undo", failed.run_id), ..failed.clone() };
    undo(speaker, &spec, &UndoTarget::Run(failed.run_id.clone()), false, None).map(|report| report.is_complete())
}

fn undo(
    speaker: &mut Speaker,
    spec: &RunSpec,
    target: &UndoTarget,
    force: bool,
    arm: Option<Arm>,
) -> Result<Report, RollbackError> {
    let (mut machine, store) = (machine(speaker), journals());
    if spec.mode == Mode::Apply {
        machine.settle()?;
        confirm::sweep(&store)?;
    }
    let guarded = store.unconfirmed()?;
    let report = rollback_guarded(machine, &store, spec, target, force, arm, &mut |event| speaker.emit(event))?;
    if spec.mode == Mode::Apply {
        confirm::clear(&store, &guarded)?;
    }
    Ok(report)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]
mod tests {
    use super::*;
    use crate::host::laws::spec;
    use crate::journal::Armed;

    #[test]
    fn only_where_a_guard_leads_already_a_rollback_needs_none_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path());
        let armed =
            |since: &str| Armed { nonce: "n".to_owned(), within: 60, since: since.to_owned(), made: Vec::new() };
        let is_armed = |target: UndoTarget| {
            let spec = RollbackSpec { run: spec("x"), target, force: false, confirm_within: Some(60) };
            arming(&store, &spec).unwrap().is_some()
        };
        let run = |id: &str| UndoTarget::Run(id.to_owned());
        store.begin(&spec("1")).unwrap();
        store.begin_undoing(&spec("2"), vec!["0".to_owned()]).unwrap().armed(armed("2")).unwrap();
        assert!(is_armed(UndoTarget::Newest), "the guard of a rollback leads elsewhere");
        assert!(!is_armed(run("2")));
        store.mark_disarmed("2").unwrap();
        for id in ["3", "4"] {
            store.begin(&spec(id)).unwrap().armed(armed("3")).unwrap();
        }
        store.mark_disarmed("3").unwrap();
        assert_eq!([UndoTarget::Newest, run("3"), run("4"), run("1")].map(is_armed), [false, false, true, true]);
        store.mark_rolled_back("3", "5").unwrap();
        assert!(!is_armed(run("4")), "what is left of that guard's runs");
    }
}
