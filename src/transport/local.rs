//! The agent on this machine, for hosts with `ansible_connection: local`.

#![expect(clippy::disallowed_methods, reason = "the controller starts the agent on its own machine")]

use std::io::ErrorKind;
use std::process::Stdio;

use tokio::process::Command;

use super::SudoError;
use super::bootstrap::{Bootstrap, BootstrapError, password_prompt};
use super::streams::{Process, Streams};

/// Starts this program as the agent, through sudo when that is asked for and we are not root.
///
/// # Errors
/// When it cannot be started.
pub(super) fn start(nonce: &str, bootstrap: &Bootstrap<'_>) -> Result<Streams, BootstrapError> {
    let no_program =
        |program: &str, message: String| BootstrapError::NoProgram { program: program.to_owned(), message };
    let agent = std::env::current_exe().map_err(|error| no_program("this program again", error.to_string()))?;
    let through_sudo = bootstrap.become_root && !rustix::process::geteuid().is_root();
    let mut command = Command::new(if through_sudo { "sudo".as_ref() } else { agent.as_os_str() });
    if through_sudo {
        match bootstrap.password {
            Some(_) => command.args(["-H", "-S", "-p", &password_prompt(nonce), "--"]),
            None => command.args(["-H", "-n", "--"]),
        };
        command.arg(&agent);
    }
    command.args(["agent", nonce]);
    // As it is on a remote host.
    command.env("LC_ALL", "C").env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound if through_sudo => SudoError::Missing.into(),
        _ => no_program(&agent.to_string_lossy(), error.to_string()),
    })?;
    let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(BootstrapError::Protocol { message: "the agent has no streams".to_owned() });
    };
    Ok(Streams {
        stdin: Box::new(stdin),
        stdout: Box::new(stdout),
        stderr: Box::new(stderr),
        process: Process::Local(Box::new(child)),
    })
}
