//! What verifying a server found: one value a check.

use serde::{Deserialize, Serialize};

/// Where a check was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vantage {
    /// On the managed host itself.
    Host,
    /// On the controller, over the network.
    Controller,
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// As it should be.
    Pass,
    /// Not as it should be, and no reason to take a run back.
    Warn,
    /// Not as it has to be.
    Fail,
    /// Could not be asked from here; never to be read as a pass.
    NotTestable,
}

/// One check with its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Stable name: `smtp.banner`. What stands before the dot is its section.
    pub id: String,
    /// What holds when it passes, as a sentence without its full stop.
    pub title: String,
    /// Whether a bad answer is a failure and not a warning.
    pub required: bool,
    /// What came of it.
    pub verdict: CheckVerdict,
    /// What was seen, in one line.
    pub evidence: String,
    /// What to do about it, where something is wrong.
    pub remedy: Option<String>,
}

impl Check {
    /// The part of the id before the dot.
    #[must_use]
    pub fn section(&self) -> &str {
        self.id.split('.').next().unwrap_or_default()
    }
}

/// What the controller needs to know to look at the server from where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outside {
    /// The server's full name.
    pub fqdn: String,
    /// The server's addresses, the one it sends from first.
    pub addresses: Vec<String>,
    /// The networks that may send.
    pub networks: Vec<String>,
    /// Whether port 587 shall take mail over TLS.
    pub submission: bool,
    /// Whether port 465 shall take mail over TLS from the start.
    pub smtps: bool,
    /// Whether port 25 shall offer TLS.
    pub tls: bool,
    /// SHA-256 of the certificate in its file, in lower-case hexadecimal.
    pub certificate: Option<String>,
    /// Ids of checks that are required though they are not by default.
    pub required: Vec<String>,
    /// Ids of checks that are not required though they are by default.
    pub advisory: Vec<String>,
}
