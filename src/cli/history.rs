//! `history`: the runs that the hosts remember.

use serde_json::{Value, json};

use super::answers::{self, failure_of};
use super::args::HistoryArgs;
use super::console::Console;
use super::exit::Exit;
use super::failure;
use crate::event::moment;
use crate::fleet::Fleet;
use crate::hostplay::Mode;
use crate::protocol::RunSummary;
use crate::report::{clean, json};

/// So many changes of a run are shown to those who did not ask for all.
const SHOWN_CHANGES: usize = 5;

/// Columns of a moment, `2026-11-24 03:15:00 UTC`.
const TIME_COLUMNS: usize = 23;

/// What a host answered.
type Answer = answers::Answer<Vec<RunSummary>>;

pub(super) fn run(args: &HistoryArgs, console: &Console) -> Result<Exit, failure::Failure> {
    let answers = answers::ask(args, console, Fleet::history)?;
    let lines = |runs: &Vec<RunSummary>| history_lines(runs, args.output.verbose > 0);
    answers::tell(&answers, console, lines, |runs| lines(&runs.iter().map(timeless).collect()), json_lines)
}

/// For people: the host's runs, the newest first; with `verbose` all that they changed.
fn history_lines(runs: &[RunSummary], verbose: bool) -> Vec<String> {
    if runs.is_empty() {
        return vec!["  no runs".to_owned()];
    }
    let columns = runs.iter().map(|run| run.spec.run_id.chars().count()).max().unwrap_or(0);
    runs.iter().rev().flat_map(|run| run_lines(run, columns, verbose)).collect()
}

/// The same run at another host differs by moments.
pub(super) fn timeless(run: &RunSummary) -> RunSummary {
    RunSummary { started: 0, ended: run.ended.map(|_| 0), ..run.clone() }
}

/// A run, with its id in so many columns.
pub(super) fn run_lines(run: &RunSummary, id_columns: usize, verbose: bool) -> Vec<String> {
    let changes = match run.changed.len() {
        0 => "no changes".to_owned(),
        1 => "1 change".to_owned(),
        count => format!("{count} changes"),
    };
    let took = run.ended.and_then(|ended| ended.checked_sub(run.started)).map(|seconds| format!(" in {seconds} s"));
    let (id, began, outcome) = (clean(&run.spec.run_id), moment(run.started), clean(&run.outcome));
    let (took, controller, command) = (took.unwrap_or_default(), clean(&run.spec.controller), clean(&run.spec.command));
    let mut lines = vec![
        format!("  {id:id_columns$}  {began:TIME_COLUMNS$}  {outcome}"),
        format!("    {changes}{took} by {controller}: {command}"),
    ];
    lines.extend(run.undone_by.as_ref().map(|by| format!("    taken back by {}", clean(by))));
    lines.extend(run.undoes.iter().map(|id| format!("    takes back {}", clean(id))));
    let shown = if verbose { run.changed.len() } else { SHOWN_CHANGES };
    lines.extend(run.changed.iter().take(shown).map(|resource| format!("    {}", clean(resource))));
    if run.changed.len() > shown {
        lines.push(format!("    and {} more (-v)", run.changed.len() - shown));
    }
    lines
}

/// For programs: a line a host, the newest run last.
fn json_lines(answers: &[Answer]) -> String {
    let line = |(host, answer): &Answer| {
        let (runs, failure) = match answer {
            Ok(runs) => (runs.iter().map(run_json).collect(), Value::Null),
            Err(why) => (Vec::new(), json!(failure_of(why))),
        };
        json::line("history", [("host", json!(host)), ("runs", Value::Array(runs)), ("failure", failure)]) + "\n"
    };
    answers.iter().map(line).collect()
}

pub(super) fn run_json(run: &RunSummary) -> Value {
    json!({
        "id": run.spec.run_id,
        "check": run.spec.mode == Mode::Check,
        "controller": run.spec.controller,
        "command": run.spec.command,
        "started": run.started,
        "ended": run.ended,
        "outcome": run.outcome,
        "undoes": run.undoes,
        "undone_by": run.undone_by,
        "changed": run.changed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Failure, HostOutcome};
    use crate::hostplay::RunSpec;

    fn answers() -> Vec<Answer> {
        let run = |id: &str, started, outcome: &str, changed: &[&str]| RunSummary {
            spec: RunSpec {
                run_id: id.to_owned(),
                mode: Mode::Apply,
                host: "mx1".to_owned(),
                controller: "ops@desk".to_owned(),
                command: "mailprov up inventory.yaml".to_owned(),
                rollback_on_failure: true,
            },
            started,
            ended: (outcome == "finished").then(|| started + 12),
            undoes: Vec::new(),
            undone_by: (outcome == "rolled back").then(|| "20261124T051500Z-00000000".to_owned()),
            outcome: outcome.to_owned(),
            changed: changed.iter().map(|&resource| resource.to_owned()).collect(),
        };
        let failure = Failure {
            message: "connection refused by 192.0.2.9 port 22".to_owned(),
            hints: vec!["check that sshd runs there".to_owned()],
            ..Failure::default()
        };
        let first =
            run("20261124T031500Z-1a2b3c4d", 1_795_490_100, "finished", &["package:postfix", "file:/etc/\u{7}"]);
        let second = run("20261124T041500Z-00000000-undo", u64::MAX, "rolled back", &["hostname:static"]);
        vec![
            ("mx1".to_owned(), Ok(vec![first, second])),
            ("mx2".to_owned(), Ok(Vec::new())),
            ("mx3".to_owned(), Err(Box::new(HostOutcome::Unreachable { failure }))),
        ]
    }

    #[test]
    fn the_newest_run_comes_first() {
        insta::assert_snapshot!(answers::text(&answers::each(&answers()), usize::MAX, |runs| history_lines(runs, false)), @r"
        mx1
          20261124T041500Z-00000000-undo  unknown time             rolled back
            1 change by ops@desk: mailprov up inventory.yaml
            taken back by 20261124T051500Z-00000000
            hostname:static
          20261124T031500Z-1a2b3c4d       2026-11-24 03:15:00 UTC  finished
            2 changes in 12 s by ops@desk: mailprov up inventory.yaml
            package:postfix
            file:/etc/\u{7}
        mx2
          no runs
        mx3
          error: connection refused by 192.0.2.9 port 22
          hint: check that sshd runs there
        ");
    }

    #[test]
    fn all_changes_are_shown_to_those_who_ask() {
        let changed = (0..9).map(|number| format!("file:/etc/{number}")).collect();
        let undoes = vec!["20261124T031500Z-1a2b3c4d".to_owned()];
        let run = answers().into_iter().find_map(|(_, answer)| answer.ok()?.into_iter().next());
        let many = run.map(|run| ("mx1".to_owned(), Ok(vec![RunSummary { undoes, changed, ..run }])));
        let many: Vec<Answer> = many.into_iter().collect();
        insta::assert_snapshot!(answers::text(&answers::each(&many), usize::MAX, |runs| history_lines(runs, false)), @r"
        mx1
          20261124T031500Z-1a2b3c4d  2026-11-24 03:15:00 UTC  finished
            9 changes in 12 s by ops@desk: mailprov up inventory.yaml
            takes back 20261124T031500Z-1a2b3c4d
            file:/etc/0
            file:/etc/1
            file:/etc/2
            file:/etc/3
            file:/etc/4
            and 4 more (-v)
        ");
        let all = answers::text(&answers::each(&many), usize::MAX, |runs| history_lines(runs, true));
        assert!(all.ends_with("    file:/etc/8\n"));
    }

    /// The screen of a fleet in which every tenth host has another story, and one is not reached.
    fn screen(hosts: u64, columns: usize) -> String {
        let known = answers();
        let fleet: Vec<Answer> = (1..=hosts)
            .map(|number| {
                let answer = match (number, &known[..]) {
                    (3, [_, _, (_, unreached)]) => unreached.clone(),
                    (number, [(_, runs), ..]) if number % 10 == 5 => runs.clone(),
                    (number, [(_, runs), ..]) => runs.clone().map(|mut runs| {
                        runs.truncate(1);
                        // They were not at it in the same second.
                        runs[0].started += number % 3;
                        runs
                    }),
                    _ => Ok(Vec::new()),
                };
                (format!("mail{number}.mydomain.local"), answer)
            })
            .collect();
        let lines = |runs: &Vec<RunSummary>| history_lines(runs, false);
        let groups = answers::groups(&fleet, |runs| lines(&runs.iter().map(timeless).collect()));
        answers::text(&groups, columns, lines)
    }

    #[test]
    fn equal_hosts_are_folded_on_a_terminal() {
        insta::assert_snapshot!("history_3_hosts_80_columns", screen(3, 80));
        insta::assert_snapshot!("history_3_hosts_200_columns", screen(3, 200));
        insta::assert_snapshot!("history_40_hosts_80_columns", screen(40, 80));
        insta::assert_snapshot!("history_40_hosts_200_columns", screen(40, 200));
    }

    #[test]
    fn programs_get_a_line_a_host() {
        let lines = json_lines(&answers());
        let hosts: Vec<Value> = lines
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .map(|line| line["host"].clone())
            .collect();
        assert_eq!(hosts, ["mx1", "mx2", "mx3"]);
        insta::assert_snapshot!(lines.lines().nth(1).unwrap_or_default(), @r#"{"version":1,"kind":"history","host":"mx2","runs":[],"failure":null}"#);
    }
}
