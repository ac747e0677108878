//! The recap in Ansible's words, and below it why a host did not make it.

use super::look::{Look, Tone, clean, pad, width};
use super::tally::{Counts, HostTally, Tally};

/// `PLAY RECAP`, a line a host, and a line for each host that failed.
pub(crate) fn lines(look: &Look, tally: &Tally) -> Vec<String> {
    let mut lines = vec![look.paint(Tone::Strong, "PLAY RECAP")];
    let rows: Vec<(&str, [String; 7], &HostTally)> =
        tally.hosts().map(|(name, host)| (name, cells(host.counts), host)).collect();
    let name_columns = rows.iter().map(|(name, ..)| width(&clean(name))).max().unwrap_or(0);
    let columns: Vec<usize> =
        (0..7).map(|index| rows.iter().map(|(_, cells, _)| width(&cells[index])).max().unwrap_or(0)).collect();
    for (name, cells, host) in &rows {
        let name = look.paint(tone(host), &clean(name)) + &" ".repeat(name_columns - width(&clean(name)));
        let cells: Vec<String> = cells.iter().zip(&columns).map(|(cell, columns)| pad(cell, *columns)).collect();
        lines.push(format!("{name} : {}", cells.join(" ").trim_end()));
    }
    for (name, _, host) in &rows {
        lines.extend(why(look, name, host));
    }
    lines
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

/// `failed: mx2: postfix : Write main.cf: undefined variable (changes taken back)`
fn why(look: &Look, name: &str, host: &HostTally) -> Vec<String> {
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
        return Vec::new();
    };
    let (task, message) = host.failure.as_ref().map_or(("", ""), |(task, message)| (task, message));
    let parts = [name, task, message].into_iter().filter(|part| !part.is_empty());
    let text = parts.map(|part| clean(part).into_owned()).collect::<Vec<_>>().join(": ");
    let mut lines = look.wrap(&format!("{word}: "), 4, &format!("{text}{fate}"));
    if look.colour
        && let Some(first) = lines.first_mut()
    {
        *first = first.replacen(word, &look.paint(Tone::Bad, word), 1);
    }
    lines
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
        insta::assert_snapshot!(lines(&Look::plain(80), &tally).join("\n"), @r"
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
        insta::assert_snapshot!(lines(&Look::plain(200), &tally).join("\n"), @r"
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
            assert_eq!(lines(&Look::plain(80), &tally)[1], format!("mx1 : {counts}"));
        }
    }

    #[test]
    fn a_host_lost_half_way_is_unreachable_and_keeps_its_counts() {
        let mut tally = Tally::new(&["mx1".to_owned()], false);
        tally.add(&event("mx1", Event::TaskFinished(task("t", Status::Changed))));
        let failure = crate::event::Failure { message: "the link broke".to_owned(), ..Default::default() };
        tally.add(&event("mx1", Event::HostFinished { outcome: HostOutcome::Unreachable { failure } }));
        insta::assert_snapshot!(lines(&Look::plain(80), &tally).join("\n"), @r"
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
        assert_eq!(lines(&Look::plain(200), &tally)[2], said);
    }
}
