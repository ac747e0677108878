//! A started program's streams, whatever carries them.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::ssh::SshConnection;

/// What the far side reads.
pub type Input = Box<dyn AsyncWrite + Send + Unpin>;

/// What the far side writes.
pub type Output = Box<dyn AsyncRead + Send + Unpin>;

/// How long a program may take to go once its work is over.
const PATIENCE: Duration = Duration::from_secs(2);

/// A program with its three streams.
pub struct Streams {
    /// Its stdin.
    pub stdin: Input,
    /// Its stdout.
    pub stdout: Output,
    /// Its stderr.
    pub stderr: Output,
    /// What keeps it alive.
    pub process: Process,
}

/// What keeps a program alive: dropping it ends the program, or the connection to it.
pub enum Process {
    /// On a host, over a connection of its own.
    Remote(Box<RemoteProcess>),
    /// On this machine.
    Local(Box<tokio::process::Child>),
    /// A task of this process.
    #[cfg(test)]
    Within,
}

/// A program on a host.
pub struct RemoteProcess {
    /// The program; gone once its status was asked for.
    pub child: Option<openssh::Child<Arc<openssh::Session>>>,
    /// The connection, which has no other purpose.
    pub connection: SshConnection,
}

impl Process {
    /// The exit status of a program whose streams have ended, if it can be had soon.
    pub(super) async fn status(&mut self) -> Option<i32> {
        let status = async {
            match self {
                Self::Remote(remote) => match remote.child.take()?.wait().await {
                    Ok(status) => status.code(),
                    // The crate makes an error of the shell's "command not found".
                    Err(openssh::Error::Remote(_)) => Some(127),
                    Err(_) => None,
                },
                Self::Local(child) => child.wait().await.ok()?.code(),
                #[cfg(test)]
                Self::Within => None,
            }
        };
        tokio::time::timeout(PATIENCE, status).await.ok().flatten()
    }

    /// What the connection itself had to say.
    pub(super) fn connection_words(&self) -> String {
        match self {
            Self::Remote(remote) => remote.connection.words(),
            Self::Local(_) => String::new(),
            #[cfg(test)]
            Self::Within => String::new(),
        }
    }

    /// Takes leave of a program that has ended or is about to.
    pub(super) async fn close(mut self) {
        self.status().await;
        if let Self::Remote(remote) = self {
            remote.connection.close().await;
        }
    }
}
