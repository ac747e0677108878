//! firewalld's zone, in force and on disk.

use super::Look;
use crate::host::{FirewallState, Key, State, ZoneSettings};
use crate::probe::{Finding, catalogue as c};

pub(super) fn look(look: &mut Look<'_>) {
    if !look.spec.firewall {
        return;
    }
    let finding = finding(look);
    look.checks.add(&c::FIREWALL_OPEN, finding);
}

fn finding(look: &mut Look<'_>) -> Finding {
    let zone = match look.host.default_zone() {
        Ok(Some(zone)) => zone,
        Ok(None) => return Finding::not_testable("firewalld is not installed"),
        Err(error) => return Finding::not_testable(error.to_string()),
    };
    let (permanent, runtime) = match look.host.read(&Key::Firewall(zone.clone())) {
        Ok(State::Firewall(FirewallState::Zone { permanent, runtime })) => (permanent, runtime),
        Ok(_) => return Finding::not_testable("firewalld has no zone to ask"),
        Err(error) => return Finding::not_testable(error.to_string()),
    };
    let wanted = [("smtp", "25/tcp", true), ("smtp-submission", "587/tcp", look.spec.submission)];
    let mut closed = Vec::new();
    for (service, port, _) in wanted.into_iter().filter(|(.., wanted)| *wanted) {
        for (settings, when) in [(&runtime, "now"), (&permanent, "after a boot")] {
            if settings.as_ref().is_some_and(|settings| !opens(settings, service, port)) {
                closed.push(format!("{service} is closed {when}"));
            }
        }
    }
    let state = if runtime.is_some() { "" } else { " (firewalld does not run)" };
    let evidence = if closed.is_empty() { "open for mail".to_owned() } else { closed.join(", ") };
    Finding::when(
        closed.is_empty(),
        format!("zone {zone}{state}: {evidence}"),
        format!("`firewall-cmd --zone={zone} --add-service=smtp`, once with and once without --permanent"),
    )
}

/// A rule in firewalld's own normal form names services and ports in quotes.
fn opens(settings: &ZoneSettings, service: &str, port: &str) -> bool {
    let number = port.split('/').next().unwrap_or(port);
    let rule = |rule: &String| {
        rule.contains("accept")
            && (rule.contains(&format!("service name=\"{service}\"")) || rule.contains(&format!("port=\"{number}\"")))
    };
    settings.services.contains(service) || settings.ports.contains(port) || settings.rich_rules.iter().any(rule)
}
