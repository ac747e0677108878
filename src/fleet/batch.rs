//! Plays and batches in order, and when to stop.

use std::cell::Cell;
use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};

use super::host::{HostLife, World};
use super::reach::Connector;
use super::revert::revert;
use super::{FleetOutcome, FleetPlay, FleetRun};

/// The reason for hosts that are not started after Ctrl-C.
const INTERRUPTED: &str = "interrupted";

/// Runs everything, and takes it back where the user wants that.
pub(super) async fn run<C: Connector>(world: &World<'_, C>, forks: usize, run: &FleetRun) -> FleetOutcome {
    let mut outcome = Schedule::new(world, forks, run).drive().await;
    if run.revert_fleet {
        revert(world, forks, run, &mut outcome).await;
    }
    outcome
}

/// A run with its hosts.
struct Schedule<'a, C> {
    world: &'a World<'a, C>,
    forks: usize,
    run: &'a FleetRun,
    lives: BTreeMap<String, HostLife>,
}

impl<'a, C: Connector> Schedule<'a, C> {
    fn new(world: &'a World<'a, C>, forks: usize, run: &'a FleetRun) -> Self {
        let hosts = run.plays.iter().flat_map(|play| play.batches.iter().flatten());
        let lives = hosts.map(|host| (host.clone(), HostLife::new(host))).collect();
        Self { world, forks: forks.max(1), run, lives }
    }

    /// Runs everything; a second interruption leaves at once.
    async fn drive(mut self) -> FleetOutcome {
        let (events, interrupt) = (self.world.events, self.world.interrupt);
        tokio::select! {
            () = self.all_plays() => {}
            () = interrupt.times(2) => {}
        }
        for life in self.lives.values_mut() {
            life.abandon(events).await;
        }
        let plans = self.lives.iter_mut().filter_map(|(name, life)| Some((name.clone(), life.take_plan()?))).collect();
        let applied = self.lives.values().filter(|life| life.keeps_changes()).map(|life| life.name.clone()).collect();
        let outcomes = self.lives.into_iter();
        FleetOutcome {
            hosts: outcomes.filter_map(|(name, life)| Some((name, life.outcome()?.clone()))).collect(),
            applied,
            plans,
            interrupted: interrupt.requested(),
        }
    }

    async fn all_plays(&mut self) {
        for (index, play) in self.run.plays.iter().enumerate() {
            let batches = play.batches.len();
            for (number, batch) in play.batches.iter().enumerate() {
                let in_a_batch =
                    if batches > 1 { format!(" (batch {} of {batches})", number + 1) } else { String::new() };
                let place = format!("play \"{}\"{in_a_batch}", play.name);
                if let Some(reason) = self.batch(index, play, batch).await {
                    return self.stop_all(&format!("the run was stopped after {place}: {reason}")).await;
                }
            }
        }
    }

    /// Runs one batch; the answer is why the run has to stop after it.
    async fn batch(&mut self, index: usize, play: &FleetPlay, batch: &[String]) -> Option<String> {
        let (world, run, later) = (self.world, self.run, &self.run.plays[index + 1..]);
        let lives: Vec<&mut HostLife> =
            self.lives.values_mut().filter(|life| life.outcome().is_none() && batch.contains(&life.name)).collect();
        let mut lives = lives;
        lives.sort_by_key(|life| batch.iter().position(|name| *name == life.name));
        let policy = Policy::new(play, lives.len());
        let policy = &policy;
        let work = lives.into_iter().map(|life| async move {
            if world.interrupt.requested() {
                life.stop(world, INTERRUPTED).await;
            } else if let Some(reason) = policy.broken() {
                life.stop(world, &reason).await;
            } else {
                let last = !later.iter().any(|play| play.is_for(&life.name));
                life.play(world, run, (play.host_play)(&life.name), last).await;
                policy.count(life.has_failed());
            }
        });
        stream::iter(work).buffer_unordered(self.forks).collect::<()>().await;
        let interrupted = world.interrupt.requested().then(|| INTERRUPTED.to_owned());
        interrupted.or_else(|| policy.broken()).or_else(|| policy.all_failed())
    }

    async fn stop_all(&mut self, reason: &str) {
        let world = self.world;
        let work = self.lives.values_mut().map(|life| life.stop(world, reason));
        stream::iter(work).buffer_unordered(self.forks).collect::<()>().await;
    }
}

/// When a batch has failed so much that the run must stop.
struct Policy {
    hosts: usize,
    failed: Cell<usize>,
    max_fail_percentage: Option<f64>,
    any_errors_fatal: bool,
}

impl Policy {
    fn new(play: &FleetPlay, hosts: usize) -> Self {
        let FleetPlay { max_fail_percentage, any_errors_fatal, .. } = *play;
        Self { hosts, failed: Cell::new(0), max_fail_percentage, any_errors_fatal }
    }

    fn count(&self, failed: bool) {
        self.failed.set(self.failed.get() + usize::from(failed));
    }

    /// Why no further host may be started. Lost hosts count as failed.
    fn broken(&self) -> Option<String> {
        let (failed, hosts) = (self.failed.get(), self.hosts);
        if failed == 0 {
            return None;
        }
        if self.any_errors_fatal {
            return Some(format!("{} failed and any_errors_fatal is set", hosts_text(failed)));
        }
        let limit = self.max_fail_percentage?;
        #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 hosts")]
        let percentage = failed as f64 * 100.0 / hosts as f64;
        (percentage > limit)
            .then(|| format!("{failed} of {} failed, more than max_fail_percentage {limit}", hosts_text(hosts)))
    }

    /// As Ansible: nothing goes on after a batch of which nothing is left.
    fn all_failed(&self) -> Option<String> {
        let all = self.hosts > 0 && self.failed.get() == self.hosts;
        all.then(|| if self.hosts == 1 { "its host failed".to_owned() } else { "all its hosts failed".to_owned() })
    }
}

fn hosts_text(count: usize) -> String {
    if count == 1 { "1 host".to_owned() } else { format!("{count} hosts") }
}
