//! What a running program writes, until it has ended.

use std::io::{self, PipeReader, Read};
use std::process::{Child, ChildStderr, ChildStdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};

/// More output than this is read and thrown away, so that a chatty program neither blocks nor fills memory.
const OUTPUT_CAP: usize = 16 << 20;

/// A longer line is given away in pieces.
const LINE_CAP: usize = 64 << 10;

/// What a program that has ended may have left in each of its pipes: as much as pipe(7) lets a pipe hold by default for
/// root at the most. What comes after that is from somebody whom it left behind.
const LEFT_CAP: usize = 1 << 20;

/// Between two looks at the wish to stop.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// Between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(5);

/// Both outputs of a program.
pub(super) struct Pipes {
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
}

/// Whose wish it is to stop, and whom it concerns.
type Stop<'a> = (&'a AtomicBool, Pid);

impl Pipes {
    pub(super) fn of(child: &mut Child) -> Self {
        Self { stdout: child.stdout.take(), stderr: child.stderr.take() }
    }

    /// Reads until the program has ended (`ended` is then closed on its far side) and what it wrote is read. Who else
    /// holds the pipes, a daemon that it started, is not waited for.
    pub(super) fn read(
        mut self,
        ended: &PipeReader,
        line: &mut dyn FnMut(&str),
        stop: Option<Stop<'_>>,
    ) -> io::Result<(Vec<u8>, Vec<u8>)> {
        let (mut stdout, mut stderr) = (Lines::new(line), Vec::new());
        let mut ending = stop.map(Ending::new);
        let mut left = 0;
        loop {
            let (is_over, readable) = self.wait(ended, ending.is_some())?;
            if let Some(ending) = &mut ending {
                ending.look();
            }
            let mut buffer = [0; 8192];
            if readable.0 {
                let length = read_some(&mut self.stdout, &mut buffer)?;
                stdout.take(&buffer[..length]);
                left += if is_over { length } else { 0 };
            }
            if readable.1 {
                let length = read_some(&mut self.stderr, &mut buffer)?;
                keep(&mut stderr, &buffer[..length]);
                left += if is_over { length } else { 0 };
            }
            if is_over && (readable == (false, false) || left > 2 * LEFT_CAP) {
                if let Some(ending) = &ending {
                    ending.finish();
                }
                return Ok((stdout.finish(), stderr));
            }
        }
    }

    /// Waits until something has happened: whether the program is over, and which output has something.
    fn wait(&self, ended: &PipeReader, briefly: bool) -> io::Result<(bool, (bool, bool))> {
        let mut fds = vec![PollFd::new(ended, PollFlags::IN)];
        fds.extend(self.stdout.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        fds.extend(self.stderr.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        match poll(&mut fds, briefly.then_some(&LOOK)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut has_news = fds.iter().map(|fd| !fd.revents().is_empty());
        let is_over = has_news.next().unwrap_or(false);
        let stdout = self.stdout.is_some() && has_news.next().unwrap_or(false);
        let stderr = self.stderr.is_some() && has_news.next().unwrap_or(false);
        Ok((is_over, (stdout, stderr)))
    }
}

/// Reads what is there; a pipe that has ended is closed.
fn read_some<P: Read>(pipe: &mut Option<P>, buffer: &mut [u8]) -> io::Result<usize> {
    let Some(open) = pipe else { return Ok(0) };
    match open.read(buffer) {
        Ok(0) => *pipe = None,
        Ok(length) => return Ok(length),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        Err(error) => return Err(error),
    }
    Ok(0)
}

fn keep(kept: &mut Vec<u8>, bytes: &[u8]) {
    let room = OUTPUT_CAP.saturating_sub(kept.len());
    kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// Output that is given away line by line, and kept.
struct Lines<'a> {
    each: &'a mut dyn FnMut(&str),
    kept: Vec<u8>,
    /// The line that has no end yet.
    open: Vec<u8>,
}

impl<'a> Lines<'a> {
    fn new(each: &'a mut dyn FnMut(&str)) -> Self {
        Self { each, kept: Vec::new(), open: Vec::new() }
    }

    fn take(&mut self, bytes: &[u8]) {
        keep(&mut self.kept, bytes);
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.open.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.open.len() >= LINE_CAP {
                self.give();
            }
        }
    }

    fn give(&mut self) {
        (self.each)(String::from_utf8_lossy(&self.open).trim_end());
        self.open.clear();
    }

    fn finish(mut self) -> Vec<u8> {
        if !self.open.is_empty() {
            self.give();
        }
        self.kept
    }
}

/// A program that is told to go, politely first.
struct Ending<'a> {
    stop: &'a AtomicBool,
    group: Pid,
    told: Option<Instant>,
    killed: bool,
}

impl<'a> Ending<'a> {
    fn new((stop, group): Stop<'a>) -> Self {
        Self { stop, group, told: None, killed: false }
    }

    fn look(&mut self) {
        // That it is gone already is what is wanted.
        match self.told {
            None if self.stop.load(Ordering::Acquire) => {
                let _ = kill_process_group(self.group, Signal::TERM);
                self.told = Some(Instant::now());
            }
            Some(at) if !self.killed && at.elapsed() > GRACE => {
                let _ = kill_process_group(self.group, Signal::KILL);
                self.killed = true;
            }
            _ => {}
        }
    }

    /// The program has gone: what it started and is deaf to SIGTERM does not outlive it.
    fn finish(&self) {
        if self.told.is_some() {
            let _ = kill_process_group(self.group, Signal::KILL);
        }
    }
}
