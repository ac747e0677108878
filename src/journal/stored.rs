//! Keys, states and actions as the journal holds them.
//!
//! Apart from the types in memory, so that those may change while old journals stay readable. Only ever
//! add to these: a field that is optional, a variant.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::hostplay::{Mode, RunSpec};

/// Which resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StoredKey {
    /// `file`, `package`, `unit`, `hostname`, `firewall`, `sysctl`.
    pub kind: String,
    /// The name within its kind.
    pub name: String,
}

impl std::fmt::Display for StoredKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.kind, self.name)
    }
}

/// The state of a resource of any kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredState {
    /// Of a path.
    File(StoredFile),
    /// Of a package.
    Package(StoredPackage),
    /// Of a unit.
    Unit(StoredUnit),
    /// The static host name.
    Hostname(String),
    /// That there is no static host name; the kernel goes by this one.
    TransientHostname(String),
    /// Of a firewalld zone.
    Firewall(StoredFirewall),
    /// The value of a kernel parameter; `None` where there is no such parameter.
    Sysctl(Option<String>),
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredFile {
    /// Nothing.
    Absent,
    /// A regular file.
    Regular {
        /// SHA-256 of its bytes in hex; the bytes are in `blobs/` where they may have to be put back.
        sha256: String,
        /// Its metadata.
        meta: StoredMeta,
    },
    /// A directory.
    Directory {
        /// Its metadata.
        meta: StoredMeta,
    },
    /// A symbolic link.
    Symlink {
        /// Where it points.
        target: String,
        /// Its owner.
        meta: StoredMeta,
    },
    /// A socket, device or pipe.
    Other {
        /// Which.
        kind: String,
    },
}

/// Metadata of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMeta {
    /// Permission bits, octal (`0644`), as people read them.
    pub mode: String,
    /// Owner.
    pub owner: StoredPrincipal,
    /// Group.
    pub group: StoredPrincipal,
    /// Extended attributes, base64.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub xattrs: BTreeMap<String, StoredBytes>,
}

/// A user or group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPrincipal {
    /// Its name, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its id, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
}

/// A few bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoredBytes(#[serde(with = "crate::protocol::base64_bytes")] pub Vec<u8>);

/// Whether a package is installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredPackage {
    /// Not installed.
    Absent,
    /// Installed in this version (`epoch:version-release.arch`).
    Installed(String),
    /// As a want: in any version.
    Any,
    /// As a want: in the newest version.
    Latest,
}

/// The state of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredUnit {
    /// No such unit.
    Absent,
    /// There is one.
    Loaded {
        /// systemd's `UnitFileState`.
        enablement: String,
        /// Whether it runs.
        active: bool,
    },
}

/// A firewalld zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredFirewall {
    /// firewalld is not installed.
    Absent,
    /// A zone.
    Zone {
        /// On disk.
        permanent: Option<StoredZone>,
        /// In force.
        runtime: Option<StoredZone>,
    },
}

/// Settings of a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredZone {
    /// Service names.
    pub services: BTreeSet<String>,
    /// `25/tcp`.
    pub ports: BTreeSet<String>,
    /// Rich rules.
    pub rich_rules: BTreeSet<String>,
}

/// Something that was run and is not state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredAction {
    /// A program, as shown to the user.
    Command(String),
    /// `systemctl restart`.
    RestartUnit(String),
    /// `systemctl reload`.
    ReloadUnit(String),
    /// `systemctl daemon-reload`.
    DaemonReload,
}

/// A run's identity and origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSpec {
    /// As the run's directory.
    pub run_id: String,
    /// The host's name in the inventory.
    pub host: String,
    /// `user@machine` of the controller.
    pub controller: String,
    /// What was typed.
    pub command: String,
    /// Whether a failed task rolls the run back.
    pub rollback_on_failure: bool,
}

impl From<&RunSpec> for StoredSpec {
    fn from(spec: &RunSpec) -> Self {
        Self {
            run_id: spec.run_id.clone(),
            host: spec.host.clone(),
            controller: spec.controller.clone(),
            command: spec.command.clone(),
            rollback_on_failure: spec.rollback_on_failure,
        }
    }
}

impl From<StoredSpec> for RunSpec {
    fn from(spec: StoredSpec) -> Self {
        Self {
            run_id: spec.run_id,
            // Only runs that change something are journalled.
            mode: Mode::Apply,
            host: spec.host,
            controller: spec.controller,
            command: spec.command,
            rollback_on_failure: spec.rollback_on_failure,
        }
    }
}
