//! firewalld zones: over D-Bus while it runs, by its offline tool while it does not.
//!
//! What is permanent and what is in force are changed side by side. Never a reload: it drops what is only in
//! force, which may be the very port that we came in by.

mod bus;
mod offline;

use std::collections::BTreeSet;
use std::path::Path;

use super::{FirewallState, HostError, ZoneSettings};

/// The daemon. On EL8 `firewall-cmd` and the unit come in the same package.
const DAEMON: &str = "/usr/sbin/firewalld";

/// One setting to be added to a zone or taken from it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Setting {
    Service(String),
    /// Port or range, and protocol.
    Port(String, String),
    RichRule(String),
}

/// The settings of a zone.
pub(super) fn read(zone: &str) -> Result<FirewallState, HostError> {
    if !Path::new(DAEMON).exists() {
        return Ok(FirewallState::Absent);
    }
    if let Some(state) = bus::read(zone)? {
        return Ok(state);
    }
    Ok(FirewallState::Zone { permanent: offline::read(zone)?, runtime: None })
}

/// Brings a zone from one state to another.
pub(super) fn change(zone: &str, before: &FirewallState, after: &FirewallState) -> Result<(), HostError> {
    let (
        FirewallState::Zone { permanent: Some(permanent), runtime },
        FirewallState::Zone { permanent: Some(want_permanent), runtime: want_runtime },
    ) = (before, after)
    else {
        return Err(HostError::refused(format!("change the zone {zone}: zones are neither made nor removed")));
    };
    let permanent = difference(permanent, want_permanent)?;
    match (runtime, want_runtime) {
        (Some(runtime), Some(want)) => bus::change(zone, &permanent, &difference(runtime, want)?),
        (None, None) => offline::change(zone, &permanent),
        _ => Err(HostError::refused(format!("change the zone {zone}: firewalld was started or stopped meanwhile"))),
    }
}

/// The zone of interfaces that have none of their own; `None` when firewalld is not installed.
pub(super) fn default_zone() -> Result<Option<String>, HostError> {
    if !Path::new(DAEMON).exists() {
        return Ok(None);
    }
    match bus::default_zone()? {
        Some(zone) => Ok(Some(zone)),
        None => offline::default_zone().map(Some),
    }
}

/// Where firewalld writes a zone down, once it differs from what it came with.
pub(super) fn files(zone: &str) -> [String; 2] {
    ["", ".old"].map(|suffix| format!("/etc/firewalld/zones/{zone}.xml{suffix}"))
}

/// What is to be added (`true`) and removed (`false`), additions first: nobody is locked out in between.
fn difference(present: &ZoneSettings, want: &ZoneSettings) -> Result<Vec<(bool, Setting)>, HostError> {
    let added = settings(want, present)?.into_iter().map(|setting| (true, setting));
    let removed = settings(present, want)?.into_iter().map(|setting| (false, setting));
    Ok(added.chain(removed).collect())
}

/// The settings that are in one and not in the other.
fn settings(of: &ZoneSettings, not_in: &ZoneSettings) -> Result<Vec<Setting>, HostError> {
    let services = of.services.difference(&not_in.services).cloned().map(Setting::Service).map(Ok);
    let ports = of.ports.difference(&not_in.ports).map(|port| match port.split_once('/') {
        Some((port, protocol)) => Ok(Setting::Port(port.to_owned(), protocol.to_owned())),
        None => Err(HostError::refused(format!("use {port:?} as a port: it is written as in 25/tcp"))),
    });
    let rules = of.rich_rules.difference(&not_in.rich_rules).cloned().map(Setting::RichRule).map(Ok);
    services.chain(ports).chain(rules).collect()
}

/// Settings from the lists that firewalld gives.
fn zone(services: Vec<String>, ports: Vec<(String, String)>, rich_rules: Vec<String>) -> ZoneSettings {
    let ports: BTreeSet<String> = ports.into_iter().map(|(port, protocol)| format!("{port}/{protocol}")).collect();
    ZoneSettings { services: services.into_iter().collect(), ports, rich_rules: rich_rules.into_iter().collect() }
}

/// What to try, from firewalld's own error codes.
fn hint(message: &str) -> Option<String> {
    let hint = match message.split(':').next().unwrap_or_default().trim() {
        "INVALID_SERVICE" => "`firewall-cmd --get-services` lists the services that there are",
        "INVALID_ZONE" => "`firewall-cmd --get-zones` lists the zones that there are",
        "INVALID_PORT" => "a port is a number or a range (5000-5010), with /tcp or /udp",
        "INVALID_RULE" => "firewalld.richlanguage(5) describes rich rules",
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;

    #[test]
    fn what_is_added_comes_before_what_is_removed() {
        let set = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<BTreeSet<_>>();
        let present = ZoneSettings { services: set(&["ssh", "http"]), ports: set(&["26/tcp"]), ..Default::default() };
        let want =
            ZoneSettings { services: set(&["ssh", "smtp"]), rich_rules: set(&["rule drop"]), ..Default::default() };
        let expected = [
            (true, Setting::Service("smtp".to_owned())),
            (true, Setting::RichRule("rule drop".to_owned())),
            (false, Setting::Service("http".to_owned())),
            (false, Setting::Port("26".to_owned(), "tcp".to_owned())),
        ];
        assert_eq!(difference(&present, &want).unwrap(), expected);
        assert_eq!(difference(&want, &want).unwrap(), []);
        let bad = ZoneSettings { ports: set(&["26"]), ..Default::default() };
        assert!(difference(&present, &bad).is_err());
    }
}
