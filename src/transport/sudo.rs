//! Becoming root through sudo, and why that failed.

use crate::event::Failure;

/// Why sudo did not make us root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SudoError {
    /// It is not installed.
    #[error("sudo is not installed there")]
    Missing,
    /// It asked for a password and there was none to give. It asks users whom it does not allow anything, too.
    #[error("sudo asks for a password and none was given")]
    PasswordNeeded,
    /// It did not take the password.
    #[error("sudo did not accept the password")]
    WrongPassword,
    /// The user may not become root.
    #[error("the user may not become root through sudo")]
    NotAllowed,
    /// `Defaults requiretty` of sudoers(5).
    #[error("sudo wants a terminal")]
    RequiresTty,
}

impl SudoError {
    /// Reads sudo's words (always English: it runs with `LC_ALL=C`), if they are a known complaint of its own.
    #[must_use]
    pub fn from_stderr(stderr: &str) -> Option<Self> {
        let table = [
            ("a password is required", Self::PasswordNeeded),
            ("incorrect password attempt", Self::WrongPassword),
            ("no password was provided", Self::WrongPassword),
            ("is not in the sudoers file", Self::NotAllowed),
            ("is not allowed to execute", Self::NotAllowed),
            ("is not allowed to run sudo", Self::NotAllowed),
            ("may not run sudo", Self::NotAllowed),
            ("you must have a tty", Self::RequiresTty),
            ("sudo: not found", Self::Missing),
            ("sudo: command not found", Self::Missing),
        ];
        let found = table.iter().find(|(text, _)| stderr.contains(text));
        found.map(|(_, error)| *error)
    }

    /// The failure as it travels to the user.
    #[must_use]
    pub fn to_failure(self) -> Failure {
        let hints: &[&str] = match self {
            Self::Missing => &["install sudo there, or log in as root (ansible_user: root)"],
            Self::PasswordNeeded => &[
                "sudo asks before it tells whether the user may become root: if the user may, pass --ask-become-pass (-K)",
                "if not, give the user a rule in /etc/sudoers.d on the host (with NOPASSWD nothing is asked), or log in as \
                 another user",
            ],
            Self::WrongPassword => &["check the password given to --ask-become-pass or in ansible_become_password"],
            Self::NotAllowed => &["give the user a rule in /etc/sudoers.d on the host, or log in as another user"],
            Self::RequiresTty => &["remove `Defaults requiretty` from /etc/sudoers on the host"],
        };
        let hints = hints.iter().map(|&hint| hint.to_owned()).collect();
        Failure { message: self.to_string(), hints, ..Failure::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_be_allowed_at_all_is_told_of_both_ways() {
        let hints = SudoError::PasswordNeeded.to_failure().hints;
        assert!(hints[0].contains("if the user may, pass --ask-become-pass (-K)"), "{hints:?}");
        assert!(hints[1].starts_with("if not, give the user a rule in /etc/sudoers.d"), "{hints:?}");
    }

    #[test]
    fn complaints_are_told_apart() {
        for (stderr, expected) in [
            ("sudo: a password is required", Some(SudoError::PasswordNeeded)),
            (
                "Sorry, try again.\nsudo: no password was provided\nsudo: 1 incorrect password attempt",
                Some(SudoError::WrongPassword),
            ),
            ("sudo: 3 incorrect password attempts", Some(SudoError::WrongPassword)),
            ("ops is not in the sudoers file.  This incident will be reported.", Some(SudoError::NotAllowed)),
            ("Sorry, user ops is not allowed to execute '/bin/sh -c x' as root on mail1.", Some(SudoError::NotAllowed)),
            ("Sorry, user ops may not run sudo on mail1.", Some(SudoError::NotAllowed)),
            ("sudo: sorry, you must have a tty to run sudo", Some(SudoError::RequiresTty)),
            ("/bin/sh: line 1: exec: sudo: not found", Some(SudoError::Missing)),
            ("sh: 1: exec: sudo: not found", Some(SudoError::Missing)),
            ("bash: sudo: command not found", Some(SudoError::Missing)),
            ("sudo: unable to resolve host mail1: Name or service not known", None),
            ("", None),
        ] {
            assert_eq!(SudoError::from_stderr(stderr), expected, "{stderr}");
        }
    }
}
