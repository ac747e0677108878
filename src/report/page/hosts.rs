//! Each host's own part: what changed, with diffs, why it failed, what verifying found.

use super::super::junit::words;
use super::super::markup::escape;
use super::super::record::Record;
use super::super::stream::{task_name, time};
use super::super::{Look, Verbosity, change, checks};
use super::{ended, flow};
use crate::event::{ChangeView, Check, Event, HostEvent, HostOutcome, TaskResult, Vantage};

/// A page has no columns; lines are as long as they are.
const LOOK: Look = Look { width: usize::MAX, colour: false, verbosity: Verbosity::Verbose, diff: true };

/// Up to so many hosts are shown in full.
const OPEN_HOSTS: usize = 8;

pub(super) fn sections(record: &Record) -> String {
    record.tally.hosts().map(|(name, host)| section(record, name, host.outcome.as_ref())).collect()
}

fn section(record: &Record, name: &str, outcome: Option<&HostOutcome>) -> String {
    let (class, word) = ended(outcome);
    let parts: String = record.of(name).filter_map(part).collect();
    let seen: Vec<&Check> = record.of(name).flat_map(checks_of).collect();
    let flow = flow::picture(name, &seen);
    let trouble = match outcome {
        Some(HostOutcome::Refused { failure } | HostOutcome::Unreachable { failure }) => words(failure),
        Some(HostOutcome::NotStarted { reason }) => reason.clone(),
        _ => String::new(),
    };
    let trouble =
        if trouble.is_empty() { trouble } else { format!("<pre class=\"trouble\">{}</pre>\n", escape(&trouble)) };
    // Of many hosts, those in trouble are what is looked for.
    let open = if class == "good" && record.run.hosts.len() > OPEN_HOSTS { "" } else { " open" };
    format!(
        "<details class=\"host\" id=\"host-{0}\"{open}>\n<summary><h2>{0} <span class=\"badge {class}\">{word}</span></h2>\
         </summary>\n{trouble}{flow}{parts}</details>\n",
        escape(name)
    )
}

fn checks_of(event: &HostEvent) -> &[Check] {
    match &event.event {
        Event::Verified { checks, .. } => checks,
        _ => &[],
    }
}

fn part(event: &HostEvent) -> Option<String> {
    match &event.event {
        Event::TaskFinished(result) => task(result),
        Event::Verified { vantage, checks, .. } => Some(verified(*vantage, checks)),
        Event::Warning { message } => Some(format!("<p class=\"warning\">warning: {}</p>\n", escape(message))),
        Event::Late { at_work, limit } => {
            let text = format!("{}: the run ended on this host", Event::late(at_work, *limit));
            Some(format!("<p class=\"warning\">late: {}</p>\n", escape(&text)))
        }
        Event::RollbackStarted { reason } => {
            Some(format!("<p class=\"warning\">this run's changes are taken back: {}</p>\n", escape(reason)))
        }
        Event::RolledBack { change, kept } => {
            let kept = kept.as_ref().map(|why| format!("<p class=\"warning\">kept: {}</p>\n", escape(why)));
            Some(format!("{}{}", kept.unwrap_or_default(), one_change(change)))
        }
        _ => None,
    }
}

/// A task that changed something, or failed; of the others the matrix tells enough.
fn task(result: &TaskResult) -> Option<String> {
    let failure = result.failure.as_ref();
    if result.changes.is_empty() && result.actions.is_empty() && failure.is_none() {
        return None;
    }
    let failure = failure.map(|failure| format!("<pre class=\"trouble\">{}</pre>\n", escape(&words(failure))));
    let changes: String = result.changes.iter().map(one_change).collect();
    let actions = result.actions.iter().map(|action| format!("<p class=\"action\">{}</p>\n", escape(action)));
    let origin = &result.task.origin;
    Some(format!(
        "<h3>{} <small>{} · {}:{}</small></h3>\n{}{changes}{}",
        escape(&task_name(&result.task)),
        time(result.ms),
        escape(&origin.file),
        origin.line,
        failure.unwrap_or_default(),
        actions.collect::<String>()
    ))
}

fn one_change(change: &ChangeView) -> String {
    let summary = change::summary(&LOOK, 0, change).join("\n");
    let diff = change::text(&LOOK, change);
    if diff.is_empty() {
        return format!("<p class=\"change\">{}</p>\n", escape(&summary));
    }
    let lines: String = diff.iter().enumerate().map(|(row, line)| diff_line(row, line)).collect();
    format!(
        "<details class=\"change\" open><summary>{}</summary><pre class=\"diff\">{lines}</pre></details>\n",
        escape(&summary)
    )
}

fn diff_line(row: usize, line: &str) -> String {
    let text = escape(line);
    match line.bytes().next() {
        // The names of the two files.
        Some(b'+' | b'-') if row < 2 => format!("<b>{text}</b>\n"),
        Some(b'+') => format!("<ins>{text}</ins>\n"),
        Some(b'-') => format!("<del>{text}</del>\n"),
        Some(b'@') => format!("<b>{text}</b>\n"),
        _ => format!("{text}\n"),
    }
}

fn verified(vantage: Vantage, all: &[Check]) -> String {
    let place = match vantage {
        Vantage::Host => "seen on the host",
        Vantage::Controller => "seen over the network from the controller",
    };
    let rows: String = all.iter().map(row).collect();
    format!(
        "<h3>Verified <small>{place} · {}</small></h3>\n<table class=\"verify\">\n{rows}</table>\n",
        checks::summary(all)
    )
}

fn row(check: &Check) -> String {
    let (class, word) = super::verdict(check.verdict);
    let remedy = check.remedy.as_ref().map(|remedy| format!("<p class=\"hint\">{}</p>", escape(remedy)));
    format!(
        "<tr><td><span class=\"badge {class}\">{word}</span><td><b>{}</b> <code>{}</code><p>{}</p>{}</tr>\n",
        escape(&check.title),
        escape(&check.id),
        escape(&check.evidence),
        remedy.unwrap_or_default()
    )
}
