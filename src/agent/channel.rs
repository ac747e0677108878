//! The agent's end of the channel: frames on stdin and stdout, nothing else ever.

use std::io::{BufReader, BufWriter, Stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::interpreter::Sink;
use crate::event::Event;
use crate::protocol::frame::{self, FrameError, MAX_TO_AGENT, MAX_TO_CONTROLLER};
use crate::protocol::{Reply, Request, preamble};

/// Requests come from a thread of their own, so that the end of the channel is noticed while a task runs.
pub(super) struct Channel {
    requests: Receiver<Request>,
    speaker: Speaker,
}

/// The sending half; cheap to clone, for those who report from within a long change.
#[derive(Clone)]
pub(super) struct Speaker {
    out: Arc<Mutex<BufWriter<Stdout>>>,
    lost: Arc<AtomicBool>,
}

impl Channel {
    /// Says that the agent is ready and starts to listen.
    ///
    /// # Errors
    /// When stdout is closed.
    pub(super) fn open(nonce: &str) -> std::io::Result<Self> {
        let mut out = BufWriter::new(std::io::stdout());
        preamble::write_ready(&mut out, nonce)?;
        let (sender, requests) = channel();
        let lost = Arc::new(AtomicBool::new(false));
        let noticed = Arc::clone(&lost);
        std::thread::spawn(move || {
            let mut stdin = BufReader::new(std::io::stdin());
            while let Ok(Some(request)) = frame::read_frame::<Request>(&mut stdin, MAX_TO_AGENT) {
                if sender.send(request).is_err() {
                    return;
                }
            }
            noticed.store(true, Ordering::Release);
        });
        Ok(Self { requests, speaker: Speaker { out: Arc::new(Mutex::new(out)), lost } })
    }

    /// The next request; `None` when the controller is gone.
    pub(super) fn next(&self) -> Option<Request> {
        self.requests.recv().ok()
    }

    /// Someone who can speak without listening.
    pub(super) fn speaker(&self) -> Speaker {
        self.speaker.clone()
    }
}

impl Speaker {
    /// Answers. A controller that is gone is noticed here too, and the run then ends by its policy. What is too large
    /// for a frame is told without its texts.
    pub(super) fn reply(&self, reply: &Reply) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = match frame::write_frame(&mut *out, reply, MAX_TO_CONTROLLER) {
            Err(FrameError::TooLarge { .. }) => frame::write_frame(&mut *out, &without_texts(reply), MAX_TO_CONTROLLER),
            sent => sent,
        };
        if sent.is_err() {
            self.lost.store(true, Ordering::Release);
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
    fn emit(&mut self, event: Event) {
        self.reply(&Reply::Event(event));
    }

    fn stop(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.lost)
    }
}
