//! What is done to a host that is not state: commands, restarts, reloads.

use std::fmt;

/// Something to run once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A program of the user's (`command` task). Its exit status is the caller's to judge.
    Command(CommandSpec),
    /// `systemctl restart`.
    RestartUnit(String),
    /// `systemctl reload`.
    ReloadUnit(String),
    /// `systemctl daemon-reload`.
    DaemonReload,
}

impl Action {
    /// The unit that it restarts or reloads.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        match self {
            Self::RestartUnit(unit) | Self::ReloadUnit(unit) => Some(unit),
            Self::Command(_) | Self::DaemonReload => None,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(spec) => write!(f, "run {}", spec.display()),
            Self::RestartUnit(unit) => write!(f, "restart {unit}"),
            Self::ReloadUnit(unit) => write!(f, "reload {unit}"),
            Self::DaemonReload => f.write_str("reload systemd's unit files"),
        }
    }
}

/// A program with its arguments; never a shell string.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommandSpec {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Working directory.
    pub chdir: Option<String>,
    /// Bytes for its stdin; none means `/dev/null`.
    pub stdin: Option<Vec<u8>>,
    /// Extra environment (`LC_ALL=C` is always set).
    pub env: Vec<(String, String)>,
    /// Arguments may not be shown.
    pub sensitive: bool,
}

impl CommandSpec {
    /// A command from its words.
    #[must_use]
    pub fn new(argv: &[&str]) -> Self {
        Self { argv: argv.iter().map(|&word| word.to_owned()).collect(), ..Self::default() }
    }

    /// The command as a person would type it, or only the program when the arguments are secret.
    #[must_use]
    pub fn display(&self) -> String {
        if self.sensitive {
            return format!("{} (arguments hidden)", self.argv.first().map_or("", String::as_str));
        }
        shlex::try_join(self.argv.iter().map(String::as_str)).unwrap_or_else(|_| self.argv.join(" "))
    }
}

/// What a program left behind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommandOutput {
    /// Exit status; 128 + n for signal n, as shells say.
    pub status: i32,
    /// Its stdout.
    pub stdout: Vec<u8>,
    /// Its stderr.
    pub stderr: Vec<u8>,
}

impl CommandOutput {
    /// Stdout as text, invalid UTF-8 replaced, without trailing newlines.
    #[must_use]
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim_end_matches('\n').to_owned()
    }

    /// Stderr likewise.
    #[must_use]
    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).trim_end_matches('\n').to_owned()
    }
}

/// What an action gave.
pub type ActionResult = CommandOutput;
