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
use crate::report::{Look, clean, failure_lines, list};

/// Lines that the names of hosts with equal answers may take.
const HEADING_LINES: usize = 2;

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
/// On a terminal, hosts whose answers are `alike` are folded.
pub(super) fn tell<T>(
    answers: &[Answer<T>],
    console: &Console,
    lines: impl Fn(&T) -> Vec<String>,
    alike: impl Fn(&T) -> Vec<String>,
    json_lines: impl Fn(&[Answer<T>]) -> String,
) -> Result<Exit, failure::Failure> {
    let shown = match console.columns() {
        _ if console.is_json() => json_lines(answers),
        Some(columns) => text(&groups(answers, alike), columns, lines),
        None => text(&each(answers), usize::MAX, lines),
    };
    console.print(&shown)?;
    Ok(exit(answers))
}

/// The hosts that share an answer, which is the first one's.
pub(super) type Group<'a, T> = (Vec<&'a str>, &'a Result<T, Box<HostOutcome>>);

/// Every host for itself.
pub(super) fn each<T>(answers: &[Answer<T>]) -> Vec<Group<'_, T>> {
    answers.iter().map(|(host, answer)| (vec![host.as_str()], answer)).collect()
}

/// Hosts with equal answers together, and those that gave none for the same reason.
pub(super) fn groups<T>(answers: &[Answer<T>], alike: impl Fn(&T) -> Vec<String>) -> Vec<Group<'_, T>> {
    let mut keys: Vec<Result<Vec<String>, Vec<String>>> = Vec::new();
    let mut groups: Vec<Group<'_, T>> = Vec::new();
    for (host, answer) in answers {
        let key = answer.as_ref().map(&alike).map_err(|why| failure_lines(&failure_of(why)));
        if let Some(index) = keys.iter().position(|other| *other == key) {
            groups[index].0.push(host);
        } else {
            keys.push(key);
            groups.push((vec![host], answer));
        }
    }
    groups
}

/// For people: the hosts' names, and under them what they answered or why they did not.
pub(super) fn text<T>(groups: &[Group<'_, T>], columns: usize, answer_lines: impl Fn(&T) -> Vec<String>) -> String {
    let mut lines = Vec::new();
    for (hosts, answer) in groups {
        lines.push(heading(hosts, columns));
        match answer {
            Ok(answer) => lines.extend(answer_lines(answer)),
            // As far in as the answers are.
            Err(why) => lines.extend(failure_lines(&failure_of(why)).iter().map(|line| line.replacen("  ", "", 1))),
        }
    }
    let look = Look::plain(columns);
    let wrapped = lines.into_iter().flat_map(|line| {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        // What fits stays as it is.
        let fits = line.chars().count() <= columns;
        if fits { vec![line] } else { look.wrap(&line[..indent], indent + 4, text) }
    });
    wrapped.map(|line| line + "\n").collect()
}

/// `mx1`; `3 hosts: mx1, mx2, mx3`
fn heading(hosts: &[&str], columns: usize) -> String {
    match hosts {
        [host] => clean(host).into_owned(),
        _ => format!("{} hosts: {}", hosts.len(), list(hosts, columns.saturating_mul(HEADING_LINES))),
    }
}

/// Why there is no answer.
pub(super) fn failure_of(why: &HostOutcome) -> Failure {
    match why {
        HostOutcome::Unreachable { failure } | HostOutcome::Refused { failure } => failure.clone(),
        HostOutcome::NotStarted { reason } => Failure { message: reason.clone(), ..Failure::default() },
        HostOutcome::Succeeded | HostOutcome::Failed { .. } | HostOutcome::Reverted => Failure::default(),
    }
}
