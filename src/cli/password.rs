//! Passwords, asked for on the terminal or read from a pipe; never from an argument.

use std::io::{self, BufRead, IsTerminal};

use super::args::ConnectionArgs;
use super::failure::{Failure, Kind};
use crate::transport::Secret;

/// What was asked for.
#[derive(Debug, Default)]
pub(super) struct Passwords {
    pub(super) login: Option<Secret>,
    pub(super) become_root: Option<Secret>,
}

/// Asks for what the options say, the login's password first.
pub(super) fn ask(connection: &ConnectionArgs) -> Result<Passwords, Failure> {
    let login = connection.ask_pass.then(|| read("SSH password: ")).transpose()?;
    let become_root = connection.ask_become_pass.then(|| read("sudo password: ")).transpose()?;
    Ok(Passwords { login, become_root })
}

/// Whether somebody can be asked.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal()
}

/// Asks on the terminal, or reads a line of stdin.
pub(super) fn read(prompt: &str) -> Result<Secret, Failure> {
    let failed = |error: &io::Error| Failure::of(Kind::Machine, "cannot read the password", error);
    if io::stdin().is_terminal() {
        return rpassword::prompt_password(prompt).map(Secret::new).map_err(|error| failed(&error));
    }
    line(io::stdin().lock()).map_err(|error| failed(&error))?.map(Secret::new).ok_or_else(|| {
        Failure::new(Kind::Usage, "the password is missing: there is no terminal to ask on, and stdin is empty")
            .hint("write the password as a line to stdin")
    })
}

/// One line; the next call reads the next one.
fn line(mut input: impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    if input.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(Some(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn each_password_is_a_line() {
        let mut input = io::Cursor::new("first\r\n second \nlast");
        for expected in [Some("first"), Some(" second "), Some("last"), None] {
            assert_eq!(line(&mut input).unwrap().as_deref(), expected);
        }
    }
}
