//! Taking runs back, and telling of them.

use super::channel::Speaker;
use super::session::journals;
use crate::host::HostError;
use crate::hostplay::RunSpec;
use crate::protocol::{Reply, RollbackSpec};

/// Answers a request for the history.
pub(super) fn serve_history(speaker: &Speaker) -> Result<(), HostError> {
    speaker.reply(&Reply::History(journals().history()?));
    Ok(())
}

/// Undoes the run that was asked for.
pub(super) fn serve_rollback(_speaker: &Speaker, _spec: &RollbackSpec) -> Result<(), HostError> {
    Err(HostError::refused("not yet".to_owned()))
}

/// Takes back the run that has just failed.
pub(super) fn take_back(_speaker: &Speaker, _spec: &RunSpec) -> Result<(), HostError> {
    Err(HostError::refused("not yet".to_owned()))
}
