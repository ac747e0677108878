//! Where Postfix's words are: in the journal, or in the file that syslog writes. The file carries no year and the host's
//! own time, which only the host's `date` can read.

use super::{Look, line};
use crate::host::CommandSpec;

/// Where EL8's rsyslog puts `mail.*`.
const MAILLOG: &str = "/var/log/maillog";
/// Bytes of the file's end that are looked at.
const TAIL: &str = "1048576";
/// Seconds: a stamp without a year that is further ahead than this is of last year.
const DAY: i64 = 86_400;
/// Seconds.
const YEAR: i64 = 365 * DAY;

/// A line of Postfix's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Seconds since the epoch.
    pub(super) time: i64,
    /// What follows time and host: `postfix/smtpd[12]: connect from ...`.
    pub(super) text: String,
}

/// What was found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Logged {
    /// `the journal`, or the file's path.
    pub(super) from: String,
    /// Oldest first.
    pub(super) lines: Vec<Line>,
}

impl Look<'_> {
    /// What the Postfix that runs now has logged from a time on, in seconds since the epoch.
    pub(super) fn logged(&mut self, since: i64) -> Result<Logged, String> {
        let named = self.parameter("maillog_file");
        if named.starts_with('/') {
            return self.maillog(named, since);
        }
        let why = match self.journal(since) {
            Ok(text) => {
                let lines: Vec<Line> = text.lines().filter_map(of_journal).collect();
                if !lines.is_empty() {
                    return Ok(Logged { from: "the journal".to_owned(), lines });
                }
                "the journal has no lines of Postfix".to_owned()
            }
            Err(why) => why,
        };
        self.maillog(MAILLOG.to_owned(), since).map_err(|error| format!("{why}; {error}"))
    }

    fn journal(&mut self, since: i64) -> Result<String, String> {
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

    fn maillog(&mut self, path: String, since: i64) -> Result<Logged, String> {
        let output = self.ask(&["tail", "-c", TAIL, &path])?;
        if output.status != 0 {
            return Err(line(&output.stderr_text()));
        }
        let stamped = of_this_start(output.stdout_text().lines().filter_map(stamped));
        let mut date = CommandSpec::new(&["date", "--file=-", "+%s"]);
        let stamps: Vec<&str> = stamped.iter().map(|(stamp, _)| stamp.as_str()).collect();
        date.stdin = Some((stamps.join("\n") + "\n").into_bytes());
        let output = self.host.query(&date).map_err(|error| error.to_string())?;
        let times: Vec<i64> = output.stdout_text().lines().filter_map(|line| line.parse().ok()).collect();
        if times.len() != stamped.len() {
            return Err(format!("the times in {path} cannot be read"));
        }
        let now = self.spec.now;
        let of_year = |time: i64| if time > now + DAY { time - YEAR } else { time };
        let lines = times.into_iter().zip(stamped).map(|(time, (_, text))| Line { time: of_year(time), text });
        let lines: Vec<Line> = lines.filter(|line| line.time >= since).collect();
        if lines.is_empty() {
            return Err(format!("{path} has no lines of Postfix"));
        }
        Ok(Logged { from: path, lines })
    }
}

/// `1795490100.123456 mail postfix/smtpd[12]: connect ...`
fn of_journal(text: &str) -> Option<Line> {
    let mut parts = text.splitn(3, ' ');
    let time = parts.next()?.split('.').next()?.parse().ok()?;
    let text = parts.nth(1)?;
    text.starts_with("postfix").then(|| Line { time, text: text.to_owned() })
}

/// `Nov 24 07:59:17 mail postfix/smtpd[12]: connect ...`, or with the time as RFC 3339 has it: the time and what follows
/// the host.
fn stamped(text: &str) -> Option<(String, String)> {
    let traditional = text.get(..16).filter(|start| start.starts_with(|c: char| c.is_ascii_uppercase()));
    let (stamp, rest) = match traditional {
        Some(_) => (text.get(..15)?, text.get(16..)?),
        None => text.split_once(' ').filter(|(stamp, _)| stamp.contains('T'))?,
    };
    let sound = stamp.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | ':' | '-' | '+' | '.'));
    let (_, said) = rest.split_once(' ')?;
    (sound && said.starts_with("postfix")).then(|| (stamp.to_owned(), said.to_owned()))
}

/// What was logged since master(8) last started; everything when that is further back.
fn of_this_start(lines: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let lines: Vec<_> = lines.collect();
    let is_start =
        |(_, text): &(String, String)| text.starts_with("postfix/master[") && text.contains("daemon started");
    let start = lines.iter().rposition(is_start).unwrap_or(0);
    lines.into_iter().skip(start).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::Fake;
    use crate::hostplay::Mode;
    use crate::verify::tests::{judged, spec};

    #[test]
    fn lines_of_the_journal_and_of_the_file_say_the_same() {
        let text = "postfix/smtpd[12]: connect from a[192.0.2.1]";
        let line = of_journal(&format!("1795490100.123456 mail {text}"));
        assert_eq!(line, Some(Line { time: 1_795_490_100, text: text.to_owned() }));
        assert_eq!(of_journal("-- No entries --"), None);
        assert_eq!(of_journal("1795490100.1 mail systemd[1]: Started Postfix"), None);
        for stamp in ["Nov  4 07:59:17", "2026-11-04T07:59:17.123456+01:00"] {
            assert_eq!(stamped(&format!("{stamp} mail {text}")), Some((stamp.to_owned(), text.to_owned())));
        }
        for other in
            ["", "Nov", "cut off in the mi", "Nov  4 07:59:17 mail sshd[3]: x", "Növ  4 07:59:17 mail postfix/a: x"]
        {
            assert_eq!(stamped(other), None, "{other}");
        }
    }

    #[test]
    fn an_earlier_start_of_postfix_does_not_count() {
        let pair = |text: &str| ("Nov  4 07:59:17".to_owned(), text.to_owned());
        let lines = [
            pair("postfix/smtpd[1]: fatal: x"),
            pair("postfix/master[2]: daemon started -- version 3.5.8"),
            pair("postfix/smtpd[3]: connect"),
        ];
        assert_eq!(of_this_start(lines.clone().into_iter()), lines[1..]);
        assert_eq!(of_this_start(lines[..1].iter().cloned()), lines[..1]);
    }

    #[test]
    fn where_the_journal_is_empty_the_file_is_read() {
        let maillog = "Nov 24 03:10:00 mail postfix/smtpd[1]: fatal: an earlier start\n\
                       Nov 24 03:14:00 mail postfix/master[2]: daemon started -- version 3.5.8\n\
                       Nov 24 03:15:01 mail postfix/smtpd[3]: fatal: no SASL authentication mechanisms\n";
        let now = spec().now;
        for (times, expected) in [
            (format!("{}\n{}\n", now - 60, now + 1), "fail"),
            (format!("{}\n{}\n", now - 60, now - 50), "warn"),
            // A stamp without a year that would be far ahead is of last year.
            (format!("{}\n{}\n", now - 60, now + 200 * DAY), "pass"),
            ("nonsense\n".to_owned(), "not_testable"),
        ] {
            let mut fake = Fake::new(Mode::Apply);
            fake.script()
                .answer(&["postconf", "-hx", "maillog_file"], "\n")
                .answer(&["systemctl", "show", "--value", "-p", "InvocationID", "postfix.service"], "\n")
                .answer(&["tail", "-c", TAIL, MAILLOG], maillog)
                .answer(&["date", "--file=-", "+%s"], &times);
            let found = judged(&mut fake, &spec(), crate::verify::log::look, "log.clean");
            assert_eq!(found.as_deref(), Some(expected), "{times}");
        }
        let none = judged(&mut Fake::new(Mode::Apply), &spec(), crate::verify::log::look, "log.clean");
        assert_eq!(none.as_deref(), Some("not_testable"));
    }
}
