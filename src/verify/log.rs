//! What Postfix has logged: a daemon that dies is started again and again, and only the log says so.

use super::logged::{Line, Logged};
use super::{Look, line};
use crate::probe::{Finding, catalogue as c};

/// Words of lines that no working server writes.
const BAD: [&str; 6] = [
    " fatal: ",
    " panic: ",
    "throttling",
    "unsupported dictionary type",
    "disabling TLS support",
    "error: open database",
];

/// Seconds before the run that are worth a warning.
const BEFORE: i64 = 3600;

pub(super) fn look(look: &mut Look<'_>) {
    let finding = finding(look);
    look.checks.add(&c::LOG_CLEAN, finding);
}

/// Only of the Postfix that runs now: what an earlier one died of is mended, or it would not run. What was logged before
/// the run began may be mended as well.
fn finding(look: &mut Look<'_>) -> Finding {
    match look.logged(look.spec.now - BEFORE) {
        Ok(logged) => judge(&logged, look.spec.now),
        // The dialogues before this have left lines, if there is a log at all.
        Err(why) => Finding::not_testable(why),
    }
}

fn judge(logged: &Logged, began: i64) -> Finding {
    // What a daemon died of before the run's own reload, the run has mended by then.
    let reload = logged.lines.iter().rposition(is_begin).unwrap_or(0);
    let numbered = logged.lines.iter().enumerate();
    let bad = numbered.filter(|(_, line)| BAD.iter().any(|word| line.text.contains(word)));
    let (since, before): (Vec<_>, Vec<_>) = bad.partition(|(at, line)| line.time >= began && *at >= reload);
    let remedy = "mend what the line names, then restart Postfix, as a reload does not end the throttling";
    match (since.last(), before.last()) {
        (None, None) => Finding::good(format!("{} lines in {}, none of them fatal", logged.lines.len(), logged.from)),
        (Some((_, last)), _) => Finding::bad(
            format!("{} in {} since the run began, the last: {}", since.len(), logged.from, line(&last.text)),
            remedy,
        ),
        (None, Some((_, last))) => {
            let when = if last.time >= began {
                "before Postfix last read its configuration, in this run,"
            } else {
                "before the run began"
            };
            let evidence = format!("{} {when} and none since, the last: {}", before.len(), line(&last.text));
            Finding::doubtful(evidence, "nothing, if what the line names is mended")
        }
    }
}

/// master(8) has read its configuration, at a start or a reload.
fn is_begin(line: &Line) -> bool {
    line.text.starts_with("postfix/master[")
        && ["daemon started -- ", "reload -- "].iter().any(|word| line.text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fatal_lines_count_from_the_beginning_of_the_run() {
        let line = |time, text: &str| Line { time, text: text.to_owned() };
        let quiet = line(1000, "postfix/smtpd[12]: connect from a[192.0.2.1]");
        let fatal = line(1000, "postfix/smtpd[12]: fatal: Invalid TLS level \"x\"");
        let logged = |lines: &[&Line]| Logged {
            from: "the journal".to_owned(),
            lines: lines.iter().map(|line| (*line).clone()).collect(),
        };
        assert!(matches!(judge(&logged(&[&quiet]), 0), Finding::Good(_)));
        let both = logged(&[&fatal, &quiet]);
        let Finding::Bad(evidence, _) = judge(&both, 1000) else { unreachable!("it is bad") };
        assert_eq!(
            evidence,
            "1 in the journal since the run began, the last: postfix/smtpd[12]: fatal: Invalid TLS level \"x\""
        );
        let doubtful = |logged: &Logged, began| match judge(logged, began) {
            Finding::Doubtful(evidence, _) => evidence,
            other => unreachable!("it is {other:?}"),
        };
        let last = "and none since, the last: postfix/smtpd[12]: fatal: Invalid TLS level \"x\"";
        assert_eq!(doubtful(&both, 1001), format!("1 before the run began {last}"));
        let reload = line(1000, "postfix/master[9]: reload -- version 3.5.8, configuration /etc/postfix");
        let mended = "1 before Postfix last read its configuration, in this run,";
        assert_eq!(doubtful(&logged(&[&fatal, &reload, &quiet]), 1000), format!("{mended} {last}"));
        assert!(matches!(judge(&logged(&[&reload, &fatal]), 1000), Finding::Bad(..)));
    }
}
