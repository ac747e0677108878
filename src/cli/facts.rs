//! `facts`: what the agent finds out about each host, as templates see it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use super::answers::{Answer, exit, failure_of};
use super::args::FactsArgs;
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::hosts::Hosts;
use super::{command_line, connections, run_spec, session};
use crate::event::{self, Event, HostEvent, HostOutcome};
use crate::fleet::{FleetPlay, FleetRun, Interrupt, Planning};
use crate::hostplay::{Arg, HostPlay, Mode, Origin, Step, Task, Template, VarLayer};
use crate::report::{clean, failure_lines, json};

/// Events that may wait to be looked at.
const EVENTS_AHEAD: usize = 256;

type Facts = Map<String, Value>;

pub(super) fn run(args: &FactsArgs, console: &Console) -> Result<Exit, Failure> {
    let hosts = Hosts::load(&args.target, console)?;
    let fleet = connections::fleet(&hosts.ways(&Map::new()), &args.target, &args.connection)?;
    let command = command_line::CommandLine::new("facts").target(&args.target).limit(&args.target).text();
    let play = FleetPlay {
        name: "Facts".to_owned(),
        batches: vec![hosts.selected.clone()],
        max_fail_percentage: None,
        any_errors_fatal: false,
        host_play: Box::new(|_| play()),
    };
    // As in a check, nothing is written to a host.
    let run = FleetRun {
        spec: run_spec::new(Mode::Check, command, false),
        plays: vec![play],
        planning: Planning::None,
        revert_fleet: false,
    };
    let (outcome, mut told) = session::runtime()?.block_on(async {
        let (sender, events) = mpsc::channel(EVENTS_AHEAD);
        tokio::join!(fleet.run(run, sender, Interrupt::from_signals()), listen(events))
    });
    let mut outcomes = outcome.hosts;
    let answers: Vec<Answer<Facts>> = hosts
        .selected
        .iter()
        .map(|host| {
            let lost = || HostOutcome::Refused { failure: silent() };
            let answer = told.remove(host).ok_or_else(|| match outcomes.remove(host) {
                Some(HostOutcome::Succeeded | HostOutcome::Failed { .. } | HostOutcome::Reverted) | None => {
                    Box::new(lost())
                }
                Some(why) => Box::new(why),
            });
            (host.clone(), answer)
        })
        .collect();
    if console.is_json() {
        console.print(&answers.iter().map(json_line).collect::<String>())?;
    } else {
        let facts: Map<String, Value> =
            answers.iter().filter_map(|(host, facts)| Some((host.clone(), json!(facts.as_ref().ok()?)))).collect();
        console.print(&format!("{:#}\n", Value::Object(facts)))?;
        for (host, answer) in &answers {
            if let Err(why) = answer {
                let why = failure_lines(&failure_of(why)).join("\n");
                console.warn(&format!("{}: {}\n", clean(host), why.trim_start()));
            }
        }
    }
    Ok(if outcome.interrupted { Exit::Interrupted } else { exit(&answers) })
}

fn silent() -> event::Failure {
    event::Failure { message: "the agent told no facts".to_owned(), ..event::Failure::default() }
}

async fn listen(mut events: mpsc::Receiver<HostEvent>) -> BTreeMap<String, Facts> {
    let mut told = BTreeMap::new();
    while let Some(HostEvent { host, event, .. }) = events.recv().await {
        if let Event::TaskFinished(result) = event
            && let Some(facts) = result.message.and_then(|message| serde_json::from_str(&message).ok())
        {
            told.insert(host, facts);
        }
    }
    told
}

fn json_line((host, answer): &Answer<Facts>) -> String {
    let (facts, failure) = match answer {
        Ok(facts) => (json!(facts), Value::Null),
        Err(why) => (Value::Null, json!(failure_of(why))),
    };
    json::line("facts", [("host", json!(host)), ("facts", facts), ("failure", failure)]) + "\n"
}

/// Gathers facts and says them. No variable of the user's travels with it.
fn play() -> HostPlay {
    let origin = Origin { file: "<built-in>/facts".to_owned(), line: 1, column: 1 };
    let task = Task {
        id: 0,
        name: Template { source: "Tell the facts".to_owned(), origin: origin.clone() },
        role: None,
        origin: origin.clone(),
        module: "debug".to_owned(),
        args: vec![Arg { name: "msg".to_owned(), value: Value::from("{{ ansible_facts | to_json }}"), origin }],
        layers: Vec::<VarLayer>::new(),
        when: Vec::new(),
        loop_: None,
        register: None,
        notify: Vec::new(),
        listen: Vec::new(),
        ignore_errors: false,
        changed_when: None,
        failed_when: None,
        no_log: false,
        tags: Vec::new(),
        until: None,
    };
    HostPlay {
        name: "Facts".to_owned(),
        gather_facts: true,
        var_maps: Vec::new(),
        extra_vars: Map::new(),
        magic: Map::new(),
        steps: vec![Step::Task(Box::new(task))],
        handlers: Vec::new(),
        secrets: Vec::new(),
        files: BTreeMap::new(),
    }
}
