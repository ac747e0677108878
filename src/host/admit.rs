//! What may be put at all, and when a state is already as wanted.
//!
//! Live and preview refuse the same wants with the same words, so that `check` fails where `up` would.

use rustix::io::Errno;

use super::{
    Action, Content, Enablement, FileState, HostError, Key, PackageState, State, SysctlState, UnitState, Version, Want,
    sysctl,
};

/// Whether an unknown content may be put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknowns {
    /// In a preview: shown as known after apply.
    Allowed,
    /// On a host that is really changed.
    Refused,
}

/// Refuses wants that make no sense on any host.
pub(super) fn admit(want: &Want, unknowns: Unknowns) -> Result<(), HostError> {
    if want.key.kind() != want.state.kind() {
        let message = format!("put the state of a {} as {}", want.state.kind(), want.key);
        return Err(HostError::refused(message));
    }
    admit_key(&want.key)?;
    let unknown = match &want.state {
        State::File(FileState::Unknown)
        | State::Unit(UnitState::Unknown)
        | State::Firewall(super::FirewallState::Unknown) => true,
        State::File(FileState::Regular { content: Content::Unknown, .. }) => unknowns == Unknowns::Refused,
        _ => false,
    };
    if unknown {
        return Err(HostError::refused(format!("put {}: the wanted state is not known", want.key)));
    }
    match &want.state {
        State::File(odd @ (FileState::Large { .. } | FileState::Other { .. })) => {
            Err(HostError::refused(format!("put {}: a {} can be read, not made", want.key, odd.kind())))
        }
        State::File(state) => match state.meta() {
            Some(meta) if meta.mode & !0o7777 != 0 => {
                Err(HostError::refused(format!("put {}: {:o} is no mode", want.key, meta.mode)))
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Refuses names that could mean something else to the programs and calls that get them.
pub(super) fn admit_key(key: &Key) -> Result<(), HostError> {
    let name = key.name();
    let fits = match key {
        Key::File(path) => is_plain_path(path),
        Key::Package(_) => is_word(name, "._+-~:"),
        Key::Unit(_) => is_word(name, "._-@:\\") && name.contains('.'),
        Key::Firewall(_) => is_word(name, "_-"),
        Key::Hostname => true,
        Key::Sysctl(name) => sysctl::path(name).is_some(),
    };
    if fits {
        return Ok(());
    }
    let what = match key {
        Key::File(_) => "a path must be absolute, without `.`, `..`, `//` and a slash at its end",
        Key::Package(_) => "that is no package name",
        Key::Unit(_) => "a unit's name has a suffix such as .service",
        Key::Firewall(_) | Key::Hostname => "that is no zone's name",
        Key::Sysctl(_) => "a kernel parameter is named as sysctl(8) shows it, such as net.core.somaxconn",
    };
    Err(HostError::refused(format!("use {:?} as a {}: {what}", name, key.kind())))
}

fn is_plain_path(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    rest.is_empty() || rest.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains('\0'))
}

fn is_word(name: &str, extra: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
}

/// Refuses to bring a resource from its present state into the wanted one where no host could.
pub(super) fn admit_transition(key: &Key, present: &State, want: &State) -> Result<(), HostError> {
    match (present, want) {
        (State::File(odd @ (FileState::Large { .. } | FileState::Other { .. })), _) => {
            Err(HostError::refused(format!("change {}: it is a {}", key.name(), odd.kind())))
        }
        (State::Unit(UnitState::Absent), State::Unit(UnitState::Loaded { .. })) => Err(HostError::Refused {
            message: format!("manage {}: there is no such unit", key.name()),
            hint: Some("is the package that brings it installed?".to_owned()),
        }),
        (State::Unit(_), State::Unit(UnitState::Absent)) => {
            Err(HostError::refused(format!("remove {}: units come and go with their files", key.name())))
        }
        (
            State::Unit(UnitState::Loaded { enablement: present, .. }),
            State::Unit(UnitState::Loaded { enablement: want, .. }),
        ) if present != want && !can_become(present, want) => {
            Err(HostError::refused(format!("make {} {}: its state is {}", key.name(), want.as_str(), present.as_str())))
        }
        (State::Firewall(super::FirewallState::Absent), _) => Err(HostError::Refused {
            message: format!("change the zone {}: firewalld is not installed", key.name()),
            hint: Some("install the package firewalld first".to_owned()),
        }),
        (State::Sysctl(SysctlState::Absent), _) => Err(HostError::Refused {
            message: format!("set {}: this kernel has no such parameter", key.name()),
            hint: Some("is the kernel module loaded that brings it?".to_owned()),
        }),
        (_, State::Sysctl(SysctlState::Absent)) => {
            Err(HostError::refused(format!("remove {}: it is part of the kernel", key.name())))
        }
        _ => Ok(()),
    }
}

/// Masking works on every unit; enabling and disabling only on those with an `[Install]` section.
fn can_become(present: &Enablement, want: &Enablement) -> bool {
    match want {
        Enablement::Other(_) => *present == Enablement::Masked,
        Enablement::Masked => true,
        Enablement::Enabled | Enablement::Disabled => !matches!(present, Enablement::Other(_)),
    }
}

/// The label that `SELinux` gives every file. Whoever puts metadata made afresh does not mean to change it.
const LABEL: &str = "security.selinux";

/// The want for a path as it really will be: with the label that is there, where it names none.
pub(super) fn keep_label(present: &State, want: &mut State) {
    let (State::File(present), State::File(want)) = (present, want) else { return };
    let same_kind = std::mem::discriminant(present) == std::mem::discriminant(want);
    let label = present.meta().filter(|_| same_kind).and_then(|meta| meta.xattrs.get(LABEL));
    if let (Some(label), Some(meta)) = (label, want.meta_mut()) {
        meta.xattrs.entry(LABEL.to_owned()).or_insert_with(|| label.clone());
    }
}

/// Whether the present state already is what is wanted. [`Version::Latest`] is for the repositories to say.
pub(super) fn satisfies(present: &State, want: &State) -> bool {
    match (present, want) {
        (State::Package(PackageState::Installed(_)), State::Package(PackageState::Installed(Version::Any))) => true,
        _ => present == want,
    }
}

/// The directory that a path stands in; `None` for `/`.
pub(super) fn parent(path: &str) -> Option<&str> {
    match path.rsplit_once('/') {
        Some(("", "")) | None => None,
        Some(("", _)) => Some("/"),
        Some((parent, _)) => Some(parent),
    }
}

/// Refuses to put something into a directory that is none.
pub(super) fn admit_parent(path: &str, parent: &State) -> Result<(), HostError> {
    let error = match parent {
        // A link that is left after all were followed leads nowhere.
        State::File(FileState::Absent | FileState::Symlink { .. }) => Errno::NOENT,
        State::File(FileState::Regular { .. } | FileState::Large { .. } | FileState::Other { .. }) => Errno::NOTDIR,
        _ => return Ok(()),
    };
    Err(HostError::io("make", path, error))
}

/// Refuses to take away a directory that has entries.
pub(super) fn admit_emptied(path: &str, left: &[String]) -> Result<(), HostError> {
    match left.first() {
        None => Ok(()),
        Some(name) => Err(HostError::Refused {
            message: format!("remove the directory {path}: it is not empty ({name})"),
            hint: Some("remove what is in it first, each entry by its path".to_owned()),
        }),
    }
}

/// A restart or reload of a unit that does not run is its start: a change of state, to be recorded and
/// undone as one. Refuses what systemd would refuse.
pub(super) fn start_instead(action: &Action, key: &Key, state: &State) -> Result<Option<Want>, HostError> {
    match state {
        State::Unit(UnitState::Absent) => Err(HostError::refused(format!("{action}: there is no such unit"))),
        State::Unit(UnitState::Loaded { enablement: Enablement::Masked, .. }) => {
            Err(HostError::refused(format!("{action}: it is masked")))
        }
        State::Unit(UnitState::Loaded { enablement, active: false }) => {
            let started = UnitState::Loaded { enablement: enablement.clone(), active: true };
            Ok(Some(Want::new(key.clone(), State::Unit(started))))
        }
        _ => Ok(None),
    }
}

/// Packages in front, so that they are one transaction; otherwise the order as given.
pub(super) fn packages_first(wants: Vec<Want>) -> Vec<Want> {
    let (mut packages, others): (Vec<_>, Vec<_>) =
        wants.into_iter().partition(|want| matches!(want.key, Key::Package(_)));
    packages.extend(others);
    packages
}
