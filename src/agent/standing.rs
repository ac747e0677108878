//! How things stand on this host: who is at work, what was left unfinished.

use std::collections::BTreeSet;
use std::path::Path;

use super::channel::Speaker;
use super::confirm;
use super::session::journals;
use crate::event::{Failure, moment};
use crate::hostplay::Mode;
use crate::journal::{JournalError, Lock, RunRecord, Store, lock};
use crate::protocol::{Holder, HostStatus, Reply};

/// Answers a request for the status.
pub(super) fn serve_status(speaker: &Speaker) -> Result<(), Box<Failure>> {
    let holder = Lock::holder(Path::new(lock::PATH)).map_err(|error| Box::new(error.to_failure()))?;
    let (status, _) = standing(holder).map_err(|error| Box::new(error.to_failure()))?;
    speaker.reply(&Reply::Status(Box::new(status)));
    Ok(())
}

/// What the journals say while `holder`, another than who asks, has the lock; and what became of the newest run, if nobody
/// may have heard of it.
pub(super) fn standing(holder: Option<Holder>) -> Result<(HostStatus, Option<String>), JournalError> {
    let store = journals();
    let runs = store.read_all()?;
    let undone = Store::undone(&runs);
    let unheard = runs.iter().rfind(|run| run.undoes.is_empty()).and_then(|run| unheard(run, &undone));
    let mut unfinished: Vec<_> =
        Store::unfinished(&runs).into_iter().map(|run| run.clone().into_summary(&undone)).collect();
    let mut last = runs.last().map(|run| run.clone().into_summary(&undone));
    if let (Some(_), Some(last)) = (&holder, &mut last)
        && last.outcome == "unfinished"
    {
        // That one has not been cut off: it is at work.
        "running".clone_into(&mut last.outcome);
        unfinished.retain(|run| run.spec.run_id != last.spec.run_id);
    }
    let owed = store.owed()?.into_iter().map(|owed| owed.handler).collect();
    Ok((HostStatus { last, unfinished, owed, holder }, unheard))
}

/// How a run ended that was stopped, or not confirmed in time.
fn unheard(run: &RunRecord, undone: &BTreeSet<String>) -> Option<String> {
    let id = &run.spec.run_id;
    let is_undone = undone.contains(id);
    let by_itself = run.rolled_back_by().any(|by| confirm::is_of_guard(by, id));
    let what = match (run.was_stopped(), is_undone) {
        _ if is_undone && by_itself => "was not confirmed in time, and the host took it back",
        (true, true) => "was stopped before its end, and was taken back",
        (true, false) => "was stopped before its end, and what it did so far stays",
        (false, _) => return None,
    };
    let (spec, started) = (&run.spec, moment(run.started));
    Some(format!("the run {id} (`{}`, by {}, {started}) {what}", spec.command, spec.controller))
}

/// What a run that is about to begin has to say of those before it.
pub(super) fn warnings(status: &HostStatus, mode: Mode) -> Vec<String> {
    let mut warnings = Vec::new();
    let goes_on = match mode {
        Mode::Apply => "this run goes",
        Mode::Check => "`mailprov up` goes",
    };
    for run in &status.unfinished {
        let spec = &run.spec;
        let started = moment(run.started);
        warnings.push(format!(
            "the run {} (`{}`, by {}, {started}) was cut off before its end: {goes_on} on from what it left, `mailprov \
             rollback` puts the host back",
            spec.run_id, spec.command, spec.controller
        ));
    }
    if let (Mode::Check, Some(holder)) = (mode, &status.holder) {
        let since = moment(holder.since);
        warnings.push(format!("another run is at work on this host (for {}, since {since})", holder.controller));
    }
    warnings
}
