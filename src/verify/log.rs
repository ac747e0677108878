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

pub(super) fn look(look: &mut Look<'_>) {
    let finding = finding(look);
    look.checks.add(&c::LOG_CLEAN, finding);
}

/// Only of the Postfix that runs now: what an earlier one died of is mended, or it would not run.
fn finding(look: &mut Look<'_>) -> Finding {
    let invocation = look.ask(&["systemctl", "show", "--value", "-p", "InvocationID", "postfix.service"]);
    let invocation = invocation.map(|output| output.stdout_text()).unwrap_or_default();
    let mut argv = vec!["journalctl".to_owned(), "--quiet".to_owned(), "--no-pager".to_owned(), "-o".to_owned()];
    argv.extend(["short-iso".to_owned(), format!("--since=@{}", look.spec.log_since)]);
    if invocation.is_empty() {
        argv.extend(["-u".to_owned(), "postfix.service".to_owned()]);
    } else {
        argv.push(format!("_SYSTEMD_INVOCATION_ID={invocation}"));
    }
    let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
    let text = match look.ask(&argv) {
        Ok(output) if output.status == 0 || output.stderr.is_empty() => output.stdout_text(),
        Ok(output) => return Finding::not_testable(line(&output.stderr_text())),
        Err(error) => return Finding::not_testable(error),
    };
    judge(&text)
}

fn judge(text: &str) -> Finding {
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("postfix")).collect();
    if lines.is_empty() {
        // The dialogues before this have left lines, if the journal has any.
        return Finding::not_testable("the journal has no lines of Postfix");
    }
    let bad: Vec<&&str> = lines.iter().filter(|line| BAD.iter().any(|word| line.contains(word))).collect();
    match bad.last() {
        None => Finding::good(format!("{} lines, none of them fatal", lines.len())),
        Some(last) => Finding::bad(
            // Time and host before the program's name say nothing here.
            format!(
                "{} of {} lines, the last: {}",
                bad.len(),
                lines.len(),
                last.split("postfix").skip(1).collect::<Vec<_>>().join("postfix").trim_start_matches('/')
            ),
            "mend what the line names, then restart Postfix, as a reload does not end the throttling",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fatal_lines_are_found() {
        let quiet = "2026-11-24T03:15:00+0000 mail postfix/smtpd[12]: connect from a[192.0.2.1]\n";
        let fatal = "2026-11-24T03:15:00+0000 mail postfix/smtpd[12]: fatal: Invalid TLS level \"x\"\n";
        assert!(matches!(judge(quiet), Finding::Good(_)));
        assert!(matches!(judge(""), Finding::NotTestable(_)));
        let Finding::Bad(evidence, _) = judge(&format!("{fatal}{quiet}")) else { unreachable!("it is bad") };
        assert_eq!(evidence, "1 of 2 lines, the last: smtpd[12]: fatal: Invalid TLS level \"x\"");
    }
}
