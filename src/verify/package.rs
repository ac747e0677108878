//! What rpm knows of Postfix, and who else might be the host's mail server.

use super::{Look, line};
use crate::host::{FileState, Key, PackageState, State, UnitState, Version};
use crate::probe::{Finding, catalogue as c};

/// The first release of EL8 without CVE-2026-43964 (ELSA-2026-25932).
const FIXED: &str = "2:3.5.8-8";

pub(super) fn look(look: &mut Look<'_>) {
    look.of_postfix(|look| {
        let finding = version(look);
        look.checks.add(&c::PACKAGE_VERSION, finding);
        let finding = files(look);
        look.checks.add(&c::PACKAGE_FILES, finding);
        let finding = sendmail(look);
        look.checks.add(&c::PACKAGE_SENDMAIL, finding);
    });
    let finding = rivals(look);
    look.checks.add(&c::PACKAGE_RIVALS, finding);
}

/// Whether there is a Postfix, from rpm or by hand; where that cannot be told the checks find out.
pub(super) fn is_there(look: &mut Look<'_>) -> bool {
    let package = look.host.read(&Key::Package("postfix".to_owned()));
    let program = look.host.read(&Key::File("/usr/sbin/postfix".to_owned()));
    let is_none = matches!(package, Ok(State::Package(PackageState::Absent)))
        && matches!(program, Ok(State::File(FileState::Absent)));
    !is_none
}

fn version(look: &mut Look<'_>) -> Finding {
    match look.host.read(&Key::Package("postfix".to_owned())) {
        Ok(State::Package(PackageState::Installed(Version::Evr(evr)))) => match (numbers(&evr), numbers(FIXED)) {
            (Some(has), Some(fixed)) => Finding::when(
                has >= fixed,
                format!("postfix {evr}"),
                format!("`dnf update postfix`: releases before {FIXED} lack a security fix (CVE-2026-43964)"),
            ),
            _ => Finding::not_testable(format!("postfix {evr} cannot be compared with {FIXED}")),
        },
        Ok(_) => Finding::bad("rpm knows no package postfix", "`dnf install postfix`"),
        Err(error) => Finding::not_testable(error.to_string()),
    }
}

/// Epoch, the parts of the version, and the first number of the release: all that differs between EL8's Postfixes.
fn numbers(evr: &str) -> Option<(u32, Vec<u32>, u32)> {
    let (epoch, rest) = evr.split_once(':').unwrap_or(("0", evr));
    let (version, release) = rest.split_once('-')?;
    let version = version.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
    let release = release.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((epoch.parse().ok()?, version, release.parse().ok()?))
}

/// `S.5....T.  c /etc/postfix/main.cf`, as rpm(8) tells what differs; `c` are files that are there to be changed.
fn files(look: &mut Look<'_>) -> Finding {
    let output = match look.ask(&["rpm", "-V", "postfix"]) {
        Ok(output) => output,
        Err(error) => return Finding::not_testable(error),
    };
    let text = output.stdout_text();
    let is_config = |text: &str| text.split_whitespace().nth(1) == Some("c");
    let mut wrong = text.lines().filter(|line| line.contains(" /") && !is_config(line));
    match wrong.next() {
        None => Finding::good("only configuration differs"),
        Some(first) => Finding::bad(
            format!("{}{}", line(first), if wrong.next().is_some() { ", and more" } else { "" }),
            "`rpm -V postfix` lists all; `dnf reinstall postfix` brings them back",
        ),
    }
}

/// Postfix has 60 in `alternatives`, sendmail 90: where both are installed, programs that send mail do not reach Postfix.
fn sendmail(look: &mut Look<'_>) -> Finding {
    match look.ask(&["readlink", "-f", "/usr/sbin/sendmail"]) {
        Ok(output) => {
            let target = output.stdout_text();
            Finding::when(
                target.ends_with("/sendmail.postfix"),
                format!("/usr/sbin/sendmail is {}", if target.is_empty() { "not there" } else { &target }),
                "`alternatives --set mta /usr/sbin/sendmail.postfix`",
            )
        }
        Err(error) => Finding::not_testable(error),
    }
}

fn rivals(look: &mut Look<'_>) -> Finding {
    let mut running = Vec::new();
    for unit in ["sendmail.service", "exim.service"] {
        match look.host.read(&Key::Unit(unit.to_owned())) {
            Ok(State::Unit(UnitState::Loaded { active: true, .. })) => running.push(unit),
            Ok(_) => {}
            Err(error) => return Finding::not_testable(error.to_string()),
        }
    }
    let evidence = if running.is_empty() {
        "neither sendmail nor exim".to_owned()
    } else {
        format!("{} is active", running.join(", "))
    };
    Finding::when(running.is_empty(), evidence, "`systemctl disable --now` it: two servers cannot share port 25")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_of_el8_are_in_order() {
        let fixed = numbers(FIXED);
        assert!(fixed.is_some());
        for (evr, has_the_fix) in [
            ("2:3.5.8-8.el8_10.x86_64", true),
            ("2:3.5.8-10.el8", true),
            ("2:3.5.25-1.el9", true),
            ("2:3.5.8-7.el8.x86_64", false),
            ("2:3.3.1-12.el8", false),
        ] {
            assert_eq!(numbers(evr) >= fixed, has_the_fix, "{evr}");
        }
        assert_eq!(numbers("nonsense"), None);
    }
}
