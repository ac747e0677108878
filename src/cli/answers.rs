//! What the hosts answered to a question that is no run.

use serde_json::Map;
use tokio::sync::mpsc;

use super::args::HistoryArgs;
use super::console::Console;
use super::exit::Exit;
use super::hosts::Hosts;
use super::{connections, failure, session};
use crate::event::{Failure, HostEvent, HostOutcome};
use crate::fleet::{Answers, Fleet};
use crate::report::{clean, failure_lines};

/// A host with its answer, or why there is none.
pub(super) type Answer<T> = (String, Result<T, Box<HostOutcome>>);

/// Asks the hosts that were chosen, in their order.
pub(super) fn ask<T>(
    args: &HistoryArgs,
    console: &Console,
    question: impl AsyncFnOnce(&Fleet, &[String], mpsc::Sender<HostEvent>) -> Answers<T>,
) -> Result<Vec<Answer<T>>, failure::Failure> {
    let hosts = Hosts::load(&args.target, console)?;
    let fleet = connections::fleet(&hosts.ways(&Map::new()), &args.target, &args.connection)?;
    let mut answers = session::runtime()?.block_on(async {
        // How far each host is does not matter here, only what it answers.
        let (events, _) = mpsc::channel(1);
        question(&fleet, &hosts.selected, events).await
    });
    Ok(hosts.selected.iter().filter_map(|host| answers.remove_entry(host)).collect())
}

/// How the command ended.
pub(super) fn exit<T>(answers: &[Answer<T>]) -> Exit {
    let whys: Vec<&HostOutcome> =
        answers.iter().filter_map(|(_, answer)| answer.as_ref().err().map(|why| &**why)).collect();
    match whys[..] {
        [] => Exit::Ok,
        _ if whys.iter().all(|why| matches!(why, HostOutcome::Unreachable { .. })) => Exit::HostsUnreachable,
        _ => Exit::HostsFailed,
    }
}

/// Prints the answers, a line a host for programs and the lines under the host's name for people; says how it ended.
pub(super) fn tell<T>(
    answers: &[Answer<T>],
    console: &Console,
    lines: impl Fn(&T) -> Vec<String>,
    json_lines: impl Fn(&[Answer<T>]) -> String,
) -> Result<Exit, failure::Failure> {
    let shown = if console.is_json() { json_lines(answers) } else { text(answers, lines) };
    console.print(&shown)?;
    Ok(exit(answers))
}

/// For people: each host's name, and under it what it answered or why it did not.
pub(super) fn text<T>(answers: &[Answer<T>], answer_lines: impl Fn(&T) -> Vec<String>) -> String {
    let mut lines = Vec::new();
    for (host, answer) in answers {
        lines.push(clean(host).into_owned());
        match answer {
            Ok(answer) => lines.extend(answer_lines(answer)),
            // As far in as the answers are.
            Err(why) => lines.extend(failure_lines(&failure_of(why)).iter().map(|line| line.replacen("  ", "", 1))),
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Why there is no answer.
pub(super) fn failure_of(why: &HostOutcome) -> Failure {
    match why {
        HostOutcome::Unreachable { failure } | HostOutcome::Refused { failure } => failure.clone(),
        HostOutcome::NotStarted { reason } => Failure { message: reason.clone(), ..Failure::default() },
        HostOutcome::Succeeded | HostOutcome::Failed { .. } | HostOutcome::Reverted => Failure::default(),
    }
}
