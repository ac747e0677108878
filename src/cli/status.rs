//! `status`: how things stand on the hosts.

use serde_json::{Value, json};

use super::answers::{self, failure_of};
use super::args::HistoryArgs;
use super::console::Console;
use super::exit::Exit;
use super::failure;
use super::history::{run_json, run_lines, timeless};
use crate::event::moment;
use crate::fleet::Fleet;
use crate::protocol::HostStatus;
use crate::report::{clean, json};

/// What a host answered.
type Answer = answers::Answer<HostStatus>;

pub(super) fn run(args: &HistoryArgs, console: &Console) -> Result<Exit, failure::Failure> {
    let answers = answers::ask(args, console, Fleet::status)?;
    let lines = |status: &HostStatus| status_lines(status, args.output.verbose > 0);
    answers::tell(&answers, console, lines, |status| lines(&timeless_status(status)), json_lines)
}

fn timeless_status(status: &HostStatus) -> HostStatus {
    HostStatus { last: status.last.as_ref().map(timeless), ..status.clone() }
}

/// For people: the host's last run, and what is to be known before the next one.
fn status_lines(status: &HostStatus, verbose: bool) -> Vec<String> {
    let mut lines = status.last.as_ref().map_or_else(|| vec!["  no runs".to_owned()], |run| run_lines(run, 0, verbose));
    if status.last.as_ref().is_some_and(|run| run.outcome == "unconfirmed") {
        let line = "  unconfirmed: it changed the way into the host, which takes it back by itself; `mailprov rollback` does so now";
        lines.push(line.to_owned());
    }
    if let Some(holder) = &status.holder {
        let (controller, since) = (clean(&holder.controller), moment(holder.since));
        lines.push(format!("  at work: process {} for {controller}, since {since}", holder.pid));
    }
    for run in &status.unfinished {
        let id = clean(&run.spec.run_id);
        lines.push(format!(
            "  unfinished: {id} was cut off; `mailprov up` goes on from what it left, `mailprov rollback` puts the host back"
        ));
    }
    if !status.owed.is_empty() {
        lines.push(format!("  owed: {}; the next `mailprov up` does it", clean(&status.owed.join(", "))));
    }
    lines
}

/// For programs: a line a host.
fn json_lines(answers: &[Answer]) -> String {
    let line = |(host, answer): &Answer| {
        let (status, failure) = match answer {
            Ok(status) => (status.clone(), Value::Null),
            Err(why) => (HostStatus::default(), json!(failure_of(why))),
        };
        let keys = [
            ("host", json!(host)),
            ("last", status.last.as_ref().map_or(Value::Null, run_json)),
            ("unfinished", status.unfinished.iter().map(run_json).collect()),
            ("owed", json!(status.owed)),
            ("holder", json!(status.holder)),
            ("failure", failure),
        ];
        json::line("status", keys) + "\n"
    };
    answers.iter().map(line).collect()
}

#[cfg(test)]
#[expect(clippy::panic, reason = "a test")]
mod tests {
    use super::*;
    use crate::event::{Failure, HostOutcome};
    use crate::hostplay::{Mode, RunSpec};
    use crate::protocol::{Holder, RunSummary};

    fn answers() -> Vec<Answer> {
        let run = RunSummary {
            spec: RunSpec {
                run_id: "20261124T031500Z-1a2b3c4d".to_owned(),
                mode: Mode::Apply,
                host: "mx1".to_owned(),
                controller: "ops@desk".to_owned(),
                command: "mailprov up inventory.yaml".to_owned(),
                rollback_on_failure: true,
            },
            started: 1_795_490_100,
            ended: None,
            undoes: Vec::new(),
            undone_by: None,
            outcome: "unfinished".to_owned(),
            changed: vec!["file:/etc/hosts".to_owned()],
        };
        let status = HostStatus {
            last: Some(run.clone()),
            unfinished: vec![run],
            owed: vec!["restart postfix".to_owned()],
            holder: Some(Holder { pid: 7, controller: "ops@desk".to_owned(), since: 1_795_490_200 }),
        };
        vec![("mx1".to_owned(), Ok(status)), ("mx2".to_owned(), Ok(HostStatus::default()))]
    }

    #[test]
    fn what_is_to_be_known_before_the_next_run_is_said() {
        insta::assert_snapshot!(answers::text(&answers::each(&answers()), usize::MAX, |status| status_lines(status, false)), @r"
        mx1
          20261124T031500Z-1a2b3c4d  2026-11-24 03:15:00 UTC  unfinished
            1 change by ops@desk: mailprov up inventory.yaml
            file:/etc/hosts
          at work: process 7 for ops@desk, since 2026-11-24 03:16:40 UTC
          unfinished: 20261124T031500Z-1a2b3c4d was cut off; `mailprov up` goes on from what it left, `mailprov rollback` puts the host back
          owed: restart postfix; the next `mailprov up` does it
        mx2
          no runs
        ");
    }

    /// A host of each kind, and two of which one says it for both.
    #[test]
    fn what_hosts_stand_in_is_told_apart_on_a_screen() {
        let Ok(HostStatus { last: Some(run), unfinished, owed, holder }) = answers().swap_remove(0).1 else {
            panic!("the first host had a run");
        };
        let ended =
            |outcome: &str| RunSummary { outcome: outcome.to_owned(), ended: Some(run.started + 12), ..run.clone() };
        let at = |last: RunSummary| HostStatus { last: Some(last), ..HostStatus::default() };
        let why = Failure {
            message: "connection refused by 192.0.2.9 port 22".to_owned(),
            hints: vec!["check that sshd runs there, and ansible_port".to_owned()],
            ..Failure::default()
        };
        let running = RunSummary { outcome: "running".to_owned(), ..run.clone() };
        let fleet: Vec<Answer> = [
            Ok(at(ended("finished"))),
            Ok(at(ended("finished"))),
            Ok(HostStatus { unfinished, owed, ..at(run.clone()) }),
            Ok(at(ended("unconfirmed"))),
            Ok(HostStatus { holder, ..at(running) }),
            Ok(HostStatus::default()),
            Err(Box::new(HostOutcome::Unreachable { failure: why.clone() })),
            Err(Box::new(HostOutcome::Unreachable { failure: why })),
        ]
        .into_iter()
        .enumerate()
        .map(|(index, answer)| (format!("mail{}.mydomain.local", index + 1), answer))
        .collect();
        let lines = |status: &HostStatus| status_lines(status, false);
        let groups = answers::groups(&fleet, |status| lines(&timeless_status(status)));
        insta::assert_snapshot!("status_8_hosts_80_columns", answers::text(&groups, 80, lines));
        insta::assert_snapshot!("status_8_hosts_200_columns", answers::text(&groups, 200, lines));
    }

    #[test]
    fn programs_get_a_line_a_host() {
        let lines = json_lines(&answers());
        assert_eq!(lines.lines().count(), 2);
        insta::assert_snapshot!(lines.lines().nth(1).unwrap_or_default(), @r#"{"version":1,"kind":"status","host":"mx2","last":null,"unfinished":[],"owed":[],"holder":null,"failure":null}"#);
    }
}
