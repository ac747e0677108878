//! Many hosts at once: forks, serial batches, failure policy.
//!
//! A host keeps its connection and its agent from its first play to its last. Batches and plays are barriers, as in
//! Ansible: the next one begins when every host of the one before is through. Within a batch a slow or dead host delays
//! nobody but itself and whoever waits for its place among the forks.

mod batch;
mod confirm;
mod events;
mod host;
mod interrupt;
mod overdue;
mod query;
mod reach;
mod revert;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::mpsc;

use events::Events;
use host::World;
pub use interrupt::Interrupt;
use reach::Ssh;

use crate::event::{Failure, HostEvent, HostOutcome};
use crate::hostplay::{HostPlay, RunSpec};
use crate::protocol::{Expectation, HostPlan, HostStatus, PlanKey, Request, RollbackSpec, RunSummary};
use crate::transport::{Binaries, ConnectionSpec};

/// Hosts, and how they are reached.
#[derive(Debug)]
pub struct Fleet {
    /// How each host is reached, by inventory name.
    pub connections: BTreeMap<String, ConnectionSpec>,
    /// How many hosts are worked on at the same time.
    pub forks: usize,
    /// The longest silence to bear while the agent is put in place and started.
    pub patience: Duration,
    /// How long a task may take on a host before the run is stopped there. `None`: any time.
    pub task_limit: Option<Duration>,
    /// The seconds within which a run that changed the way in must be confirmed over a new connection, or else the
    /// host takes it back by itself. `None`: it stays unconfirmed.
    pub confirm_within: Option<u32>,
}

/// Ansible's default is 5; our work is done on the hosts and not here.
pub const DEFAULT_FORKS: usize = 10;

/// A slow link moves 64 KiB of the agent in that time.
pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(60);

/// Long enough for a slow link and a second login; short enough for a server that nobody can reach.
pub const DEFAULT_CONFIRM_SECONDS: u32 = 60;

/// A package transaction over a slow link takes minutes; what takes an hour does not end.
pub const DEFAULT_TASK_SECONDS: u32 = 3600;

/// A run of plays.
pub struct FleetRun {
    /// What the run is; each host gets it with its own name.
    pub spec: RunSpec,
    /// The plays, in order.
    pub plays: Vec<FleetPlay>,
    /// What it has to do with a plan.
    pub planning: Planning,
    /// When any host fails, those that had succeeded are taken back too.
    pub revert_fleet: bool,
}

/// What a run has to do with a plan.
pub enum Planning {
    /// Nothing.
    None,
    /// It is a check that makes one, under this key.
    Make(PlanKey),
    /// It applies one, and nothing else: a host that has moved since is left alone.
    Follow {
        /// The plan's key.
        key: PlanKey,
        /// The part of each host.
        hosts: BTreeMap<String, HostPlan>,
    },
}

impl FleetRun {
    /// What begins the run on a host, or why it cannot begin there.
    fn opening(&self, host: &str, confirm_within: Option<u32>) -> Result<Vec<Request>, Box<Failure>> {
        let run = RunSpec { host: host.to_owned(), ..self.spec.clone() };
        let begin = Request::Begin { run, confirm_within };
        Ok(match &self.planning {
            Planning::None => vec![begin],
            Planning::Make(key) => vec![begin, Request::Plan(key.clone())],
            Planning::Follow { key, hosts } => {
                let Some(plan) = hosts.get(host) else {
                    let message = "the plan has no part for this host".to_owned();
                    let hints = vec!["`mailprov check --out FILE` makes a new plan".to_owned()];
                    return Err(Box::new(Failure { message, hints, ..Failure::default() }));
                };
                let plays = self.plays.iter().filter(|play| play.is_for(host));
                let plays = plays.map(|play| (play.host_play)(host)).collect();
                let expected = Expectation { key: key.clone(), plays, plan: plan.clone() };
                vec![begin, Request::Expect(Box::new(expected))]
            }
        })
    }
}

/// One play.
pub struct FleetPlay {
    /// Its name.
    pub name: String,
    /// The hosts, in the groups that `serial` makes of them.
    pub batches: Vec<Vec<String>>,
    /// The run is stopped when more than this part of a batch fails. `None`: when all of it fails.
    pub max_fail_percentage: Option<f64>,
    /// The run is stopped when any host fails.
    pub any_errors_fatal: bool,
    /// Compiles the play for a host.
    pub host_play: Box<dyn Fn(&str) -> HostPlay + Send + Sync>,
}

impl FleetPlay {
    fn is_for(&self, host: &str) -> bool {
        self.batches.iter().flatten().any(|name| name == host)
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetOutcome {
    /// How it ended on each host.
    pub hosts: BTreeMap<String, HostOutcome>,
    /// Hosts that keep what the run has done there: it went through, or its plays until the run was stopped elsewhere.
    pub applied: BTreeSet<String>,
    /// The plan of each host where a check that was to make one went through.
    pub plans: BTreeMap<String, HostPlan>,
    /// Whether it was interrupted (Ctrl-C, SIGTERM, SIGHUP).
    pub interrupted: bool,
}

impl FleetOutcome {
    /// How many hosts ended in a way.
    #[must_use]
    pub fn count(&self, test: impl Fn(&HostOutcome) -> bool) -> usize {
        self.hosts.values().filter(|outcome| test(outcome)).count()
    }
}

/// What each host answered, or why it did not (never that it succeeded).
pub type Answers<T> = BTreeMap<String, Result<T, Box<HostOutcome>>>;

impl Fleet {
    /// Runs plays. Everything that happens is told through `events`, a `HostFinished` for every host included.
    ///
    /// The first Ctrl-C (or SIGTERM, SIGHUP) starts no more hosts and lets those at work stop by their own policy; the
    /// second one drops all connections and returns.
    pub async fn run(&self, run: FleetRun, events: mpsc::Sender<HostEvent>, interrupt: Interrupt) -> FleetOutcome {
        let binaries = Binaries::of_this_process();
        let connector = Ssh { fleet: self, binaries: &binaries, mode: run.spec.mode };
        let events = Events::new(events);
        let world =
            World { connector: &connector, events: &events, interrupt: &interrupt, task_limit: self.task_limit };
        batch::run(&world, self.forks, &run).await
    }

    /// Rolls back a run on each of these hosts. Events and interruption are as in [`Fleet::run`].
    pub async fn rollback(
        &self,
        hosts: &[String],
        spec: impl Fn(&str) -> RollbackSpec,
        events: mpsc::Sender<HostEvent>,
        interrupt: Interrupt,
    ) -> FleetOutcome {
        query::rollback(self, hosts, spec, Events::new(events), &interrupt).await
    }

    /// Asks each of these hosts for its runs.
    pub async fn history(&self, hosts: &[String], events: mpsc::Sender<HostEvent>) -> Answers<Vec<RunSummary>> {
        let interrupt = Interrupt::from_signals();
        query::question(self, hosts, Request::History, query::history, Events::new(events), &interrupt).await
    }

    /// Asks each of these hosts how things stand there.
    pub async fn status(&self, hosts: &[String], events: mpsc::Sender<HostEvent>) -> Answers<HostStatus> {
        let interrupt = Interrupt::from_signals();
        query::question(self, hosts, Request::Status, query::status, Events::new(events), &interrupt).await
    }
}
