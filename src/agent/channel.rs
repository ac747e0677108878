//! The agent's end of the channel: frames on stdin and stdout, nothing else ever.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::interpreter::Sink;
use crate::event::{Event, Failure};
use crate::protocol::frame::{self, FrameError, MAX_TO_AGENT, MAX_TO_CONTROLLER};
use crate::protocol::{PING_SECONDS, Reply, Request, preamble};
use crate::veil::Veil;

/// How often it is looked whether the controller is still there while nothing else happens.
const LOOK: Duration = Duration::from_millis(500);

/// How long a controller that ended its requests may leave what it is told unread.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// What a pipe or socket takes without making its writer wait, once it says that it takes something (pipe(7)).
const PIECE: usize = 4096;

/// Requests come from a thread of their own, so that the end of the channel is noticed while a task runs.
pub(super) struct Channel {
    requests: Receiver<Request>,
    speaker: Speaker,
}

/// The sending half; cheap to clone, for those who report from within a long change.
#[derive(Clone)]
pub(super) struct Speaker {
    out: Arc<Mutex<BufWriter<Outlet>>>,
    line: Arc<Line>,
    /// What no event may show.
    veil: Veil,
}

/// What is known of the controller.
struct Line {
    began: Instant,
    /// Nothing more comes from it: the run ends by its policy. A controller that ended its requests still listens.
    lost: Arc<AtomicBool>,
    /// It ended its requests, and so is silent without being gone.
    ended: AtomicBool,
    /// It let its last words lie unread: it is not waited for again.
    deaf: AtomicBool,
    /// When it was heard last, in milliseconds since `began`.
    heard: AtomicU64,
    /// After how many milliseconds of silence it is taken for gone; 0: never.
    patience: AtomicU64,
}

impl Line {
    fn open() -> Self {
        Self {
            began: Instant::now(),
            lost: Arc::default(),
            ended: AtomicBool::new(false),
            deaf: AtomicBool::new(false),
            heard: AtomicU64::new(0),
            patience: AtomicU64::new(0),
        }
    }

    /// Nothing more is heard.
    fn end(&self) {
        // In this order: whoever sees that it is lost is to see why.
        self.ended.store(true, Ordering::Release);
        self.lost.store(true, Ordering::Release);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A link that was cut says nothing: it is known by its silence.
    fn is_silent(&self) -> bool {
        let patience = self.patience.load(Ordering::Acquire);
        let may_speak = patience > 0 && !self.ended.load(Ordering::Acquire);
        let is_silent = may_speak && self.now().saturating_sub(self.heard.load(Ordering::Acquire)) > patience;
        if is_silent {
            self.lost.store(true, Ordering::Release);
        }
        is_silent
    }

    fn is_lost(&self) -> bool {
        self.is_silent() || self.lost.load(Ordering::Acquire)
    }

    /// Whether somebody may still read what has been lying for so long.
    fn may_be_read(&self, unread: Duration) -> bool {
        if self.is_lost() && unread > LAST_WORDS {
            self.deaf.store(true, Ordering::Release);
        }
        !self.is_silent() && !self.deaf.load(Ordering::Acquire)
    }
}

/// Stdin that notes when something came.
struct Ear {
    stdin: io::Stdin,
    line: Arc<Line>,
}

impl Read for Ear {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stdin.read(buffer)?;
        self.line.heard.store(self.line.now(), Ordering::Release);
        Ok(count)
    }
}

/// Stdout that never makes its writer wait for a link that is dead.
struct Outlet {
    line: Arc<Line>,
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let stdout = io::stdout();
        let stdout = stdout.as_fd();
        let look = Timespec { tv_sec: 0, tv_nsec: LOOK.subsec_nanos().into() };
        let began = Instant::now();
        loop {
            if !self.line.may_be_read(began.elapsed()) {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let mut ready = [PollFd::new(&stdout, PollFlags::OUT)];
            match poll(&mut ready, Some(&look)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return Ok(rustix::io::write(stdout, &bytes[..bytes.len().min(PIECE)])?),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Channel {
    /// Says that the agent is ready and starts to listen.
    ///
    /// # Errors
    /// When stdout is closed.
    pub(super) fn open(nonce: &str) -> io::Result<Self> {
        let line = Arc::new(Line::open());
        let mut out = BufWriter::new(Outlet { line: Arc::clone(&line) });
        preamble::write_ready(&mut out, nonce)?;
        let (sender, requests) = channel();
        let noticed = Arc::clone(&line);
        std::thread::spawn(move || {
            let mut stdin = BufReader::new(Ear { stdin: io::stdin(), line: Arc::clone(&noticed) });
            while let Ok(Some(request)) = frame::read_frame::<Request>(&mut stdin, MAX_TO_AGENT) {
                if request != Request::Ping && sender.send(request).is_err() {
                    return;
                }
            }
            noticed.end();
        });
        Ok(Self { requests, speaker: Speaker { out: Arc::new(Mutex::new(out)), line, veil: Veil::default() } })
    }

    /// The next request; `None` when the controller is gone.
    pub(super) fn next(&self) -> Option<Request> {
        loop {
            match self.requests.recv_timeout(LOOK) {
                Ok(request) => return Some(request),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) if self.speaker.line.is_lost() => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Whether nothing more comes from the controller: it is gone, or wants the run to stop.
    pub(super) fn is_lost(&self) -> bool {
        self.speaker.line.is_lost()
    }

    /// Takes the controller for gone when it says nothing for so many seconds. Never less than it takes to miss some
    /// of its regular words.
    pub(super) fn bear_silence(&self, seconds: u32) {
        let patience = u64::from(seconds.max(3 * PING_SECONDS)) * 1000;
        self.speaker.line.heard.store(self.speaker.line.now(), Ordering::Release);
        self.speaker.line.patience.store(patience, Ordering::Release);
        let line = Arc::clone(&self.speaker.line);
        // A task that waits looks at the flag only.
        std::thread::spawn(move || {
            while !line.is_lost() {
                std::thread::sleep(LOOK);
            }
        });
    }

    /// Someone who can speak without listening.
    pub(super) fn speaker(&self) -> Speaker {
        self.speaker.clone()
    }
}

impl Speaker {
    /// What no event may show, shared by all who speak.
    pub(super) fn veil(&self) -> &Veil {
        &self.veil
    }

    /// Answers that nothing is done.
    pub(super) fn refuse(&self, mut failure: Failure) {
        failure.each_text(&mut |text| self.veil.hide_in(text));
        self.reply(&Reply::Refused(failure));
    }

    /// Answers. A controller that is gone is noticed here too, and the run then ends by its policy. What is too large
    /// for a frame is told without its texts.
    pub(super) fn reply(&self, reply: &Reply) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = match frame::write_frame(&mut *out, reply, MAX_TO_CONTROLLER) {
            Err(FrameError::TooLarge { .. }) => frame::write_frame(&mut *out, &without_texts(reply), MAX_TO_CONTROLLER),
            sent => sent,
        };
        if sent.is_err() {
            self.line.lost.store(true, Ordering::Release);
        }
    }
}

fn without_texts(reply: &Reply) -> Reply {
    let mut reply = reply.clone();
    if let Reply::Event(Event::TaskFinished(result)) = &mut reply {
        for change in &mut result.changes {
            change.text = None;
        }
    }
    reply
}

impl Sink for Speaker {
    fn emit(&mut self, mut event: Event) {
        event.each_text(&mut |text| self.veil.hide_in(text));
        self.reply(&Reply::Event(event));
    }

    fn stop(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.line.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::ZERO;

    /// A line on which nothing was heard for longer than is borne.
    fn silent() -> Line {
        let line = Line::open();
        line.patience.store(1, Ordering::Release);
        std::thread::sleep(Duration::from_millis(5));
        line
    }

    #[test]
    fn who_ended_the_requests_is_told_the_end_however_long_that_takes() {
        let ended = silent();
        ended.end();
        assert!(ended.is_lost(), "the run ends by its policy");
        assert!(ended.may_be_read(MOMENT));
        let cut = silent();
        assert!(!cut.may_be_read(MOMENT) && cut.is_lost(), "a link that was cut");
    }

    #[test]
    fn who_left_the_last_words_unread_is_not_waited_for_again() {
        let line = Line::open();
        let long = LAST_WORDS + Duration::from_secs(1);
        assert!(line.may_be_read(long), "a busy controller");
        line.end();
        assert!(line.may_be_read(LAST_WORDS / 2));
        assert!(!line.may_be_read(long));
        assert!(!line.may_be_read(MOMENT), "each event would cost as long again");
    }
}
