//! What Postfix has logged: a daemon that dies is started again and again, and only the log says so.

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
    match look.journal(look.spec.now - BEFORE) {
        Ok(text) => judge(&text, look.spec.now),
        Err(why) => Finding::not_testable(why),
    }
}

impl Look<'_> {
    /// What the Postfix that runs now has logged from a time on, in seconds since the epoch.
    pub(super) fn journal(&mut self, since: i64) -> Result<String, String> {
        let invocation = self.ask(&["systemctl", "show", "--value", "-p", "InvocationID", "postfix.service"]);
        let invocation = invocation.map(|output| output.stdout_text()).unwrap_or_default();
        let (since, which) = (format!("--since=@{since}"), format!("_SYSTEMD_INVOCATION_ID={invocation}"));
        let mut argv = vec!["journalctl", "--quiet", "--no-pager", "-o", "short-unix", &since];
        if invocation.is_empty() {
            argv.extend(["-u", "postfix.service"]);
        } else {
            argv.push(&which);
        }
        let output = self.ask(&argv)?;
        if output.status != 0 && !output.stderr.is_empty() {
            return Err(line(&output.stderr_text()));
        }
        Ok(output.stdout_text())
    }
}

fn judge(text: &str, began: i64) -> Finding {
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("postfix")).collect();
    if lines.is_empty() {
        // The dialogues before this have left lines, if the journal has any.
        return Finding::not_testable("the journal has no lines of Postfix");
    }
    let bad = lines.iter().copied().filter(|line| BAD.iter().any(|word| line.contains(word)));
    let (since, before): (Vec<&str>, Vec<&str>) = bad.partition(|line| time(line) >= began);
    let remedy = "mend what the line names, then restart Postfix, as a reload does not end the throttling";
    match (since.last(), before.last()) {
        (None, None) => Finding::good(format!("{} lines, none of them fatal", lines.len())),
        (Some(last), _) => {
            Finding::bad(format!("{} since the run began, the last: {}", since.len(), said(last)), remedy)
        }
        (None, Some(last)) => {
            let evidence = format!("{} before the run began and none since, the last: {}", before.len(), said(last));
            Finding::doubtful(evidence, "nothing, if what the line names is mended")
        }
    }
}

/// `1795490100.123456 mail postfix/smtpd[12]: connect ...`
fn time(line: &str) -> i64 {
    line.split('.').next().and_then(|seconds| seconds.parse().ok()).unwrap_or(i64::MAX)
}

/// What follows time and host.
fn said(line: &str) -> &str {
    line.splitn(3, ' ').nth(2).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fatal_lines_count_from_the_beginning_of_the_run() {
        let quiet = "1000.000001 mail postfix/smtpd[12]: connect from a[192.0.2.1]\n";
        let fatal = "1000.000002 mail postfix/smtpd[12]: fatal: Invalid TLS level \"x\"\n";
        assert!(matches!(judge(quiet, 0), Finding::Good(_)));
        assert!(matches!(judge("", 0), Finding::NotTestable(_)));
        let both = format!("{fatal}{quiet}");
        let Finding::Bad(evidence, _) = judge(&both, 1000) else { unreachable!("it is bad") };
        assert_eq!(evidence, "1 since the run began, the last: postfix/smtpd[12]: fatal: Invalid TLS level \"x\"");
        assert!(matches!(judge(&both, 1001), Finding::Doubtful(..)));
    }
}
