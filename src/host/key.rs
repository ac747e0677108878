//! The identity of a resource.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Key {
    /// A file, directory or symbolic link, by absolute path.
    File(String),
    /// An RPM package, by name.
    Package(String),
    /// A systemd unit, by full name (`postfix.service`).
    Unit(String),
    /// The static host name.
    Hostname,
    /// A firewalld zone, by name.
    Firewall(String),
    /// A parameter of the running kernel, by the name that sysctl(8) gives it (`net.core.somaxconn`).
    Sysctl(String),
}

impl Key {
    /// The kind in one word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Package(_) => "package",
            Self::Unit(_) => "unit",
            Self::Hostname => "hostname",
            Self::Firewall(_) => "firewall",
            Self::Sysctl(_) => "sysctl",
        }
    }

    /// The name within its kind.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::File(name) | Self::Package(name) | Self::Unit(name) | Self::Firewall(name) | Self::Sysctl(name) => {
                name
            }
            Self::Hostname => "static",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind(), self.name())
    }
}
