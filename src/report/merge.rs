//! The JSON lines of several runs, read back and joined: `mailprov report merge`.

use std::collections::BTreeSet;

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::json::JSON_VERSION;
use super::{RunInfo, RunKind};
use crate::event::HostEvent;

/// What one run wrote with `--output json`.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    kind: RunKind,
    began: OffsetDateTime,
    hosts: Vec<String>,
    events: Vec<HostEvent>,
    /// Whether it came to its end.
    pub complete: bool,
}

/// Why lines cannot be joined: a lower-case fragment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// A line is no JSON of ours.
    #[error("line {line} is no line of `--output json`: {problem}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// Another version wrote it.
    #[error("line {line} has version {version}; this program reads {JSON_VERSION}")]
    Version {
        /// Counted from 1.
        line: usize,
        /// The version.
        version: u32,
    },
    /// The run could not begin.
    #[error("the run did not begin: {0}")]
    NotBegun(String),
    /// There is nothing of a run.
    #[error("there is no run in it")]
    NoRun,
    /// Runs of different kinds.
    #[error("one run is of `{0}`, another one of `{1}`")]
    Kinds(&'static str, &'static str),
    /// A host in two parts: its state at the end is that of neither.
    #[error("the host {0} is in more than one of the runs")]
    Twice(String),
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line {
    Start {
        command: String,
        #[serde(default)]
        check: bool,
        began: String,
        hosts: Vec<String>,
    },
    Event(Box<HostEvent>),
    Finish,
    Error {
        errors: Vec<Told>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Told {
    message: String,
}

impl Part {
    /// Reads the lines of one run.
    ///
    /// # Errors
    /// When they are not such lines, or the run never began. A run that was cut off is read as far as it goes, but for a
    /// last line that is torn.
    pub fn read(text: &str) -> Result<Self, MergeError> {
        let mut part: Option<Self> = None;
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let number = index + 1;
            let parsed = match parse(number, line) {
                // The writer was killed in the middle of it.
                Err(MergeError::Line { .. }) if part.is_some() && !text.ends_with('\n') && text.ends_with(line) => {
                    break;
                }
                parsed => parsed?,
            };
            match (parsed, &mut part) {
                (Line::Start { command, check, began, hosts }, None) => {
                    let wrong = |problem| MergeError::Line { line: number, problem };
                    let kind = kind(&command, check).ok_or_else(|| wrong(format!("`{command}` is no run")))?;
                    let began = OffsetDateTime::parse(&began, &Rfc3339).map_err(|error| wrong(error.to_string()))?;
                    part = Some(Self { kind, began, hosts, events: Vec::new(), complete: false });
                }
                (Line::Event(event), Some(part)) => part.events.push(*event),
                (Line::Finish, Some(part)) => part.complete = true,
                (Line::Error { errors }, None) => {
                    let messages: Vec<_> = errors.into_iter().map(|error| error.message).collect();
                    return Err(MergeError::NotBegun(messages.join("; ")));
                }
                (Line::Start { .. }, Some(_)) => {
                    return Err(MergeError::Line { line: number, problem: "a second run begins".to_owned() });
                }
                (Line::Event(_) | Line::Finish, None) => return Err(MergeError::NoRun),
                (Line::Error { .. } | Line::Other, _) => {}
            }
        }
        part.ok_or(MergeError::NoRun)
    }
}

fn parse(line: usize, text: &str) -> Result<Line, MergeError> {
    let problem = |error: serde_json::Error| MergeError::Line { line, problem: error.to_string() };
    let Versioned { version } = serde_json::from_str(text).map_err(problem)?;
    if version != JSON_VERSION {
        return Err(MergeError::Version { line, version });
    }
    serde_json::from_str(text).map_err(problem)
}

/// One run made of several: what the report needs to know, and the events in the order of their times.
///
/// # Errors
/// When the runs are not parts of one.
pub fn join(parts: Vec<Part>) -> Result<(RunInfo, Vec<HostEvent>), MergeError> {
    let kind = parts.first().ok_or(MergeError::NoRun)?.kind;
    let began = parts.iter().map(|part| part.began).min().ok_or(MergeError::NoRun)?;
    if let Some(other) = parts.iter().find(|part| part.kind != kind) {
        return Err(MergeError::Kinds(kind.command(), other.kind.command()));
    }
    let (mut hosts, mut events, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for part in parts {
        if let Some(host) = part.hosts.iter().find(|host| !seen.insert((*host).clone())) {
            return Err(MergeError::Twice(host.clone()));
        }
        hosts.extend(part.hosts);
        // Its times count from its own beginning.
        let later = u64::try_from((part.began - began).whole_milliseconds()).unwrap_or(0);
        events.extend(
            part.events.into_iter().map(|event| HostEvent { at_ms: event.at_ms.saturating_add(later), ..event }),
        );
    }
    events.sort_by_key(|event| event.at_ms);
    let again = format!("mailprov {}", kind.command());
    let (apply, rollback) = ("mailprov up".to_owned(), "mailprov rollback".to_owned());
    Ok((RunInfo { kind, began, hosts, again_on: again.clone(), again, apply, rollback }, events))
}

fn kind(name: &str, check: bool) -> Option<RunKind> {
    let kinds = [RunKind::Up, RunKind::Check, RunKind::Verify, RunKind::Rollback { check }];
    kinds.into_iter().find(|kind| kind.command() == name)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use crate::report::samples::{mixed_run, run_info};
    use crate::report::{Tally, json};

    /// What a run on these hosts writes.
    fn written(hosts: &[&str]) -> String {
        let run = run_info(RunKind::Up, hosts);
        let mut tally = Tally::new(&run.hosts, false);
        let mut lines = vec![json::start(&run)];
        for event in mixed_run().iter().filter(|event| hosts.contains(&event.host.as_str())) {
            tally.add(event);
            lines.push(json::event(event));
        }
        lines.push(json::finish(&tally));
        lines.join("\n") + "\n"
    }

    #[test]
    fn what_was_written_in_parts_is_what_would_have_been_written_at_once() {
        let parts = ["mx1", "mx2", "mx3"].map(|host| Part::read(&written(&[host])).unwrap());
        assert!(parts.iter().all(|part| part.complete));
        let (run, events) = join(parts.to_vec()).unwrap();
        let mut joined = Tally::new(&run.hosts, false);
        for event in &events {
            joined.add(event);
        }
        let whole = written(&["mx1", "mx2", "mx3"]);
        assert_eq!(json::finish(&joined), whole.lines().last().unwrap());
        assert_eq!(json::start(&run), whole.lines().next().unwrap());
        assert_eq!(events.len(), whole.lines().count() - 2);
    }

    #[test]
    fn times_of_a_part_that_began_later_are_later() {
        let at = |part: &Part| part.events.iter().map(|event| event.at_ms).collect::<Vec<_>>();
        let mut early = Part::read(&written(&["mx1"])).unwrap();
        let mut late = Part::read(&written(&["mx2"])).unwrap();
        early.events.iter_mut().zip(0..).for_each(|(event, n)| event.at_ms = n * 10_000);
        late.events.iter_mut().zip(0..).for_each(|(event, n)| event.at_ms = n);
        late.began += time::Duration::seconds(15);
        let expected: Vec<u64> = at(&late).iter().map(|ms| ms + 15_000).collect();
        let (run, events) = join(vec![late, early.clone()]).unwrap();
        assert_eq!(run.began, early.began);
        let of =
            |host: &str| events.iter().filter(|event| event.host == host).map(|event| event.at_ms).collect::<Vec<_>>();
        assert_eq!((of("mx1"), of("mx2")), (at(&early), expected));
        assert!(events.is_sorted_by_key(|event| event.at_ms));
    }

    #[test]
    fn a_run_that_was_cut_off_is_read_as_far_as_it_goes() {
        let whole = written(&["mx1"]);
        let end = whole.rfind("\"kind\":\"finish\"").unwrap();
        let part = Part::read(&whole[..end]).unwrap();
        assert!(!part.complete);
        assert_eq!(part.events, Part::read(&whole).unwrap().events);
    }

    #[test]
    fn what_cannot_be_joined_is_told() {
        let error = |text: &str| Part::read(text).unwrap_err().to_string();
        assert_eq!(error(""), "there is no run in it");
        assert!(error("{\n").starts_with("line 1 is no line of `--output json`"));
        assert_eq!(error("{\"version\":2,\"kind\":\"start\"}"), "line 1 has version 2; this program reads 1");
        let failed = r#"{"version":1,"kind":"error","exit_code":3,"errors":[{"message":"no such file"}]}"#;
        assert_eq!(error(failed), "the run did not begin: no such file");
        let one = Part::read(&written(&["mx1"])).unwrap();
        let twice = join(vec![one.clone(), one.clone()]).unwrap_err();
        assert_eq!(twice.to_string(), "the host mx1 is in more than one of the runs");
        let check = Part { kind: RunKind::Check, hosts: Vec::new(), ..one.clone() };
        assert_eq!(join(vec![one, check]).unwrap_err().to_string(), "one run is of `up`, another one of `check`");
    }
}
