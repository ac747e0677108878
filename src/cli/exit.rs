//! The exit codes. They are part of the interface: a code never changes its meaning.

use std::process::ExitCode;

use crate::report::Verdict;

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Every host is, or would be, as described.
    Ok = 0,
    /// A bug, or the output could not be written.
    Internal = 1,
    /// `check --exit-code`: something would change.
    Drift = 2,
    /// What the user wrote cannot be used: inventory, playbook, variables, files.
    Input = 3,
    /// At least one host failed.
    HostsFailed = 4,
    /// At least one host could not be reached, and none failed.
    HostsUnreachable = 5,
    /// The command line cannot be used: `EX_USAGE` of sysexits.h, as 2 is taken.
    Usage = 64,
    /// Interrupted: 128 + SIGINT, as shells say.
    Interrupted = 130,
}

/// The codes as `--help` lists them.
pub(super) const HELP: &str = "\
Exit codes:
    0  every host is as described
    1  internal error, or the output could not be written
    2  check --exit-code: something would change
    3  wrong input: inventory, playbook, variables or files
    4  at least one host failed
    5  at least one host could not be reached, and none failed
   64  wrong usage of the command line
  130  interrupted";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Ok => Self::Ok,
            Verdict::Failed => Self::HostsFailed,
            Verdict::Unreachable => Self::HostsUnreachable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lists_every_code() {
        let all = [
            Exit::Ok,
            Exit::Internal,
            Exit::Drift,
            Exit::Input,
            Exit::HostsFailed,
            Exit::HostsUnreachable,
            Exit::Usage,
            Exit::Interrupted,
        ];
        let codes: Vec<u8> = all.iter().map(|&exit| exit as u8).collect();
        let listed: Vec<u8> =
            HELP.lines().skip(1).filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
        assert_eq!(codes, listed);
    }
}
