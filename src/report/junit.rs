//! `--junit FILE`: a suite for each host, with a case for each task and each check.
//!
//! The elements are those that Jenkins, GitLab and GitHub's actions read: `testsuites`, `testsuite`, `testcase` with
//! `failure`, `error` or `skipped`.

use std::fmt::Write;

use super::markup::escape;
use super::record::Record;
use super::stream::task_name;
use crate::event::{Check, CheckVerdict, Event, Failure, HostOutcome, Status, TaskResult, Vantage};

/// One `testcase`.
struct Case {
    class: &'static str,
    name: String,
    ms: u64,
    result: Outcome,
}

enum Outcome {
    Passed,
    Skipped(String),
    /// What was asked for does not hold.
    Failed(String),
    /// It could not be asked.
    Error(String),
}

pub(super) fn xml(record: &Record) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let seconds = seconds(record.took());
    // Writing to a string cannot fail; so everywhere below.
    let _ = writeln!(text, "<testsuites name=\"mailprov\" time=\"{seconds}\">");
    for host in &record.run.hosts {
        suite(&mut text, record, host);
    }
    text.push_str("</testsuites>\n");
    text
}

fn suite(text: &mut String, record: &Record, host: &str) {
    let cases: Vec<Case> = record.of(host).flat_map(|event| cases(&event.event)).collect();
    let count = |test: fn(&Outcome) -> bool| cases.iter().filter(|case| test(&case.result)).count();
    let _ = writeln!(
        text,
        "  <testsuite name=\"{}\" hostname=\"{0}\" timestamp=\"{}\" time=\"{}\" tests=\"{}\" failures=\"{}\" \
         errors=\"{}\" skipped=\"{}\">",
        escape(host),
        record.run.moment(),
        seconds(record.of(host).map(|event| event.at_ms).max().unwrap_or(0)),
        cases.len(),
        count(|result| matches!(result, Outcome::Failed(_))),
        count(|result| matches!(result, Outcome::Error(_))),
        count(|result| matches!(result, Outcome::Skipped(_))),
    );
    for case in &cases {
        case.write(text);
    }
    text.push_str("  </testsuite>\n");
}

impl Case {
    fn write(&self, text: &mut String) {
        let (class, name, time) = (self.class, escape(&self.name), seconds(self.ms));
        let _ = write!(text, "    <testcase classname=\"{class}\" name=\"{name}\" time=\"{time}\"");
        let (element, message) = match &self.result {
            Outcome::Passed => return text.push_str("/>\n"),
            Outcome::Skipped(message) => ("skipped", message),
            Outcome::Failed(message) => ("failure", message),
            Outcome::Error(message) => ("error", message),
        };
        let first = message.lines().next().unwrap_or_default();
        let _ = writeln!(text, "><{element} message=\"{}\">{}</{element}></testcase>", escape(first), escape(message));
    }
}

fn cases(event: &Event) -> Vec<Case> {
    match event {
        Event::TaskFinished(result) => vec![task(result)],
        Event::Verified { vantage, checks, .. } => checks.iter().map(|one| check(*vantage, one)).collect(),
        Event::RolledBack { change, kept } => {
            let name = format!("{} {}", change.kind, change.name);
            let result = kept.clone().map_or(Outcome::Passed, Outcome::Failed);
            vec![Case { class: "rollback", name, ms: 0, result }]
        }
        Event::HostFinished { outcome } => ending(outcome).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn task(result: &TaskResult) -> Case {
    let outcome = match result.status {
        Status::Ok | Status::Changed => Outcome::Passed,
        Status::Skipped => Outcome::Skipped(result.message.clone().unwrap_or_default()),
        Status::Ignored => Outcome::Skipped("failed, and ignored".to_owned()),
        Status::Failed => Outcome::Failed(result.failure.as_ref().map(words).unwrap_or_default()),
    };
    Case { class: "task", name: task_name(&result.task), ms: result.ms, result: outcome }
}

fn check(vantage: Vantage, check: &Check) -> Case {
    let said = || format!("{}: {}", check.title, check.evidence);
    let result = match check.verdict {
        CheckVerdict::Pass => Outcome::Passed,
        // A warning is no reason for a pipeline to fail.
        CheckVerdict::Warn => Outcome::Skipped(format!("warning: {}", said())),
        CheckVerdict::Fail => Outcome::Failed(said()),
        CheckVerdict::NotTestable => Outcome::Skipped(format!("not testable: {}", said())),
    };
    let class = match vantage {
        Vantage::Host => "verify.host",
        Vantage::Controller => "verify.controller",
    };
    Case { class, name: check.id.clone(), ms: 0, result }
}

/// A host that did not get as far as its tasks is an error, or nothing would tell of it.
fn ending(outcome: &HostOutcome) -> Option<Case> {
    let (name, result) = match outcome {
        HostOutcome::Succeeded | HostOutcome::Failed { .. } => return None,
        HostOutcome::Reverted => ("stays provisioned", Outcome::Failed("the run failed on another host".to_owned())),
        HostOutcome::Refused { failure } => ("takes the run", Outcome::Error(words(failure))),
        HostOutcome::Unreachable { failure } => ("can be reached", Outcome::Error(words(failure))),
        HostOutcome::NotStarted { reason } => ("gets its turn", Outcome::Error(reason.clone())),
    };
    Some(Case { class: "host", name: name.to_owned(), ms: 0, result })
}

/// A failure in full.
pub(super) fn words(failure: &Failure) -> String {
    let causes = failure.causes.iter().map(|cause| format!("caused by: {cause}"));
    let stderr = failure
        .stderr
        .iter()
        .filter(|stderr| !stderr.trim().is_empty())
        .map(|stderr| format!("stderr: {}", stderr.trim_end()));
    let hints = failure.hints.iter().map(|hint| format!("hint: {hint}"));
    let parts = std::iter::once(failure.message.clone()).chain(causes).chain(stderr).chain(hints);
    parts.collect::<Vec<_>>().join("\n")
}

/// Milliseconds as seconds with three places.
fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}
