//! A recorded change, and how it is shown.

mod file;

use std::collections::BTreeSet;

use super::{Enablement, FirewallState, Key, PackageState, State, SysctlState, UnitState, Version, ZoneSettings};
use crate::event::{ChangeView, KNOWN_AFTER_APPLY, PropertyChange};

/// One resource that was brought from one state to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which resource.
    pub key: Key,
    /// Its state before.
    pub before: State,
    /// Its state after.
    pub after: State,
    /// The content may not be shown.
    pub sensitive: bool,
}

impl Change {
    /// The change as people and programs see it.
    #[must_use]
    pub fn view(&self) -> ChangeView {
        let mut view = ChangeView {
            kind: self.key.kind().to_owned(),
            name: self.key.name().to_owned(),
            verb: "update".to_owned(),
            properties: Vec::new(),
            text: None,
            sensitive: self.sensitive,
        };
        match (&self.before, &self.after) {
            (State::File(before), State::File(after)) => file::view(&mut view, before, after),
            (State::Package(before), State::Package(after)) => view_package(&mut view, before, after),
            (State::Unit(before), State::Unit(after)) => view_unit(&mut view, before, after),
            (State::Hostname(before), State::Hostname(after)) => {
                let name = |name: &str| (!name.is_empty()).then(|| name.to_owned());
                property(&mut view, "name", name(&before.name), name(&after.name));
            }
            (State::Firewall(before), State::Firewall(after)) => view_firewall(&mut view, before, after),
            (State::Sysctl(before), State::Sysctl(after)) => {
                let value = |state: &SysctlState| match state {
                    SysctlState::Absent => None,
                    SysctlState::Value(value) => Some(value.clone()),
                };
                property(&mut view, "value", value(before), value(after));
            }
            // Admission keeps the kinds of key and states the same.
            _ => {}
        }
        view
    }
}

/// Adds a property where it differs.
fn property(view: &mut ChangeView, name: &str, before: Option<String>, after: Option<String>) {
    if before != after || before.as_deref() == Some(KNOWN_AFTER_APPLY) {
        view.properties.push(PropertyChange { name: name.to_owned(), before, after });
    }
}

fn view_package(view: &mut ChangeView, before: &PackageState, after: &PackageState) {
    let version = |state: &PackageState| match state {
        PackageState::Absent => None,
        PackageState::Installed(Version::Evr(evr)) => Some(evr.clone()),
        PackageState::Installed(Version::Any | Version::Latest) => Some(KNOWN_AFTER_APPLY.to_owned()),
    };
    let verb = match (before, after) {
        (PackageState::Absent, _) => "install",
        (_, PackageState::Absent) => "remove",
        (_, PackageState::Installed(Version::Latest)) => "upgrade",
        _ => "replace",
    };
    verb.clone_into(&mut view.verb);
    property(view, "version", version(before), version(after));
}

fn view_unit(view: &mut ChangeView, before: &UnitState, after: &UnitState) {
    let parts = |state: &UnitState| match state {
        UnitState::Absent => (None, None),
        UnitState::Unknown => (Some(KNOWN_AFTER_APPLY.to_owned()), Some(KNOWN_AFTER_APPLY.to_owned())),
        UnitState::Loaded { enablement, active } => {
            (Some(enablement.as_str().to_owned()), Some(if *active { "yes" } else { "no" }.to_owned()))
        }
    };
    if let Some(verb) = unit_verb(before, after) {
        verb.clone_into(&mut view.verb);
    }
    let ((enabled_before, active_before), (enabled_after, active_after)) = (parts(before), parts(after));
    property(view, "enabled", enabled_before, enabled_after);
    property(view, "active", active_before, active_after);
}

/// What is done about booting, or else about running.
fn unit_verb(before: &UnitState, after: &UnitState) -> Option<&'static str> {
    let UnitState::Loaded { enablement: want, active: runs } = after else { return None };
    let (was, ran) = match before {
        UnitState::Loaded { enablement, active } => (Some(enablement), Some(*active)),
        UnitState::Absent | UnitState::Unknown => (None, None),
    };
    if was != Some(want) {
        return match want {
            Enablement::Enabled => Some("enable"),
            Enablement::Disabled if was == Some(&Enablement::Masked) => Some("unmask"),
            Enablement::Disabled => Some("disable"),
            Enablement::Masked => Some("mask"),
            Enablement::Other(_) => Some("unmask"),
        };
    }
    (ran != Some(*runs)).then_some(if *runs { "start" } else { "stop" })
}

fn view_firewall(view: &mut ChangeView, before: &FirewallState, after: &FirewallState) {
    let FirewallState::Zone { permanent, runtime } = after else { return };
    let (was_permanent, was_runtime) = match before {
        FirewallState::Zone { permanent, runtime } => (permanent.clone(), runtime.clone()),
        FirewallState::Absent | FirewallState::Unknown => (None, None),
    };
    let permanent = zone_changes(was_permanent.as_ref(), permanent.as_ref());
    let runtime = zone_changes(was_runtime.as_ref(), runtime.as_ref());
    let both: Vec<_> = permanent.iter().filter(|change| runtime.contains(change)).cloned().collect();
    view.properties.extend(both.iter().cloned());
    for (changes, note) in [(permanent, "permanent"), (runtime, "runtime")] {
        for change in changes.into_iter().filter(|change| !both.contains(change)) {
            view.properties.push(PropertyChange { name: format!("{} ({note})", change.name), ..change });
        }
    }
}

/// One property a setting that comes or goes.
fn zone_changes(before: Option<&ZoneSettings>, after: Option<&ZoneSettings>) -> Vec<PropertyChange> {
    let none = ZoneSettings::default();
    let (before, after) = (before.unwrap_or(&none), after.unwrap_or(&none));
    let mut changes = Vec::new();
    let mut add = |name: &str, before: &BTreeSet<String>, after: &BTreeSet<String>| {
        let change = |before, after| PropertyChange { name: name.to_owned(), before, after };
        changes.extend(before.difference(after).map(|gone| change(Some(gone.clone()), None)));
        changes.extend(after.difference(before).map(|new| change(None, Some(new.clone()))));
    };
    add("service", &before.services, &after.services);
    add("port", &before.ports, &after.ports);
    add("rich rule", &before.rich_rules, &after.rich_rules);
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{FileState, HostnameState, Meta};

    fn shown(key: Key, before: State, after: State) -> String {
        let view = Change { key, before, after, sensitive: false }.view();
        let show = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let properties = view.properties.iter().map(|p| format!(" {}:{}>{}", p.name, show(&p.before), show(&p.after)));
        format!("{} {} {}{}", view.verb, view.kind, view.name, properties.collect::<String>())
    }

    #[test]
    fn packages_read_as_dnf_puts_them() {
        let evr = |evr: &str| PackageState::Installed(Version::Evr(evr.to_owned()));
        let known_after = PackageState::Installed(Version::Any);
        for (before, after, expected) in [
            (PackageState::Absent, evr("2:1-1.x"), "install package p version:->2:1-1.x"),
            (PackageState::Absent, known_after, "install package p version:->(known after apply)"),
            (evr("1"), PackageState::Absent, "remove package p version:1>-"),
            (evr("1"), PackageState::Installed(Version::Latest), "upgrade package p version:1>(known after apply)"),
            (evr("1"), evr("2"), "replace package p version:1>2"),
        ] {
            let (before, after) = (State::Package(before), State::Package(after));
            assert_eq!(shown(Key::Package("p".to_owned()), before, after), expected);
        }
    }

    #[test]
    fn units_show_what_is_done_to_them() {
        use Enablement::{Disabled, Enabled, Masked};
        let loaded = |enablement: &Enablement, active| UnitState::Loaded { enablement: enablement.clone(), active };
        for (before, after, expected) in [
            (loaded(&Disabled, false), loaded(&Enabled, true), "enable unit u enabled:disabled>enabled active:no>yes"),
            (loaded(&Enabled, false), loaded(&Enabled, true), "start unit u active:no>yes"),
            (loaded(&Enabled, true), loaded(&Enabled, false), "stop unit u active:yes>no"),
            (loaded(&Masked, false), loaded(&Disabled, false), "unmask unit u enabled:masked>disabled"),
            (loaded(&Disabled, false), loaded(&Masked, false), "mask unit u enabled:disabled>masked"),
            (
                UnitState::Unknown,
                loaded(&Enabled, true),
                "enable unit u enabled:(known after apply)>enabled active:(known after apply)>yes",
            ),
        ] {
            let (before, after) = (State::Unit(before), State::Unit(after));
            assert_eq!(shown(Key::Unit("u".to_owned()), before, after), expected);
        }
    }

    #[test]
    fn a_host_name_is_a_name() {
        let name = |name: &str| State::Hostname(HostnameState::named(name));
        assert_eq!(shown(Key::Hostname, name(""), name("a.b")), "update hostname static name:->a.b");
    }

    #[test]
    fn a_folder_has_no_content_to_hide() {
        let folder = State::File(FileState::Directory { meta: Meta::root(0o700) });
        let link = State::File(FileState::Symlink { target: "/t".to_owned(), meta: Meta::root(0o777) });
        for (before, hides) in [(folder, false), (link, true)] {
            let (key, after) = (Key::File("/f".to_owned()), State::File(FileState::Absent));
            assert_eq!(Change { key, before, after, sensitive: true }.view().sensitive, hides);
        }
    }

    #[test]
    fn a_kernel_parameter_has_a_value() {
        let value = |value: &str| State::Sysctl(SysctlState::value(value));
        let key = Key::Sysctl("net.ipv4.ip_local_port_range".to_owned());
        let expected = "update sysctl net.ipv4.ip_local_port_range value:32768 60999>1024 65535";
        assert_eq!(shown(key, value("32768\t60999\n"), value("1024  65535")), expected);
    }

    #[test]
    fn zones_show_what_is_the_same_in_both_once() {
        let zone = |services: &[&str], ports: &[&str]| ZoneSettings {
            services: services.iter().map(|&word| word.to_owned()).collect(),
            ports: ports.iter().map(|&word| word.to_owned()).collect(),
            rich_rules: BTreeSet::new(),
        };
        let state = |permanent, runtime| State::Firewall(FirewallState::Zone { permanent: Some(permanent), runtime });
        let key = Key::Firewall("public".to_owned());
        let before = state(zone(&["ssh"], &["1/tcp"]), Some(zone(&["ssh"], &[])));
        let after = state(zone(&["ssh", "smtp"], &[]), Some(zone(&["ssh", "smtp"], &[])));
        let expected = "update firewall public service:->smtp port (permanent):1/tcp>-";
        assert_eq!(shown(key.clone(), before.clone(), after), expected);
        let expected = "update firewall public service (permanent):->smtp port (permanent):1/tcp>- \
                        service (runtime):ssh>-";
        assert_eq!(shown(key, before, state(zone(&["ssh", "smtp"], &[]), None)), expected);
    }
}
