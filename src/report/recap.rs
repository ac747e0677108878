//! The recap in Ansible's words, and below it why a host did not make it.

use super::look::{Look, Tone, clean, count, list, pad, truncate, width};
use super::own_name;
use super::tally::{Counts, HostTally, Tally};

/// So many hosts have a line each on a terminal; of more, those that have the same counts share one.
const LINES: usize = 10;
/// Columns of a host's name at most, where a line would not fit.
const NAME_COLUMNS: usize = 30;

/// A line: one host's, or that of hosts with the same counts.
struct Row<'a> {
    name: String,
    cells: [String; 7],
    host: &'a HostTally,
    hosts: usize,
}

/// `PLAY RECAP`, a line a host (or, folded, for the hosts with the same counts), and why some did not make it.
pub(crate) fn lines(look: &Look, tally: &Tally, folded: bool) -> Vec<String> {
    let mut lines = vec![look.paint(Tone::Strong, "PLAY RECAP")];
    let rows = rows(tally, folded && tally.hosts().count() > LINES);
    let widest = |index: usize| rows.iter().map(|row| width(&row.cells[index])).max().unwrap_or(0);
    let longest = rows.iter().map(|row| width(&row.name)).max().unwrap_or(0);
    let mut columns: Vec<usize> = (0..7).collect();
    let needed = |columns: &[usize]| longest + 2 + columns.iter().map(|&index| widest(index) + 1).sum::<usize>();
    if needed(&columns) > look.width {
        // What is zero everywhere says least.
        columns.retain(|&index| index < 2 || rows.iter().any(|row| !row.cells[index].ends_with("=0")));
    }
    let name_columns = if needed(&columns) > look.width { longest.min(NAME_COLUMNS) } else { longest };
    for row in &rows {
        let name = truncate(&row.name, name_columns);
        let name = look.paint(tone(row.host), &name) + &" ".repeat(name_columns - width(&name));
        let cells: Vec<String> = columns.iter().map(|&index| pad(&row.cells[index], widest(index))).collect();
        lines.push(format!("{name} : {}", cells.join(" ").trim_end()));
    }
    lines.extend(whys(look, tally));
    lines
}

fn rows(tally: &Tally, folded: bool) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for (name, host) in tally.hosts() {
        let alike = |row: &&mut Row<'_>| row.host.counts == host.counts && row.host.outcome == host.outcome;
        match rows.iter_mut().find(alike).filter(|_| folded) {
            Some(row) => row.hosts += 1,
            None => rows.push(Row { name: clean(name).into_owned(), cells: cells(host.counts), host, hosts: 1 }),
        }
    }
    for row in rows.iter_mut().filter(|row| row.hosts > 1) {
        row.name = count(row.hosts, "host");
    }
    rows
}

fn cells(counts: Counts) -> [String; 7] {
    let Counts { ok, changed, unreachable, failed, skipped, rescued, ignored } = counts;
    [
        format!("ok={ok}"),
        format!("changed={changed}"),
        format!("unreachable={unreachable}"),
        format!("failed={failed}"),
        format!("skipped={skipped}"),
        format!("rescued={rescued}"),
        format!("ignored={ignored}"),
    ]
}

fn tone(host: &HostTally) -> Tone {
    if host.is_failed() || host.is_unreachable() {
        Tone::Bad
    } else if host.is_not_started() {
        Tone::Warn
    } else if host.counts.changed > 0 {
        Tone::Change
    } else {
        Tone::Good
    }
}

/// `failed: mx2, mx3: postfix : Write main.cf: undefined variable (changes taken back)`
fn whys(look: &Look, tally: &Tally) -> Vec<String> {
    let mut whys: Vec<(&str, String, Vec<&str>)> = Vec::new();
    for (name, host) in tally.hosts() {
        let Some((word, why)) = why(host) else { continue };
        let bare = |name: &str, why: &str| own_name::without(name, why);
        let alike =
            |other: &&mut (&str, String, Vec<&str>)| other.0 == word && bare(other.2[0], &other.1) == bare(name, &why);
        match whys.iter_mut().find(alike) {
            Some((_, _, names)) => names.push(name),
            None => whys.push((word, why, vec![name])),
        }
    }
    let mut lines = Vec::new();
    for (word, why, names) in whys {
        let why = if names.len() > 1 { own_name::without(names[0], &why) } else { why };
        let names = list(&names, look.width.min(80) / 2);
        let mut told = look.wrap(&format!("{word}: "), 4, &format!("{names}{why}"));
        if look.colour
            && let Some(first) = told.first_mut()
        {
            *first = first.replacen(word, &look.paint(Tone::Bad, word), 1);
        }
        lines.extend(told);
    }
    lines
}

/// Why a host did not make it.
fn why(host: &HostTally) -> Option<(&'static str, String)> {
    let (word, fate) = if host.is_unreachable() {
        ("unreachable", "")
    } else if host.is_reverted() {
        ("taken back", "")
    } else if host.is_taken_back() {
        ("failed", " (changes taken back)")
    } else if host.is_failed() {
        ("failed", "")
    } else if host.is_not_started() {
        ("not run", "")
    } else {
        return None;
    };
    let (task, message) = host.failure.as_ref().map_or(("", ""), |(task, message)| (task, message));
    let parts = [task, message].into_iter().filter(|part| !part.is_empty());
    let parts: Vec<_> = parts.map(|part| format!(": {}", clean(part))).collect();
    Some((word, parts.concat() + fate))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, HostOutcome, Status};
    use crate::report::samples::{event, mixed_run, task};

    #[test]
    fn the_recap_says_which_host_is_which_and_why() {
        let mut tally = Tally::new(&["mx1".to_owned(), "mx2".to_owned(), "mx3".to_owned(), "mx10".to_owned()], false);
        for event in mixed_run() {
            tally.add(&event);
        }
        insta::assert_snapshot!(lines(&Look::plain(80), &tally, false).join("\n"), @r"
        PLAY RECAP
        mx1  : ok=4 changed=3 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0
        mx2  : ok=1 changed=1 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0
        mx3  : ok=0 changed=0 unreachable=1 failed=0 skipped=0 rescued=0 ignored=0
        mx10 : ok=0 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
        failed: mx2: postfix : Write main.cf: postfix check found faults in the
            configuration that was written, so the service was not reloaded (changes
            taken back)
        unreachable: mx3: connect to mx3: connection timed out
        not run: mx10
        ");
        insta::assert_snapshot!(lines(&Look::plain(200), &tally, false).join("\n"), @r"
        PLAY RECAP
        mx1  : ok=4 changed=3 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0
        mx2  : ok=1 changed=1 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0
        mx3  : ok=0 changed=0 unreachable=1 failed=0 skipped=0 rescued=0 ignored=0
        mx10 : ok=0 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
        failed: mx2: postfix : Write main.cf: postfix check found faults in the configuration that was written, so the service was not reloaded (changes taken back)
        unreachable: mx3: connect to mx3: connection timed out
        not run: mx10
        ");
    }

    #[test]
    fn counts_mean_what_they_mean_in_ansible() {
        let failed = HostOutcome::Failed { rolled_back: false };
        let statuses = [Status::Ok, Status::Changed, Status::Skipped, Status::Ignored, Status::Failed, Status::Failed];
        for (outcome, counts) in [
            (HostOutcome::Succeeded, "ok=3 changed=1 unreachable=0 failed=0 skipped=1 rescued=2 ignored=1"),
            (failed, "ok=3 changed=1 unreachable=0 failed=1 skipped=1 rescued=1 ignored=1"),
        ] {
            let mut tally = Tally::new(&["mx1".to_owned()], false);
            for status in statuses {
                tally.add(&event("mx1", Event::TaskFinished(task("t", status))));
            }
            tally.add(&event("mx1", Event::HostFinished { outcome }));
            assert_eq!(lines(&Look::plain(80), &tally, false)[1], format!("mx1 : {counts}"));
        }
    }

    #[test]
    fn a_host_lost_half_way_is_unreachable_and_keeps_its_counts() {
        let mut tally = Tally::new(&["mx1".to_owned()], false);
        tally.add(&event("mx1", Event::TaskFinished(task("t", Status::Changed))));
        let failure = crate::event::Failure { message: "the link broke".to_owned(), ..Default::default() };
        tally.add(&event("mx1", Event::HostFinished { outcome: HostOutcome::Unreachable { failure } }));
        insta::assert_snapshot!(lines(&Look::plain(80), &tally, false).join("\n"), @r"
        PLAY RECAP
        mx1 : ok=1 changed=1 unreachable=1 failed=0 skipped=0 rescued=0 ignored=0
        unreachable: mx1: the link broke
        ");
    }

    #[test]
    fn a_host_that_was_late_says_at_what() {
        let mut tally = Tally::new(&["mx1".to_owned()], false);
        tally.add(&event("mx1", Event::Late { at_work: "the task \"Install\"".to_owned(), limit: 900 }));
        tally.add(&event("mx1", Event::HostFinished { outcome: HostOutcome::Failed { rolled_back: true } }));
        let said = "failed: mx1: the task \"Install\" takes longer than 900 s (--task-timeout) (changes taken back)";
        assert_eq!(lines(&Look::plain(200), &tally, false)[2], said);
    }
}
