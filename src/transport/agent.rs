//! A running agent: requests go in, replies come out.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::codec::{FramedRead, FramedWrite};

use super::Tail;
use super::streams::{Input, Output, Process};
use crate::event::Failure;
use crate::protocol::frame::{FrameDecoder, FrameEncoder, FrameError};
use crate::protocol::{PING_SECONDS, Reply, Request};

/// The channel broke: the host's fate is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct LostHost {
    /// What happened to the channel.
    pub reason: String,
    /// The agent's last words.
    pub stderr: String,
    /// ssh's last words.
    pub connection: String,
}

impl LostHost {
    /// What to try.
    pub const HINT: &str = "what was done so far stands in the journal on the host: `mailprov status` tells, and \
         whether it was taken back; run the command again, or take back with `mailprov rollback` what is still in effect";

    /// The failure as it travels to the user.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        Failure {
            message: self.reason.clone(),
            causes: Some(format!("ssh: {}", self.connection))
                .filter(|_| !self.connection.is_empty())
                .into_iter()
                .collect(),
            stderr: Some(self.stderr.clone()).filter(|text| !text.is_empty()),
            hints: vec![Self::HINT.to_owned()],
            ..Failure::default()
        }
    }
}

/// What the agent says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its protocol version.
    pub protocol: u32,
    /// Its crate version.
    pub version: String,
    /// Its effective user id.
    pub uid: u32,
}

type Frames = FramedWrite<Input, FrameEncoder>;

/// Where requests go in. In between the agent is told that somebody is still there: it cannot see a link that was cut.
struct Requests {
    frames: Arc<Mutex<Frames>>,
    pinger: JoinHandle<()>,
}

impl Requests {
    fn over(frames: Frames) -> Self {
        let frames = Arc::new(Mutex::new(frames));
        let shared = Arc::clone(&frames);
        let pinger = tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(PING_SECONDS.into())).await;
                // While a play is being written, that is sign of life enough.
                if let Ok(mut frames) = shared.try_lock()
                    && frames.send(&Request::Ping).await.is_err()
                {
                    return;
                }
            }
        });
        Self { frames, pinger }
    }

    async fn send(&self, request: &Request) -> Result<(), FrameError> {
        self.frames.lock().await.send(request).await
    }

    async fn close(self) {
        self.pinger.abort();
        // The far side may be gone already, which is what is wanted.
        let _ = SinkExt::<&Request>::close(&mut *self.frames.lock().await).await;
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        self.pinger.abort();
    }
}

/// An agent that speaks frames. Dropping it ends the connection.
pub struct Agent {
    replies: FramedRead<Output, FrameDecoder<Reply>>,
    requests: Option<Requests>,
    stderr: Tail,
    process: Process,
    /// Whether the binary had to be sent.
    pub uploaded: bool,
}

impl Agent {
    pub(super) fn new(
        replies: FramedRead<Output, FrameDecoder<Reply>>,
        requests: FramedWrite<Input, FrameEncoder>,
        stderr: Tail,
        process: Process,
        uploaded: bool,
    ) -> Self {
        Self { replies, requests: Some(Requests::over(requests)), stderr, process, uploaded }
    }

    /// An agent in this process, past its first frame.
    #[cfg(test)]
    pub(crate) fn within(stdin: Input, stdout: Output) -> Self {
        use crate::protocol::frame::{MAX_TO_AGENT, MAX_TO_CONTROLLER};
        let replies = FramedRead::new(stdout, FrameDecoder::new(MAX_TO_CONTROLLER));
        let requests = FramedWrite::new(stdin, FrameEncoder::new(MAX_TO_AGENT));
        Self::new(replies, requests, Tail::of(tokio::io::empty()), Process::Within, false)
    }

    /// Reads the first frame.
    ///
    /// # Errors
    /// When the channel ends or another frame comes.
    pub(super) async fn hello(&mut self) -> Result<Identity, LostHost> {
        match self.next().await? {
            Reply::Hello { protocol, version, uid } => Ok(Identity { protocol, version, uid }),
            _ => Err(self.lost("the agent did not say who it is".to_owned()).await),
        }
    }

    /// Sends a request. That the far side is gone is no error here: [`Agent::next`] still gives what it said before.
    ///
    /// # Errors
    /// When the request cannot be written as a frame (it is too large).
    pub async fn send(&mut self, request: &Request) -> Result<(), LostHost> {
        let Some(requests) = &mut self.requests else { return Ok(()) };
        match requests.send(request).await {
            Ok(()) | Err(FrameError::Io(_)) => Ok(()),
            Err(error) => Err(self.lost(format!("cannot send the play: {error}")).await),
        }
    }

    /// The next reply. Can be cancelled without losing one.
    ///
    /// # Errors
    /// When the channel ends or breaks: nothing may end it but [`Reply::Bye`], after which nothing is to be read.
    pub async fn next(&mut self) -> Result<Reply, LostHost> {
        match self.replies.next().await {
            Some(Ok(reply)) => Ok(reply),
            Some(Err(error)) => Err(self.lost(error.to_string()).await),
            None => Err(self.lost("the connection ended before the agent was done".to_owned()).await),
        }
    }

    /// Ends the requests: the agent stops by its own policy, and its replies can still be read.
    pub async fn stop_requests(&mut self) {
        if let Some(requests) = self.requests.take() {
            requests.close().await;
        }
    }

    /// Takes leave after [`Reply::Bye`].
    pub async fn close(mut self) {
        self.stop_requests().await;
        self.process.close().await;
    }

    async fn lost(&mut self, reason: String) -> LostHost {
        LostHost { reason, stderr: self.stderr.last_words().await, connection: self.process.connection_words() }
    }
}
