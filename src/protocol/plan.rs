//! A host's part of a plan: how it was when the plan was made, and how it would be afterwards.
//!
//! States stand in it as keyed digests only, so that no secret can be read, or guessed and compared, without the key.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};

use crate::hostplay::HostPlay;

/// Bytes of a [`PlanKey`].
pub const KEY_LENGTH: usize = 32;

/// Bytes of the digests: short, and far beyond a collision by chance.
const DIGEST_LENGTH: usize = 16;

/// The key of one plan's digests.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanKey(#[serde(with = "super::base64_bytes")] Vec<u8>);

impl PlanKey {
    /// The key of the plan with this salt, from the key of whoever makes plans: equal states have other digests in
    /// other plans.
    #[must_use]
    pub fn derive(key: &[u8; KEY_LENGTH], salt: &[u8]) -> Self {
        Self(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), salt).as_ref().to_vec())
    }

    /// The digest (HMAC-SHA-256, RFC 2104, cut to 128 bits) of some bytes, in hex. `what` tells apart what they are.
    #[must_use]
    pub fn digest(&self, what: &[&str], bytes: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        for part in what.iter().map(|part| part.as_bytes()).chain([bytes]) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let tag = context.sign();
        let mut text = String::with_capacity(2 * DIGEST_LENGTH);
        for byte in tag.as_ref().iter().take(DIGEST_LENGTH) {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

impl fmt::Debug for PlanKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlanKey")
    }
}

/// What a check has seen on a host and would do there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostPlan {
    /// Every resource that was read or would be changed, by kind and name.
    pub resources: Vec<PlannedResource>,
    /// Digest of the restarts, reloads and commands, in order.
    pub actions: String,
}

/// A resource with its digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedResource {
    /// `file`, `package`, `unit`, `hostname`, `firewall`, `sysctl`.
    pub kind: String,
    /// The name within its kind.
    pub name: String,
    /// Digests of its state on the host, by property (`content`, `version`, ...).
    pub before: BTreeMap<String, String>,
    /// Digest of the state that it would be brought into; `None` when it is only read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What a host is expected to be, and to become.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    /// The plan's key.
    pub key: PlanKey,
    /// All plays of the run, in order.
    pub plays: Vec<HostPlay>,
    /// What was planned.
    pub plan: HostPlan,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_depend_on_everything_and_show_nothing() {
        let key = PlanKey::derive(&[7; KEY_LENGTH], b"salt");
        let digest = key.digest(&["file", "/etc/pin"], b"1234");
        let others = [
            key.digest(&["file", "/etc/pin"], b"1235"),
            key.digest(&["file", "/etc/pi"], b"n1234"),
            key.digest(&["file/etc/pin"], b"1234"),
            PlanKey::derive(&[7; KEY_LENGTH], b"pepper").digest(&["file", "/etc/pin"], b"1234"),
            PlanKey::derive(&[8; KEY_LENGTH], b"salt").digest(&["file", "/etc/pin"], b"1234"),
        ];
        assert_eq!(digest.len(), 2 * DIGEST_LENGTH);
        assert!(!others.contains(&digest));
        assert_eq!(format!("{key:?}"), "PlanKey");
    }
}
