//! What the hosts answered to a question that is no run.

use super::exit::Exit;
use crate::event::{Failure, HostOutcome};
use crate::report::clean;

/// A host with its answer, or why there is none.
pub(super) type Answer<T> = (String, Result<T, Box<HostOutcome>>);

/// How the command ended.
pub(super) fn exit<T>(answers: &[Answer<T>]) -> Exit {
    let whys: Vec<&HostOutcome> =
        answers.iter().filter_map(|(_, answer)| answer.as_ref().err().map(|why| &**why)).collect();
    match whys[..] {
        [] => Exit::Ok,
        _ if whys.iter().all(|why| matches!(why, HostOutcome::Unreachable { .. })) => Exit::HostsUnreachable,
        _ => Exit::HostsFailed,
    }
}

/// Why there is no answer.
pub(super) fn failure_of(why: &HostOutcome) -> Failure {
    match why {
        HostOutcome::Unreachable { failure } | HostOutcome::Refused { failure } => failure.clone(),
        HostOutcome::NotStarted { reason } => Failure { message: reason.clone(), ..Failure::default() },
        HostOutcome::Succeeded | HostOutcome::Failed { .. } | HostOutcome::Reverted => Failure::default(),
    }
}

/// The same for people.
pub(super) fn failure_lines(why: &HostOutcome) -> Vec<String> {
    let failure = failure_of(why);
    let causes = failure.causes.iter().map(|cause| format!("  because: {}", clean(cause)));
    let hints = failure.hints.iter().map(|hint| format!("  hint: {}", clean(hint)));
    std::iter::once(format!("error: {}", clean(&failure.message))).chain(causes).chain(hints).collect()
}
