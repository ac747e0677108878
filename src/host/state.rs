//! The states that resources can have.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// The state of a resource of any kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Of a [`super::Key::File`].
    File(FileState),
    /// Of a [`super::Key::Package`].
    Package(PackageState),
    /// Of a [`super::Key::Unit`].
    Unit(UnitState),
    /// Of [`super::Key::Hostname`].
    Hostname(HostnameState),
    /// Of a [`super::Key::Firewall`] zone.
    Firewall(FirewallState),
    /// Of a [`super::Key::Sysctl`].
    Sysctl(SysctlState),
}

impl State {
    /// The kind in one word, as [`super::Key::kind`].
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Package(_) => "package",
            Self::Unit(_) => "unit",
            Self::Hostname(_) => "hostname",
            Self::Firewall(_) => "firewall",
            Self::Sysctl(_) => "sysctl",
        }
    }
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileState {
    /// Nothing.
    Absent,
    /// Cannot be known before applying: a package that is still to be installed may bring it.
    Unknown,
    /// A regular file.
    Regular {
        /// Its bytes.
        content: Content,
        /// Its metadata.
        meta: Meta,
    },
    /// A directory (its entries are resources of their own).
    Directory {
        /// Its metadata.
        meta: Meta,
    },
    /// A symbolic link; never followed.
    Symlink {
        /// Where it points, as written.
        target: String,
        /// Its owner; the mode is always 0777.
        meta: Meta,
    },
    /// A regular file of more than 64 MiB: can be looked at, never put, since a before-image would fill the journal.
    Large {
        /// Its length in bytes.
        size: u64,
        /// Its metadata.
        meta: Meta,
    },
    /// A socket, device or pipe: can be read, never put.
    Other {
        /// `socket`, `fifo`, `block device`, `character device`.
        kind: String,
    },
}

impl FileState {
    /// The metadata, where there is any.
    #[must_use]
    pub fn meta(&self) -> Option<&Meta> {
        match self {
            Self::Regular { meta, .. }
            | Self::Directory { meta }
            | Self::Symlink { meta, .. }
            | Self::Large { meta, .. } => Some(meta),
            Self::Absent | Self::Unknown | Self::Other { .. } => None,
        }
    }

    /// What it is in a few words that go with `a`.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Absent | Self::Unknown | Self::Regular { .. } => "file",
            Self::Directory { .. } => "directory",
            Self::Symlink { .. } => "symbolic link",
            Self::Large { .. } => "file of more than 64 MiB",
            Self::Other { kind } => kind,
        }
    }

    /// Whether only applying can tell what is in it.
    #[must_use]
    pub fn content_is_unknown(&self) -> bool {
        matches!(self, Self::Unknown | Self::Regular { content: Content::Unknown, .. })
    }

    /// The metadata, to be changed.
    pub fn meta_mut(&mut self) -> Option<&mut Meta> {
        match self {
            Self::Regular { meta, .. } | Self::Directory { meta } | Self::Symlink { meta, .. } => Some(meta),
            Self::Absent | Self::Unknown | Self::Large { .. } | Self::Other { .. } => None,
        }
    }
}

/// The bytes of a file, if they can be known.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// These bytes.
    Bytes(Arc<[u8]>),
    /// Only applying can tell (a key made on the host, a default file of a package).
    Unknown,
}

impl Content {
    /// Bytes of a text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Bytes(Arc::from(text.as_bytes()))
    }

    /// The bytes, if known.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Unknown => None,
        }
    }
}

impl fmt::Debug for Content {
    // Never the bytes: a debug line must not leak a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Unknown => f.write_str("Unknown"),
        }
    }
}

/// Metadata of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Permission bits with setuid, setgid and sticky: `0o7777` at most.
    pub mode: u32,
    /// Owner.
    pub owner: Principal,
    /// Group.
    pub group: Principal,
    /// Extended attributes as they are (`security.selinux`, `user.*`, ACLs in `system.posix_acl_*`).
    /// A new file has none here; on a host with `SELinux` the label then follows the policy.
    pub xattrs: BTreeMap<String, Vec<u8>>,
}

impl Meta {
    /// `root:root` with this mode and no extended attributes.
    #[must_use]
    pub fn root(mode: u32) -> Self {
        Self { mode, owner: Principal::root(), group: Principal::root(), xattrs: BTreeMap::new() }
    }
}

/// A user or group. Equal when the ids are equal; by name where an id is not known yet
/// (a preview before the package that makes the user).
#[derive(Debug, Clone)]
pub struct Principal {
    /// The name, if the host knows one.
    pub name: Option<String>,
    /// The numeric id, if known.
    pub id: Option<u32>,
}

impl Principal {
    /// User or group 0.
    #[must_use]
    pub fn root() -> Self {
        Self { name: Some("root".to_owned()), id: Some(0) }
    }

    /// Someone known by name only; the live host looks the id up when it writes.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name.parse() {
            Ok(id) => Self { name: None, id: Some(id) },
            Err(_) if name == "root" => Self::root(),
            Err(_) => Self { name: Some(name.to_owned()), id: None },
        }
    }
}

impl PartialEq for Principal {
    fn eq(&self, other: &Self) -> bool {
        match (self.id, other.id) {
            (Some(a), Some(b)) => a == b,
            _ => self.name == other.name,
        }
    }
}

impl Eq for Principal {}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, self.id) {
            (Some(name), _) => f.write_str(name),
            (None, Some(id)) => write!(f, "{id}"),
            (None, None) => f.write_str("?"),
        }
    }
}

/// Whether a package is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageState {
    /// Not installed.
    Absent,
    /// Installed.
    Installed(Version),
}

/// A package's version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Version {
    /// `epoch:version-release.arch`, epoch 0 written out.
    Evr(String),
    /// As a want: whatever the repositories offer, and any installed version will do.
    /// As a state: installed by this run, in a preview.
    Any,
    /// As a want: the newest that the repositories offer.
    Latest,
}

/// The state of a systemd unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitState {
    /// No such unit.
    Absent,
    /// A package that is still to be installed may bring it.
    Unknown,
    /// There is a unit file (or it is masked).
    Loaded {
        /// Whether it starts at boot.
        enablement: Enablement,
        /// Whether it runs now (`active`, `activating` or `reloading`).
        active: bool,
    },
}

impl UnitState {
    /// Whether it is masked: what else is known of its enablement is hidden.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        matches!(self, Self::Loaded { enablement: Enablement::Masked, .. })
    }
}

/// `UnitFileState` of systemd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enablement {
    /// Starts at boot.
    Enabled,
    /// Does not.
    Disabled,
    /// Cannot be started at all.
    Masked,
    /// `static`, `indirect`, `generated`, ...: cannot be enabled or disabled.
    Other(String),
}

impl Enablement {
    /// From systemd's word.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "enabled" => Self::Enabled,
            "disabled" => Self::Disabled,
            "masked" => Self::Masked,
            word => Self::Other(word.to_owned()),
        }
    }

    /// systemd's word for it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Masked => "masked",
            Self::Other(word) => word,
        }
    }
}

/// The static host name; empty when none is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostnameState {
    /// As `/etc/hostname` has it.
    pub name: String,
    /// What the kernel goes by where no static name is set: given by DHCP, for one.
    pub transient: Option<String>,
}

impl HostnameState {
    /// A static name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), transient: None }
    }
}

/// A firewalld zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirewallState {
    /// firewalld is not installed.
    Absent,
    /// A package that is still to be installed may bring it.
    Unknown,
    /// The zone's settings.
    Zone {
        /// What stands on disk; `None` when there is no such zone.
        permanent: Option<ZoneSettings>,
        /// What is in force; `None` when firewalld does not run.
        runtime: Option<ZoneSettings>,
    },
}

/// The parts of a zone that mailprov manages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ZoneSettings {
    /// Service names.
    pub services: BTreeSet<String>,
    /// `25/tcp`, `5000-5010/udp`.
    pub ports: BTreeSet<String>,
    /// Rich rules in firewalld's own normal form.
    pub rich_rules: BTreeSet<String>,
}

/// The value of a kernel parameter. What is written for the next boot is a file, and not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SysctlState {
    /// The running kernel has no such parameter.
    Absent,
    /// Its value; one blank between words, where the kernel may have tabs.
    Value(String),
}

impl SysctlState {
    /// A value as the kernel or a user wrote it.
    #[must_use]
    pub fn value(text: &str) -> Self {
        Self::Value(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}
