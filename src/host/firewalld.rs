//! firewalld zones.

use super::{FirewallState, HostError};

pub(super) fn read(_zone: &str) -> Result<FirewallState, HostError> {
    Ok(FirewallState::Absent)
}

pub(super) fn change(_zone: &str, _before: &FirewallState, _after: &FirewallState) -> Result<(), HostError> {
    Err(HostError::refused("change a zone: not built yet"))
}

pub(super) fn default_zone() -> Result<Option<String>, HostError> {
    Ok(None)
}
