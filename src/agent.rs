//! The interpreter on the host: facts, tasks, handlers, and what becomes of a failed run.

mod call;
mod channel;
mod confirm;
mod facts;
mod interpreter;
mod items;
mod outcome;
mod plan;
mod session;
mod standing;
mod task;
mod undo;
mod variables;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

pub use confirm::watch;

/// Runs the agent: speaks frames on stdin and stdout until the controller is done with it, or gone.
///
/// Everything here is synchronous; the threads beside this only listen: for requests, and for silence.
#[must_use]
pub fn run(nonce: &str) -> ExitCode {
    match channel::Channel::open(nonce) {
        Ok(channel) => {
            session::serve(&channel);
            ExitCode::SUCCESS
        }
        // Nobody listens, so there is nobody to tell.
        Err(_) => ExitCode::FAILURE,
    }
}
