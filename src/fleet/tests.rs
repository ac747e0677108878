//! The fleet over agents in this process.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod stand_in;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Map;
use tokio::sync::{mpsc, watch};

use super::batch;
use super::events::Events;
use super::host::World;
use super::interrupt::Interrupt;
use super::query::{history, question_all, rollback_all};
use super::*;
use crate::event::Event;
use crate::hostplay::{Mode, UndoTarget};
use crate::protocol::Request;
use stand_in::{Does, Stage, stage};

/// The time that a task may take.
const TASK_LIMIT: Duration = Duration::from_secs(900);

fn spec() -> RunSpec {
    RunSpec {
        run_id: "20260101T000000Z-00000000".to_owned(),
        mode: Mode::Apply,
        host: String::new(),
        controller: "me@here".to_owned(),
        command: "mailprov up".to_owned(),
        rollback_on_failure: true,
    }
}

fn play(name: &'static str, batches: &[&[&str]]) -> FleetPlay {
    let compile = move |_: &str| HostPlay {
        secrets: Vec::new(),
        name: name.to_owned(),
        gather_facts: false,
        var_maps: Vec::new(),
        extra_vars: Map::new(),
        magic: Map::new(),
        steps: Vec::new(),
        handlers: Vec::new(),
        files: BTreeMap::new(),
    };
    FleetPlay {
        name: name.to_owned(),
        batches: batches.iter().map(|batch| batch.iter().map(|&host| host.to_owned()).collect()).collect(),
        max_fail_percentage: None,
        any_errors_fatal: false,
        host_play: Box::new(compile),
    }
}

struct Report {
    outcome: FleetOutcome,
    /// `host: what`, in order.
    log: Vec<String>,
}

impl Report {
    fn of(&self, host: &str) -> &HostOutcome {
        &self.outcome.hosts[host]
    }

    /// Why a host was not started.
    fn reason(&self, host: &str) -> &str {
        match self.of(host) {
            HostOutcome::NotStarted { reason } => reason,
            other => panic!("{host} ended as {other:?}"),
        }
    }

    fn position(&self, entry: &str) -> usize {
        self.log.iter().position(|line| line == entry).unwrap_or_else(|| panic!("no {entry} in {:#?}", self.log))
    }
}

/// Runs plays; interrupts as often as `interrupts` says, each time after the log entry is seen.
async fn run_with(stage: &Stage, forks: usize, plays: Vec<FleetPlay>, interrupts: &[&str]) -> Report {
    drive(stage, forks, &fleet_run(plays), interrupts).await
}

fn fleet_run(plays: Vec<FleetPlay>) -> FleetRun {
    FleetRun { spec: spec(), plays, planning: Planning::None, revert_fleet: false }
}

async fn drive(stage: &Stage, forks: usize, run: &FleetRun, interrupts: &[&str]) -> Report {
    let (sender, mut receiver) = mpsc::channel(1000);
    let (count, counter) = watch::channel(0);
    let (events, interrupt) = (Events::new(sender), Interrupt::from_count(counter));
    let world = World { connector: stage, events: &events, interrupt: &interrupt, task_limit: Some(TASK_LIMIT) };
    let mut log = Vec::new();
    let outcome = tokio::task::LocalSet::new()
        .run_until(async {
            let drive = batch::run(&world, forks, run);
            let mut drive = std::pin::pin!(drive);
            let mut waiting = interrupts.iter();
            let mut next = waiting.next();
            loop {
                tokio::select! {
                    biased;
                    event = receiver.recv() => {
                        log.push(entry(&event.unwrap()));
                        while let Some(&after) = next
                            && (after.is_empty() || log.iter().any(|line| line == after))
                        {
                            count.send_modify(|count| *count += 1);
                            next = waiting.next();
                        }
                    }
                    outcome = &mut drive => break outcome,
                }
            }
        })
        .await;
    while let Ok(event) = receiver.try_recv() {
        log.push(entry(&event));
    }
    let finished = log.iter().filter(|line| line.ends_with(" finished")).count();
    let reverted = outcome.count(|outcome| *outcome == HostOutcome::Reverted);
    assert_eq!(finished, outcome.hosts.len() + reverted, "a host finishes once, and again when reverted: {log:#?}");
    Report { outcome, log }
}

async fn run(stage: &Stage, plays: Vec<FleetPlay>) -> Report {
    let run = run_with(stage, 10, plays, &[]);
    tokio::time::timeout(Duration::from_secs(20), run).await.unwrap()
}

fn entry(event: &HostEvent) -> String {
    let what = match &event.event {
        Event::AgentReady { .. } => "ready".to_owned(),
        Event::PlayStarted { name } => name.clone(),
        Event::RollbackStarted { .. } => "rollback".to_owned(),
        Event::HostFinished { .. } => "finished".to_owned(),
        other => format!("{other:?}"),
    };
    format!("{}: {what}", event.host)
}

#[tokio::test]
async fn batches_and_plays_are_barriers_and_connections_are_kept() {
    let stage = stage(&[]);
    let plays = vec![play("one", &[&["b"], &["a", "c"]]), play("two", &[&["a", "b"]])];
    let report = run(&stage, plays).await;
    assert!(report.outcome.hosts.values().all(|outcome| *outcome == HostOutcome::Succeeded));
    assert_eq!(*stage.reached.borrow(), ["b", "a", "c"], "each host once, in the order of the batches");
    assert!(report.position("b: one") < report.position("a: ready"));
    assert!(report.position("c: finished") < report.position("a: two"), "a host ends with its last play");
    assert!(report.position("c: one") < report.position("b: two"));
}

#[tokio::test]
async fn a_host_is_told_with_its_last_play_that_it_is_the_last() {
    let report = run(&stage(&[("a", Does::Curious)]), vec![play("one", &[&["a"]])]).await;
    assert_eq!(*report.of("a"), HostOutcome::Succeeded);
    assert_eq!(report.log.last().map(String::as_str), Some("a: finished"));
}

#[tokio::test]
async fn a_host_that_fails_or_is_lost_is_out_of_the_later_plays() {
    let hosts = [
        ("fails", Does::Fail("one")),
        ("dies", Does::Die),
        ("away", Does::Away),
        ("held", Does::Refuse),
        ("fine", Does::Well),
    ];
    let names: Vec<&str> = hosts.iter().map(|(name, _)| *name).collect();
    let report = run(&stage(&hosts), vec![play("one", &[&names]), play("two", &[&names])]).await;
    assert_eq!(*report.of("fine"), HostOutcome::Succeeded);
    assert_eq!(*report.of("fails"), HostOutcome::Failed { rolled_back: true });
    for (host, expected) in [("dies", "the connection ended before the agent was done"), ("away", "no answer")] {
        let HostOutcome::Unreachable { failure } = report.of(host) else { panic!("{host}") };
        assert_eq!(failure.message, expected, "{host}");
    }
    let HostOutcome::Refused { failure } = report.of("held") else { panic!("{:?}", report.of("held")) };
    assert_eq!(failure.message, "another run holds the host");
    assert_eq!(report.log.iter().filter(|line| line.ends_with(": two")).collect::<Vec<_>>(), ["fine: two"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_changed_the_way_in_is_confirmed_over_a_new_connection() {
    let hosts =
        [("plain", Does::Well), ("open", Does::ShutsOut(1)), ("late", Does::ShutsOut(3)), ("shut", Does::ShutsOut(0))];
    let names: Vec<&str> = hosts.iter().map(|(name, _)| *name).collect();
    let stage = stage(&hosts);
    let report = run(&stage, vec![play("one", &[&names])]).await;
    for (host, connections, outcome) in [
        ("plain", 1, HostOutcome::Succeeded),
        ("open", 2, HostOutcome::Succeeded),
        ("late", 4, HostOutcome::Succeeded),
        ("shut", 2, HostOutcome::Failed { rolled_back: true }),
    ] {
        assert_eq!(*report.of(host), outcome, "{host}");
        assert_eq!(stage.reached.borrow().iter().filter(|reached| *reached == host).count(), connections, "{host}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_takes_too_long_ends_the_run_on_its_host_alone() {
    let stage = stage(&[("slow", Does::Slow), ("stuck", Does::Stuck), ("mute", Does::Deaf), ("fine", Does::Well)]);
    let began = tokio::time::Instant::now();
    let report = run_with(&stage, 4, vec![play("one", &[&["slow", "stuck", "mute", "fine"]])], &[]).await;
    assert_eq!(*report.of("slow"), HostOutcome::Failed { rolled_back: true });
    for (host, at_work) in [("stuck", "the task \"Install it\""), ("mute", "what comes before the first task")] {
        let HostOutcome::Unreachable { failure } = report.of(host) else { panic!("{:?}", report.of(host)) };
        assert!(failure.message.starts_with(&format!("{at_work} takes longer than 900 s")), "{failure:?}");
    }
    assert_eq!(*report.of("fine"), HostOutcome::Succeeded);
    assert!((1200..1210).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_host_that_comes_to_its_end_too_late_has_failed() {
    let stage = stage(&[("late", Does::Late)]);
    for plays in [vec![play("one", &[&["late"]])], vec![play("one", &[&["late"]]), play("two", &[&["late"]])]] {
        let report = run_with(&stage, 1, plays, &[]).await;
        assert_eq!(*report.of("late"), HostOutcome::Failed { rolled_back: false });
        let said = "late: Late { at_work: \"the task \\\"Install it\\\"\", limit: 900 }";
        assert!(report.log.iter().any(|line| line == said), "{:#?}", report.log);
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollback_may_take_its_time_as_long_as_it_goes_on() {
    let stage = stage(&[("a", Does::SlowRollback)]);
    let began = tokio::time::Instant::now();
    let report = run_with(&stage, 1, vec![play("one", &[&["a"]])], &[]).await;
    assert_eq!(*report.of("a"), HostOutcome::Failed { rolled_back: true });
    assert!(!report.log.iter().any(|line| line.contains("Late")), "{:#?}", report.log);
    assert!(began.elapsed() > TASK_LIMIT * 3 / 2, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_host_that_stays_shut_is_given_up_when_it_has_had_time_to_take_the_run_back() {
    let stage = stage(&[("a", Does::ShutsOut(usize::MAX))]);
    let began = tokio::time::Instant::now();
    let report = run_with(&stage, 1, vec![play("one", &[&["a"]])], &[]).await;
    let HostOutcome::Unreachable { failure } = report.of("a") else { panic!("{:?}", report.of("a")) };
    assert!(failure.message.ends_with("could not be confirmed over a new connection"), "{failure:?}");
    assert_eq!(failure.causes, ["no answer"]);
    assert!((60..70).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_run_stops_when_too_much_of_a_batch_fails() {
    // (hosts that fail, limit, any_errors_fatal, does it go on)
    for (failing, limit, fatal, goes_on) in [
        (0, None, false, true),
        (1, None, false, true),
        (3, None, false, true),
        (4, None, false, false),
        (1, Some(25.0), false, true),
        (2, Some(25.0), false, false),
        (1, Some(0.0), false, false),
        (0, Some(0.0), true, true),
        (1, None, true, false),
    ] {
        // A host that is out of reach, or gets there, has failed as well.
        for does in [Does::Fail("one"), Does::Away, Does::Die] {
            let names = ["a", "b", "c", "d"];
            let case = format!("{failing} {does:?}, limit {limit:?}, fatal {fatal}");
            let hosts: Vec<_> = names.iter().take(failing).map(|&name| (name, does)).collect();
            let mut first = play("one", &[&names, &["e"]]);
            first.max_fail_percentage = limit;
            first.any_errors_fatal = fatal;
            let report = run(&stage(&hosts), vec![first, play("two", &[&["d", "e"]])]).await;
            assert_eq!(*report.of("e") == HostOutcome::Succeeded, goes_on, "{case}");
            if !goes_on {
                let reason = report.reason("e");
                assert!(reason.starts_with("the run was stopped after play \"one\" (batch 1 of 2): "), "{case}");
                // One that is lost at once may keep others from being started at all.
                if failing < 4 && matches!(does, Does::Fail(_)) {
                    assert!(report.reason("d").ends_with("; the plays before went through"), "{case}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_fleet_is_reverted_where_the_run_left_something() {
    let stage = stage(&[("fails", Does::Fail("two")), ("away", Does::Away)]);
    let mut second = play("two", &[&["a", "fails"], &["b", "away", "c"]]);
    second.any_errors_fatal = true;
    let mut run = fleet_run(vec![play("one", &[&["a", "b", "fails"]]), second]);
    for (revert, a) in [(false, HostOutcome::Succeeded), (true, HostOutcome::Reverted)] {
        run.revert_fleet = revert;
        let report = drive(&stage, 10, &run, &[]).await;
        assert_eq!(*report.of("a"), a);
        assert_eq!(*report.of("fails"), HostOutcome::Failed { rolled_back: true }, "by its own agent");
        assert_eq!(*report.of("b") == HostOutcome::Reverted, revert, "it was stopped after its first play");
        assert!(report.reason("c").starts_with("the run was stopped"), "nothing was begun there");
    }
    run.plays = vec![play("one", &[&["a", "b"]])];
    let report = drive(&stage, 10, &run, &[]).await;
    assert!(report.outcome.hosts.values().all(|outcome| *outcome == HostOutcome::Succeeded), "nothing failed");
}

#[tokio::test]
async fn hosts_that_wait_for_a_fork_are_not_started_once_the_run_must_stop() {
    let mut only = play("one", &[&["a", "b", "c"]]);
    only.any_errors_fatal = true;
    let stage = stage(&[("a", Does::Fail("one"))]);
    let report = run_with(&stage, 1, vec![only], &[]).await;
    assert_eq!(*stage.reached.borrow(), ["a"]);
    assert_eq!(report.reason("c"), "1 host failed and any_errors_fatal is set");
}

#[tokio::test]
async fn no_more_hosts_than_forks_are_worked_on() {
    let names: Vec<String> = (0..20).map(|number| format!("h{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for forks in [1, 3, 50] {
        let stage = stage(&[]);
        run_with(&stage, forks, vec![play("one", &[&names])], &[]).await;
        assert!((1..=forks).contains(&stage.busy.1.get()), "{} at once with {forks} forks", stage.busy.1.get());
        if forks == 3 {
            assert_eq!(stage.busy.1.get(), 3);
        }
    }
}

#[tokio::test]
async fn the_first_interruption_lets_hosts_stop_by_their_policy() {
    let stage = stage(&[("a", Does::Forever), ("c", Does::Silent)]);
    let report = run_with(&stage, 2, vec![play("one", &[&["a", "c", "d"]])], &["a: one"]).await;
    assert!(report.outcome.interrupted);
    assert_eq!(*report.of("a"), HostOutcome::Failed { rolled_back: true });
    assert_eq!((report.reason("c"), report.reason("d")), ("interrupted", "interrupted"));
    assert!(report.log.contains(&"a: rollback".to_owned()), "what it does then is still told");
}

#[tokio::test]
async fn the_second_interruption_leaves_at_once() {
    let stage = stage(&[("a", Does::Deaf)]);
    let report = run_with(&stage, 2, vec![play("one", &[&["a", "b"]])], &["a: one", "b: finished"]).await;
    assert!(matches!(report.of("a"), HostOutcome::Unreachable { .. }));
    assert_eq!(*report.of("b"), HostOutcome::Succeeded);
}

#[tokio::test]
async fn questions_are_asked_of_every_host() {
    let stage = stage(&[("away", Does::Away)]);
    let hosts = ["a", "away"].map(str::to_owned);
    let (sender, mut receiver) = mpsc::channel(100);
    let (_count, counter) = watch::channel(0);
    let (events, interrupt) = (Events::new(sender), Interrupt::from_count(counter));
    let world = World { connector: &stage, events: &events, interrupt: &interrupt, task_limit: None };
    let (histories, outcome) = tokio::task::LocalSet::new()
        .run_until(async {
            let rollback = |host: &str| RollbackSpec {
                run: RunSpec { host: host.to_owned(), ..spec() },
                target: UndoTarget::Newest,
                force: false,
                confirm_within: None,
            };
            (
                question_all(&world, 10, &hosts, Request::History, history).await,
                rollback_all(&world, 10, &hosts, rollback).await,
            )
        })
        .await;
    assert_eq!(histories["a"], Ok(Vec::new()));
    let Err(why) = &histories["away"] else { panic!("a host that is away has no history") };
    assert!(matches!(&**why, HostOutcome::Unreachable { failure } if failure.message == "no answer"));
    assert_eq!(outcome.hosts["a"], HostOutcome::Succeeded, "a rollback that goes through is no failure");
    assert!(matches!(outcome.hosts["away"], HostOutcome::Unreachable { .. }));
    let mut finished = 0;
    while let Ok(event) = receiver.try_recv() {
        finished += usize::from(matches!(event.event, Event::HostFinished { .. }));
    }
    assert_eq!(finished, 2);
}
