//! A channel to the agent on a host: over OpenSSH, or on this machine.
//!
//! [`reach`] connects; [`Connection::start_agent`] puts the agent in place and starts it.

mod agent;
mod binary;
mod bootstrap;
mod carried;
mod connect_error;
mod local;
mod secret;
mod spec;
mod ssh;
mod streams;
mod sudo;
mod tail;

use std::io::Read;
use std::time::Duration;

pub use agent::{Agent, LostHost};
pub use binary::{Binaries, BinaryError};
pub use bootstrap::BootstrapError;
pub use connect_error::ConnectError;
pub use secret::Secret;
pub(crate) use spec::expand_home;
pub use spec::{ConnectionOptions, ConnectionSpec, Method, SpecError, SshSpec};
pub use sudo::SudoError;

use bootstrap::{Bootstrap, FOLDERS, Remote};
use ssh::SshConnection;
use tail::Tail;

use crate::hostplay::Mode;

/// A host that can be talked to.
pub struct Connection<'a> {
    spec: &'a ConnectionSpec,
    /// `None`: this machine.
    ssh: Option<SshConnection>,
}

/// Why there is no agent on a host that was reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The connection does not carry a session.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The agent could not be put in place or started.
    #[error(transparent)]
    Bootstrap(#[from] BootstrapError),
}

impl StartError {
    /// The failure as it travels to the user.
    #[must_use]
    pub fn to_failure(&self) -> crate::event::Failure {
        match self {
            Self::Connect(error) => error.to_failure(),
            Self::Bootstrap(error) => error.to_failure(),
        }
    }
}

/// Connects to a host.
///
/// # Errors
/// Why not.
pub async fn reach<'a>(spec: &'a ConnectionSpec, binaries: &Binaries) -> Result<Connection<'a>, ConnectError> {
    let ssh = match &spec.method {
        Method::Ssh(ssh) => {
            // The digest will be needed, and the handshake leaves time for it. An error will come up again.
            let (ssh, _) = tokio::join!(SshConnection::connect(ssh), binaries.for_platform(binaries.own_platform()));
            Some(ssh?)
        }
        Method::Local => None,
    };
    Ok(Connection { spec, ssh })
}

impl Connection<'_> {
    /// Starts the agent. In check mode nothing is written to the host's disks, not even the agent.
    ///
    /// # Errors
    /// Why it does not run. `patience` is the longest silence to bear.
    pub async fn start_agent(self, binaries: &Binaries, mode: Mode, patience: Duration) -> Result<Agent, StartError> {
        let nonce = nonce()?;
        let bootstrap = Bootstrap {
            nonce: &nonce,
            binaries,
            become_root: self.spec.become_root,
            password: self.spec.become_password.as_ref(),
            patience,
        };
        let Some(ssh) = self.ssh else {
            let streams = local::start(&nonce, &bootstrap)?;
            return Ok(bootstrap.talk(streams, None).await?);
        };
        let folders = FOLDERS.map(str::to_owned);
        let start = bootstrap.prepare(&Remote { mode, folders: &folders, uid: 0 }).await?;
        let streams = ssh.run(&start.command).await?;
        Ok(bootstrap.talk(streams, Some(start.script)).await?)
    }
}

/// A text that no login shell prints by itself.
fn nonce() -> Result<String, ConnectError> {
    let mut bytes = [0; 16];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    read.map_err(|error| ConnectError::Controller { action: "read /dev/urandom", message: error.to_string() })?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}
