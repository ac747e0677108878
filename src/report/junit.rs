//! `--junit FILE`: a suite for each host, with a case for each task, each check and the host itself. A suite is red
//! exactly when its host did not make it.
//!
//! The elements are those that Jenkins, GitLab and GitHub's actions read: `testsuites`, `testsuite`, `testcase` with
//! `failure`, `error` or `skipped`.

use std::fmt::Write;

use super::markup::escape;
use super::record::Record;
use super::stream::task_name;
use super::tally::HostTally;
use crate::event::{Check, CheckVerdict, Event, Failure, HostEvent, HostOutcome, Status, TaskResult, Vantage};

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
    for (name, host) in record.tally.hosts() {
        suite(&mut text, record, name, host);
    }
    text.push_str("</testsuites>\n");
    text
}

fn suite(text: &mut String, record: &Record, name: &str, host: &HostTally) {
    let cases = of_host(&record.of(name).collect::<Vec<_>>(), host);
    let count = |test: fn(&Outcome) -> bool| cases.iter().filter(|case| test(&case.result)).count();
    let _ = writeln!(
        text,
        "  <testsuite name=\"{}\" hostname=\"{0}\" timestamp=\"{}\" time=\"{}\" tests=\"{}\" failures=\"{}\" \
         errors=\"{}\" skipped=\"{}\">",
        escape(name),
        record.run.moment(),
        seconds(record.of(name).map(|event| event.at_ms).max().unwrap_or(0)),
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

fn of_host(events: &[&HostEvent], host: &HostTally) -> Vec<Case> {
    let stands = stands_from(events, host.outcome.as_ref());
    let cases = events.iter().enumerate().flat_map(|(index, event)| {
        cases(&event.event).into_iter().map(move |case| if index < stands { case.cleared() } else { case })
    });
    let mut cases: Vec<Case> = cases.collect();
    let told = cases.iter().any(|case| matches!(case.result, Outcome::Failed(_) | Outcome::Error(_)));
    cases.push(itself(events, host, told));
    cases
}

/// From which event on failures count. The run went on after those before, so `rescue` or `ignore_errors` cleared them;
/// the checks of a task that verifies come right before its result.
fn stands_from(events: &[&HostEvent], outcome: Option<&HostOutcome>) -> usize {
    if matches!(outcome, Some(HostOutcome::Succeeded | HostOutcome::Reverted)) {
        return events.len();
    }
    let failed = events.iter().rposition(|event| match &event.event {
        Event::TaskFinished(result) => result.status == Status::Failed,
        Event::Verified { vantage: Vantage::Controller, checks, .. } => {
            checks.iter().any(|check| check.verdict == CheckVerdict::Fail)
        }
        _ => false,
    });
    let before = &events[..failed.unwrap_or(events.len())];
    before.iter().rposition(|event| matches!(event.event, Event::TaskFinished(_))).map_or(0, |task| task + 1)
}

impl Case {
    /// The same, where the run went on.
    fn cleared(self) -> Self {
        match self.result {
            Outcome::Failed(message) => {
                Self { result: Outcome::Skipped(format!("failed, and the run went on: {message}")), ..self }
            }
            _ => self,
        }
    }

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
        CheckVerdict::NotTestable => Outcome::Skipped(format!("untested: {}", said())),
    };
    let class = match vantage {
        Vantage::Host => "verify.host",
        Vantage::Controller => "verify.controller",
    };
    Case { class, name: check.id.clone(), ms: 0, result }
}

/// The host as a whole, or nothing would tell of one that failed without a failed task. Where a case before has told why,
/// it is not counted twice.
fn itself(events: &[&HostEvent], host: &HostTally, told: bool) -> Case {
    let (name, result) = match &host.outcome {
        Some(HostOutcome::Succeeded) => ("makes it", Outcome::Passed),
        Some(HostOutcome::Failed { .. }) if told => {
            ("makes it", Outcome::Skipped("a case of this host failed".to_owned()))
        }
        Some(HostOutcome::Failed { rolled_back }) => ("makes it", Outcome::Failed(why(events, host, *rolled_back))),
        Some(HostOutcome::Reverted) => {
            ("stays provisioned", Outcome::Failed("the run failed on another host".to_owned()))
        }
        Some(HostOutcome::Refused { failure }) => ("takes the run", Outcome::Error(words(failure))),
        Some(HostOutcome::Unreachable { failure }) => ("can be reached", Outcome::Error(words(failure))),
        Some(HostOutcome::NotStarted { reason }) => ("gets its turn", Outcome::Error(reason.clone())),
        None => ("makes it", Outcome::Error("the run was cut off before it ended on this host".to_owned())),
    };
    Case { class: "host", name: name.to_owned(), ms: 0, result }
}

/// Why a host failed of which no task tells it: all that was said beside the tasks.
fn why(events: &[&HostEvent], host: &HostTally, rolled_back: bool) -> String {
    let end = if rolled_back { "the run failed, and its changes were taken back" } else { "the run failed" };
    let failure = host.failure.as_ref().map(|(_, message)| message);
    let said = events.iter().filter_map(|event| match &event.event {
        Event::Warning { message } => Some(message),
        Event::RollbackStarted { reason } => Some(reason),
        _ => None,
    });
    let lines = std::iter::once(end).chain(failure.into_iter().chain(said).map(String::as_str));
    lines.collect::<Vec<_>>().join("\n")
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::super::samples::{event, failure, run_info, task};
    use super::super::{Record, RunKind};
    use super::*;

    fn verified(vantage: Vantage, verdict: CheckVerdict) -> Event {
        let check = Check {
            id: "smtp.banner".to_owned(),
            title: "the banner has the name".to_owned(),
            required: true,
            verdict,
            evidence: "220 localhost".to_owned(),
            remedy: None,
        };
        Event::Verified { vantage, checks: vec![check], outside: None }
    }

    fn finished(name: &str, status: Status) -> Event {
        let mut result = task(name, status);
        result.failure = (status == Status::Failed).then(failure);
        Event::TaskFinished(result)
    }

    /// Name and result of all that is not green.
    fn told(events: Vec<Event>, outcome: Option<HostOutcome>) -> Vec<(String, &'static str, String)> {
        let mut record = Record::new(run_info(RunKind::Up, &["mx1"]));
        for happened in events.into_iter().chain(outcome.map(|outcome| Event::HostFinished { outcome })) {
            record.add(&event("mx1", happened));
        }
        let (_, host) = record.tally.hosts().next().unwrap();
        let cases = of_host(&record.of("mx1").collect::<Vec<_>>(), host);
        let results = cases.into_iter().filter_map(|case| match case.result {
            Outcome::Passed => None,
            Outcome::Skipped(why) => Some((case.name, "skipped", why)),
            Outcome::Failed(why) => Some((case.name, "failed", why)),
            Outcome::Error(why) => Some((case.name, "error", why)),
        });
        results.map(|(name, result, why)| (name, result, why.lines().next().unwrap_or_default().to_owned())).collect()
    }

    fn names(told: &[(String, &'static str, String)], wanted: &str) -> Vec<String> {
        told.iter().filter(|(_, result, _)| *result == wanted).map(|(name, ..)| name.clone()).collect()
    }

    #[test]
    fn a_host_that_failed_without_a_failed_task_is_red_and_says_why() {
        let confirm = vec![
            finished("Write main.cf", Status::Changed),
            Event::Warning { message: "nobody could come in anew until then: no answer".to_owned() },
        ];
        let outcome = HostOutcome::Failed { rolled_back: true };
        let why = "the run failed, and its changes were taken back";
        assert_eq!(told(confirm.clone(), Some(outcome.clone())), [("makes it".to_owned(), "failed", why.to_owned())]);
        let mut record = Record::new(run_info(RunKind::Up, &["mx1"]));
        for happened in confirm {
            record.add(&event("mx1", happened));
        }
        record.add(&event("mx1", Event::HostFinished { outcome }));
        assert!(record.junit().contains("taken back\nnobody could come in anew until then: no answer"));
        assert_eq!(names(&told(vec![finished("Write main.cf", Status::Changed)], None), "error"), ["makes it"]);
    }

    #[test]
    fn failures_that_the_run_went_on_after_are_not_red() {
        let rescued = || finished("Ask the relay", Status::Failed);
        let went_on = vec![
            verified(Vantage::Host, CheckVerdict::Fail),
            finished("Look", Status::Ignored),
            rescued(),
            finished("Go on", Status::Ok),
        ];
        let all = told(went_on.clone(), Some(HostOutcome::Succeeded));
        assert_eq!(names(&all, "skipped"), ["smtp.banner", "postfix : Look", "postfix : Ask the relay"]);
        assert_eq!(all.len(), 3, "{all:?}");
        let then = |events: Vec<Event>| {
            told([went_on.clone(), events].concat(), Some(HostOutcome::Failed { rolled_back: false }))
        };
        let broken = then(vec![finished("Write main.cf", Status::Failed)]);
        assert_eq!(names(&broken, "failed"), ["postfix : Write main.cf"], "the one that ended the run");
        let host = then(vec![verified(Vantage::Host, CheckVerdict::Fail), finished("Verify", Status::Failed)]);
        assert_eq!(names(&host, "failed"), ["smtp.banner", "postfix : Verify"]);
        let seen = then(vec![verified(Vantage::Controller, CheckVerdict::Fail)]);
        assert_eq!(names(&seen, "failed"), ["smtp.banner"]);
    }
}
