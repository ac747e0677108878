//! The lines before the first frame.
//!
//! Whatever a login shell prints (motd, `echo` in `.bashrc`) comes before the agent speaks. So the far
//! side announces itself with a marker, `MAILPROV-<WORD> [arguments] <nonce>` at the end of a line; the
//! nonce is the controller's and new for every connection. All that is no marker is noise: skipped,
//! bounded, and kept for the error message.

use std::io::{self, Write};

use tokio_util::bytes::BytesMut;
use tokio_util::codec::Decoder;

/// The word of the marker after which frames follow.
pub const READY: &str = "READY";

/// The most noise that is skipped, in bytes.
pub const MAX_NOISE: usize = 64 << 10;

const PREFIX: &str = "MAILPROV-";

/// Announces the agent; frames follow.
///
/// # Errors
/// When the stream fails.
pub fn write_ready(writer: &mut impl Write, nonce: &str) -> io::Result<()> {
    writeln!(writer, "{PREFIX}{READY} {nonce}")?;
    writer.flush()
}

/// A line by which the far side announces itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// `READY`, `NEED`, ...
    pub word: String,
    /// What stands between word and nonce.
    pub args: String,
}

/// Why no marker came.
#[derive(Debug, thiserror::Error)]
pub enum PreambleError {
    /// The stream failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The login shell prints without end.
    #[error("the login shell printed more than {MAX_NOISE} bytes before the agent started")]
    TooMuchNoise,
}

/// Finds [`Marker`]s in a stream, for [`tokio_util::codec::FramedRead`]. After [`READY`] the decoder is to be
/// replaced by one for frames.
#[derive(Debug)]
pub struct MarkerDecoder {
    nonce: String,
    noise: Vec<u8>,
}

impl MarkerDecoder {
    /// A decoder that knows markers by this nonce.
    #[must_use]
    pub fn new(nonce: &str) -> Self {
        Self { nonce: nonce.to_owned(), noise: Vec::new() }
    }

    /// What was skipped so far, as text.
    #[must_use]
    pub fn noise(&self) -> String {
        String::from_utf8_lossy(&self.noise).into_owned()
    }

    fn skip(&mut self, bytes: &[u8]) -> Result<(), PreambleError> {
        let room = MAX_NOISE.saturating_sub(self.noise.len());
        self.noise.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room { Err(PreambleError::TooMuchNoise) } else { Ok(()) }
    }

    /// Noise without a newline at its end may stand before the marker on the same line.
    fn parse(&self, line: &str) -> Option<(usize, Marker)> {
        let start = line.rfind(PREFIX)?;
        let body = line[start + PREFIX.len()..].trim_end().strip_suffix(&self.nonce)?.strip_suffix(' ')?;
        let (word, args) = body.split_once(' ').unwrap_or((body, ""));
        Some((start, Marker { word: word.to_owned(), args: args.to_owned() }))
    }
}

impl Decoder for MarkerDecoder {
    type Item = Marker;
    type Error = PreambleError;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Marker>, PreambleError> {
        while let Some(newline) = buffer.iter().position(|&byte| byte == b'\n') {
            let line = buffer.split_to(newline + 1);
            let text = String::from_utf8_lossy(&line);
            let Some((start, marker)) = self.parse(&text) else {
                self.skip(&line)?;
                continue;
            };
            self.skip(&text.as_bytes()[..start])?;
            return Ok(Some(marker));
        }
        if buffer.len() > MAX_NOISE {
            self.skip(buffer)?;
        }
        Ok(None)
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<Marker>, PreambleError> {
        let marker = self.decode(buffer)?;
        if marker.is_none() {
            let rest = buffer.split();
            self.skip(&rest)?;
        }
        Ok(marker)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use proptest::prelude::*;
    use tokio_util::bytes::BufMut;

    use super::*;

    fn marker(word: &str, args: &str) -> Marker {
        Marker { word: word.to_owned(), args: args.to_owned() }
    }

    #[test]
    fn markers_are_told_from_noise() {
        for (stream, expected, noise) in [
            ("MAILPROV-READY n0\n", Some(marker("READY", "")), ""),
            ("Welcome!\nMAILPROV-READY n0\n", Some(marker("READY", "")), "Welcome!\n"),
            ("no newlineMAILPROV-READY n0\r\n", Some(marker("READY", "")), "no newline"),
            ("MAILPROV-ARCH Linux aarch64 n0\n", Some(marker("ARCH", "Linux aarch64")), ""),
            ("MAILPROV-READY other\n", None, "MAILPROV-READY other\n"),
            ("MAILPROV-READYn0\n", None, "MAILPROV-READYn0\n"),
            ("MAILPROV-READY n0", None, "MAILPROV-READY n0"),
            ("This account is currently not available.\n", None, "This account is currently not available.\n"),
        ] {
            let mut decoder = MarkerDecoder::new("n0");
            assert_eq!(decoder.decode_eof(&mut BytesMut::from(stream)).unwrap(), expected, "{stream:?}");
            assert_eq!(decoder.noise(), noise, "{stream:?}");
        }
    }

    #[test]
    fn endless_noise_is_cut_off() {
        for line in ["y\n", "y"] {
            let mut decoder = MarkerDecoder::new("n0");
            let mut buffer = BytesMut::from(line.repeat(MAX_NOISE + 1).as_str());
            assert!(matches!(decoder.decode(&mut buffer), Err(PreambleError::TooMuchNoise)));
            assert_eq!(decoder.noise().len(), MAX_NOISE);
        }
    }

    proptest! {
        #[test]
        fn what_follows_the_marker_is_left_alone(
            noise in "[a-z \n]{0,200}",
            after in prop::collection::vec(any::<u8>(), 0..64),
            sizes in prop::collection::vec(1..16_usize, 1..64),
        ) {
            let mut bytes = noise.clone().into_bytes();
            write_ready(&mut bytes, "n0").unwrap();
            bytes.extend_from_slice(&after);
            let mut decoder = MarkerDecoder::new("n0");
            let (mut buffer, mut rest) = (BytesMut::new(), bytes.as_slice());
            let mut sizes = sizes.iter().copied().cycle();
            let found = loop {
                let (piece, later) = rest.split_at(sizes.next().unwrap().min(rest.len()));
                buffer.put_slice(piece);
                rest = later;
                if let Some(found) = decoder.decode(&mut buffer).unwrap() {
                    break found;
                }
            };
            buffer.put_slice(rest);
            prop_assert_eq!(found, marker(READY, ""));
            prop_assert_eq!(decoder.noise(), noise);
            prop_assert_eq!(&buffer[..], after.as_slice());
        }
    }
}
