//! Runs that stay only if they are confirmed: `docs/confirm.md`. What is decided here is decided under the lock.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::channel::Speaker;
use super::interpreter::Sink;
use super::session::journals;
use crate::event::{Event, Failure, HostOutcome};
use crate::host::machine::Machine;
use crate::host::rollback::rollback;
use crate::host::{HostError, guard};
use crate::hostplay::{Mode, RunSpec, UndoTarget};
use crate::journal::{Clock, Guarded, JournalError, Lock, Store, lock};
use crate::protocol::Reply;

/// How often the timer's program looks whether it is its turn.
const LOOK: Duration = Duration::from_millis(500);

/// How long a confirmation waits for the lock: whoever has it is taking the run back, packages and all.
const PATIENCE: Duration = Duration::from_secs(300);

/// How often a rollback that fails is tried.
const ATTEMPTS: usize = 5;

/// A run that is to be begun, and the one that it takes over from.
pub(super) struct Admitted {
    /// Runs that were cut off after they changed the way in.
    cut_off: Vec<Guarded>,
}

/// Removes guards that nothing needs any more, where a kill came between the record that says so and their removal. The
/// caller holds the lock.
pub(super) fn sweep(store: &Store) -> Result<(), HostError> {
    let guarded = store.unconfirmed()?;
    for run_id in guard::standing().into_iter().filter(|id| guarded.iter().all(|guarded| guarded.run_id != *id)) {
        let made = match store.read(&run_id) {
            Ok(run) => run.armed().map(|armed| armed.made.clone()).unwrap_or_default(),
            Err(JournalError::NoSuchRun(_)) => Vec::new(),
            // Whatever that is, it is none of ours.
            Err(JournalError::BadRunId(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        guard::disarm(&run_id, &made)?;
    }
    Ok(())
}

/// Refuses a run while another one waits for its confirmation. The caller holds the lock.
pub(super) fn admit(store: &Store) -> Result<Admitted, HostError> {
    sweep(store)?;
    let (waiting, cut_off): (Vec<_>, Vec<_>) = store.unconfirmed()?.into_iter().partition(Guarded::is_awaiting);
    let Some(first) = waiting.first() else { return Ok(Admitted { cut_off }) };
    let left = first.left(&Clock::read()).as_secs();
    Err(HostError::Refused {
        message: format!(
            "begin a run: the run {} changed the way into this host and is not confirmed; it is taken back in {left} s",
            first.run_id
        ),
        hint: Some("wait until then, or take it back now with `mailprov rollback`".to_owned()),
    })
}

impl Admitted {
    /// The oldest run that goes back when this one does.
    pub(super) fn since<'a>(&'a self, run_id: &'a str) -> &'a str {
        self.cut_off.first().map_or(run_id, |guarded| &guarded.armed.since)
    }

    /// Whether the new run has to be armed from its start.
    pub(super) fn takes_over(&self) -> bool {
        !self.cut_off.is_empty()
    }

    /// Disarms those that were cut off, once the new run stands for them. One that needs no confirmation is not guarded,
    /// and neither are they from then on.
    pub(super) fn take_over(self, store: &Store, is_guarded: bool, speaker: &mut Speaker) -> Result<(), HostError> {
        for guarded in self.cut_off {
            store.mark_disarmed(&guarded.run_id)?;
            disarm(&guarded)?;
            let fate = if is_guarded {
                "what it did now stands or falls with this run"
            } else {
                "nothing takes it back any more"
            };
            let message =
                format!("the run {} was cut off after it had changed the way into this host; {fate}", guarded.run_id);
            speaker.emit(Event::Warning { message });
        }
        Ok(())
    }
}

/// What is still to be said when a run that took a guard over does nothing after all.
pub(super) fn still_guarded(store: &Store, run_id: &str) -> Result<Option<String>, JournalError> {
    let mine = store.unconfirmed()?.into_iter().find(|guarded| guarded.run_id == run_id);
    Ok(mine.map(|Guarded { armed, .. }| {
        format!(
            "the run {} that was cut off before is still guarded: the host takes it back within {} s, `mailprov rollback` at \
             once",
            armed.since, armed.within
        )
    }))
}

/// At the end of a run: whether it waits for its confirmation from now on. The caller holds the lock.
pub(super) fn wait(store: &Store, run_id: &str, speaker: &Speaker) -> Result<(), HostError> {
    let mine = store.unconfirmed()?.into_iter().find(|guarded| guarded.run_id == run_id);
    let Some(guarded) = mine else { return Ok(()) };
    store.mark_awaiting(&guarded, &Clock::read())?;
    speaker.reply(&Reply::Unconfirmed {
        run_id: guarded.run_id,
        nonce: guarded.armed.nonce,
        within: guarded.armed.within,
    });
    Ok(())
}

/// After something was taken back: removes what guarded the runs that are back now, and rollbacks that another one has
/// overtaken. The caller holds the lock.
pub(super) fn clear(store: &Store, before: &[Guarded]) -> Result<(), HostError> {
    let still = store.unconfirmed()?;
    for guarded in before {
        let is_guarded = still.iter().any(|still| still.run_id == guarded.run_id);
        if is_guarded && guarded.is_rollback {
            store.mark_disarmed(&guarded.run_id)?;
        } else if is_guarded {
            continue;
        }
        disarm(guarded)?;
    }
    Ok(())
}

fn disarm(guarded: &Guarded) -> Result<(), HostError> {
    guard::disarm(&guarded.run_id, &guarded.armed.made)
}

/// Answers a confirmation.
pub(super) fn serve(speaker: &mut Speaker, run_id: &str, nonce: &str) -> Result<(), Box<Failure>> {
    let outcome = confirm(run_id, nonce, speaker).map_err(|error| Box::new(error.to_failure()))?;
    speaker.emit(Event::HostFinished { outcome });
    Ok(())
}

fn confirm(run_id: &str, nonce: &str, speaker: &mut Speaker) -> Result<HostOutcome, HostError> {
    let store = journals();
    let _lock = patient_lock(&format!("the confirmation of {run_id}"), PATIENCE)?;
    let Some(guarded) = store.unconfirmed()?.into_iter().find(|guarded| guarded.run_id == run_id) else {
        let runs = store.read_all()?;
        if Store::undone(&runs).contains(run_id) {
            let reason = "it was not confirmed in time over a new connection".to_owned();
            speaker.emit(Event::RollbackStarted { reason });
            return Ok(HostOutcome::Failed { rolled_back: true });
        }
        let mine = runs.iter().find(|run| run.spec.run_id == run_id);
        let Some(armed) = mine.and_then(|run| run.confirmed_with(nonce)) else {
            return Err(HostError::refused(format!("confirm the run {run_id}: it does not wait for it")));
        };
        // It is confirmed, and the answer was lost on its way.
        guard::disarm(run_id, &armed.made)?;
        return Ok(HostOutcome::Succeeded);
    };
    if guarded.armed.nonce != nonce {
        return Err(HostError::refused(format!("confirm the run {run_id}: the word for it is another")));
    }
    store.mark_confirmed(run_id)?;
    disarm(&guarded)?;
    Ok(HostOutcome::Succeeded)
}

/// The lock, when whoever has it lets go of it in time.
fn patient_lock(holder: &str, patience: Duration) -> Result<Lock, JournalError> {
    let began = Instant::now();
    loop {
        match Lock::acquire(Path::new(lock::PATH), holder) {
            Err(JournalError::Locked { .. }) if began.elapsed() < patience => std::thread::sleep(LOOK / 5),
            result => return result,
        }
    }
}

/// What the timer starts: takes a run back when its time is over and nobody confirmed it.
#[must_use]
pub fn watch(run_id: &str) -> ExitCode {
    let (code, words) = match watch_until_over(run_id) {
        Ok(End::Confirmed) => (ExitCode::SUCCESS, format!("the run {run_id} does not wait for a confirmation")),
        Ok(End::TakenBack { complete: true }) => (ExitCode::SUCCESS, format!("took the run {run_id} back")),
        Ok(End::TakenBack { complete: false }) => {
            (ExitCode::FAILURE, format!("took the run {run_id} back, but for what others changed since"))
        }
        Err(error) => (ExitCode::FAILURE, format!("failed to {error}")),
    };
    // For the system's log. That nobody keeps one is no reason to fail.
    drop(writeln!(std::io::stderr(), "mailprov: {words}"));
    code
}

enum End {
    Confirmed,
    TakenBack { complete: bool },
}

fn watch_until_over(run_id: &str) -> Result<End, HostError> {
    let store = journals();
    loop {
        let run = match store.read(run_id) {
            // Its journal was removed, and with it all that could be taken back.
            Err(JournalError::NoSuchRun(_)) => return guard::disarm(run_id, &[]).map(|()| End::Confirmed),
            run => run?,
        };
        if let Some(guarded) = run.guarded() {
            let left = guarded.left(&Clock::read());
            if !left.is_zero() {
                std::thread::sleep(left.min(LOOK));
                continue;
            }
        }
        // Held by the run while it is at work, or by its confirmation.
        let _lock = match Lock::acquire(Path::new(lock::PATH), &format!("the timer of run {run_id}")) {
            Ok(lock) => lock,
            Err(JournalError::Locked { .. }) => {
                std::thread::sleep(LOOK);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let Some(guarded) = store.unconfirmed()?.into_iter().find(|guarded| guarded.run_id == run_id) else {
            let made = run.armed().map(|armed| armed.made.as_slice()).unwrap_or_default();
            return guard::disarm(run_id, made).map(|()| End::Confirmed);
        };
        // It may have come to its end since.
        if guarded.left(&Clock::read()).is_zero() {
            return take_back(&store, &guarded);
        }
    }
}

/// Between the id of a run and the number of an attempt of the host to take it back.
const BY_ITSELF: &str = "-unconfirmed-";

/// Whether it was the host itself that took this run back by that one, since nobody had confirmed it.
pub(super) fn is_of_guard(by: &str, run_id: &str) -> bool {
    by.strip_prefix(run_id).is_some_and(|rest| rest.starts_with(BY_ITSELF))
}

fn take_back(store: &Store, guarded: &Guarded) -> Result<End, HostError> {
    let run_id = &guarded.run_id;
    let names = (1..=ATTEMPTS).map(|attempt| format!("{run_id}{BY_ITSELF}{attempt}"));
    let unused = |name: &String| matches!(store.read(name), Err(JournalError::NoSuchRun(_)));
    let Some(name) = names.into_iter().find(unused) else {
        store.mark_disarmed(run_id)?;
        disarm(guarded)?;
        return Err(HostError::refused(format!("take the run {run_id} back in {ATTEMPTS} attempts")));
    };
    let spec = RunSpec {
        run_id: name,
        mode: Mode::Apply,
        command: format!("mailprov agent-rollback {run_id}"),
        ..store.read(run_id)?.spec.into()
    };
    let mut machine = Machine::unheard();
    machine.settle()?;
    let report = rollback(machine, store, &spec, &UndoTarget::Run(guarded.back_to.clone()), false, &mut |_| {})
        .map_err(|error| HostError::refused(error.to_string()))?;
    if report.failed > 0 {
        // firewalld may not be up yet, or another dnf at work: the timer tries again.
        return Err(HostError::refused(format!("put back {} resources of the run {run_id}", report.failed)));
    }
    if !report.is_complete() {
        // What is left was changed by others, who have to decide.
        store.mark_disarmed(run_id)?;
    }
    disarm(guarded)?;
    Ok(End::TakenBack { complete: report.is_complete() })
}
