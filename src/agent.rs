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

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

pub use confirm::watch;

/// The program that a host gets where it is not the whole of mailprov: `agent NONCE`, `agent-rollback RUN`, `--version`.
///
/// A panic ends it without the closing frame, which the controller takes for a lost host.
#[must_use]
pub fn main(words: impl Iterator<Item = OsString>) -> ExitCode {
    let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (mut out, version) = (std::io::stdout(), env!("CARGO_PKG_VERSION"));
    match words[..] {
        ["agent", nonce] => run(nonce),
        ["agent-rollback", run_id] => watch(run_id),
        ["--version"] if writeln!(out, "mailprov-agent {version}").is_ok() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

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
