//! Taking runs back, and telling of them.

use std::path::Path;

use super::channel::Speaker;
use super::interpreter::Sink;
use super::session::{journals, machine};
use crate::event::{Event, Failure, HostOutcome};
use crate::host::rollback::{Report, RollbackError, rollback};
use crate::hostplay::{Mode, RunSpec};
use crate::journal::{Lock, lock};
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
    let report =
        undo(speaker, &spec.run, spec.target.as_deref(), spec.force).map_err(|error| Box::new(error.to_failure()))?;
    let outcome =
        if report.is_complete() { HostOutcome::Succeeded } else { HostOutcome::Failed { rolled_back: false } };
    speaker.emit(Event::HostFinished { outcome });
    Ok(())
}

/// Takes back a run that has just failed; the caller holds the lock. Says whether everything is as it was.
pub(super) fn take_back(speaker: &mut Speaker, failed: &RunSpec) -> Result<bool, RollbackError> {
    let spec = RunSpec { run_id: format!("{}-undo", failed.run_id), ..failed.clone() };
    undo(speaker, &spec, Some(&failed.run_id), false).map(|report| report.is_complete())
}

fn undo(speaker: &mut Speaker, spec: &RunSpec, target: Option<&str>, force: bool) -> Result<Report, RollbackError> {
    let mut machine = machine(speaker);
    if spec.mode == Mode::Apply {
        machine.settle()?;
    }
    rollback(machine, &journals(), spec, target, force, &mut |event| speaker.emit(event))
}
