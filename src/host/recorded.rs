//! Between the states in memory and those of the journal.

use super::{
    Action, Content, Enablement, FileState, FirewallState, HostError, HostnameState, Key, Meta, PackageState,
    Principal, State, SysctlState, UnitState, Version, ZoneSettings, admit,
};
use crate::journal::JournalError;
use crate::journal::stored::{
    StoredAction, StoredBytes, StoredFile, StoredFirewall, StoredKey, StoredMeta, StoredPackage, StoredPrincipal,
    StoredState, StoredUnit, StoredZone,
};

impl From<JournalError> for HostError {
    fn from(error: JournalError) -> Self {
        let (message, hint) = (error.to_string(), error.hint());
        match error {
            // Nothing is the matter with the journal.
            JournalError::Locked { .. } => Self::Refused { message, hint: hint.map(str::to_owned) },
            _ => Self::Journal { message, hint },
        }
    }
}

/// A key for the journal.
pub(super) fn store_key(key: &Key) -> StoredKey {
    StoredKey { kind: key.kind().to_owned(), name: key.name().to_owned() }
}

/// A key from the journal, which may be damaged: its name is checked like any other.
pub(super) fn load_key(stored: &StoredKey) -> Result<Key, HostError> {
    let name = stored.name.clone();
    let key = match stored.kind.as_str() {
        "file" => Key::File(name),
        "package" => Key::Package(name),
        "unit" => Key::Unit(name),
        "hostname" if name == Key::Hostname.name() => Key::Hostname,
        "firewall" => Key::Firewall(name),
        "sysctl" => Key::Sysctl(name),
        kind => return Err(HostError::journal(format!("{kind:?} with the name {name:?} is no resource"))),
    };
    admit::admit_key(&key)?;
    Ok(key)
}

/// An action for the journal.
pub(super) fn store_action(action: &Action) -> StoredAction {
    match action {
        Action::Command(command) => StoredAction::Command(command.display()),
        Action::RestartUnit(unit) => StoredAction::RestartUnit(unit.clone()),
        Action::ReloadUnit(unit) => StoredAction::ReloadUnit(unit.clone()),
        Action::DaemonReload => StoredAction::DaemonReload,
    }
}

/// A state for the journal. `digest` names the bytes of a file, and keeps them where they may be needed.
pub(super) fn store_state(
    state: &State,
    digest: &mut dyn FnMut(&[u8]) -> Result<String, JournalError>,
) -> Result<StoredState, HostError> {
    Ok(match state {
        State::File(file) => StoredState::File(store_file(file, digest)?),
        State::Package(PackageState::Absent) => StoredState::Package(StoredPackage::Absent),
        State::Package(PackageState::Installed(version)) => StoredState::Package(match version {
            Version::Evr(evr) => StoredPackage::Installed(evr.clone()),
            Version::Any => StoredPackage::Any,
            Version::Latest => StoredPackage::Latest,
        }),
        State::Unit(UnitState::Absent) => StoredState::Unit(StoredUnit::Absent),
        State::Unit(UnitState::Loaded { enablement, active }) => {
            let enablement = enablement.as_str().to_owned();
            StoredState::Unit(StoredUnit::Loaded { enablement, active: *active })
        }
        State::Hostname(HostnameState { transient: Some(name), .. }) => StoredState::TransientHostname(name.clone()),
        State::Hostname(hostname) => StoredState::Hostname(hostname.name.clone()),
        State::Firewall(FirewallState::Absent) => StoredState::Firewall(StoredFirewall::Absent),
        State::Firewall(FirewallState::Zone { permanent, runtime }) => {
            let (permanent, runtime) = (permanent.as_ref().map(store_zone), runtime.as_ref().map(store_zone));
            StoredState::Firewall(StoredFirewall::Zone { permanent, runtime })
        }
        State::Sysctl(SysctlState::Absent) => StoredState::Sysctl(None),
        State::Sysctl(SysctlState::Value(value)) => StoredState::Sysctl(Some(value.clone())),
        State::Unit(UnitState::Unknown) | State::Firewall(FirewallState::Unknown) => return Err(unknown()),
    })
}

fn unknown() -> HostError {
    HostError::journal("a state that is not known cannot be recorded".to_owned())
}

fn store_file(
    file: &FileState,
    digest: &mut dyn FnMut(&[u8]) -> Result<String, JournalError>,
) -> Result<StoredFile, HostError> {
    Ok(match file {
        FileState::Absent => StoredFile::Absent,
        FileState::Regular { content, meta } => {
            let sha256 = digest(content.bytes().ok_or_else(unknown)?)?;
            StoredFile::Regular { sha256, meta: store_meta(meta) }
        }
        FileState::Directory { meta } => StoredFile::Directory { meta: store_meta(meta) },
        FileState::Symlink { target, meta } => StoredFile::Symlink { target: target.clone(), meta: store_meta(meta) },
        odd @ (FileState::Large { .. } | FileState::Other { .. }) => StoredFile::Other { kind: odd.kind().to_owned() },
        FileState::Unknown => return Err(unknown()),
    })
}

fn store_meta(meta: &Meta) -> StoredMeta {
    let principal = |principal: &Principal| StoredPrincipal { name: principal.name.clone(), id: principal.id };
    StoredMeta {
        mode: format!("{:04o}", meta.mode),
        owner: principal(&meta.owner),
        group: principal(&meta.group),
        xattrs: meta.xattrs.iter().map(|(name, value)| (name.clone(), StoredBytes(value.clone()))).collect(),
    }
}

fn store_zone(zone: &ZoneSettings) -> StoredZone {
    StoredZone { services: zone.services.clone(), ports: zone.ports.clone(), rich_rules: zone.rich_rules.clone() }
}

/// A state from the journal. `fetch` gives the bytes of a digest.
pub(super) fn load_state(
    stored: &StoredState,
    fetch: &mut dyn FnMut(&str) -> Result<Vec<u8>, JournalError>,
) -> Result<State, HostError> {
    Ok(match stored {
        StoredState::File(file) => State::File(load_file(file, fetch)?),
        StoredState::Package(package) => State::Package(match package {
            StoredPackage::Absent => PackageState::Absent,
            StoredPackage::Installed(evr) => PackageState::Installed(Version::Evr(evr.clone())),
            StoredPackage::Any => PackageState::Installed(Version::Any),
            StoredPackage::Latest => PackageState::Installed(Version::Latest),
        }),
        StoredState::Unit(StoredUnit::Absent) => State::Unit(UnitState::Absent),
        StoredState::Unit(StoredUnit::Loaded { enablement, active }) => {
            State::Unit(UnitState::Loaded { enablement: Enablement::from_word(enablement), active: *active })
        }
        StoredState::Hostname(name) => State::Hostname(HostnameState::named(name)),
        StoredState::TransientHostname(name) => {
            State::Hostname(HostnameState { name: String::new(), transient: Some(name.clone()) })
        }
        StoredState::Firewall(StoredFirewall::Absent) => State::Firewall(FirewallState::Absent),
        StoredState::Firewall(StoredFirewall::Zone { permanent, runtime }) => State::Firewall(FirewallState::Zone {
            permanent: permanent.as_ref().map(load_zone),
            runtime: runtime.as_ref().map(load_zone),
        }),
        StoredState::Sysctl(None) => State::Sysctl(SysctlState::Absent),
        StoredState::Sysctl(Some(value)) => State::Sysctl(SysctlState::value(value)),
    })
}

fn load_file(
    stored: &StoredFile,
    fetch: &mut dyn FnMut(&str) -> Result<Vec<u8>, JournalError>,
) -> Result<FileState, HostError> {
    Ok(match stored {
        StoredFile::Absent => FileState::Absent,
        StoredFile::Regular { sha256, meta } => {
            FileState::Regular { content: Content::Bytes(fetch(sha256)?.into()), meta: load_meta(meta)? }
        }
        StoredFile::Directory { meta } => FileState::Directory { meta: load_meta(meta)? },
        StoredFile::Symlink { target, meta } => FileState::Symlink { target: target.clone(), meta: load_meta(meta)? },
        StoredFile::Other { kind } => FileState::Other { kind: kind.clone() },
    })
}

fn load_meta(stored: &StoredMeta) -> Result<Meta, HostError> {
    let mode = u32::from_str_radix(&stored.mode, 8).ok().filter(|mode| *mode <= 0o7777);
    let mode = mode.ok_or_else(|| HostError::journal(format!("{:?} is no mode", stored.mode)))?;
    let principal = |principal: &StoredPrincipal| Principal { name: principal.name.clone(), id: principal.id };
    Ok(Meta {
        mode,
        owner: principal(&stored.owner),
        group: principal(&stored.group),
        xattrs: stored.xattrs.iter().map(|(name, value)| (name.clone(), value.0.clone())).collect(),
    })
}

fn load_zone(stored: &StoredZone) -> ZoneSettings {
    ZoneSettings {
        services: stored.services.clone(),
        ports: stored.ports.clone(),
        rich_rules: stored.rich_rules.clone(),
    }
}
