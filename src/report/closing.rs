//! The last sentences: what happened, and what to do next.

use super::look::{Look, NO_BREAK, clean, count, list};
use super::plan::Size;
use super::tally::{HostTally, Tally};
use super::{RunInfo, RunKind};
use crate::veil::MASK;

/// Columns of the hosts' names in a suggested command at most.
const NAMED_COLUMNS: usize = 60;

/// What happened in one or two sentences, wrapped.
pub(crate) fn lines(look: &Look, run: &RunInfo, tally: &Tally) -> Vec<String> {
    let sentences = [happened(run, tally), troubles(look, tally), left(look, run, tally), next(run, tally)];
    let mut sentences: Vec<String> = sentences.into_iter().filter(|text| !text.is_empty()).collect();
    if sentences.iter().any(|text| text.contains(MASK)) {
        sentences.push(format!("Put what is secret in the place of {MASK}, or into a file for `-e @FILE`."));
    }
    let text = sentences.join(" ");
    // A command stays in one piece, so that it can be copied.
    let whole = text.split('`').enumerate().map(|(index, part)| match index % 2 {
        0 => part.to_owned(),
        _ => format!("`{}`", part.replace(' ', NO_BREAK)),
    });
    look.wrap("", 0, &whole.collect::<String>())
}

fn happened(run: &RunInfo, tally: &Tally) -> String {
    // What a failed host took back did not happen in the end.
    let hosts: Vec<&HostTally> = tally.hosts().map(|(_, host)| host).collect();
    let standing = hosts.iter().filter(|host| !host.is_taken_back()).map(|host| Size::of(host));
    let touched: Vec<Size> = standing.filter(|size| *size != Size::default()).collect();
    let unknown: usize = hosts.iter().map(|host| host.unknown).sum();
    if touched.is_empty() && !tally.any_changed() {
        return match run.kind {
            _ if !all_ok(tally) => String::new(),
            RunKind::Up => format!("Nothing to change: {} as described.", stand(hosts.len())),
            RunKind::Check => format!("Nothing would change: {} as described.", stand(hosts.len())),
            RunKind::Verify => format!("Verified: {} as required.", stand(hosts.len())),
            RunKind::Rollback { .. } => "Nothing is left to take back.".to_owned(),
        };
    }
    let size = touched.iter().fold(Size::default(), |sum, size| Size {
        changes: sum.changes + size.changes,
        actions: sum.actions + size.actions,
    });
    let of = match tally.hosts().next() {
        Some((name, _)) if hosts.len() == 1 => clean(name).into_owned(),
        _ => format!("{} of {}", touched.len(), count(hosts.len(), "host")),
    };
    let what = size.text();
    match run.kind {
        RunKind::Up if touched.is_empty() => "No host is changed.".to_owned(),
        RunKind::Up => format!("{of} changed ({what})."),
        RunKind::Verify => String::new(),
        RunKind::Check if unknown > 0 => {
            let results = count(unknown, "result");
            format!("{of} would change ({what}); {results} can only be known after apply.")
        }
        RunKind::Check => format!("{of} would change ({what})."),
        RunKind::Rollback { check: true } => format!("Would put back {of} ({what})."),
        RunKind::Rollback { check: false } => format!("Put back {of} ({what})."),
    }
}

fn stand(hosts: usize) -> String {
    match hosts {
        1 => "the host stands".to_owned(),
        2 => "both hosts stand".to_owned(),
        _ => format!("all {hosts} hosts stand"),
    }
}

fn all_ok(tally: &Tally) -> bool {
    tally.verdict() == super::Verdict::Ok
}

fn troubles(look: &Look, tally: &Tally) -> String {
    let room = look.width.min(80) / 2;
    let sentence = |test: fn(&HostTally) -> bool, text: &str| {
        let names: Vec<&str> = tally.hosts().filter(|(_, host)| test(host)).map(|(name, _)| name).collect();
        (!names.is_empty()).then(|| format!("{} {text} ({}).", count(names.len(), "host"), list(&names, room)))
    };
    let parts = [
        sentence(|host| host.is_failed() && host.is_taken_back(), "failed and took this run's changes back"),
        sentence(HostTally::is_reverted, "went back since not all made it"),
        sentence(|host| host.is_failed() && !host.is_taken_back() && host.kept == 0, "failed"),
        sentence(HostTally::is_unreachable, "could not be reached"),
        sentence(HostTally::is_not_started, "did not get a turn"),
        sentence(|host| host.kept > 0, "kept what was changed by hand since, or could not be put back"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// What a run that broke off has left on its hosts.
fn left(look: &Look, run: &RunInfo, tally: &Tally) -> String {
    if run.kind != RunKind::Up {
        return String::new();
    }
    let room = look.width.min(80) / 2;
    let of = |test: fn(&HostTally) -> bool| {
        let names: Vec<&str> =
            tally.hosts().filter(|(_, host)| test(host) && !host.changes.is_empty()).map(|(name, _)| name).collect();
        (!names.is_empty()).then(|| list(&names, room))
    };
    let stands = of(|host| host.is_failed() && !host.is_taken_back())
        .map(|names| format!("What was changed before that still stands ({names}); `{}` takes it back.", run.rollback));
    // It may take the run back at this moment: whoever asks for that, too, might take back one run more.
    let unknown = of(HostTally::is_unreachable)
        .map(|names| format!("Whether what was changed before that still stands ({names}), `mailprov status` tells."));
    stands.into_iter().chain(unknown).collect::<Vec<_>>().join(" ")
}

fn next(run: &RunInfo, tally: &Tally) -> String {
    let restoring = matches!(run.kind, RunKind::Rollback { .. });
    let bad =
        |host: &HostTally| host.is_failed() || host.is_unreachable() || host.is_not_started() || host.is_reverted();
    // A rollback that only left alone what was changed since has no cause to be mended.
    let bad = tally.hosts().filter(|(_, host)| bad(host) && !(restoring && host.kept > 0));
    let bad: Vec<&str> = bad.map(|(name, _)| name).collect();
    if !bad.is_empty() {
        let names = bad.join(",");
        let again = match run.kind {
            _ if bad.len() == tally.hosts().count() => run.again.clone(),
            _ if names.len() <= NAMED_COLUMNS => format!("{} --limit {names}", run.again_on),
            // It knows nothing of hosts that went through and went back.
            RunKind::Up if !tally.hosts().any(|(_, host)| host.is_reverted()) => {
                format!("{} --retry-failed", run.again)
            }
            _ => run.again.clone(),
        };
        if run.kind == RunKind::Verify {
            return format!("`{}` repairs what is in the playbook; mend the rest and run `{again}` again.", run.apply);
        }
        if restoring && tally.hosts().any(|(_, host)| host.is_unreachable()) {
            // One that was cut off when all was done would take back one run more.
            return format!(
                "Mend the cause and, where `mailprov history` does not call the run rolled back, run `{again}` again."
            );
        }
        return format!("Mend the cause and run `{again}` again.");
    }
    match run.kind {
        RunKind::Check if tally.any_changed() => format!("Run `{}` to apply.", run.apply),
        RunKind::Up if tally.any_changed() => format!("`{}` takes this run back.", run.rollback),
        RunKind::Rollback { .. } if tally.hosts().any(|(_, host)| host.kept > 0) => {
            "Look at it with `--diff`; `--force` overwrites it.".to_owned()
        }
        RunKind::Rollback { check: true } if tally.any_changed() => "Leave out `--check` to do it.".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Failure, HostEvent, HostOutcome, Status};
    use crate::report::samples::{change, event, mixed_run, run_info, task};

    fn closing(kind: RunKind, hosts: &[&str], events: &[HostEvent]) -> String {
        let run = run_info(kind, hosts);
        let mut tally = Tally::new(&run.hosts, matches!(kind, RunKind::Rollback { .. }));
        for event in events {
            tally.add(event);
        }
        lines(&Look::plain(80), &run, &tally).join("\n")
    }

    fn one_task(status: Status, unknown: bool) -> Vec<HostEvent> {
        let mut result = task("Write", status);
        result.unknown = unknown;
        if status == Status::Changed {
            result.changes = vec![change("file", "/etc/aliases", "update")];
        }
        vec![
            event("mx1", Event::TaskFinished(result)),
            event("mx1", Event::HostFinished { outcome: HostOutcome::Succeeded }),
        ]
    }

    #[test]
    fn the_closing_says_what_happened_and_what_to_do_next() {
        let (changed, same) = (one_task(Status::Changed, false), one_task(Status::Ok, false));
        insta::assert_snapshot!(closing(RunKind::Check, &["mx1"], &changed), @"mx1 would change (1 change). Run `mailprov up inventory.yaml` to apply.");
        insta::assert_snapshot!(closing(RunKind::Check, &["mx1"], &one_task(Status::Changed, true)), @r"
        mx1 would change (1 change); 1 result can only be known after apply. Run
        `mailprov up inventory.yaml` to apply.
        ");
        insta::assert_snapshot!(closing(RunKind::Check, &["mx1"], &same), @"Nothing would change: the host stands as described.");
        insta::assert_snapshot!(closing(RunKind::Up, &["mx1"], &changed), @"mx1 changed (1 change). `mailprov rollback inventory.yaml` takes this run back.");
        insta::assert_snapshot!(closing(RunKind::Up, &["mx1"], &same), @"Nothing to change: the host stands as described.");
        insta::assert_snapshot!(closing(RunKind::Up, &["mx1", "mx2", "mx3"], &mixed_run()), @r"
        1 of 3 hosts changed (2 changes, 1 action). 1 host failed and took this run's
        changes back (mx2). 1 host could not be reached (mx3). Mend the cause and run
        `mailprov up inventory.yaml --limit mx2,mx3` again.
        ");
        insta::assert_snapshot!(closing(RunKind::Up, &["mx1", "mx2"], &changed), @r"
        1 of 2 hosts changed (1 change). 1 host did not get a turn (mx2). Mend the cause
        and run `mailprov up inventory.yaml --limit mx2` again.
        ");
    }

    #[test]
    fn a_command_that_lacks_a_secret_says_so() {
        let command = "mailprov up inventory.yaml -e 'smtp_password=********'".to_owned();
        let run = RunInfo { apply: command, ..run_info(RunKind::Check, &["mx1"]) };
        let mut tally = Tally::new(&run.hosts, false);
        for event in &one_task(Status::Changed, false) {
            tally.add(event);
        }
        insta::assert_snapshot!(lines(&Look::plain(80), &run, &tally).join("\n"), @r"
        mx1 would change (1 change). Run
        `mailprov up inventory.yaml -e 'smtp_password=********'` to apply. Put what is
        secret in the place of ********, or into a file for `-e @FILE`.
        ");
    }

    #[test]
    fn what_a_broken_run_left_is_told() {
        let mut events = one_task(Status::Changed, false);
        events.pop();
        events.push(event("mx1", Event::HostFinished { outcome: HostOutcome::Failed { rolled_back: false } }));
        insta::assert_snapshot!(closing(RunKind::Up, &["mx1"], &events), @r"
        mx1 changed (1 change). 1 host failed (mx1). What was changed before that still
        stands (mx1); `mailprov rollback inventory.yaml` takes it back. Mend the cause
        and run `mailprov up inventory.yaml --limit mx*` again.
        ");
        events.pop();
        let lost = HostOutcome::Unreachable { failure: Failure::default() };
        events.push(event("mx1", Event::HostFinished { outcome: lost }));
        insta::assert_snapshot!(closing(RunKind::Up, &["mx1"], &events), @r"
        mx1 changed (1 change). 1 host could not be reached (mx1). Whether what was
        changed before that still stands (mx1), `mailprov status` tells. Mend the cause
        and run `mailprov up inventory.yaml --limit mx*` again.
        ");
    }

    #[test]
    fn a_rollback_says_what_was_put_back_and_what_was_kept() {
        let restored = |kept: Option<&str>| Event::RolledBack {
            change: change("file", "/etc/aliases", "update"),
            kept: kept.map(str::to_owned),
        };
        let done = || event("mx1", Event::HostFinished { outcome: HostOutcome::Succeeded });
        let incomplete = event("mx1", Event::HostFinished { outcome: HostOutcome::Failed { rolled_back: false } });
        let both = [event("mx1", restored(None)), event("mx1", restored(Some("changed since"))), incomplete];
        insta::assert_snapshot!(closing(RunKind::Rollback { check: false }, &["mx1"], &both), @r"
        Put back mx1 (1 change). 1 host kept what was changed by hand since, or could
        not be put back (mx1). Look at it with `--diff`; `--force` overwrites it.
        ");
        let lost = HostOutcome::Unreachable { failure: Failure::default() };
        let cut = [event("mx1", restored(None)), event("mx1", Event::HostFinished { outcome: lost })];
        insta::assert_snapshot!(closing(RunKind::Rollback { check: false }, &["mx1"], &cut), @r"
        Put back mx1 (1 change). 1 host could not be reached (mx1). Mend the cause and,
        where `mailprov history` does not call the run rolled back, run
        `mailprov up inventory.yaml --limit mx*` again.
        ");
        let one = [event("mx1", restored(None)), done()];
        insta::assert_snapshot!(closing(RunKind::Rollback { check: true }, &["mx1"], &one), @"Would put back mx1 (1 change). Leave out `--check` to do it.");
        insta::assert_snapshot!(closing(RunKind::Rollback { check: false }, &["mx1"], &[done()]), @"Nothing is left to take back.");
    }
}
