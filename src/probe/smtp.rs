//! The client's side of an SMTP dialogue (RFC 5321), as far as looking at a server needs it.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::tls::{self, Encrypted, Session};

/// A server that lives answers its greeting well within this time; a dead smtpd never does.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of one reply that are taken.
const MAX_REPLY: usize = 64 * 1024;

/// A server's reply: one code, one or more lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// The text of each line, without code and line end.
    pub lines: Vec<String>,
}

impl Reply {
    /// Whether the server said yes (2xx).
    #[must_use]
    pub fn is_positive(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// Whether the server said no (4xx, 5xx).
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        (400..600).contains(&self.code)
    }

    /// Whether a line of an EHLO reply announces this keyword.
    #[must_use]
    pub fn offers(&self, keyword: &str) -> bool {
        self.value(keyword).is_some()
    }

    /// What an EHLO reply announces behind a keyword: `10240000` of `SIZE 10240000`.
    #[must_use]
    pub fn value(&self, keyword: &str) -> Option<String> {
        self.lines.iter().skip(1).find_map(|line| {
            let (word, value) = line.split_once([' ', '=']).unwrap_or((line, ""));
            word.eq_ignore_ascii_case(keyword).then(|| value.to_owned())
        })
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.lines.join(" "))
    }
}

/// Why a dialogue cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// No connection came about.
    #[error("no connection to {address}: {source}")]
    Connect {
        /// Where to.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// It was open and brought nothing, or broke.
    #[error("no answer {after}: {source}")]
    Broken {
        /// To what.
        after: String,
        /// Why not.
        source: io::Error,
    },
    /// The server closed the connection.
    #[error("the connection was closed {after}")]
    Closed {
        /// When.
        after: String,
    },
    /// What came is no SMTP.
    #[error("an answer that is no SMTP {after}: {text}")]
    Nonsense {
        /// To what.
        after: String,
        /// Its beginning.
        text: String,
    },
    /// TLS did not come about.
    #[error("the TLS handshake failed: {0}")]
    Tls(String),
}

impl SmtpError {
    /// Whether nobody listens, or something on the way does not let us through: no server was reached at all.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        matches!(self, Self::Connect { .. })
    }
}

enum Stream {
    Plain(TcpStream),
    Encrypted(Box<Encrypted>),
}

/// One connection.
pub struct Smtp {
    stream: Stream,
    buffer: Vec<u8>,
}

/// A server that has greeted and answered EHLO.
pub struct Met {
    /// The connection.
    pub smtp: Smtp,
    /// Its greeting.
    pub banner: Reply,
    /// Its answer to EHLO.
    pub ehlo: Reply,
    /// How long it took from the connection to the answer to EHLO.
    pub time: Duration,
}

impl Smtp {
    /// Connects, from an address of this machine's own when one is given, and reads the greeting.
    ///
    /// # Errors
    /// When nothing listens, or nothing is said within [`PATIENCE`].
    pub fn connect(address: SocketAddr, from: Option<IpAddr>) -> Result<(Self, Reply), SmtpError> {
        let stream = connected(address, from)?;
        let mut smtp = Self { stream: Stream::Plain(stream), buffer: Vec::new() };
        let banner = smtp.reply("to the connection")?;
        Ok((smtp, banner))
    }

    /// Connects and says EHLO.
    ///
    /// # Errors
    /// As [`Smtp::connect`], and when EHLO is not answered.
    pub fn meet(address: SocketAddr, from: Option<IpAddr>, name: &str) -> Result<Met, SmtpError> {
        let began = Instant::now();
        let (mut smtp, banner) = Self::connect(address, from)?;
        let ehlo = smtp.say(&format!("EHLO {name}"))?;
        Ok(Met { smtp, banner, ehlo, time: began.elapsed() })
    }

    /// Connects where TLS comes first, and says EHLO.
    ///
    /// # Errors
    /// As [`Smtp::meet`], and when the handshake fails.
    pub fn meet_tls(
        address: SocketAddr,
        host: &str,
        versions: tls::Versions,
        name: &str,
    ) -> Result<(Met, Session), SmtpError> {
        let began = Instant::now();
        let (stream, session) = tls::handshake(bare(address)?, host, versions).map_err(SmtpError::Tls)?;
        let mut smtp = Self { stream: Stream::Encrypted(Box::new(stream)), buffer: Vec::new() };
        let banner = smtp.reply("to the handshake")?;
        let ehlo = smtp.say(&format!("EHLO {name}"))?;
        Ok((Met { smtp, banner, ehlo, time: began.elapsed() }, session))
    }

    /// Sends a command and reads the answer.
    ///
    /// # Errors
    /// When it is not answered, or not in SMTP.
    pub fn say(&mut self, command: &str) -> Result<Reply, SmtpError> {
        let word = command.split([' ', '\r']).next().unwrap_or_default().to_owned();
        self.send(format!("{command}\r\n").as_bytes(), &word)?;
        self.reply(&format!("to {word}"))
    }

    /// Hands a message over; the text has its line ends. Gives the answer to the last thing said.
    ///
    /// # Errors
    /// When a command is not answered.
    pub fn deliver(&mut self, sender: &str, recipient: &str, text: &str) -> Result<Reply, SmtpError> {
        for command in [format!("MAIL FROM:<{sender}>"), format!("RCPT TO:<{recipient}>"), "DATA".to_owned()] {
            let reply = self.say(&command)?;
            if reply.is_refusal() {
                return Ok(reply);
            }
        }
        // RFC 5321 section 4.5.2.
        let stuffed = text.replace("\r\n.", "\r\n..");
        self.send(format!("{stuffed}.\r\n").as_bytes(), "the message")?;
        self.reply("to the message")
    }

    /// Sends bytes as they are; the word is what they are called in errors.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn send(&mut self, bytes: &[u8], word: &str) -> Result<(), SmtpError> {
        let sent = match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(bytes),
            Stream::Encrypted(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        };
        sent.map_err(|source| SmtpError::Broken { after: format!("to {word}"), source })
    }

    /// Reads one reply.
    ///
    /// # Errors
    /// When none comes within [`PATIENCE`], or something that is none.
    pub fn reply(&mut self, after: &str) -> Result<Reply, SmtpError> {
        self.reply_within(PATIENCE, after)
    }

    /// Logs in by AUTH PLAIN (RFC 4616), which only an encrypted session should be told. A wrong password is answered late:
    /// Dovecot waits for up to 15 s after the third.
    ///
    /// # Errors
    /// When it is not answered.
    pub fn log_in(&mut self, user: &str, password: &str) -> Result<Reply, SmtpError> {
        let words = STANDARD.encode(format!("\0{user}\0{password}"));
        self.send(format!("AUTH PLAIN {words}\r\n").as_bytes(), "AUTH")?;
        self.reply_within(Duration::from_secs(20), "to AUTH")
    }

    fn reply_within(&mut self, patience: Duration, after: &str) -> Result<Reply, SmtpError> {
        let began = Instant::now();
        let nonsense =
            |text: &str| SmtpError::Nonsense { after: after.to_owned(), text: text.chars().take(80).collect() };
        let mut reply = Reply { code: 0, lines: Vec::new() };
        loop {
            let line = self.line(after, began, patience)?;
            let code = line.get(..3).and_then(|code| code.parse().ok()).filter(|code| (200..600).contains(code));
            let (Some(code), rest) = (code, line.get(3..).unwrap_or_default()) else { return Err(nonsense(&line)) };
            reply.code = code;
            reply.lines.push(rest.get(1..).unwrap_or_default().to_owned());
            match rest.as_bytes().first() {
                None | Some(b' ') => return Ok(reply),
                Some(b'-') if reply.lines.len() < 100 => {}
                Some(_) => return Err(nonsense(&line)),
            }
        }
    }

    fn line(&mut self, after: &str, began: Instant, patience: Duration) -> Result<String, SmtpError> {
        let mut chunk = [0; 4096];
        loop {
            if let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            let broken = |source| SmtpError::Broken { after: after.to_owned(), source };
            let left = patience.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Err(broken(io::Error::new(io::ErrorKind::TimedOut, format!("{} s", patience.as_secs()))));
            }
            let read = match &mut self.stream {
                Stream::Plain(stream) => stream.set_read_timeout(Some(left)).and_then(|()| stream.read(&mut chunk)),
                Stream::Encrypted(stream) => {
                    stream.sock.set_read_timeout(Some(left)).and_then(|()| stream.read(&mut chunk))
                }
            };
            match read {
                Ok(0) => return Err(SmtpError::Closed { after: after.to_owned() }),
                Ok(count) => self.buffer.extend_from_slice(&chunk[..count]),
                // How a socket says that its time is over.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(error)),
            }
            if self.buffer.len() > MAX_REPLY {
                let text = String::from_utf8_lossy(&self.buffer).chars().take(80).collect();
                return Err(SmtpError::Nonsense { after: after.to_owned(), text });
            }
        }
    }

    /// Says STARTTLS and shakes hands in one of these versions; any certificate is taken, and told.
    ///
    /// # Errors
    /// When the server does not want to, or the handshake fails.
    pub fn start_tls(mut self, name: &str, versions: tls::Versions) -> Result<(Self, Session), SmtpError> {
        let reply = self.say("STARTTLS")?;
        if !reply.is_positive() {
            return Err(SmtpError::Tls(format!("STARTTLS was answered {reply}")));
        }
        let Stream::Plain(stream) = self.stream else {
            return Err(SmtpError::Tls("the connection is encrypted already".to_owned()));
        };
        let (stream, session) = tls::handshake(stream, name, versions).map_err(SmtpError::Tls)?;
        Ok((Self { stream: Stream::Encrypted(Box::new(stream)), buffer: Vec::new() }, session))
    }

    /// As it is where the server takes mail in plain text, else (530, RFC 3207 section 4) in an encrypted session.
    ///
    /// # Errors
    /// When it is not answered, or the handshake fails.
    pub fn ready_for_mail(mut self, host: &str, name: &str) -> Result<Self, SmtpError> {
        if self.say("MAIL FROM:<>")?.code != 530 {
            self.say("RSET")?;
            return Ok(self);
        }
        let (mut smtp, _) = self.start_tls(host, tls::Versions::Any)?;
        smtp.say(&format!("EHLO {name}"))?;
        Ok(smtp)
    }

    /// Says STARTTLS and gives the bare connection for a handshake of the caller's own.
    ///
    /// # Errors
    /// When the server does not want to.
    pub fn bare_after_start_tls(mut self) -> Result<TcpStream, SmtpError> {
        let reply = self.say("STARTTLS")?;
        match self.stream {
            Stream::Plain(stream) if reply.is_positive() => Ok(stream),
            _ => Err(SmtpError::Tls(format!("STARTTLS was answered {reply}"))),
        }
    }

    /// Takes leave; what the server says to that does not matter.
    pub fn quit(mut self) {
        drop(self.say("QUIT"));
    }
}

/// A bare connection, for a handshake before anything is said.
///
/// # Errors
/// When nothing listens.
pub fn bare(address: SocketAddr) -> Result<TcpStream, SmtpError> {
    connected(address, None)
}

fn connected(address: SocketAddr, from: Option<IpAddr>) -> Result<TcpStream, SmtpError> {
    open(address, from).map_err(|source| SmtpError::Connect { address, source })
}

fn open(address: SocketAddr, from: Option<IpAddr>) -> io::Result<TcpStream> {
    let stream = match from {
        None => TcpStream::connect_timeout(&address, PATIENCE)?,
        Some(from) => open_from(address, from)?,
    };
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The standard library cannot choose the own address.
fn open_from(address: SocketAddr, from: IpAddr) -> io::Result<TcpStream> {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, ipproto, socket_with, sockopt};
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, Some(ipproto::TCP))?;
    bind(&socket, &SocketAddr::new(from, 0))?;
    // On Linux the time limit for writing is also that of connecting (socket(7)).
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, Some(PATIENCE))?;
    connect(&socket, &address)?;
    Ok(TcpStream::from(socket))
}
