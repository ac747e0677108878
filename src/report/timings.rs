//! Where the time of a run went: `--timings`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::look::{Look, Tone, clean, count, pad, width};
use super::stream::{task_name, time};
use crate::event::{Event, HostEvent, Vantage};

/// Columns that the name of a stage takes at most.
const MAX_NAME_COLUMNS: usize = 60;

/// What took time; the order is that of the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Connect,
    Bootstrap,
    Facts,
    /// By the order in which tasks first ended, on whatever host.
    Task(usize),
    Verify,
    Confirm,
    Rollback,
    /// What no stage accounts for: the play on its way, the journal, waiting for other hosts between two plays.
    Rest,
    Total,
}

/// The stages' times, host by host.
#[derive(Debug, Default)]
pub(crate) struct Timings {
    /// The hosts' milliseconds in each stage.
    stages: BTreeMap<Stage, BTreeMap<String, u64>>,
    /// The tasks' names, in the order in which they first ended.
    tasks: Vec<String>,
    hosts: BTreeMap<String, Clock>,
}

/// What is known of a host's time.
#[derive(Debug, Default)]
struct Clock {
    began: Option<u64>,
    last: u64,
    /// Since when the run is being taken back; a connection of its own may be part of that.
    rollback: Option<u64>,
    /// Its connections are part of the confirmation from now on.
    confirming: bool,
}

impl Timings {
    pub(crate) fn add(&mut self, event: &HostEvent) {
        let HostEvent { host, at_ms, event } = event;
        let clock = self.hosts.entry(host.clone()).or_default();
        let before = std::mem::replace(&mut clock.last, *at_ms);
        let counts = !clock.confirming && clock.rollback.is_none();
        let (stage, ms) = match event {
            Event::Connected { ms } if counts => {
                clock.began.get_or_insert(at_ms.saturating_sub(*ms));
                (Stage::Connect, *ms)
            }
            Event::AgentReady { ms, .. } if counts => (Stage::Bootstrap, *ms),
            Event::FactsGathered { ms } => (Stage::Facts, *ms),
            Event::TaskFinished(result) => {
                let name = task_name(&result.task);
                let known = self.tasks.iter().position(|task| *task == name);
                let index = known.unwrap_or(self.tasks.len());
                if known.is_none() {
                    self.tasks.push(name);
                }
                (Stage::Task(index), result.ms)
            }
            Event::Verified { vantage: Vantage::Controller, .. } => (Stage::Verify, at_ms.saturating_sub(before)),
            Event::Confirming { .. } => {
                clock.confirming = true;
                return;
            }
            Event::Confirmed { ms } if clock.rollback.is_none() => (Stage::Confirm, *ms),
            Event::RollbackStarted { .. } => {
                clock.rollback.get_or_insert(*at_ms);
                return;
            }
            Event::HostFinished { .. } => {
                let Some(began) = clock.began else { return };
                let rollback = clock.rollback.take().map(|since| at_ms.saturating_sub(since));
                clock.confirming = false;
                return self.finish(host, at_ms.saturating_sub(began), rollback);
            }
            _ => return,
        };
        self.spend(stage, host, ms);
    }

    fn spend(&mut self, stage: Stage, host: &str, ms: u64) {
        let spent = self.stages.entry(stage).or_default().entry(host.to_owned()).or_default();
        *spent = spent.saturating_add(ms);
    }

    /// A host may end twice: a fleet is reverted when the run has ended everywhere.
    fn finish(&mut self, host: &str, total: u64, rollback: Option<u64>) {
        if let Some(ms) = rollback {
            self.spend(Stage::Rollback, host, ms);
        }
        let stages = self.stages.iter().filter(|(stage, _)| !matches!(stage, Stage::Rest | Stage::Total));
        let times = stages.filter_map(|(_, hosts)| hosts.get(host));
        let known = times.fold(0_u64, |known, ms| known.saturating_add(*ms));
        for (stage, ms) in [(Stage::Rest, total.saturating_sub(known)), (Stage::Total, total)] {
            self.stages.entry(stage).or_default().insert(host.to_owned(), ms);
        }
    }

    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.stages.iter().filter_map(|(stage, hosts)| {
            let mut times: Vec<(u64, &str)> = hosts.iter().map(|(host, ms)| (*ms, host.as_str())).collect();
            times.sort_unstable();
            let &(longest, slowest) = times.last()?;
            let (median, _) = *times.get(times.len() / 2)?;
            Some(Row { stage, hosts: times.len(), median, longest, slowest })
        })
    }

    fn name(&self, stage: &Stage) -> &str {
        match stage {
            Stage::Connect => "connect",
            Stage::Bootstrap => "bootstrap",
            Stage::Facts => "facts",
            Stage::Task(index) => self.tasks.get(*index).map_or("", String::as_str),
            Stage::Verify => "verify from here",
            Stage::Confirm => "confirm",
            Stage::Rollback => "rollback",
            Stage::Rest => "rest",
            Stage::Total => "total",
        }
    }

    /// The table for people. Tasks that took no time anywhere are only counted.
    pub(crate) fn lines(&self, look: &Look) -> Vec<String> {
        let (idle, rows): (Vec<_>, Vec<_>) =
            self.rows().partition(|row| matches!(row.stage, Stage::Task(_)) && row.longest == 0);
        let names: Vec<String> = rows.iter().map(|row| clean(self.name(row.stage)).into_owned()).collect();
        let columns = names.iter().map(|name| width(name)).max().unwrap_or(0).min(MAX_NAME_COLUMNS);
        let mut lines = vec![look.paint(Tone::Strong, "TIMINGS")];
        lines.push(format!("{}  hosts    median   longest", pad("", columns)));
        for (row, name) in rows.iter().zip(&names) {
            let (median, longest) = (time(row.median), time(row.longest));
            let slowest = if row.hosts > 1 { clean(row.slowest) } else { "".into() };
            let line = format!("{}  {:>5}  {median:>8}  {longest:>8}  {slowest}", pad(name, columns), row.hosts);
            lines.push(line.trim_end().to_owned());
        }
        if !idle.is_empty() {
            lines.push(format!("{} took less than 1 ms on every host", count(idle.len(), "more task")));
        }
        lines
    }

    /// The same for programs, complete.
    pub(crate) fn json(&self) -> Value {
        let rows = self.rows().map(|row| {
            let is_task = matches!(row.stage, Stage::Task(_));
            json!({
                "stage": if is_task { "task" } else { self.name(row.stage) },
                "task": is_task.then(|| self.name(row.stage)),
                "hosts": row.hosts,
                "median_ms": row.median,
                "longest_ms": row.longest,
                "longest_on": row.slowest,
            })
        });
        rows.collect()
    }
}

struct Row<'a> {
    stage: &'a Stage,
    hosts: usize,
    median: u64,
    longest: u64,
    slowest: &'a str,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::event::{HostOutcome, Status};
    use crate::report::samples::task;

    fn two_hosts() -> Timings {
        let mut timings = Timings::default();
        let mut install = task("Install the packages", Status::Changed);
        install.ms = 4200;
        let mut idle = task("Set the relay", Status::Skipped);
        idle.ms = 0;
        for (host, slower) in [("mx1", 0), ("mx2", 100)] {
            let finished = |task: &crate::event::TaskResult| Event::TaskFinished(task.clone());
            let events = [
                (210 + slower, Event::Connected { ms: 200 + slower }),
                (250 + slower, Event::AgentReady { uploaded: false, ms: 40 }),
                (300 + slower, Event::FactsGathered { ms: 12 }),
                (4600 + slower, finished(&install)),
                (4600 + slower, finished(&idle)),
                (4700 + slower, Event::Verified { vantage: Vantage::Controller, checks: Vec::new(), outside: None }),
                (4700 + slower, Event::Confirming { run_id: "1".to_owned(), within: 60 }),
                (4900 + slower, Event::Connected { ms: 190 }),
                (4950 + slower, Event::AgentReady { uploaded: false, ms: 40 }),
                (5000 + slower, Event::Confirmed { ms: 300 }),
                (5000 + slower, Event::HostFinished { outcome: HostOutcome::Succeeded }),
            ];
            for (at_ms, event) in events {
                timings.add(&HostEvent { host: host.to_owned(), at_ms, event });
            }
        }
        timings
    }

    #[test]
    fn each_stage_is_told_once_and_the_rest_is_what_is_left() {
        insta::assert_snapshot!(two_hosts().lines(&Look::plain(80)).join("\n"), @r"
        TIMINGS
                                        hosts    median   longest
        connect                             2    300 ms    300 ms  mx2
        bootstrap                           2     40 ms     40 ms  mx2
        facts                               2     12 ms     12 ms  mx2
        postfix : Install the packages      2     4.2 s     4.2 s  mx2
        verify from here                    2    100 ms    100 ms  mx2
        confirm                             2    300 ms    300 ms  mx2
        rest                                2    138 ms    138 ms  mx2
        total                               2     5.0 s     5.0 s  mx2
        1 more task took less than 1 ms on every host
        ");
    }

    #[test]
    fn a_run_that_is_reverted_is_counted_once() {
        let mut timings = Timings::default();
        for (at_ms, event) in [
            (200, Event::Connected { ms: 200 }),
            (300, Event::AgentReady { uploaded: false, ms: 100 }),
            (900, Event::HostFinished { outcome: HostOutcome::Succeeded }),
            (2000, Event::RollbackStarted { reason: "mx2 did not make it".to_owned() }),
            (2300, Event::Connected { ms: 250 }),
            (2400, Event::AgentReady { uploaded: false, ms: 90 }),
            (2500, Event::RollbackStarted { reason: "asked for".to_owned() }),
            (5000, Event::HostFinished { outcome: HostOutcome::Reverted }),
        ] {
            timings.add(&HostEvent { host: "mx1".to_owned(), at_ms, event });
        }
        let rows: Vec<(String, u64)> =
            timings.rows().map(|row| (timings.name(row.stage).to_owned(), row.longest)).collect();
        let expected = [("connect", 200), ("bootstrap", 100), ("rollback", 3000), ("rest", 1700), ("total", 5000)];
        assert_eq!(rows, expected.map(|(name, ms)| (name.to_owned(), ms)));
    }

    #[test]
    fn no_time_is_too_long() {
        let mut timings = Timings::default();
        let events = [Event::Connected { ms: u64::MAX }, Event::FactsGathered { ms: u64::MAX }];
        let ended = Event::HostFinished { outcome: HostOutcome::Succeeded };
        for event in events.clone().into_iter().chain(events).chain([ended]) {
            timings.add(&HostEvent { host: "mx1".to_owned(), at_ms: u64::MAX, event });
        }
        assert!(timings.rows().all(|row| row.longest == u64::MAX || *row.stage == Stage::Rest));
    }

    #[test]
    fn programs_get_every_stage_of_every_task() {
        let json = two_hosts().json();
        let tasks: BTreeSet<_> = json.as_array().into_iter().flatten().map(|row| row["task"].to_string()).collect();
        let names = ["null", "\"postfix : Install the packages\"", "\"postfix : Set the relay\""];
        assert_eq!(tasks, names.map(str::to_owned).into());
        assert_eq!(json[0]["longest_ms"], 300);
    }
}
