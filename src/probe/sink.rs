//! A receiver of mail for one look: what arrives is kept in memory, and gone afterwards.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Bytes of a message that are kept; ours have a few hundred.
const MAX_MESSAGE: u64 = 1 << 20;
/// How long a client may be silent.
const PATIENCE: Duration = Duration::from_secs(10);

/// A message as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arrived {
    /// What stood between the angle brackets of MAIL FROM.
    pub sender: String,
    /// The same of each RCPT TO.
    pub recipients: Vec<String>,
    /// Headers and body.
    pub text: String,
}

impl Arrived {
    /// A header's value, unfolded; the first of that name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let mut found: Option<String> = None;
        for line in self.text.lines().take_while(|line| !line.is_empty()) {
            let continues = line.starts_with([' ', '\t']);
            match &mut found {
                Some(value) if continues => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                Some(_) => break,
                None => {
                    let value = line.split_once(':').filter(|(known, _)| known.eq_ignore_ascii_case(name));
                    found = value.filter(|_| !continues).map(|(_, value)| value.trim().to_owned());
                }
            }
        }
        found
    }
}

/// Listens until it is dropped.
pub struct Sink {
    address: SocketAddr,
    arrived: Receiver<Arrived>,
    closed: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
}

impl Sink {
    /// Listens at an address of the loopback; port 0 for any.
    ///
    /// # Errors
    /// When somebody else has it.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let (sender, arrived) = channel();
        let closed = Arc::new(AtomicBool::new(false));
        let listener = {
            let closed = Arc::clone(&closed);
            thread::spawn(move || serve(&listener, &sender, &closed))
        };
        Ok(Self { address, arrived, closed, listener: Some(listener) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next message for a recipient; others are thrown away.
    #[must_use]
    pub fn wait_for(&self, recipient: &str, limit: Duration) -> Option<Arrived> {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.arrived.recv_timeout(left) {
                Ok(message) if message.recipients.iter().any(|known| known == recipient) => return Some(message),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            }
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // Wakes the thread that listens; when it has ended the port is free again.
        drop(TcpStream::connect(self.address));
        if let Some(listener) = self.listener.take() {
            drop(listener.join());
        }
    }
}

fn serve(listener: &TcpListener, sender: &Sender<Arrived>, closed: &AtomicBool) {
    for stream in listener.incoming() {
        if closed.load(Ordering::SeqCst) {
            return;
        }
        let (Ok(stream), sender) = (stream, sender.clone()) else { continue };
        thread::spawn(move || drop(converse(&stream, &sender)));
    }
}

/// RFC 5321 as far as Postfix's client needs it.
fn converse(stream: &TcpStream, sender: &Sender<Arrived>) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut answers = stream;
    let mut lines = BufReader::new(stream.take(MAX_MESSAGE));
    answers.write_all(b"220 sink.mailprov-selftest.invalid\r\n")?;
    let mut message = Arrived::default();
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer = match word.as_str() {
            "MAIL" => {
                message = Arrived { sender: path(&line), ..Arrived::default() };
                "250 2.1.0 Ok"
            }
            "RCPT" => {
                message.recipients.push(path(&line));
                "250 2.1.5 Ok"
            }
            "DATA" => {
                answers.write_all(b"354 Go on\r\n")?;
                message.text = data(&mut lines)?;
                // Nobody waits any longer: the message is ours all the same.
                drop(sender.send(std::mem::take(&mut message)));
                "250 2.0.0 Ok"
            }
            "QUIT" => {
                answers.write_all(b"221 2.0.0 Bye\r\n")?;
                return Ok(());
            }
            "EHLO" | "HELO" => "250 sink.mailprov-selftest.invalid",
            "RSET" | "NOOP" => "250 2.0.0 Ok",
            _ => "502 5.5.2 Not here",
        };
        answers.write_all(format!("{answer}\r\n").as_bytes())?;
    }
}

fn path(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or("", |(path, _)| path).to_owned()
}

fn data(lines: &mut impl BufRead) -> io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\r', '\n']);
        if line == "." {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(line));
        text.push('\n');
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use crate::probe::smtp::Smtp;

    #[test]
    fn what_is_sent_arrives() {
        let sink = Sink::open("127.0.0.1:0".parse().unwrap()).unwrap();
        let met = Smtp::meet(sink.address(), None, "here.invalid").unwrap();
        let mut smtp = met.smtp;
        let text = "From: a\r\n b\r\nSubject: x\r\n\r\n.body\r\n";
        assert!(smtp.deliver("", "you@there.invalid", text).unwrap().is_positive());
        smtp.quit();
        let message = sink.wait_for("you@there.invalid", Duration::from_secs(5)).unwrap();
        assert_eq!((message.sender.as_str(), message.text.as_str()), ("", "From: a\n b\nSubject: x\n\n.body\n"));
        assert_eq!(message.header("from").as_deref(), Some("a b"));
        assert_eq!(message.header("body"), None);
        assert_eq!(sink.wait_for("nobody@there.invalid", Duration::ZERO), None);
    }
}
