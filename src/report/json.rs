//! `--output json`: one object a line, versioned, for programs.
//!
//! Every line has `version` and `kind`: one `start`, an `event` for each [`HostEvent`], one `finish`. A run
//! that could not begin writes one `error` instead.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::RunInfo;
use super::tally::{Counts, Tally, Verdict};
use crate::event::{ChangeView, Event, HostEvent};

/// Raised whenever a line changes its meaning; new keys alone do not raise it.
pub const JSON_VERSION: u32 = 1;

#[derive(Serialize)]
struct Start<'a> {
    version: u32,
    kind: &'static str,
    command: &'static str,
    check: bool,
    began: String,
    hosts: &'a [String],
}

#[derive(Serialize)]
struct EventLine<'a> {
    version: u32,
    kind: &'static str,
    host: &'a str,
    at_ms: u64,
    event: &'a Event,
}

#[derive(Serialize)]
struct Finish<'a> {
    version: u32,
    kind: &'static str,
    verdict: Verdict,
    changed: bool,
    recap: BTreeMap<&'a str, Counts>,
}

/// A line of a kind of its own.
#[must_use]
pub fn line(kind: &str, body: impl IntoIterator<Item = (&'static str, Value)>) -> String {
    let head = [("version", Value::from(JSON_VERSION)), ("kind", Value::from(kind))];
    let object: serde_json::Map<String, Value> =
        head.into_iter().chain(body).map(|(key, value)| (key.to_owned(), value)).collect();
    Value::Object(object).to_string()
}

pub(crate) fn start(run: &RunInfo) -> String {
    render(&Start {
        version: JSON_VERSION,
        kind: "start",
        command: run.kind.command(),
        check: run.kind.only_looks(),
        began: run.moment(),
        hosts: &run.hosts,
    })
}

pub(crate) fn event(event: &HostEvent) -> String {
    let HostEvent { host, at_ms, event } = event;
    let hidden = without_secrets(event);
    let event = hidden.as_ref().unwrap_or(event);
    render(&EventLine { version: JSON_VERSION, kind: "event", host, at_ms: *at_ms, event })
}

pub(crate) fn finish(tally: &Tally) -> String {
    render(&Finish {
        version: JSON_VERSION,
        kind: "finish",
        verdict: tally.verdict(),
        changed: tally.any_changed(),
        recap: tally.counts().collect(),
    })
}

/// These types have text keys only, so that they always serialize.
fn render(line: &impl Serialize) -> String {
    serde_json::to_string(line).unwrap_or_default()
}

/// A copy without the text of sensitive changes, if it has any. The agent leaves them out already; what goes
/// into log files is checked twice.
fn without_secrets(event: &Event) -> Option<Event> {
    let leaks = |change: &ChangeView| change.sensitive && change.text.is_some();
    let mut event = match event {
        Event::TaskFinished(result) if result.changes.iter().any(leaks) => event.clone(),
        Event::RolledBack { change, .. } if leaks(change) => event.clone(),
        _ => return None,
    };
    let changes = match &mut event {
        Event::TaskFinished(result) => result.changes.as_mut_slice(),
        Event::RolledBack { change, .. } => std::slice::from_mut(change),
        _ => &mut [],
    };
    for change in changes.iter_mut().filter(|change| change.sensitive) {
        change.text = None;
    }
    Some(event)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use crate::event::{Status, TextChange};
    use crate::report::RunKind;
    use crate::report::samples::{change, event as host_event, mixed_run, run_info, task};

    #[test]
    fn every_line_is_one_versioned_object() {
        let run = run_info(RunKind::Up, &["mx1", "mx2", "mx3"]);
        let mut tally = Tally::new(&run.hosts, false);
        let mut lines = vec![start(&run)];
        for happened in mixed_run() {
            tally.add(&happened);
            lines.push(event(&happened));
        }
        lines.push(finish(&tally));
        for text in &lines {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(value["version"], 1);
            assert!(!text.contains('\n'));
        }
        insta::assert_snapshot!([&lines[0], &lines[1], &lines[lines.len() - 1]].map(String::as_str).join("\n"), @r#"
        {"version":1,"kind":"start","command":"up","check":false,"began":"2026-11-24T03:15:00Z","hosts":["mx1","mx2","mx3"]}
        {"version":1,"kind":"event","host":"mx1","at_ms":0,"event":{"type":"connected","ms":31}}
        {"version":1,"kind":"finish","verdict":"failed","changed":true,"recap":{"mx1":{"ok":4,"changed":3,"unreachable":0,"failed":0,"skipped":1,"rescued":0,"ignored":0},"mx2":{"ok":1,"changed":1,"unreachable":0,"failed":1,"skipped":0,"rescued":0,"ignored":0},"mx3":{"ok":0,"changed":0,"unreachable":1,"failed":0,"skipped":0,"rescued":0,"ignored":0}}}
        "#);
    }

    #[test]
    fn sensitive_text_is_left_out() {
        let mut key = change("file", "/etc/key", "create");
        key.text = Some(TextChange { before: None, after: Some("SECRET".to_owned()) });
        key.sensitive = true;
        let mut result = task("Key", Status::Changed);
        result.changes = vec![key.clone()];
        assert!(!event(&host_event("mx1", Event::TaskFinished(result))).contains("SECRET"));
        assert!(!event(&host_event("mx1", Event::RolledBack { change: key, kept: None })).contains("SECRET"));
    }
}
