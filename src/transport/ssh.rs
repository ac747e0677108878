//! One OpenSSH connection a host.
//!
//! The connection is a master of our own (`ssh -M -N`), so that the user's `ssh_config(5)`, jump hosts, agent keys
//! and known hosts all apply; sessions go through its control socket with the `openssh` crate. The crate could start
//! the master too, but then it overrides `StrictHostKeyChecking` and `IdentitiesOnly` of the user's configuration.
//!
//! With `ControlPersist` the master goes into the background after the login, and the process that we started ends:
//! with 0 when the control socket is there, with 255 when there is no connection. A master ends by itself
//! [`IDLE_SECONDS`] after its last session, which ends with our pipes. So none is left over, however we end.

#![expect(clippy::disallowed_methods, reason = "the controller starts ssh, and prepares a private folder for it")]

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{CWD, Mode};
use tokio::process::Command;

use super::streams::{Process, RemoteProcess, Streams};
use super::{ConnectError, Secret, SshSpec, Tail};

/// How long a master lives without a session, in seconds.
const IDLE_SECONDS: u32 = 10;

/// How long the login itself may take, after the handshake.
const LOGIN_PATIENCE: Duration = Duration::from_secs(30);

/// Longest usable name for a folder of control sockets: a socket's path has 104 to 108 bytes, and ssh adds 17 to it
/// while it makes one.
const MAX_FOLDER_LEN: usize = 60;

/// What answers ssh's questions. Passwords come through the pipe beside it, so that they are in no file, argument
/// or environment.
const ASKPASS: &str = r#"#!/bin/sh
case $1 in
  *"yes/no"* | *assphrase*) exit 1 ;;
esac
IFS= read -r answer <"${0%/*}/password"
printf '%s\n' "$answer"
"#;

/// An authenticated connection.
pub struct SshConnection {
    session: Arc<openssh::Session>,
    folder: Folder,
}

/// The private folder of one connection.
pub struct Folder {
    path: tempfile::TempDir,
    /// Kept open: the answers wait in the pipe.
    _password: Option<fs::File>,
}

impl SshConnection {
    /// Connects and logs in.
    ///
    /// # Errors
    /// Why not, read from ssh's own words.
    pub async fn connect(spec: &SshSpec) -> Result<Self, ConnectError> {
        let folder = Folder::new(spec.password.as_ref())?;
        let mut command = Command::new(&spec.program);
        command.args(arguments(spec, &folder));
        if spec.password.is_some() {
            command.env("SSH_ASKPASS", folder.file("askpass"));
        } else if std::env::var_os("SSH_ASKPASS").is_none() {
            command.env("SSH_ASKPASS", "/bin/false");
        }
        // BatchMode does not reach the ssh of a jump host: without this it would ask at our terminal, and wait.
        command.env("SSH_ASKPASS_REQUIRE", "force");
        // A process group of its own: Ctrl-C at our terminal is ours to act on.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        let no_ssh = |message: String| ConnectError::NoSsh { program: spec.program.clone(), message };
        let mut child = command.spawn().map_err(|error| no_ssh(error.to_string()))?;
        let stderr = child.stderr.take().ok_or_else(|| no_ssh("it has no stderr".to_owned()))?;
        let mut stderr = Tail::of(stderr);
        let limit = spec.connect_timeout + LOGIN_PATIENCE;
        match tokio::time::timeout(limit, child.wait()).await {
            Ok(Ok(status)) if status.success() => {}
            Ok(status) => {
                let words = format!("{}\n{}", stderr.last_words().await, folder.log());
                let status = status.ok().and_then(|status| status.code());
                let error = ConnectError::from_stderr(&spec.host, status, &words);
                return Err(if spec.password.is_some() { error.with_password() } else { error });
            }
            Err(_) => {
                let reason = format!("no login within {} s. {} {}", limit.as_secs(), stderr.text(), folder.log());
                return Err(ConnectError::Unreachable {
                    endpoint: spec.host.clone(),
                    reason: reason.trim().to_owned(),
                });
            }
        }
        let session = openssh::Session::resume_mux(folder.file(SOCKET).into_boxed_path(), None);
        Ok(Self { session: Arc::new(session), folder })
    }

    /// Starts the one command for which the connection was made.
    ///
    /// # Errors
    /// When the server opens no session.
    pub async fn run(self, command: &str) -> Result<Streams, ConnectError> {
        let mut session = Arc::clone(&self.session).arc_raw_command(command);
        session.stdin(openssh::Stdio::piped()).stdout(openssh::Stdio::piped()).stderr(openssh::Stdio::piped());
        let mut child = session.spawn().await.map_err(|error| self.no_session(&error))?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin().take(), child.stdout().take(), child.stderr().take())
        else {
            return Err(ConnectError::NoSession { message: "it has no streams".to_owned() });
        };
        Ok(Streams {
            stdin: Box::new(stdin),
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            process: Process::Remote(Box::new(RemoteProcess { child: Some(child), connection: self })),
        })
    }

    /// What ssh had to say since the login.
    pub(super) fn words(&self) -> String {
        self.folder.log()
    }

    /// Ends the connection in good order.
    pub(super) async fn close(self) {
        if let Some(session) = Arc::into_inner(self.session) {
            // If it does not go now it goes when it was idle for some time.
            let _ = tokio::time::timeout(Duration::from_secs(2), session.close()).await;
        }
    }

    fn no_session(&self, error: &openssh::Error) -> ConnectError {
        let mut message = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            message = format!("{message}: {error}");
            cause = error.source();
        }
        let words = self.words();
        if !words.is_empty() {
            message = format!("{message}; ssh said: {words}");
        }
        ConnectError::NoSession { message }
    }
}

/// The control socket, in the connection's folder.
const SOCKET: &str = "m";

/// What ssh writes for people: after the login its stderr leads nowhere.
const LOG: &str = "log";

impl Folder {
    /// Only we can enter it, and its name is short enough for a socket in it.
    fn new(password: Option<&Secret>) -> Result<Self, ConnectError> {
        let usual = std::env::temp_dir();
        let parent = if usual.as_os_str().len() <= MAX_FOLDER_LEN { usual } else { PathBuf::from("/tmp") };
        let mut builder = tempfile::Builder::new();
        builder.prefix("mailprov-").permissions(fs::Permissions::from_mode(0o700));
        let path = builder.tempdir_in(parent).map_err(controller_error("make a folder for the control socket"))?;
        let password = password.map(|secret| prepare_askpass(path.path(), secret)).transpose()?;
        Ok(Self { path, _password: password })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.path().join(name)
    }

    /// ssh's log, which holds a few lines at most.
    fn log(&self) -> String {
        let log = fs::read(self.file(LOG)).unwrap_or_default();
        let end = &log[log.len().saturating_sub(4096)..];
        String::from_utf8_lossy(end).replace('\r', "").trim().to_owned()
    }
}

/// Of several values for one option ssh takes the first: what we cannot do without, then the host's variables, then
/// our defaults, and `ssh_config(5)` last.
fn arguments(spec: &SshSpec, folder: &Folder) -> Vec<OsString> {
    let mut args: Vec<OsString> = ["-M", "-N", "-T", "-E"].map(OsString::from).into();
    args.push(folder.file(LOG).into());
    let mut option = |text: String| args.extend([OsString::from("-o"), OsString::from(text)]);
    // ssh expands percent signs here.
    option(format!("ControlPath={}", folder.file(SOCKET).to_string_lossy().replace('%', "%%")));
    option(format!("ControlPersist={IDLE_SECONDS}"));
    option("PermitLocalCommand=no".to_owned());
    option("RemoteCommand=none".to_owned());
    if spec.password.is_some() {
        option("NumberOfPasswordPrompts=1".to_owned());
    } else {
        option("BatchMode=yes".to_owned());
    }
    if spec.accept_new_host_keys {
        option("StrictHostKeyChecking=accept-new".to_owned());
    }
    args.extend(spec.args.iter().map(OsString::from));
    let mut option = |text: String| args.extend([OsString::from("-o"), OsString::from(text)]);
    option(format!("ConnectTimeout={}", spec.connect_timeout.as_secs().max(1)));
    option("ServerAliveInterval=10".to_owned());
    option("ServerAliveCountMax=3".to_owned());
    if let Some(port) = spec.port {
        option(format!("Port={port}"));
    }
    if let Some(key) = &spec.private_key {
        args.extend([OsString::from("-i"), key.into()]);
    }
    if let Some(user) = &spec.user {
        args.extend([OsString::from("-l"), user.into()]);
    }
    args.extend([OsString::from("--"), OsString::from(&spec.host)]);
    args
}

/// Puts the helper that ssh asks for passwords into the folder. A password may be asked for more than once, as
/// servers offer several methods that come to the same.
fn prepare_askpass(folder: &Path, secret: &Secret) -> Result<fs::File, ConnectError> {
    let prepare = || -> std::io::Result<fs::File> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o700);
        options.open(folder.join("askpass"))?.write_all(ASKPASS.as_bytes())?;
        let pipe = folder.join("password");
        rustix::fs::mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR)?;
        // Opened for both, so that neither this nor the helper waits for the other; the text fits the pipe's buffer.
        let mut pipe = fs::OpenOptions::new().read(true).write(true).open(pipe)?;
        pipe.write_all(secret.line().repeat(3).as_bytes())?;
        Ok(pipe)
    };
    prepare().map_err(controller_error("prepare the answer to ssh's question for a password"))
}

fn controller_error(action: &'static str) -> impl Fn(std::io::Error) -> ConnectError {
    move |error| ConnectError::Controller { action, message: error.to_string() }
}

#[cfg(test)]
mod tests;
