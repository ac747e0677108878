//! One request to each host: rollback, history, status.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};

use super::events::Events;
use super::host::{End, Told, World, converse, outcome_of};
use super::interrupt::Interrupt;
use super::reach::{Connector, Ssh};
use super::{Answers, Fleet, FleetOutcome};
use crate::event::{Event, Failure, HostOutcome};
use crate::hostplay::Mode;
use crate::protocol::{HostStatus, Reply, Request, RollbackSpec, RunSummary};
use crate::transport::Binaries;

pub(super) async fn rollback(
    fleet: &Fleet,
    hosts: &[String],
    spec: impl Fn(&str) -> RollbackSpec,
    events: Events,
    interrupt: &Interrupt,
) -> FleetOutcome {
    let binaries = Binaries::of_this_process();
    // In a preview of a rollback nothing may be written either.
    let mode = hosts.first().map_or(Mode::Check, |host| spec(host).run.mode);
    let connector = Ssh { fleet, binaries: &binaries, mode };
    let world = World { connector: &connector, events: &events, interrupt, task_limit: fleet.task_limit };
    rollback_all(&world, fleet.forks, hosts, spec).await
}

/// Asks what changes nothing; `pick` takes the answer from the reply that brings it.
pub(super) async fn question<T>(
    fleet: &Fleet,
    hosts: &[String],
    request: Request,
    pick: impl Fn(Reply) -> Result<T, Box<Reply>>,
    events: Events,
    interrupt: &Interrupt,
) -> Answers<T> {
    let binaries = Binaries::of_this_process();
    let connector = Ssh { fleet, binaries: &binaries, mode: Mode::Check };
    let world = World { connector: &connector, events: &events, interrupt, task_limit: fleet.task_limit };
    question_all(&world, fleet.forks, hosts, request, pick).await
}

pub(super) async fn rollback_all<C: Connector>(
    world: &World<'_, C>,
    forks: usize,
    hosts: &[String],
    spec: impl Fn(&str) -> RollbackSpec,
) -> FleetOutcome {
    let request = |host: &str| {
        let confirm_within = world.connector.confirm_within(host);
        Request::Rollback(RollbackSpec { confirm_within, ..spec(host) })
    };
    let finish = async |host: &str, end| {
        let outcome = rollback_outcome(end);
        world.events.tell(host, Event::HostFinished { outcome: outcome.clone() }).await;
        outcome
    };
    let hosts = ask_all(world, forks, hosts, request, finish).await;
    FleetOutcome { hosts, applied: BTreeSet::new(), plans: BTreeMap::new(), interrupted: world.interrupt.requested() }
}

pub(super) async fn question_all<C: Connector, T>(
    world: &World<'_, C>,
    forks: usize,
    hosts: &[String],
    request: Request,
    pick: impl Fn(Reply) -> Result<T, Box<Reply>>,
) -> Answers<T> {
    let finish = async |_: &str, end| answer_of(end, &pick);
    ask_all(world, forks, hosts, |_| request.clone(), finish).await
}

/// The runs, from the reply that brings them.
pub(super) fn history(reply: Reply) -> Result<Vec<RunSummary>, Box<Reply>> {
    if let Reply::History(runs) = reply { Ok(runs) } else { Err(Box::new(reply)) }
}

/// The status likewise.
pub(super) fn status(reply: Reply) -> Result<HostStatus, Box<Reply>> {
    if let Reply::Status(status) = reply { Ok(*status) } else { Err(Box::new(reply)) }
}

/// Asks every host, and hands over each end as it comes. A second interruption ends the hosts still at work.
pub(super) async fn ask_all<C: Connector, T>(
    world: &World<'_, C>,
    forks: usize,
    hosts: &[String],
    request: impl Fn(&str) -> Request,
    finish: impl AsyncFn(&str, Result<End, HostOutcome>) -> T,
) -> BTreeMap<String, T> {
    let results = RefCell::new(BTreeMap::new());
    let (request, finish, shared) = (&request, &finish, &results);
    let work = hosts.iter().map(|host| async move {
        let end = ask(world, host, request(host)).await;
        let result = finish(host, end).await;
        shared.borrow_mut().insert(host.clone(), result);
    });
    tokio::select! {
        () = stream::iter(work).buffer_unordered(forks.max(1)).collect::<()>() => {}
        () = world.interrupt.times(2) => {}
    }
    let mut results = results.take();
    for host in hosts {
        if !results.contains_key(host) {
            let message = "interrupted: the connection was dropped".to_owned();
            let failure = Failure { message, ..Failure::default() };
            results.insert(host.clone(), finish(host, Err(HostOutcome::Unreachable { failure })).await);
        }
    }
    results
}

async fn ask<C: Connector>(world: &World<'_, C>, host: &str, request: Request) -> Result<End, HostOutcome> {
    let unreachable = |failure| HostOutcome::Unreachable { failure };
    let interrupted = || HostOutcome::NotStarted { reason: "interrupted".to_owned() };
    if world.interrupt.requested() {
        return Err(interrupted());
    }
    let started = tokio::select! {
        started = world.connector.agent(host, world.events) => started,
        () = world.interrupt.times(1) => return Err(interrupted()),
    };
    let mut agent = started.map_err(unreachable)?;
    agent.send(&request).await.map_err(|lost| unreachable(lost.to_failure()))?;
    let mut told = Told::default();
    let end = converse(&mut agent, host, world, &mut told, "what was asked for").await;
    if !matches!(end, End::Lost(_)) {
        agent.close().await;
    }
    match told.unconfirmed {
        Some(unconfirmed) => unconfirmed.confirm(world, host).await.map_or(Ok(end), Err),
        None => Ok(end),
    }
}

/// A rollback that went through is a success, and not a run that failed and was taken back.
pub(super) fn rollback_outcome(end: Result<End, HostOutcome>) -> HostOutcome {
    match end {
        Ok(End::Bye { outcome: None, failed, .. } | End::Done { failed, .. }) if failed => {
            HostOutcome::Failed { rolled_back: false }
        }
        Ok(End::Bye { outcome: None, .. } | End::Done { .. }) => HostOutcome::Succeeded,
        Ok(end) => outcome_of(end),
        Err(outcome) => outcome,
    }
}

fn answer_of<T>(
    end: Result<End, HostOutcome>,
    pick: impl Fn(Reply) -> Result<T, Box<Reply>>,
) -> Result<T, Box<HostOutcome>> {
    let outcome = match end {
        Ok(End::Answer(reply)) => match pick(*reply) {
            Ok(answer) => return Ok(answer),
            Err(other) => outcome_of(End::Answer(other)),
        },
        Ok(end) => outcome_of(end),
        Err(outcome) => outcome,
    };
    Err(Box::new(match outcome {
        HostOutcome::Succeeded | HostOutcome::Failed { .. } => HostOutcome::Refused {
            failure: Failure { message: "the agent did not answer".to_owned(), ..Failure::default() },
        },
        why => why,
    }))
}
