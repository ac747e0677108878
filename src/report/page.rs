//! `--report FILE`: one page that stands for itself. No script and nothing from elsewhere, so that it can be sent, kept,
//! printed, and read with everything else switched off.

mod flow;
mod hosts;
mod matrix;
mod timeline;

use super::RunKind;
use super::markup::escape;
use super::record::Record;
use super::stream::time;
use super::tally::{Counts, HostTally, Verdict};
use crate::event::{CheckVerdict, HostOutcome, moment};

const STYLE: &str = include_str!("page/style.css");

pub(super) fn page(record: &Record) -> String {
    let title = format!("mailprov {} · {}", command(record), began(record));
    let parts = [head(record), matrix::section(record), timeline::section(record), hosts::sections(record)];
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
        escape(&title),
        parts.concat()
    )
}

fn began(record: &Record) -> String {
    moment(record.run.began.unix_timestamp().try_into().unwrap_or_default())
}

fn command(record: &Record) -> String {
    let check = if matches!(record.run.kind, RunKind::Rollback { check: true }) { " --check" } else { "" };
    format!("{}{check}", record.run.kind.command())
}

/// What the run came to.
fn head(record: &Record) -> String {
    let (class, word) = match record.tally.verdict() {
        Verdict::Ok => ("good", "All hosts made it"),
        Verdict::Failed => ("bad", "Not all hosts made it"),
        Verdict::Unreachable => ("bad", "Not all hosts could be reached"),
    };
    let rows: String = record.tally.hosts().map(|(name, host)| recap(record, name, host)).collect();
    let looked = if record.run.kind.only_looks() { " · nothing was changed" } else { "" };
    format!(
        "<header id=\"summary\">\n<h1>mailprov {} <span class=\"badge {class}\">{word}</span></h1>\n\
         <p>{}, took {}: <code>{}</code>{looked}</p>\n<table class=\"recap\">\n<tbody>\n{rows}</tbody>\n</table>\n</header>\n",
        command(record),
        began(record),
        time(record.took()),
        escape(&record.run.again),
    )
}

fn recap(record: &Record, name: &str, host: &HostTally) -> String {
    let (class, word) = ended(host.outcome.as_ref());
    let (counts, name) = (host.counts, escape(name));
    let why = host.failure.as_ref().map(|(task, message)| {
        let separator = if task.is_empty() { "" } else { ": " };
        format!("<p class=\"why\">{}{separator}{}</p>", escape(task), escape(message))
    });
    format!(
        "<tr><th scope=\"row\"><a href=\"#host-{name}\">{name}</a><td><span class=\"badge {class}\">{word}</span> \
         <small>{}</small>{}</tr>\n",
        counted(counts, changed(record)),
        why.unwrap_or_default(),
    )
}

/// What a task that is counted as changed has done, or would do.
fn changed(record: &Record) -> &'static str {
    if record.run.kind.only_looks() { "would change" } else { "changed" }
}

/// What the host's tasks came to: `27 ok · 18 changed · 15 skipped`; nothing where none began.
fn counted(counts: Counts, word: &str) -> String {
    let Counts { ok, changed, failed, skipped, ignored, rescued, .. } = counts;
    let some = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
    let parts = [
        some(ok, "ok"),
        some(changed, word),
        some(failed, "failed"),
        some(ignored, "failed and ignored"),
        some(rescued, "rescued"),
        some(skipped, "skipped"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Class and word of what came of a check.
fn verdict(verdict: CheckVerdict) -> (&'static str, &'static str) {
    match verdict {
        CheckVerdict::Pass => ("good", "pass"),
        CheckVerdict::Warn => ("warn", "warning"),
        CheckVerdict::Fail => ("bad", "fail"),
        CheckVerdict::NotTestable => ("untested", "untested"),
    }
}

/// Class and word of how a host ended.
fn ended(outcome: Option<&HostOutcome>) -> (&'static str, &'static str) {
    match outcome {
        Some(HostOutcome::Succeeded) => ("good", "succeeded"),
        Some(HostOutcome::Failed { rolled_back: true }) => ("bad", "failed, taken back"),
        Some(HostOutcome::Failed { rolled_back: false }) => ("bad", "failed"),
        Some(HostOutcome::Reverted) => ("warn", "taken back with the others"),
        Some(HostOutcome::Refused { .. }) => ("bad", "refused"),
        Some(HostOutcome::Unreachable { .. }) => ("bad", "unreachable"),
        Some(HostOutcome::NotStarted { .. }) | None => ("warn", "not started"),
    }
}
