//! What packages that are still to be installed or removed may do to the rest of the host.
//!
//! A preview cannot see into a package that is not there. It goes by names: `postfix` brings
//! `/etc/postfix/...`, `/etc/pki/tls/private/postfix.key` and `postfix.service`.

use std::collections::BTreeMap;

use super::{FileState, FirewallState, Key, State, UnitState};

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
            (Key::File(path), State::File(state)) => {
                let absent = state == FileState::Absent;
                let touched = path.split('/').any(|part| self.names(part, absent));
                State::File(if touched { FileState::Unknown } else { state })
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
            ("postfix", "/etc/postfix", true),
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
