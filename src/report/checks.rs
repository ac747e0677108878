//! The checks of a verified server as a table.

use super::look::{Look, Tone, clean, pad, width};
use crate::event::{Check, CheckVerdict};

/// Columns of the verdict; `untested` is the longest.
const VERDICT_COLUMNS: usize = 8;

/// `38 passed, 1 warning, 2 not testable`
pub(crate) fn summary(checks: &[Check]) -> String {
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    let (warned, failed) = (count(CheckVerdict::Warn), count(CheckVerdict::Fail));
    let parts = [
        (failed, format!("{failed} failed")),
        (warned, super::look::count(warned, "warning")),
        (count(CheckVerdict::NotTestable), format!("{} not testable", count(CheckVerdict::NotTestable))),
    ];
    let passed = format!("{} of {} passed", count(CheckVerdict::Pass), super::look::count(checks.len(), "check"));
    std::iter::once(passed)
        .chain(parts.into_iter().filter(|(n, _)| *n > 0).map(|(_, text)| text))
        .collect::<Vec<_>>()
        .join(", ")
}

/// How bad it is, all checks taken together.
pub(crate) fn tone(checks: &[Check]) -> Tone {
    match checks.iter().map(|check| check.verdict).filter(|verdict| *verdict != CheckVerdict::NotTestable).max() {
        Some(CheckVerdict::Fail) => Tone::Bad,
        Some(CheckVerdict::Warn) => Tone::Warn,
        _ => Tone::Good,
    }
}

/// A row a check; without `all`, only those that want attention.
pub(crate) fn lines(look: &Look, checks: &[Check], all: bool) -> Vec<String> {
    let wanted = |check: &&Check| all || matches!(check.verdict, CheckVerdict::Warn | CheckVerdict::Fail);
    let rows: Vec<&Check> = checks.iter().filter(wanted).collect();
    let columns = rows.iter().map(|check| width(&check.id)).max().unwrap_or(0);
    rows.into_iter().flat_map(|check| row(look, check, columns)).collect()
}

fn row(look: &Look, check: &Check, columns: usize) -> Vec<String> {
    let (word, tone) = match check.verdict {
        CheckVerdict::Pass => ("pass", Tone::Good),
        CheckVerdict::Warn => ("warn", Tone::Warn),
        CheckVerdict::Fail => ("FAIL", Tone::Bad),
        CheckVerdict::NotTestable => ("untested", Tone::Skip),
    };
    let start = format!("    {} {}  ", pad(word, VERDICT_COLUMNS), pad(&clean(&check.id), columns));
    let mut lines = look.wrap(&start, width(&start), &format!("{}: {}", clean(&check.title), clean(&check.evidence)));
    if look.colour
        && let Some(first) = lines.first_mut()
    {
        *first = first.replacen(word, &look.paint(tone, word), 1);
    }
    if let Some(remedy) = &check.remedy {
        let start = format!("{}hint: ", " ".repeat(width(&start)));
        lines.extend(look.wrap(&start, width(&start), &clean(remedy)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &str, verdict: CheckVerdict) -> Check {
        let remedy = matches!(verdict, CheckVerdict::Warn | CheckVerdict::Fail).then(|| "mend it".to_owned());
        Check {
            id: id.to_owned(),
            title: "It is so".to_owned(),
            required: true,
            verdict,
            evidence: "seen\u{1b}[2J".to_owned(),
            remedy,
        }
    }

    #[test]
    fn every_verdict_has_its_word() {
        let checks = [
            check("smtp.banner", CheckVerdict::Pass),
            check("dns.pointer", CheckVerdict::Warn),
            check("tls.old", CheckVerdict::Fail),
            check("relay.outsider", CheckVerdict::NotTestable),
        ];
        insta::assert_snapshot!(summary(&checks), @"1 of 4 checks passed, 1 failed, 1 warning, 1 not testable");
        insta::assert_snapshot!(lines(&Look::plain(80), &checks, true).join("\n"), @r"
            pass     smtp.banner     It is so: seen\u{1b}[2J
            warn     dns.pointer     It is so: seen\u{1b}[2J
                                     hint: mend it
            FAIL     tls.old         It is so: seen\u{1b}[2J
                                     hint: mend it
            untested relay.outsider  It is so: seen\u{1b}[2J
        ");
        assert_eq!(lines(&Look::plain(80), &checks, false).len(), 4);
    }
}
