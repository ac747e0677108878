//! firewalld's zone, in force and on disk.

use super::Look;
use crate::host::{FirewallState, Key, State, ZoneSettings};
use crate::probe::{Finding, catalogue as c};

pub(super) fn look(look: &mut Look<'_>) {
    if !look.spec.firewall {
        return;
    }
    match zone(look) {
        Ok(zone) => {
            let ports = ports(look);
            look.checks.add(&c::FIREWALL_OPEN, open(&zone, &ports));
            if ports.iter().any(|(.., wanted)| !wanted) {
                look.checks.add(&c::FIREWALL_CLOSED, closed(&zone, &ports));
            }
        }
        Err(why) => look.checks.add(&c::FIREWALL_OPEN, Finding::not_testable(why)),
    }
}

/// A zone as it is on disk and as it is in force.
struct Zone {
    name: String,
    permanent: Option<ZoneSettings>,
    runtime: Option<ZoneSettings>,
}

impl Zone {
    /// Both, with a word about when they count.
    fn both(&self) -> impl Iterator<Item = (&ZoneSettings, &'static str)> {
        let (runtime, permanent) = (self.runtime.as_ref(), self.permanent.as_ref());
        runtime.map(|settings| (settings, "now")).into_iter().chain(permanent.map(|it| (it, "after a boot")))
    }

    fn finding(&self, wrong: &[String], good: &str, remedy: String) -> Finding {
        let state = if self.runtime.is_some() { "" } else { " (firewalld does not run)" };
        let evidence = if wrong.is_empty() { good.to_owned() } else { wrong.join(", ") };
        Finding::when(wrong.is_empty(), format!("zone {}{state}: {evidence}", self.name), remedy)
    }
}

fn zone(look: &mut Look<'_>) -> Result<Zone, String> {
    let name = match look.host.default_zone() {
        Ok(Some(name)) => name,
        Ok(None) => return Err("firewalld is not installed".to_owned()),
        Err(error) => return Err(error.to_string()),
    };
    match look.host.read(&Key::Firewall(name.clone())) {
        Ok(State::Firewall(FirewallState::Zone { permanent, runtime })) => Ok(Zone { name, permanent, runtime }),
        Ok(_) => Err("firewalld has no zone to ask".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Service, port, and whether it shall be open.
type Port = (&'static str, &'static str, bool);

fn ports(look: &Look<'_>) -> [Port; 3] {
    let spec = look.spec;
    [("smtp", "25/tcp", true), ("smtp-submission", "587/tcp", spec.submission), ("smtps", "465/tcp", spec.smtps)]
}

fn open(zone: &Zone, ports: &[Port]) -> Finding {
    let wanted = ports.iter().filter(|(.., wanted)| *wanted);
    let shut = wanted.flat_map(|(service, port, _)| {
        let shut = zone.both().filter(|(settings, _)| !opens(settings, service, port));
        shut.map(move |(_, when)| format!("{service} is closed {when}"))
    });
    let shut: Vec<String> = shut.collect();
    let remedy =
        format!("`firewall-cmd --zone={} --add-service=smtp`, once with and once without --permanent", zone.name);
    zone.finding(&shut, "open for mail", remedy)
}

fn closed(zone: &Zone, ports: &[Port]) -> Finding {
    let unwanted = ports.iter().filter(|(.., wanted)| !wanted);
    let open = unwanted.flat_map(|(service, port, _)| {
        let open = zone.both().filter(|(settings, _)| opens(settings, service, port));
        open.map(move |(_, when)| format!("{service} is open {when}"))
    });
    let open: Vec<String> = open.collect();
    let remedy = "`firewall-cmd --remove-service=...` (or --remove-port), once with and once without --permanent";
    zone.finding(&open, "no port is open in vain", remedy.to_owned())
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
