//! Whether a server takes TLS 1.0 or 1.1, which no modern library offers any more: a `ClientHello` made by hand
//! (RFC 2246, RFC 4346, RFC 4492), of whose answer only the first bytes matter.

use std::io::{Read, Write};
use std::net::TcpStream;

/// A version that ought to be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldVersion {
    /// TLS 1.0.
    Tls10,
    /// TLS 1.1.
    Tls11,
}

impl OldVersion {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Tls10, Self::Tls11];

    /// `TLSv1.0`
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tls10 => "TLSv1.0",
            Self::Tls11 => "TLSv1.1",
        }
    }

    fn minor(self) -> u8 {
        match self {
            Self::Tls10 => 1,
            Self::Tls11 => 2,
        }
    }
}

/// What the server made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It goes on with the handshake.
    Accepted,
    /// An alert (its number, RFC 5246 section 7.2), or the connection was closed.
    Refused(Option<u8>),
    /// Something that is neither.
    Unclear(String),
}

/// Cipher suites of that time, so that a refusal is about the version: ECDHE and plain RSA with AES-CBC, 3DES, and
/// the mark for safe renegotiation.
const SUITES: [u16; 9] = [0xc014, 0xc013, 0xc00a, 0xc009, 0x0039, 0x0035, 0x002f, 0x000a, 0x00ff];

/// Offers this version and no other on a connection on which the server waits for a handshake.
#[must_use]
pub fn offer(mut stream: TcpStream, version: OldVersion) -> Answer {
    if let Err(error) = stream.write_all(&client_hello(version)) {
        return Answer::Unclear(error.to_string());
    }
    let mut record = [0; 11];
    let mut have = 0;
    while have < record.len() {
        match stream.read(&mut record[have..]) {
            Ok(0) => break,
            Ok(count) => have += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) if have == 0 => return Answer::Unclear(error.to_string()),
            Err(_) => break,
        }
    }
    judge(&record[..have], version)
}

/// Record header: type, version (2), length (2); then the handshake's type and length (4) and the version (2).
fn judge(record: &[u8], version: OldVersion) -> Answer {
    match record {
        [21, _, _, _, _, _, description, ..] => Answer::Refused(Some(*description)),
        [22, _, _, _, _, 2, _, _, _, 3, minor] if *minor == version.minor() => Answer::Accepted,
        // Closed without a word; or a ServerHello in a version that was not offered, which ends the handshake, too.
        [] | [22, _, _, _, _, 2, _, _, _, 3, _] => Answer::Refused(None),
        other => Answer::Unclear(format!("{other:02x?}")),
    }
}

fn client_hello(version: OldVersion) -> Vec<u8> {
    let mut body = vec![3, version.minor()];
    // The random need not be random: nothing is ever encrypted.
    body.extend([0x5a; 32]);
    body.push(0);
    let suites: Vec<u8> = SUITES.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    push_sized(&mut body, &suites);
    body.extend([1, 0]);
    let groups = [0, 6, 0, 29, 0, 23, 0, 24];
    let formats = [1, 0];
    let mut extensions = Vec::new();
    for (kind, content) in [(10_u16, &groups[..]), (11, &formats[..])] {
        extensions.extend(kind.to_be_bytes());
        push_sized(&mut extensions, content);
    }
    push_sized(&mut body, &extensions);
    let mut handshake = vec![1, 0];
    push_sized(&mut handshake, &body);
    let mut record = vec![22, 3, 1];
    push_sized(&mut record, &handshake);
    record
}

/// Adds bytes after their length in two bytes; nothing here is longer than a few hundred.
fn push_sized(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend(u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
    to.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_add_up() {
        let hello = client_hello(OldVersion::Tls10);
        let length = |at: usize| usize::from(hello[at]) << 8 | usize::from(hello[at + 1]);
        assert_eq!(length(3), hello.len() - 5);
        assert_eq!(length(7), hello.len() - 9);
        assert_eq!(hello[9..11], [3, 1]);
        assert_eq!(client_hello(OldVersion::Tls11)[9..11], [3, 2]);
    }

    #[test]
    fn answers_are_told_apart() {
        let hello = |minor| vec![22, 3, 1, 0, 80, 2, 0, 0, 76, 3, minor];
        for (bytes, expected) in [
            (hello(1), Answer::Accepted),
            (hello(3), Answer::Refused(None)),
            (vec![21, 3, 1, 0, 2, 2, 70], Answer::Refused(Some(70))),
            (vec![], Answer::Refused(None)),
        ] {
            assert_eq!(judge(&bytes, OldVersion::Tls10), expected);
        }
        assert!(matches!(judge(b"500 what?\r\n", OldVersion::Tls10), Answer::Unclear(_)));
    }
}
