//! From a fresh session to an agent that speaks frames.
//!
//! One remote command does it all. It is short (logs of sudo show it) and free of anything that a login shell other
//! than sh could read differently. Where an agent lies that was checked before, the command becomes it at once; else
//! it asks for the script, which comes through stdin. So the first frame of a known agent is one round trip away:
//! sshd takes no input before it has started the command (RFC 4254 section 5.2: the window is its to open).

use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::codec::{FramedRead, FramedWrite};

use super::binary::{AgentBinary, Binaries};
use super::streams::{Input, Output, Process, Streams};
use super::{Agent, BinaryError, LostHost, Secret, SudoError, Tail};
use crate::event::Failure;
use crate::hostplay::Mode;
use crate::protocol::PROTOCOL_VERSION;
use crate::protocol::frame::{FrameDecoder, FrameEncoder, MAX_TO_AGENT, MAX_TO_CONTROLLER};
use crate::protocol::preamble::{Marker, MarkerDecoder, PreambleError, READY};

/// Where the agent may live on a host, best first.
pub const FOLDERS: [&str; 3] = ["/var/lib/mailprov/bin", "/run/mailprov/bin", "/usr/local/libexec/mailprov"];

const SCRIPT: &str = include_str!("bootstrap.sh");

/// What stat(1) has to say of an agent for it to be the one that was checked; the script writes it likewise. Whoever
/// changes a file changes its `ctime`, %Z, and cannot set it.
const SEALED: &str = "%A %u %i %s %.9Z";

/// How much is written before the clock is wound up again, in bytes.
const PIECE: usize = 64 << 10;

/// How long to wait for the end of what a session printed that has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What is written is not what has arrived: ssh takes 2 MiB before it makes us wait, and a bad link may take that
/// long to move them.
const IN_FLIGHT: Duration = Duration::from_secs(240);

/// Why no agent runs on a host that could be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BootstrapError {
    /// sudo refused.
    #[error(transparent)]
    Sudo(#[from] SudoError),
    /// The login is not root and nobody asked to become it.
    #[error("mailprov needs root on the host, and the login has user id {uid}")]
    NotRoot {
        /// The user id.
        uid: String,
    },
    /// There is no agent to send.
    #[error(transparent)]
    Binary(#[from] BinaryError),
    /// No folder would take it.
    #[error("there is no place for the agent")]
    NoPlace {
        /// One reason a folder.
        reasons: Vec<String>,
    },
    /// The login shell prints without end.
    #[error("{problem}")]
    Noise {
        /// What is wrong.
        problem: String,
        /// The beginning of what it printed.
        printed: String,
    },
    /// The session ended.
    #[error("the session ended before the agent spoke{}", status.map_or_else(String::new, |status| format!(" (status {status})")))]
    Ended {
        /// Its exit status.
        status: Option<i32>,
        /// The last lines of its stderr.
        stderr: String,
        /// What it printed.
        printed: String,
    },
    /// Nothing happened for too long.
    #[error("the agent did not start: nothing came for {seconds} s")]
    Timeout {
        /// How long, in seconds.
        seconds: u64,
        /// The last lines of its stderr.
        stderr: String,
        /// What it printed.
        printed: String,
    },
    /// A program cannot be started on this machine.
    #[error("cannot start {program}: {message}")]
    NoProgram {
        /// The program.
        program: String,
        /// The system's words.
        message: String,
    },
    /// What runs there is no agent, or one of another version.
    #[error("{message}")]
    Protocol {
        /// What is wrong.
        message: String,
    },
    /// It ended after it had said that it was ready.
    #[error(transparent)]
    Lost(LostHost),
}

impl BootstrapError {
    /// The failure as it travels to the user.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        let mut failure = Failure { message: self.to_string(), ..Failure::default() };
        match self {
            Self::Sudo(error) => return error.to_failure(),
            Self::Lost(lost) => return lost.to_failure(),
            Self::Binary(error) => failure.hints.extend(error.hint()),
            Self::NotRoot { .. } => failure.hints.push("set ansible_become: true, or ansible_user: root".to_owned()),
            Self::NoPlace { reasons } => {
                failure.causes.push(reasons.join("\n"));
                let hint = "one of these folders must have room for the agent, on a file system that lets programs run";
                failure.hints.push(hint.to_owned());
            }
            Self::Noise { printed, .. } => {
                failure.causes.extend(beginning(printed));
                let hint = "what the user's shell reads at its start (~/.bashrc) must print nothing without a terminal";
                failure.hints.push(hint.to_owned());
            }
            Self::Ended { stderr, printed, status } => {
                failure.exit_status = *status;
                failure.causes.extend(end(printed));
                failure.stderr = Some(stderr.clone()).filter(|text| !text.is_empty());
                failure.hints.push("check the login shell of the user: `ssh HOST true` must succeed".to_owned());
            }
            Self::Timeout { stderr, printed, .. } => {
                failure.causes.extend(end(printed));
                failure.stderr = Some(stderr.clone()).filter(|text| !text.is_empty());
                failure
                    .hints
                    .push("does `ssh HOST true` end? the host may be busy, or its login shell waits".to_owned());
            }
            Self::NoProgram { .. } | Self::Protocol { .. } => {}
        }
        failure
    }
}

/// How the agent is to be started.
pub(super) struct Bootstrap<'a> {
    pub nonce: &'a str,
    pub binaries: &'a Binaries,
    pub become_root: bool,
    pub password: Option<&'a Secret>,
    /// The longest silence to bear.
    pub patience: Duration,
}

/// What is to be done on a host where the agent may have to be sent.
pub(super) struct Remote<'a> {
    pub mode: Mode,
    pub folders: &'a [String],
    pub uid: u32,
}

/// What is run on the host, and what it reads.
pub(super) struct Start {
    pub command: String,
    pub script: Vec<u8>,
}

impl Bootstrap<'_> {
    /// What it takes to start the agent.
    pub async fn prepare(&self, remote: &Remote<'_>) -> Result<Start, BootstrapError> {
        let platform = self.binaries.own_platform();
        // Where this program is no agent itself, the host says for which platform it wants one.
        let (platform, digest, size) = match self.binaries.for_platform(platform).await {
            Ok(binary) => (platform, binary.digest.clone(), binary.size),
            Err(BinaryError::NoneFor { .. } | BinaryError::Unfit { .. }) => ("none", String::new(), 0),
            Err(error) => return Err(error.into()),
        };
        let disk = if remote.mode == Mode::Check { "no" } else { "yes" };
        let folders = shlex::try_join(remote.folders.iter().map(String::as_str)).unwrap_or_default();
        let (nonce, uid) = (self.nonce, remote.uid);
        let text = format!(
            "nonce={nonce} uid={uid} platform='{platform}' digest={digest} size={size} disk={disk} sealed='{SEALED}'\n\
             {SCRIPT}\nmain {folders}\n"
        );
        let known = remote.folders.first().filter(|_| !digest.is_empty());
        let known = known.map_or_else(String::new, |folder| self.known(folder, &digest, uid));
        Ok(Start { command: self.command(&known, text.len()), script: text.into_bytes() })
    }

    /// Becomes the agent that an earlier run has checked and sealed (`seal` in the script), if it is still that one and
    /// nobody else can exchange a folder on the way. No digest is made: that takes longer than all else here.
    fn known(&self, folder: &str, digest: &str, uid: u32) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        if !folder.chars().all(is_plain) {
            return String::new();
        }
        let above: Vec<_> = Path::new(folder).ancestors().map(|path| path.to_string_lossy()).collect();
        let ours = vec![format!("d????-??-?{uid}"); above.len()].join("?");
        format!(
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin; LC_ALL=C; export PATH LC_ALL; cd /; a={folder}/agent-{digest}; \
             if {{ read -r seal <$a.seal && test \"$seal\" = \"$(stat -c \"{SEALED}\" $a)\" && \
             case $(stat -c %A%u {}) in {ours}) $a --version </dev/null;; *) false;; esac; }} >/dev/null 2>&1; \
             then umask 022; exec $a agent {}; fi; ",
            above.join(" "),
            self.nonce
        )
    }

    /// The remote command for a script of this length. It must read the same in every login shell: no newline,
    /// backslash, exclamation mark or nested quote.
    fn command(&self, known: &str, length: usize) -> String {
        let read = format!("{known}echo MAILPROV-SCRIPT {}; eval \"$(head -c {length})\"", self.nonce);
        if !self.become_root {
            return format!("exec /bin/sh -c '{read}'");
        }
        let options = match self.password {
            // sudo reads the password from the stream in which the script comes: first one, then the other.
            Some(_) => format!("-S -p {}", password_prompt(self.nonce)),
            None => "-n".to_owned(),
        };
        format!(
            "exec /bin/sh -c 'LC_ALL=C; export LC_ALL; test $(id -u) = 0 && exec /bin/sh -c \"$1\"; \
             exec sudo -H {options} -- /bin/sh -c \"$1\"' sh '{read}'"
        )
    }

    /// Talks to what was started until it is an agent.
    pub async fn talk(&self, streams: Streams, script: Option<Vec<u8>>) -> Result<Agent, BootstrapError> {
        let (stderr, prompts) = Tail::watching(streams.stderr, password_prompt(self.nonce));
        let mut talk = Talk {
            bootstrap: self,
            stdin: streams.stdin,
            markers: FramedRead::new(streams.stdout, MarkerDecoder::new(self.nonce)),
            stderr,
            prompts,
            process: streams.process,
            script,
            platform: self.binaries.own_platform().to_owned(),
            uploaded: false,
            asked: false,
        };
        match talk.until_ready().await {
            Ok(()) => talk.into_agent().await,
            Err(Stop::Because(error)) => Err(*error),
            Err(Stop::Ended) => Err(talk.ended().await),
            Err(Stop::Silence) => Err(talk.silence()),
        }
    }
}

/// The text by which sudo asks for the password; the nonce tells it from anything else on stderr.
pub(super) fn password_prompt(nonce: &str) -> String {
    format!("MAILPROV-PASSWORD-{nonce}")
}

/// What ends the talk; where it takes the streams' last words to say why, they are collected afterwards.
enum Stop {
    Ended,
    Silence,
    Because(Box<BootstrapError>),
}

impl<E: Into<BootstrapError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Because(Box::new(error.into()))
    }
}

struct Talk<'a> {
    bootstrap: &'a Bootstrap<'a>,
    stdin: Input,
    markers: FramedRead<Output, MarkerDecoder>,
    stderr: Tail,
    prompts: mpsc::Receiver<()>,
    process: Process,
    /// Until it is sent.
    script: Option<Vec<u8>>,
    platform: String,
    uploaded: bool,
    /// Whether sudo asked for the password already.
    asked: bool,
}

impl Talk<'_> {
    async fn until_ready(&mut self) -> Result<(), Stop> {
        loop {
            let patience = self.patience();
            let next = tokio::select! {
                Some(()) = self.prompts.recv() => {
                    self.answer_sudo().await?;
                    continue;
                }
                next = timeout(patience, self.markers.next()) => next,
            };
            let marker = match next {
                Err(_) => return Err(Stop::Silence),
                Ok(None | Some(Err(PreambleError::Io(_)))) => return Err(Stop::Ended),
                Ok(Some(Err(error @ PreambleError::TooMuchNoise))) => {
                    let printed = self.printed();
                    return Err(BootstrapError::Noise { problem: error.to_string(), printed }.into());
                }
                Ok(Some(Ok(marker))) => marker,
            };
            if marker.word == READY {
                return Ok(());
            }
            self.obey(marker).await?;
        }
    }

    async fn obey(&mut self, Marker { word, args }: Marker) -> Result<(), Stop> {
        match word.as_str() {
            "SCRIPT" => self.send_script().await,
            "ARCH" => {
                self.platform = args;
                let binary = self.binary().await?;
                self.write(format!("{} {}\n", binary.digest, binary.size).as_bytes()).await
            }
            "NEED" => {
                let packed = self.binary().await?.packed().await.map_err(BootstrapError::from)?;
                self.uploaded = true;
                self.write(format!("{}\n", packed.len()).as_bytes()).await?;
                self.write(&packed).await
            }
            "NOT-ROOT" => Err(BootstrapError::NotRoot { uid: args }.into()),
            "FAIL" => {
                let reasons = args.split("; ").map(|reason| reason.trim().to_owned()).collect();
                Err(BootstrapError::NoPlace { reasons }.into())
            }
            other => Err(BootstrapError::Protocol { message: format!("unknown marker {other}") }.into()),
        }
    }

    async fn answer_sudo(&mut self) -> Result<(), Stop> {
        let answer = match self.bootstrap.password {
            Some(_) if self.asked => return Err(SudoError::WrongPassword.into()),
            Some(password) => password.line(),
            None => return Err(SudoError::PasswordNeeded.into()),
        };
        self.asked = true;
        self.write(answer.as_bytes()).await
    }

    async fn send_script(&mut self) -> Result<(), Stop> {
        match self.script.take() {
            Some(script) => self.write(&script).await,
            None => Ok(()),
        }
    }

    async fn binary(&self) -> Result<std::sync::Arc<AgentBinary>, BootstrapError> {
        Ok(self.bootstrap.binaries.for_platform(&self.platform).await?)
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        for piece in bytes.chunks(PIECE) {
            match timeout(self.bootstrap.patience, self.stdin.write_all(piece)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(Stop::Ended),
                Err(_) => return Err(Stop::Silence),
            }
        }
        match timeout(self.bootstrap.patience, self.stdin.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Stop::Ended),
            Err(_) => Err(Stop::Silence),
        }
    }

    async fn into_agent(self) -> Result<Agent, BootstrapError> {
        let patience = self.bootstrap.patience;
        let replies = self.markers.map_decoder(|_| FrameDecoder::new(MAX_TO_CONTROLLER));
        let requests = FramedWrite::new(self.stdin, FrameEncoder::new(MAX_TO_AGENT));
        let mut agent = Agent::new(replies, requests, self.stderr, self.process, self.uploaded);
        let hello = timeout(patience, agent.hello()).await;
        let identity = hello
            .map_err(|_| BootstrapError::Protocol { message: "the agent does not say who it is".to_owned() })?
            .map_err(BootstrapError::Lost)?;
        if identity.protocol != PROTOCOL_VERSION {
            let (theirs, version) = (identity.protocol, identity.version);
            let message = format!("the agent (version {version}) speaks protocol {theirs}, not {PROTOCOL_VERSION}");
            return Err(BootstrapError::Protocol { message });
        }
        if identity.uid != 0 {
            return Err(BootstrapError::NotRoot { uid: identity.uid.to_string() });
        }
        Ok(agent)
    }

    async fn ended(mut self) -> BootstrapError {
        // Where writing failed first, what it printed is still to be read.
        let rest = async { while let Some(Ok(_)) = self.markers.next().await {} };
        let _ = timeout(LAST_WORDS, rest).await;
        let status = self.process.status().await;
        let stderr = self.stderr.last_words().await;
        if self.bootstrap.become_root
            && let Some(error) = SudoError::from_stderr(&stderr)
        {
            return error.into();
        }
        let connection = self.process.connection_words();
        let stderr = if connection.is_empty() { stderr } else { format!("{stderr}\nssh: {connection}") };
        BootstrapError::Ended { status, stderr: stderr.trim().to_owned(), printed: self.printed() }
    }

    fn patience(&self) -> Duration {
        self.bootstrap.patience + if self.uploaded { IN_FLIGHT } else { Duration::ZERO }
    }

    fn silence(&self) -> BootstrapError {
        BootstrapError::Timeout {
            seconds: self.patience().as_secs(),
            stderr: self.stderr.text(),
            printed: self.printed(),
        }
    }

    fn printed(&self) -> String {
        self.markers.decoder().noise()
    }
}

/// Characters of what a login shell printed that are shown.
const SHOWN: usize = 512;

/// Lines of its beginning that are.
const FIRST_LINES: usize = 3;

/// The first lines of what was printed, as a cause.
fn beginning(printed: &str) -> Option<String> {
    let printed = printed.trim();
    let shown: String = printed.chars().take(SHOWN).collect();
    let lines: Vec<_> = shown.lines().take(FIRST_LINES).collect();
    let more = printed.chars().nth(SHOWN).is_some() || printed.lines().nth(FIRST_LINES).is_some();
    let more = if more { "\n..." } else { "" };
    (!lines.is_empty()).then(|| format!("it printed: {}{more}", lines.join("\n")))
}

/// The last lines of what was printed, as a cause.
fn end(printed: &str) -> Option<String> {
    let printed = printed.trim();
    let start = printed.char_indices().rev().nth(SHOWN).map_or(0, |(at, _)| at);
    let shown = &printed[start..];
    let whole = if start == 0 { shown } else { shown.split_once('\n').map_or(shown, |(_, lines)| lines) };
    (!whole.is_empty()).then(|| format!("it printed: {whole}"))
}

#[cfg(test)]
mod tests;
