//! The checks of a verified server as a table.

use super::look::{Look, Tone, clean, list, pad, width};
use super::own_name;
use crate::event::{Check, CheckVerdict, Vantage};

/// Columns of the verdict; `untested` is the longest.
const VERDICT_COLUMNS: usize = 8;
/// From so many columns on, ids have a column of their own.
const WIDE_COLUMNS: usize = 100;
/// Columns that the names of hosts take at most.
const HOSTS_COLUMNS: usize = 40;

/// `38 passed, 1 warning, 2 untested`
pub(crate) fn summary(checks: &[Check]) -> String {
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    let (warned, failed) = (count(CheckVerdict::Warn), count(CheckVerdict::Fail));
    let untested = count(CheckVerdict::NotTestable);
    let parts = [
        (failed, format!("{failed} failed")),
        (warned, super::look::count(warned, "warning")),
        (untested, format!("{untested} untested")),
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

/// `from the host: 38 of 40 checks passed, 2 untested`
pub(crate) fn headline(vantage: Vantage, checks: &[Check]) -> String {
    let place = match vantage {
        Vantage::Host => "from the host",
        Vantage::Controller => "from the controller",
    };
    format!("{place}: {}", summary(checks))
}

/// A row a check; without `all`, only those that want attention.
pub(crate) fn lines(look: &Look, checks: &[Check], all: bool) -> Vec<String> {
    folded(look, &[("", checks)], all)
}

/// The same for some hosts, each check told once for the hosts that answer it alike.
pub(crate) fn folded(look: &Look, hosts: &[(&str, &[Check])], all: bool) -> Vec<String> {
    let mut rows: Vec<Row> = Vec::new();
    for (host, checks) in hosts {
        let wanted = |check: &&Check| all || matches!(check.verdict, CheckVerdict::Warn | CheckVerdict::Fail);
        for check in checks.iter().filter(wanted) {
            let evidence = own_name::without(host, &check.evidence);
            match rows.iter_mut().find(|row| row.takes(check, &evidence)) {
                Some(row) => {
                    row.differs |= row.evidence != evidence;
                    row.hosts.push(host);
                }
                None => rows.push(Row { check, evidence, differs: false, hosts: vec![host] }),
            }
        }
    }
    let columns = rows.iter().map(|row| width(&row.check.id)).max().unwrap_or(0);
    // Where a check's id would leave too little for the rest, the rest stands below it.
    let columns = if look.width < WIDE_COLUMNS { 0 } else { columns };
    rows.iter().flat_map(|row| row.lines(look, columns, hosts.len())).collect()
}

/// A check, and the hosts that answer it alike.
struct Row<'a> {
    check: &'a Check,
    /// The first host's, without its name.
    evidence: String,
    /// Whether another host has evidence of its own.
    differs: bool,
    hosts: Vec<&'a str>,
}

impl Row<'_> {
    /// What passed everywhere needs no telling apart, whatever the addresses and times in it.
    fn takes(&self, check: &Check, evidence: &str) -> bool {
        let calm = matches!(check.verdict, CheckVerdict::Pass | CheckVerdict::NotTestable);
        self.check.id == check.id && self.check.verdict == check.verdict && (calm || self.evidence == evidence)
    }

    fn lines(&self, look: &Look, columns: usize, hosts: usize) -> Vec<String> {
        let (word, tone) = match self.check.verdict {
            CheckVerdict::Pass => ("pass", Tone::Good),
            CheckVerdict::Warn => ("warn", Tone::Warn),
            CheckVerdict::Fail => ("FAIL", Tone::Bad),
            CheckVerdict::NotTestable => ("untested", Tone::Skip),
        };
        let start = format!("    {} {}  ", pad(word, VERDICT_COLUMNS), pad(&clean(&self.check.id), columns));
        let indent = if columns == 0 { 4 + VERDICT_COLUMNS + 1 } else { width(&start) };
        let who = match self.hosts.len() {
            number if number == hosts => String::new(),
            _ => format!("{}: ", list(&self.hosts, HOSTS_COLUMNS)),
        };
        let evidence = match self.hosts[..] {
            [first, _, ..] if self.differs => format!("{} ({first}; the others alike)", self.check.evidence),
            [_, _, ..] => self.evidence.clone(),
            _ => self.check.evidence.clone(),
        };
        let text = format!("{who}{}: {}", clean(&self.check.title), clean(&evidence));
        let mut lines = look.wrap(&start, indent, &text);
        if look.colour
            && let Some(first) = lines.first_mut()
        {
            *first = first.replacen(word, &look.paint(tone, word), 1);
        }
        if let Some(remedy) = &self.check.remedy {
            let start = format!("{}hint: ", " ".repeat(indent));
            lines.extend(look.wrap(&start, width(&start), &clean(remedy)));
        }
        lines
    }
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
        insta::assert_snapshot!(summary(&checks), @"1 of 4 checks passed, 1 failed, 1 warning, 1 untested");
        insta::assert_snapshot!(lines(&Look::plain(80), &checks, true).join("\n"), @r"
            pass     smtp.banner  It is so: seen\u{1b}[2J
            warn     dns.pointer  It is so: seen\u{1b}[2J
                     hint: mend it
            FAIL     tls.old  It is so: seen\u{1b}[2J
                     hint: mend it
            untested relay.outsider  It is so: seen\u{1b}[2J
        ");
        insta::assert_snapshot!(lines(&Look::plain(200), &checks, true).join("\n"), @r"
            pass     smtp.banner     It is so: seen\u{1b}[2J
            warn     dns.pointer     It is so: seen\u{1b}[2J
                                     hint: mend it
            FAIL     tls.old         It is so: seen\u{1b}[2J
                                     hint: mend it
            untested relay.outsider  It is so: seen\u{1b}[2J
        ");
        assert_eq!(lines(&Look::plain(80), &checks, false).len(), 4);
    }

    #[test]
    fn what_hosts_answer_alike_is_told_once() {
        let said = |id: &str, verdict, evidence: &str| Check { evidence: evidence.to_owned(), ..check(id, verdict) };
        let of = |name: &str, days: &str, verdict| {
            vec![
                said("smtp.banner", CheckVerdict::Pass, &format!("220 {name} ESMTP")),
                said("certificate.days", CheckVerdict::Pass, days),
                said("dns.pointer", verdict, "no pointer"),
            ]
        };
        let all = [
            ("mx1.example.org", of("mx1.example.org", "90 days", CheckVerdict::Pass)),
            ("mx2.example.org", of("mx2.example.org", "91 days", CheckVerdict::Fail)),
            ("mx3.example.org", of("mx3.example.org", "90 days", CheckVerdict::Fail)),
        ];
        let all: Vec<(&str, &[Check])> = all.iter().map(|(host, checks)| (*host, &**checks)).collect();
        insta::assert_snapshot!(folded(&Look::plain(200), &all, true).join("\n"), @r"
            pass     smtp.banner       It is so: 220 {{inventory_hostname}} ESMTP
            pass     certificate.days  It is so: 90 days (mx1.example.org; the others alike)
            pass     dns.pointer       mx1.example.org: It is so: no pointer
            FAIL     dns.pointer       mx2.example.org, mx3.example.org: It is so: no pointer
                                       hint: mend it
        ");
    }
}
