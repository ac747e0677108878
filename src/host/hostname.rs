//! The static host name.

use std::fs as files;
use std::io;

use super::{CommandSpec, Content, FileState, HostError, HostnameState, Meta, fs, process};

const PATH: &str = "/etc/hostname";

/// As `/etc/hostname` has it: the first line that is neither empty nor a comment (hostname(5)).
pub(super) fn read() -> Result<HostnameState, HostError> {
    match files::read_to_string(PATH) {
        Ok(text) => Ok(state(parse(&text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(state("")),
        Err(error) => Err(HostError::io("read", PATH, error)),
    }
}

fn state(name: &str) -> HostnameState {
    let kernel = || rustix::system::uname().nodename().to_string_lossy().into_owned();
    HostnameState { name: name.to_owned(), transient: name.is_empty().then(kernel) }
}

fn parse(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default()
}

/// Sets it: through `hostnamectl`, which tells the kernel and whoever listens; without D-Bus by hand.
pub(super) fn change(want: &HostnameState) -> Result<(), HostError> {
    let spec = CommandSpec::new(&["hostnamectl", "set-hostname", "--static", &want.name]);
    match process::run(&spec) {
        Ok(output) if output.status == 0 && read()?.name == want.name => {}
        Ok(_) | Err(HostError::NoSuchProgram(_)) => by_hand(want)?,
        Err(error) => return Err(error),
    }
    // `--static` leaves the kernel's name alone when a transient one is set, and gives it any when there is none.
    let kernel = want.transient.as_ref().unwrap_or(&want.name);
    if kernel.is_empty() {
        return Ok(());
    }
    rustix::system::sethostname(kernel.as_bytes()).map_err(|error| HostError::io("set", "the host name", error))
}

fn by_hand(want: &HostnameState) -> Result<(), HostError> {
    let before = fs::read(PATH)?;
    let after = if want.name.is_empty() {
        FileState::Absent
    } else {
        let meta = before.meta().cloned().unwrap_or_else(|| Meta::root(0o644));
        FileState::Regular { content: Content::text(&format!("{}\n", want.name)), meta }
    };
    fs::change(PATH, &before, &after, &fs::scratch_name()?).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_first_line_that_says_something_is_the_name() {
        for (text, name) in [("", ""), ("mail.example\n", "mail.example"), ("# c\n\n  a.b \nx\n", "a.b"), ("\n", "")] {
            assert_eq!(parse(text), name);
        }
    }
}
