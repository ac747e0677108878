//! One OpenSSH connection a host.
//!
//! The connection is a master of our own (`ssh -M -N`), so that the user's `ssh_config(5)`, jump hosts, agent keys
//! and known hosts all apply; sessions go through its control socket with the `openssh` crate. The crate could start
//! the master too, but then it overrides `StrictHostKeyChecking` and `IdentitiesOnly` of the user's configuration.
//!
//! The master stays in the foreground, in a process group of its own: Ctrl-C at our terminal leaves it to us. When
//! we are killed it ends by itself, [`IDLE_SECONDS`] after its last session, which ends with our pipes.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{CWD, Mode};
use rustix::process::{Pid, Signal};
use tokio::process::{Child, Command};

use super::streams::{Process, RemoteProcess, Streams};
use super::{ConnectError, Secret, SshSpec, Tail};

/// How long an orphaned master lives without a session, in seconds.
const IDLE_SECONDS: u32 = 30;

/// How long the login itself may take, after the handshake.
const LOGIN_PATIENCE: Duration = Duration::from_secs(30);

/// How often the control socket is looked for: nothing tells when ssh has made it.
const SOCKET_POLL: Duration = Duration::from_millis(5);

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
    master: Master,
}

/// The ssh process that holds the connection. Dropping it ends the connection.
#[derive(Debug)]
pub struct Master {
    child: Child,
    stderr: Tail,
    folder: tempfile::TempDir,
    /// Kept open: the answers wait in the pipe.
    _password: Option<fs::File>,
}

impl SshConnection {
    /// Connects and logs in.
    ///
    /// # Errors
    /// Why not, read from ssh's own words.
    pub async fn connect(spec: &SshSpec) -> Result<Self, ConnectError> {
        let mut master = Master::start(spec)?;
        let socket = master.socket();
        let limit = spec.connect_timeout + LOGIN_PATIENCE;
        match tokio::time::timeout(limit, master.listening(&socket)).await {
            Ok(Ok(())) => {}
            Ok(Err(status)) => {
                let words = master.stderr.last_words().await;
                return Err(ConnectError::from_stderr(&spec.host, status, &words));
            }
            Err(_) => {
                return Err(ConnectError::Unreachable {
                    endpoint: spec.host.clone(),
                    reason: format!("no login within {} s {}", limit.as_secs(), master.words()).trim().to_owned(),
                });
            }
        }
        let session = openssh::Session::resume_mux(socket.into_boxed_path(), None);
        Ok(Self { session: Arc::new(session), master })
    }

    /// Starts the one command for which the connection was made.
    ///
    /// # Errors
    /// When the server opens no session.
    pub async fn run(mut self, command: &str) -> Result<Streams, ConnectError> {
        let mut session = Arc::clone(&self.session).arc_raw_command(command);
        session.stdin(openssh::Stdio::piped()).stdout(openssh::Stdio::piped()).stderr(openssh::Stdio::piped());
        let mut child = match session.spawn().await {
            Ok(child) => child,
            Err(error) => return Err(self.no_session(&error).await),
        };
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin().take(), child.stdout().take(), child.stderr().take())
        else {
            return Err(ConnectError::NoSession { message: "it has no streams".to_owned() });
        };
        Ok(Streams {
            stdin: Box::new(stdin),
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            process: Process::Remote(Box::new(RemoteProcess { session: Some(child), master: self.master })),
        })
    }

    async fn no_session(&mut self, error: &openssh::Error) -> ConnectError {
        let mut message = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            message = format!("{message}: {error}");
            cause = error.source();
        }
        if let Ok(Some(_)) = self.master.child.try_wait() {
            message = format!("{message}; ssh said: {}", self.master.stderr.last_words().await);
        }
        ConnectError::NoSession { message }
    }
}

impl Master {
    fn start(spec: &SshSpec) -> Result<Self, ConnectError> {
        let folder = private_folder()?;
        let password = spec.password.as_ref().map(|secret| prepare_askpass(folder.path(), secret)).transpose()?;
        let mut command = Command::new(&spec.program);
        command.args(arguments(spec, &folder.path().join("m")));
        if password.is_some() {
            command.env("SSH_ASKPASS", folder.path().join("askpass")).env("SSH_ASKPASS_REQUIRE", "force");
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        let no_ssh = |message: String| ConnectError::NoSsh { program: spec.program.clone(), message };
        let mut child = command.spawn().map_err(|error| no_ssh(error.to_string()))?;
        let stderr = child.stderr.take().ok_or_else(|| no_ssh("it has no stderr".to_owned()))?;
        Ok(Self { child, stderr: Tail::of(stderr), folder, _password: password })
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("m")
    }

    /// Waits for the control socket, which ssh makes after the login. The error is ssh's exit status.
    async fn listening(&mut self, socket: &Path) -> Result<(), Option<i32>> {
        while !socket.exists() {
            tokio::select! {
                status = self.child.wait() => return Err(status.ok().and_then(|status| status.code())),
                () = tokio::time::sleep(SOCKET_POLL) => {}
            }
        }
        Ok(())
    }

    /// ssh's last words.
    pub(super) fn words(&self) -> String {
        self.stderr.text()
    }

    /// Ends the connection in good order.
    pub(super) async fn stop(mut self) {
        let pid = self.child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        if let Some(pid) = pid
            && rustix::process::kill_process(pid, Signal::TERM).is_ok()
        {
            // If it does not go it is killed when it is dropped.
            let _ = tokio::time::timeout(Duration::from_secs(2), self.child.wait()).await;
        }
    }
}

/// Of several values for one option ssh takes the first: what we cannot do without, then the host's variables, then
/// our defaults, and `ssh_config(5)` last.
fn arguments(spec: &SshSpec, socket: &Path) -> Vec<OsString> {
    let mut args: Vec<OsString> = ["-M", "-N", "-T", "-o"].map(OsString::from).into();
    let mut control_path = OsString::from("ControlPath=");
    // ssh expands percent signs in this option.
    control_path.push(socket.to_string_lossy().replace('%', "%%"));
    args.push(control_path);
    let mut option = |text: String| args.extend([OsString::from("-o"), OsString::from(text)]);
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

/// A folder that only we can enter, with a name short enough for a socket in it.
fn private_folder() -> Result<tempfile::TempDir, ConnectError> {
    let usual = std::env::temp_dir();
    let parent = if usual.as_os_str().len() <= MAX_FOLDER_LEN { usual } else { PathBuf::from("/tmp") };
    let made =
        tempfile::Builder::new().prefix("mailprov-").permissions(fs::Permissions::from_mode(0o700)).tempdir_in(parent);
    made.map_err(controller_error("make a folder for the control socket"))
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
