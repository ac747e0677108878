//! What packages that are still to be installed or removed may do to the rest of the host.
//!
//! A preview cannot see into a package that is not there. Of some packages it is known what they bring
//! ([`KNOWN`]); otherwise names tell: `x` brings `/etc/x/...`, `/etc/pki/tls/private/x.key` and `x.service`.

use std::collections::BTreeMap;

use super::known_packages::{KNOWN, KnownPackage};
use super::{Content, Enablement, FileState, FirewallState, Key, Meta, State, UnitState};

/// The packages that a preview would install (`true`) or remove (`false`).
#[derive(Debug, Default)]
pub(super) struct Pending {
    packages: BTreeMap<String, bool>,
}

impl Pending {
    pub(super) fn installs(&mut self, package: &str) {
        self.packages.insert(package.to_owned(), true);
    }

    pub(super) fn removes(&mut self, package: &str) {
        self.packages.insert(package.to_owned(), false);
    }

    /// Whether anything is still to be installed.
    pub(super) fn any(&self) -> bool {
        self.packages.values().any(|&installs| installs)
    }

    /// What a resource that nothing was put to must be taken for: as it is, or unknown when a pending
    /// package may bring it, or take it away.
    pub(super) fn veil(&self, key: &Key, present: State) -> State {
        if self.packages.is_empty() {
            return present;
        }
        match (key, present) {
            (Key::File(path), State::File(state)) => State::File(self.veil_file(path, state)),
            (Key::Unit(name), State::Unit(UnitState::Absent)) if self.coming().any(|known| known.unit == name) => {
                State::Unit(UnitState::Loaded { enablement: Enablement::Disabled, active: false })
            }
            (Key::Unit(name), State::Unit(state)) => {
                let absent = state == UnitState::Absent;
                State::Unit(if self.names(name, absent) { UnitState::Unknown } else { state })
            }
            (Key::Firewall(_), State::Firewall(state)) => {
                let absent = state == FirewallState::Absent;
                let touched = self.packages.get("firewalld") == Some(&absent);
                State::Firewall(if touched { FirewallState::Unknown } else { state })
            }
            (_, present) => present,
        }
    }

    fn veil_file(&self, path: &str, present: FileState) -> FileState {
        for known in self.coming() {
            let Some(below) = path.strip_prefix(known.directory) else { continue };
            match (below.strip_prefix('/'), present) {
                // An installation gives a directory that is there the package's own metadata, lets a link be, and
                // puts the directory in the place of anything else (rpm's lib/fsm.c, `fsmVerify`).
                (None, state) if below.is_empty() && !matches!(state, FileState::Symlink { .. }) => {
                    return FileState::Directory { meta: Meta::root(0o755) };
                }
                (Some(entry), FileState::Absent) => {
                    let entry = entry.split('/').next().unwrap_or(entry);
                    let brought = known.entries.contains(&entry);
                    return if brought { FileState::Unknown } else { FileState::Absent };
                }
                (Some(entry), FileState::Regular { meta, .. }) if known.amended.contains(&entry) => {
                    return FileState::Regular { content: Content::Unknown, meta };
                }
                (_, present) => return self.by_name(path, present),
            }
        }
        self.by_name(path, present)
    }

    fn by_name(&self, path: &str, present: FileState) -> FileState {
        let absent = present == FileState::Absent;
        if path.split('/').any(|part| self.names(part, absent)) { FileState::Unknown } else { present }
    }

    /// Whether it is known, and not told by names, what comes to a path.
    pub(super) fn knows(&self, key: &Key) -> bool {
        let Key::File(path) = key else { return false };
        self.coming().any(|known| path.strip_prefix(known.directory).is_some_and(|below| below.starts_with('/')))
    }

    /// Packages of which it is known what they bring and that come, themselves or as what their subpackages need.
    fn coming(&self) -> impl Iterator<Item = &'static KnownPackage> {
        KNOWN.iter().filter(|known| self.names(known.name, true))
    }

    /// Whether a path component or unit name is called after a package that comes (or goes).
    fn names(&self, component: &str, comes: bool) -> bool {
        let stem = component.split(['.', '@']).next().unwrap_or(component);
        self.packages.iter().filter(|&(_, &installs)| installs == comes).any(|(package, _)| {
            let first = package.split('-').next().unwrap_or(package);
            // A removed subpackage takes nothing away that is called after the main package.
            [component, stem].iter().any(|&name| name == package || (comes && name == first))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_a_package_may_bring() {
        for (package, path, unknown) in [
            ("postfix", "/etc/postfix/main.cf", true),
            ("postfix", "/etc/postfix/ssl/postfix.key", false),
            ("postfix", "/etc/postfix/virtual.db", false),
            ("dovecot", "/etc/dovecot", true),
            ("dovecot", "/etc/dovecot/x", true),
            ("postfix", "/etc/pki/tls/private/postfix.key", true),
            ("postfix", "/etc/sysconfig/postfix", true),
            ("postfix", "/etc/aliases", false),
            ("postfix", "/etc/postfixed/main.cf", false),
            ("postfix-pcre", "/etc/postfix/main.cf", true),
            ("postfix-pcre", "/usr/lib64/postfix-pcre/x", true),
            ("pcre", "/etc/postfix/main.cf", false),
        ] {
            let mut pending = Pending::default();
            pending.installs(package);
            let veiled = pending.veil(&Key::File(path.to_owned()), State::File(FileState::Absent));
            assert_eq!(veiled == State::File(FileState::Unknown), unknown, "{package} {path}");
        }
    }

    #[test]
    fn known_packages_bring_a_directory_and_a_stopped_service() {
        let mut pending = Pending::default();
        pending.installs("postfix");
        let private = FileState::Directory { meta: Meta::root(0o700) };
        let file = FileState::Regular { content: Content::text("x"), meta: Meta::root(0o600) };
        for present in [FileState::Absent, private, file] {
            let veiled = pending.veil(&Key::File("/etc/postfix".to_owned()), State::File(present));
            assert_eq!(veiled, State::File(FileState::Directory { meta: Meta::root(0o755) }));
        }
        let stopped = UnitState::Loaded { enablement: Enablement::Disabled, active: false };
        let veiled = pending.veil(&Key::Unit("postfix.service".to_owned()), State::Unit(UnitState::Absent));
        assert_eq!(veiled, State::Unit(stopped));
        let meta = Meta::root(0o640);
        for (name, known) in [("main.cf", true), ("master.cf", false)] {
            let there = FileState::Regular { content: Content::text("x"), meta: meta.clone() };
            let veiled = pending.veil(&Key::File(format!("/etc/postfix/{name}")), State::File(there));
            let content = if known { Content::text("x") } else { Content::Unknown };
            assert_eq!(veiled, State::File(FileState::Regular { content, meta: meta.clone() }), "{name}");
        }
    }

    #[test]
    fn what_is_there_stays_until_its_package_goes() {
        let key = Key::Unit("postfix.service".to_owned());
        let loaded = State::Unit(UnitState::Loaded { enablement: super::super::Enablement::Enabled, active: true });
        let mut pending = Pending::default();
        pending.installs("postfix");
        assert_eq!(pending.veil(&key, loaded.clone()), loaded);
        pending.removes("postfix");
        assert_eq!(pending.veil(&key, loaded), State::Unit(UnitState::Unknown));
    }
}
