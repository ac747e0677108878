//! One host's life in a run: connect, begin, play by play, finish.

use std::time::Duration;

use tokio::time::Instant;

use super::FleetRun;
use super::confirm::Unconfirmed;
use super::events::Events;
use super::interrupt::Interrupt;
use super::overdue::Overdue;
use super::reach::Connector;
use crate::event::{Event, Failure, HostOutcome, Outside, Vantage};
use crate::hostplay::{HostPlay, Mode};
use crate::probe;
use crate::protocol::{HostPlan, Reply, Request};
use crate::transport::{Agent, LostHost};

/// How long an agent may take to say good-bye after it has refused a request.
const GOODBYE: Duration = Duration::from_secs(5);

/// Said of hosts that end between two plays.
const PLAYS_BEFORE: &str = "the plays before went through";

/// A host with the agent it keeps from play to play.
pub(super) struct HostLife {
    pub name: String,
    agent: Option<Agent>,
    outcome: Option<HostOutcome>,
    told: Told,
    /// The run was begun here.
    begun: bool,
}

/// What a host said beside its events, for later.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// How to look at the server that the plays have made; told by the host when it verifies itself.
    outside: Option<Box<Outside>>,
    /// That the run has to be confirmed.
    pub unconfirmed: Option<Unconfirmed>,
    /// Told at the end of a check that is to make a plan.
    plan: Option<HostPlan>,
}

/// What every host's life needs.
pub(super) struct World<'a, C> {
    pub connector: &'a C,
    pub events: &'a Events,
    pub interrupt: &'a Interrupt,
    /// How long a task may take.
    pub task_limit: Option<Duration>,
}

/// How a conversation about one request ended.
#[derive(Debug, PartialEq)]
pub(super) enum End {
    /// The play is over; the agent waits for the next request.
    Done { failed: bool, rolled_back: bool },
    /// The agent has said good-bye. The outcome is its own opinion, if it gave one.
    Bye { outcome: Option<HostOutcome>, failed: bool, rolled_back: bool },
    /// The agent would not do it.
    Refused(Failure),
    /// The answer to a question.
    Answer(Box<Reply>),
    /// The channel broke.
    Lost(LostHost),
}

impl HostLife {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), agent: None, outcome: None, told: Told::default(), begun: false }
    }

    /// How it ended, if it did.
    pub fn outcome(&self) -> Option<&HostOutcome> {
        self.outcome.as_ref()
    }

    /// The plan that was made here; only a check that went through has one.
    pub fn take_plan(&mut self) -> Option<HostPlan> {
        self.told.plan.take().filter(|_| self.outcome == Some(HostOutcome::Succeeded))
    }

    /// Whether what the run did here stays: it went through, or was stopped between two plays.
    pub fn keeps_changes(&self) -> bool {
        match &self.outcome {
            Some(HostOutcome::Succeeded) => true,
            Some(HostOutcome::NotStarted { .. }) => self.begun,
            _ => false,
        }
    }

    /// Whether the host did not make it (so far).
    pub fn has_failed(&self) -> bool {
        !matches!(self.outcome, None | Some(HostOutcome::Succeeded))
    }

    /// Runs one play, and closes the run on this host when it was its last.
    pub async fn play<C: Connector>(&mut self, world: &World<'_, C>, run: &FleetRun, play: HostPlay, last: bool) {
        if self.agent.is_none() {
            self.begin(world, run).await;
        }
        let Some(mut agent) = self.agent.take() else { return };
        // Where nothing is left to be looked at from here, the host need not wait for our word at the end.
        let finishes = last && self.told.outside.is_none() && !play.verifies();
        let requests = [Some(Request::Play(Box::new(play))), finishes.then_some(Request::Finish)];
        for request in requests.iter().flatten() {
            if let Err(lost) = agent.send(request).await {
                return self.end(world, HostOutcome::Unreachable { failure: lost.to_failure() }).await;
            }
        }
        let at_work = "what comes before the first task";
        match converse(&mut agent, &self.name, world, &mut self.told, at_work).await {
            End::Done { failed: false, .. } if !last => self.agent = Some(agent),
            End::Done { failed: false, .. } if finishes => self.take_leave(world, agent, HostOutcome::Succeeded).await,
            End::Done { failed: false, .. } => {
                let condemned = self.look(world).await;
                let otherwise = match condemned {
                    Some(_) => HostOutcome::Failed { rolled_back: false },
                    None => HostOutcome::Succeeded,
                };
                let request = condemned.map_or(Request::Finish, |reason| Request::Condemn { reason });
                self.finish(world, agent, request, otherwise).await;
            }
            End::Done { failed, rolled_back } => {
                // Whoever only looks wants to see everything, from here as well.
                if run.spec.mode == Mode::Check {
                    self.look(world).await;
                }
                let otherwise = if failed { HostOutcome::Failed { rolled_back } } else { HostOutcome::Succeeded };
                self.finish(world, agent, Request::Finish, otherwise).await;
            }
            end => {
                let outcome = match outcome_of(end) {
                    HostOutcome::Succeeded if !last => {
                        HostOutcome::NotStarted { reason: format!("interrupted; {PLAYS_BEFORE}") }
                    }
                    outcome => outcome,
                };
                if !matches!(outcome, HostOutcome::Unreachable { .. }) {
                    agent.close().await;
                }
                self.end(world, outcome).await;
            }
        }
    }

    /// Ends a host whose turn does not come (again). What it has done in earlier plays is closed in good order.
    pub async fn stop<C: Connector>(&mut self, world: &World<'_, C>, reason: &str) {
        if self.outcome.is_some() {
            return;
        }
        match self.agent.take() {
            Some(agent) => {
                let reason = format!("{reason}; {PLAYS_BEFORE}");
                self.finish(world, agent, Request::Finish, HostOutcome::NotStarted { reason }).await;
            }
            None => self.end(world, HostOutcome::NotStarted { reason: reason.to_owned() }).await,
        }
    }

    /// Ends a host that was given up in the middle.
    pub async fn abandon(&mut self, events: &Events) {
        if self.outcome.is_some() {
            return;
        }
        self.agent = None;
        let failure = Failure {
            message: "interrupted: the connection was dropped while the host was at work".to_owned(),
            hints: vec![LostHost::HINT.to_owned()],
            ..Failure::default()
        };
        let outcome = HostOutcome::Unreachable { failure };
        self.outcome = Some(outcome.clone());
        events.tell(&self.name, Event::HostFinished { outcome }).await;
    }

    /// Looks at the server from here, if it is one; gives why it cannot stay so.
    async fn look<C: Connector>(&mut self, world: &World<'_, C>) -> Option<String> {
        let outside = self.told.outside.take()?;
        let looked = tokio::task::spawn_blocking(move || probe::outside::look(&outside));
        let checks = tokio::select! {
            checks = looked => checks.ok()?,
            // The user does not want to wait; the host has verified itself.
            () = world.interrupt.times(1) => return None,
        };
        let failures = probe::checks::failures(&checks);
        let event = Event::Verified { vantage: Vantage::Controller, checks, outside: None };
        world.events.tell(&self.name, event).await;
        failures.map(|failures| format!("the controller saw that {failures}"))
    }

    async fn begin<C: Connector>(&mut self, world: &World<'_, C>, run: &FleetRun) {
        let opening = match run.opening(&self.name, world.connector.confirm_within(&self.name)) {
            Ok(opening) => opening,
            Err(failure) => return self.end(world, HostOutcome::Refused { failure: *failure }).await,
        };
        let started = tokio::select! {
            started = world.connector.agent(&self.name, world.events) => started,
            () = world.interrupt.times(1) => return self.stop(world, "interrupted").await,
        };
        let mut agent = match started {
            Ok(agent) => agent,
            Err(failure) => return self.end(world, HostOutcome::Unreachable { failure }).await,
        };
        for request in &opening {
            if let Err(lost) = agent.send(request).await {
                return self.end(world, HostOutcome::Unreachable { failure: lost.to_failure() }).await;
            }
        }
        self.agent = Some(agent);
        self.begun = true;
    }

    /// Closes the run on the host; the agent may know better how it ended.
    async fn finish<C: Connector>(
        &mut self,
        world: &World<'_, C>,
        mut agent: Agent,
        request: Request,
        otherwise: HostOutcome,
    ) {
        if let Err(lost) = agent.send(&request).await {
            return self.end(world, HostOutcome::Unreachable { failure: lost.to_failure() }).await;
        }
        self.take_leave(world, agent, otherwise).await;
    }

    /// Hears how the run was closed.
    async fn take_leave<C: Connector>(&mut self, world: &World<'_, C>, mut agent: Agent, otherwise: HostOutcome) {
        let outcome = match converse(&mut agent, &self.name, world, &mut self.told, "the end of the run").await {
            End::Bye { outcome: Some(outcome), .. } => outcome,
            End::Bye { rolled_back: true, .. } => HostOutcome::Failed { rolled_back: true },
            End::Bye { .. } => otherwise,
            end => outcome_of(end),
        };
        agent.close().await;
        self.end(world, outcome).await;
    }

    /// The last word on this host, once it is known whether the run can stay.
    async fn end<C: Connector>(&mut self, world: &World<'_, C>, outcome: HostOutcome) {
        let outcome = match self.told.unconfirmed.take() {
            Some(unconfirmed) => unconfirmed.confirm(world, &self.name).await.unwrap_or(outcome),
            None => outcome,
        };
        self.outcome = Some(outcome.clone());
        world.events.tell(&self.name, Event::HostFinished { outcome }).await;
    }
}

/// Passes events on until the request is answered. When the user interrupts, the agent gets no more requests and stops
/// by its own policy; what it still has to say is passed on.
///
/// A host that takes too long is told to stop likewise, and has failed, unless it says itself that it came to its end.
pub(super) async fn converse<C>(
    agent: &mut Agent,
    host: &str,
    world: &World<'_, C>,
    told: &mut Told,
    at_work: &str,
) -> End {
    let (mut outcome, mut rolled_back, mut failed) = (None, false, false);
    let (mut interrupted, mut late) = (false, false);
    let mut overdue = Overdue::new(world.task_limit, at_work);
    loop {
        let reply = tokio::select! {
            reply = agent.next() => reply,
            () = world.interrupt.times(1), if !interrupted => {
                interrupted = true;
                failed = true;
                agent.stop_requests().await;
                continue;
            }
            () = overdue.wait() => {
                let Some(event) = overdue.stop() else { return End::Lost(overdue.lost()) };
                world.events.tell(host, event).await;
                (interrupted, late, failed) = (true, true, true);
                agent.stop_requests().await;
                continue;
            }
        };
        if let Ok(Reply::Event(event)) = &reply {
            overdue.hear(event);
        }
        match reply {
            Ok(Reply::Event(Event::HostFinished { outcome: opinion })) => outcome = Some(opinion),
            Ok(Reply::Event(event)) => {
                if let Event::Verified { outside: Some(outside), .. } = &event {
                    told.outside = Some(outside.clone());
                }
                rolled_back |= matches!(event, Event::RollbackStarted { .. });
                world.events.tell(host, event).await;
            }
            Ok(Reply::Unconfirmed { run_id, nonce, within }) => {
                told.unconfirmed = Some(Unconfirmed { run_id, nonce, within, since: Instant::now() });
            }
            Ok(Reply::Plan(plan)) => told.plan = Some(plan),
            // Without further requests only the good-bye can follow.
            Ok(Reply::PlayDone { failed: now }) if interrupted => failed = now || late,
            Ok(Reply::PlayDone { failed }) => return End::Done { failed, rolled_back },
            Ok(Reply::Refused(failure)) => {
                agent.stop_requests().await;
                let goodbye = async { while !matches!(agent.next().await, Ok(Reply::Bye) | Err(_)) {} };
                // Refused is refused, with or without good manners.
                let _ = tokio::time::timeout(GOODBYE, goodbye).await;
                return End::Refused(failure);
            }
            Ok(Reply::Bye) => return End::Bye { outcome, failed, rolled_back },
            Ok(reply @ (Reply::History(_) | Reply::Status(_) | Reply::Hello { .. })) => {
                return End::Answer(Box::new(reply));
            }
            Err(lost) => return End::Lost(lost),
        }
    }
}

/// The outcome for a host that is not asked anything more.
pub(super) fn outcome_of(end: End) -> HostOutcome {
    match end {
        End::Bye { outcome: Some(outcome), .. } => outcome,
        End::Bye { failed, rolled_back, .. } | End::Done { failed, rolled_back } if failed || rolled_back => {
            HostOutcome::Failed { rolled_back }
        }
        End::Bye { .. } | End::Done { .. } => HostOutcome::Succeeded,
        End::Refused(failure) => HostOutcome::Refused { failure },
        End::Lost(lost) => HostOutcome::Unreachable { failure: lost.to_failure() },
        End::Answer(_) => {
            let message = "the agent answered another question than it was asked".to_owned();
            HostOutcome::Unreachable { failure: Failure { message, ..Failure::default() } }
        }
    }
}
