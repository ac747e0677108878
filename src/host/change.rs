//! A recorded change, and how it is shown.

use std::collections::BTreeSet;

use super::{
    Content, Enablement, FileState, FirewallState, Key, Meta, PackageState, State, UnitState, Version, ZoneSettings,
};
use crate::event::{ChangeView, KNOWN_AFTER_APPLY, PropertyChange, TextChange};

/// The largest text that is shown as a diff, in bytes.
const TEXT_LIMIT: usize = 256 << 10;

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
    /// The change as people and programs see it: never a secret, never bytes that are no text.
    #[must_use]
    pub fn view(&self) -> ChangeView {
        let (verb, properties, text) = match (&self.before, &self.after) {
            (State::File(before), State::File(after)) => file(before, after),
            (State::Package(before), State::Package(after)) => package(before, after),
            (State::Unit(before), State::Unit(after)) => unit(before, after),
            (State::Hostname(before), State::Hostname(after)) => {
                ("update", vec![property("name", Some(before.name.clone()), Some(after.name.clone()))], None)
            }
            (State::Firewall(before), State::Firewall(after)) => firewall(before, after),
            _ => ("update", Vec::new(), None),
        };
        ChangeView {
            kind: self.key.kind().to_owned(),
            name: self.key.name().to_owned(),
            verb: verb.to_owned(),
            properties: properties.into_iter().filter(|property| property.before != property.after).collect(),
            text: if self.sensitive { None } else { text },
            sensitive: self.sensitive,
        }
    }
}

type View = (&'static str, Vec<PropertyChange>, Option<TextChange>);

fn property(name: &str, before: Option<String>, after: Option<String>) -> PropertyChange {
    PropertyChange { name: name.to_owned(), before, after }
}

fn unknown() -> Option<String> {
    Some(KNOWN_AFTER_APPLY.to_owned())
}

fn file(before: &FileState, after: &FileState) -> View {
    let verb = match (before, after) {
        (FileState::Absent, _) => "create",
        (_, FileState::Absent) => "delete",
        _ => "update",
    };
    let kind = |state: &FileState| match state {
        FileState::Absent => None,
        FileState::Unknown => unknown(),
        FileState::Regular { .. } => Some("file".to_owned()),
        FileState::Directory { .. } => Some("directory".to_owned()),
        FileState::Symlink { .. } => Some("link".to_owned()),
        FileState::Other { kind } => Some(kind.clone()),
    };
    let meta = |pick: fn(&Meta) -> String| {
        let value = |state: &FileState| match state {
            FileState::Unknown => unknown(),
            other => other.meta().map(pick),
        };
        (value(before), value(after))
    };
    let target = |state: &FileState| match state {
        FileState::Symlink { target, .. } => Some(target.clone()),
        _ => None,
    };
    let (mode_before, mode_after) = meta(|meta| format!("{:04o}", meta.mode));
    let (owner_before, owner_after) = meta(|meta| format!("{}:{}", meta.owner, meta.group));
    let (xattrs_before, xattrs_after) = meta(|meta| meta.xattrs.keys().cloned().collect::<Vec<_>>().join(" "));
    let nothing = |names: Option<String>| names.filter(|names| !names.is_empty());
    let properties = vec![
        property("type", kind(before), kind(after)),
        property("target", target(before), target(after)),
        property("mode", mode_before, mode_after),
        property("owner", owner_before, owner_after),
        property("attributes", nothing(xattrs_before), nothing(xattrs_after)),
    ];
    (verb, properties, text_change(before, after))
}

/// Text before and after; none when there is nothing to compare, or it is no text, or too much.
fn text_change(before: &FileState, after: &FileState) -> Option<TextChange> {
    let text = |state: &FileState| match state {
        FileState::Regular { content: Content::Bytes(bytes), .. } if bytes.len() > TEXT_LIMIT => Err(()),
        FileState::Regular { content: Content::Bytes(bytes), .. } => match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Ok(Some(text.to_owned())),
            _ => Err(()),
        },
        FileState::Regular { content: Content::Unknown, .. } | FileState::Unknown => Ok(unknown()),
        _ => Ok(None),
    };
    let (before, after) = (text(before).ok()?, text(after).ok()?);
    (before != after).then_some(TextChange { before, after })
}

fn package(before: &PackageState, after: &PackageState) -> View {
    let version = |state: &PackageState| match state {
        PackageState::Absent => None,
        PackageState::Installed(Version::Evr(evr)) => Some(evr.clone()),
        PackageState::Installed(Version::Any | Version::Latest) => unknown(),
    };
    let verb = match (before, after) {
        (PackageState::Absent, _) => "install",
        (_, PackageState::Absent) => "remove",
        _ => "upgrade",
    };
    (verb, vec![property("version", version(before), version(after))], None)
}

fn unit(before: &UnitState, after: &UnitState) -> View {
    let value = |state: &UnitState, pick: fn(&Enablement, bool) -> String| match state {
        UnitState::Absent => None,
        UnitState::Unknown => unknown(),
        UnitState::Loaded { enablement, active } => Some(pick(enablement, *active)),
    };
    let at_boot = |enablement: &Enablement, _: bool| enablement.as_str().to_owned();
    let now = |_: &Enablement, active: bool| if active { "running" } else { "stopped" }.to_owned();
    let properties = vec![
        property("at boot", value(before, at_boot), value(after, at_boot)),
        property("now", value(before, now), value(after, now)),
    ];
    ("update", properties, None)
}

fn firewall(before: &FirewallState, after: &FirewallState) -> View {
    let mut properties = Vec::new();
    for (scope, pick) in [("permanent", permanent as Pick), ("runtime", runtime as Pick)] {
        if let (Some(before), Some(after)) = (pick(before), pick(after)) {
            properties.extend(zone(scope, before, after));
        } else if pick(before).is_some() != pick(after).is_some() {
            let there = |state: &FirewallState| pick(state).map(|_| "there".to_owned());
            properties.push(property(scope, there(before), there(after)));
        }
    }
    if matches!(before, FirewallState::Unknown) {
        properties.push(property("zone", unknown(), Some("as wanted".to_owned())));
    }
    ("update", properties, None)
}

type Pick = fn(&FirewallState) -> Option<&ZoneSettings>;

fn permanent(state: &FirewallState) -> Option<&ZoneSettings> {
    match state {
        FirewallState::Zone { permanent, .. } => permanent.as_ref(),
        FirewallState::Absent | FirewallState::Unknown => None,
    }
}

fn runtime(state: &FirewallState) -> Option<&ZoneSettings> {
    match state {
        FirewallState::Zone { runtime, .. } => runtime.as_ref(),
        FirewallState::Absent | FirewallState::Unknown => None,
    }
}

/// One line an entry: what a zone gains and what it loses.
fn zone(scope: &str, before: &ZoneSettings, after: &ZoneSettings) -> Vec<PropertyChange> {
    let entries = |name: &str, before: &BTreeSet<String>, after: &BTreeSet<String>| -> Vec<PropertyChange> {
        let name = format!("{scope} {name}");
        let gained = after.difference(before).map(|entry| property(&name, None, Some(entry.clone())));
        let lost = before.difference(after).map(|entry| property(&name, Some(entry.clone()), None));
        gained.chain(lost).collect()
    };
    let mut properties = entries("service", &before.services, &after.services);
    properties.extend(entries("port", &before.ports, &after.ports));
    properties.extend(entries("rich rule", &before.rich_rules, &after.rich_rules));
    properties
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::HostnameState;

    fn shown(key: Key, before: State, after: State) -> String {
        let view = Change { key, before, after, sensitive: false }.view();
        let lines = view.properties.iter().map(|property| {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
            format!("{}: {} → {}", property.name, value(&property.before), value(&property.after))
        });
        format!("{} {}:{} [{}]", view.verb, view.kind, view.name, lines.collect::<Vec<_>>().join("; "))
    }

    fn regular(text: &str, mode: u32) -> FileState {
        FileState::Regular { content: Content::text(text), meta: Meta::root(mode) }
    }

    #[test]
    fn each_kind_says_what_differs() {
        let file = |before, after| shown(Key::File("/etc/x".into()), State::File(before), State::File(after));
        assert_eq!(
            file(FileState::Absent, regular("x", 0o644)),
            "create file:/etc/x [type: - → file; mode: - → 0644; owner: - → root:root]"
        );
        assert_eq!(file(regular("x", 0o644), regular("x", 0o600)), "update file:/etc/x [mode: 0644 → 0600]");
        assert_eq!(
            file(FileState::Unknown, FileState::Directory { meta: Meta::root(0o700) }),
            "update file:/etc/x [type: (known after apply) → directory; mode: (known after apply) → 0700; owner: (known after apply) → root:root]"
        );
        let package = |before, after| shown(Key::Package("p".into()), State::Package(before), State::Package(after));
        assert_eq!(
            package(PackageState::Absent, PackageState::Installed(Version::Any)),
            "install package:p [version: - → (known after apply)]"
        );
        let running = |active| UnitState::Loaded { enablement: Enablement::Enabled, active };
        assert_eq!(
            shown(Key::Unit("u.service".into()), State::Unit(running(false)), State::Unit(running(true))),
            "update unit:u.service [now: stopped → running]"
        );
        let named = |name: &str| State::Hostname(HostnameState { name: name.to_owned() });
        assert_eq!(shown(Key::Hostname, named("a"), named("b")), "update hostname:static [name: a → b]");
        let with = |services: &[&str]| ZoneSettings {
            services: services.iter().map(|&name| name.to_owned()).collect(),
            ..ZoneSettings::default()
        };
        let zone = |services: &[&str]| {
            State::Firewall(FirewallState::Zone { permanent: Some(with(services)), runtime: Some(with(services)) })
        };
        assert_eq!(
            shown(Key::Firewall("public".into()), zone(&["ssh"]), zone(&["smtp"])),
            "update firewall:public [permanent service: - → smtp; permanent service: ssh → -; runtime service: - → smtp; runtime service: ssh → -]"
        );
    }

    #[test]
    fn text_is_shown_only_where_it_is_text_and_no_secret() {
        let view = |before: FileState, after: FileState, sensitive| {
            let (before, after) = (State::File(before), State::File(after));
            Change { key: Key::File("/etc/x".into()), before, after, sensitive }.view().text
        };
        assert_eq!(
            view(FileState::Absent, regular("new", 0o600), false),
            Some(TextChange { before: None, after: Some("new".into()) })
        );
        assert_eq!(view(FileState::Absent, regular("new", 0o600), true), None);
        assert_eq!(view(regular("same", 0o644), regular("same", 0o600), false), None);
        let binary = FileState::Regular { content: Content::Bytes(vec![0, 159].into()), meta: Meta::root(0o644) };
        assert_eq!(view(regular("x", 0o644), binary, false), None);
        assert_eq!(
            view(FileState::Unknown, regular("new", 0o644), false),
            Some(TextChange { before: Some(KNOWN_AFTER_APPLY.into()), after: Some("new".into()) })
        );
    }
}
