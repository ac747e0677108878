//! One controller's session: one request, and for a run its plays.

use std::path::Path;
use std::time::Instant;

use serde_json::{Map, Value};

use super::channel::{Channel, Speaker};
use super::confirm;
use super::facts;
use super::interpreter::{PlayEnd, Setup, Sink, pay, run_play};
use super::plan::{self, Setting};
use super::variables::Remembered;
use super::{standing, undo};
use crate::event::{Event, Failure, HostOutcome};
use crate::host::guard;
use crate::host::live::Live;
use crate::host::machine::Machine;
use crate::host::preview::Preview;
use crate::host::{Host, HostError, Witness};
use crate::hostplay::{HostPlay, Mode, RunSpec};
use crate::journal::{JournalError, Lock, Outcome, Store, lock, store};
use crate::protocol::{Expectation, PROTOCOL_VERSION, PlanKey, Reply, Request};
use crate::template::Engine;

/// Serves the one request that a connection brings.
pub(super) fn serve(channel: &Channel) {
    let mut speaker = channel.speaker();
    speaker.reply(&Reply::Hello {
        protocol: PROTOCOL_VERSION,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uid: rustix::process::geteuid().as_raw(),
    });
    let Some(request) = channel.next() else { return };
    let answer = match request {
        Request::Begin { run, confirm_within } => serve_run(channel, &mut speaker, run, confirm_within),
        Request::Confirm { run_id, nonce } => confirm::serve(&mut speaker, &run_id, &nonce),
        Request::Rollback(spec) => {
            bear_silence(channel, spec.confirm_within);
            undo::serve_rollback(&mut speaker, &spec)
        }
        Request::History => undo::serve_history(&speaker),
        Request::Status => standing::serve_status(&speaker),
        Request::Play(_) => Err(Box::new(HostError::refused("run a play outside of a run").to_failure())),
        Request::Finish | Request::Condemn { .. } | Request::Ping | Request::Plan(_) | Request::Expect(_) => Ok(()),
    };
    if let Err(failure) = answer {
        speaker.refuse(*failure);
    }
    speaker.reply(&Reply::Bye);
}

/// The machine, with long-running programs heard by the user.
pub(super) fn machine(speaker: &Speaker) -> Machine {
    let (mut output, mut notice) = (speaker.clone(), speaker.clone());
    Machine::new(
        Box::new(move |line| output.emit(Event::Output { line: line.to_owned() })),
        Box::new(move |line| notice.emit(Event::Warning { message: line.to_owned() })),
    )
}

/// How many seconds a controller may be silent that has nothing to confirm.
const SILENCE: u32 = 900;

/// A controller can be gone without a sign of it. One that has to confirm what it did is soon taken for gone; any other
/// one in the end, too, or the host would stay locked.
fn bear_silence(channel: &Channel, confirm_within: Option<u32>) {
    channel.bear_silence(confirm_within.unwrap_or(SILENCE));
}

/// Where the journals are.
pub(super) fn journals() -> Store {
    Store::at(Path::new(store::BASE))
}

/// A run that was begun on this host.
struct OpenRun {
    spec: RunSpec,
    host: RunHost,
    facts: Option<Map<String, Value>>,
    now: i64,
    remembered: Remembered,
    /// Handlers that an earlier run left unpaid.
    owed: Vec<String>,
    /// The check is asked for a plan under this key.
    plan: Option<PlanKey>,
}

enum RunHost {
    /// Holds the lock as long as it lives.
    Live(Box<Live<Machine>>, Lock),
    Preview(Box<Preview<Witness<Machine>>>),
}

impl RunHost {
    fn host(&mut self) -> &mut dyn Host {
        match self {
            Self::Live(live, _) => &mut **live,
            Self::Preview(preview) => &mut **preview,
        }
    }
}

/// Begins a run that changes the host. The caller holds the lock.
fn begin(spec: &RunSpec, confirm_within: Option<u32>, speaker: &mut Speaker) -> Result<Live<Machine>, HostError> {
    let store = journals();
    let admitted = confirm::admit(&store)?;
    let mut machine = machine(speaker).stopped_by(speaker.stop());
    machine.settle()?;
    let nonce = guard::nonce()?;
    let mut run = store.begin(spec)?;
    let since = admitted.since(&spec.run_id).to_owned();
    if let (Some(within), false) = (confirm_within, admitted.takes_over()) {
        return Ok(Live::new(machine, run).guarded(Some(guard::arming(nonce, within, since))));
    }
    let armed = match confirm_within {
        Some(within) => guard::arm(&mut run, &nonce, within, &since),
        None => Ok(()),
    };
    if let Err(error) = armed.and_then(|()| admitted.take_over(&store, confirm_within.is_some(), speaker)) {
        // It did not begin after all, and is not to be found as one that was cut off.
        run.finished(Outcome::Failed)?;
        return Err(error);
    }
    Ok(Live::new(machine, run))
}

impl OpenRun {
    fn open(spec: RunSpec, confirm_within: Option<u32>, speaker: &mut Speaker) -> Result<Self, HostError> {
        let lock = match spec.mode {
            Mode::Check => None,
            Mode::Apply => Some(Lock::acquire(Path::new(lock::PATH), &spec.controller)?),
        };
        let owed = tell_standing(speaker, spec.mode);
        let host = match lock {
            None => RunHost::Preview(Box::new(Preview::over(Witness::of(machine(speaker).stopped_by(speaker.stop()))))),
            Some(lock) => RunHost::Live(Box::new(begin(&spec, confirm_within, speaker)?), lock),
        };
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        Ok(Self { spec, host, facts: None, now, remembered: Remembered::default(), owed, plan: None })
    }

    fn play(&mut self, play: &HostPlay, speaker: &mut Speaker) -> PlayEnd {
        speaker.emit(Event::PlayStarted { name: play.name.clone() });
        if self.facts.is_none() && play.gather_facts {
            let started = Instant::now();
            self.facts = Some(facts::gather(self.host.host(), self.now));
            speaker.emit(Event::FactsGathered { ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX) });
        }
        let none = Map::new();
        play.secrets.iter().for_each(|secret| speaker.veil().add(secret));
        self.host.host().veil(speaker.veil());
        let setup = Setup {
            host: self.host.host(),
            engine: &Engine::new(),
            play,
            facts: self.facts.as_ref().unwrap_or(&none),
            now: self.now,
            owed: &self.owed,
            veil: speaker.veil().clone(),
            sink: speaker,
        };
        let (end, remembered) = run_play(setup, std::mem::take(&mut self.remembered));
        self.remembered = remembered;
        if end == PlayEnd::Done {
            pay(&mut self.owed, play);
        }
        end
    }

    /// Whether the host is as a plan expects it. Otherwise the run ends here, with nothing changed.
    fn expect(&mut self, expected: &Expectation, speaker: &Speaker) -> Result<(), Box<Failure>> {
        let gathers = expected.plays.iter().any(|play| play.gather_facts);
        let facts = if gathers { facts::gather(self.host.host(), self.now) } else { Map::new() };
        let setting =
            Setting { facts: &facts, now: self.now, owed: &self.owed, veil: speaker.veil(), stop: speaker.stop() };
        let Some(mut failure) = plan::refuse(Machine::unheard(), expected, &setting) else { return Ok(()) };
        if let RunHost::Live(live, _) = &mut self.host {
            let broken = |error: JournalError| Box::new(error.to_failure());
            live.run().finished(Outcome::Failed).map_err(broken)?;
            failure.hints.extend(confirm::still_guarded(&journals(), &self.spec.run_id).map_err(broken)?);
        }
        Err(Box::new(failure))
    }

    /// Answers a check that was asked for a plan.
    fn tell_plan(&mut self, speaker: &Speaker) {
        if let (Some(key), RunHost::Preview(preview)) = (&self.plan, &mut self.host) {
            speaker.reply(&Reply::Plan(plan::describe(key, speaker.veil(), preview)));
        }
    }

    /// Writes the end of the run, and takes it back when it failed and was to be atomic.
    fn close(self, end: &PlayEnd, speaker: &mut Speaker) -> HostOutcome {
        let RunHost::Live(mut live, lock) = self.host else {
            return match end {
                PlayEnd::Done => HostOutcome::Succeeded,
                PlayEnd::Failed(_) | PlayEnd::Condemned(_) | PlayEnd::Stopped => {
                    HostOutcome::Failed { rolled_back: false }
                }
            };
        };
        let mut end = end.clone();
        let ended = match end {
            PlayEnd::Done => live.run().finished(Outcome::Succeeded),
            PlayEnd::Stopped => live.run().stopped(),
            PlayEnd::Failed(_) | PlayEnd::Condemned(_) => live.run().finished(Outcome::Failed),
        };
        if let Err(error) = ended {
            let reason = format!("failed to {error}");
            speaker.emit(Event::Warning { message: reason.clone() });
            // Nobody could tell later that it succeeded.
            if end == PlayEnd::Done {
                end = PlayEnd::Condemned(reason);
            }
        }
        let changed_anything = live.run().next_seq() > 0;
        drop(live);
        let reason = match end {
            PlayEnd::Done => match confirm::wait(&journals(), &self.spec.run_id, speaker) {
                Ok(()) => {
                    forget_old_runs(speaker);
                    return HostOutcome::Succeeded;
                }
                Err(error) => format!("failed to {error}"),
            },
            PlayEnd::Failed(task) => format!("task \"{task}\" failed"),
            PlayEnd::Condemned(reason) => reason,
            PlayEnd::Stopped => "the controller is gone".to_owned(),
        };
        let mut rolled_back = false;
        if self.spec.rollback_on_failure && changed_anything {
            speaker.emit(Event::RollbackStarted { reason });
            match undo::take_back(speaker, &self.spec) {
                Ok(is_complete) => rolled_back = is_complete,
                Err(error) => {
                    let what_next = "when that is mended, `mailprov rollback` takes the changes back";
                    speaker.emit(Event::Warning { message: format!("failed to {error}; {what_next}") });
                }
            }
        }
        if let Err(error) = confirm::wait(&journals(), &self.spec.run_id, speaker) {
            let message = format!("failed to {error}; the host takes the run back by itself");
            speaker.emit(Event::Warning { message });
        }
        drop(lock);
        HostOutcome::Failed { rolled_back }
    }
}

/// That old journals stay is no reason to fail. The caller holds the lock.
fn forget_old_runs(speaker: &mut Speaker) {
    if let Err(error) = journals().prune() {
        speaker.emit(Event::Warning { message: format!("old runs stay: failed to {error}") });
    }
}

/// Tells how the host was found, and answers which handlers earlier runs left unpaid. Asked with the lock in hand, if
/// the host is to be changed: a run at work pays its own.
fn tell_standing(speaker: &mut Speaker, mode: Mode) -> Vec<String> {
    let holder = match mode {
        // This run has the lock itself.
        Mode::Apply => Ok(None),
        Mode::Check => Lock::holder(Path::new(lock::PATH)),
    };
    match holder.and_then(standing::standing) {
        Ok((status, unheard)) => {
            for message in standing::warnings(&status, mode).into_iter().chain(unheard) {
                speaker.emit(Event::Warning { message });
            }
            status.owed
        }
        // A check can do without. A run is refused: whether another one waits for its confirmation is not known, either.
        Err(error) => {
            let message = format!("what earlier runs left undone is not known: failed to {error}");
            speaker.emit(Event::Warning { message });
            Vec::new()
        }
    }
}

/// A run: plays until the controller says that it is finished. A failed play ends the run on this host at once, so
/// that a host is not left half-changed while others are still at work.
fn serve_run(
    channel: &Channel,
    speaker: &mut Speaker,
    spec: RunSpec,
    confirm_within: Option<u32>,
) -> Result<(), Box<Failure>> {
    bear_silence(channel, confirm_within);
    let mut open = OpenRun::open(spec, confirm_within, speaker).map_err(|error| Box::new(error.to_failure()))?;
    loop {
        let end = match channel.next() {
            Some(Request::Play(play)) => {
                let end = open.play(&play, speaker);
                if end == PlayEnd::Done {
                    speaker.reply(&Reply::PlayDone { failed: false });
                    continue;
                }
                end
            }
            Some(Request::Plan(key)) => {
                open.plan = Some(key);
                continue;
            }
            Some(Request::Expect(expected)) => {
                open.expect(&expected, speaker)?;
                continue;
            }
            // It came along with the last play, before the controller was lost or wanted the run to stop.
            Some(Request::Finish) if channel.is_lost() => PlayEnd::Stopped,
            Some(Request::Finish) => {
                open.tell_plan(speaker);
                PlayEnd::Done
            }
            Some(Request::Condemn { reason }) => PlayEnd::Condemned(reason),
            Some(_) | None => PlayEnd::Stopped,
        };
        let outcome = open.close(&end, speaker);
        if matches!(end, PlayEnd::Failed(_)) {
            speaker.reply(&Reply::PlayDone { failed: true });
            // The controller takes leave in its own time.
            channel.next();
        }
        speaker.emit(Event::HostFinished { outcome });
        return Ok(());
    }
}
