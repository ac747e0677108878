//! Length-prefixed JSON frames.
//!
//! A frame is [`MAGIC`], the payload's length (32 bits, big endian) and one JSON value. The magic is
//! there so that foreign bytes in the stream (a library that prints, a shell that says good-bye) are
//! noticed at once, and not taken for a length.
//!
//! The controller reads frames with the [`Encoder`]/[`Decoder`] pair, the synchronous agent with
//! [`read_frame`] and [`write_frame`]. Both go through the same header and the same limits.

use std::io::{self, Read, Write};
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::bytes::{Buf, BufMut, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

/// The first bytes of every frame.
pub const MAGIC: [u8; 4] = *b"MPF1";

/// Magic and length.
pub const HEADER_LEN: usize = 8;

/// The largest payload from controller to agent: a play with its files, in bytes.
pub const MAX_TO_AGENT: usize = 64 << 20;

/// The largest payload from agent to controller: one event, in bytes.
pub const MAX_TO_CONTROLLER: usize = 16 << 20;

/// Why a frame could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The stream failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Something else than a frame is in the stream.
    #[error("expected a frame, found \"{seen}\"")]
    NotAFrame {
        /// The bytes in place of the header, escaped.
        seen: String,
    },
    /// The payload exceeds the limit of this direction.
    #[error("a message of {len} bytes exceeds the limit of {limit} bytes")]
    TooLarge {
        /// Its length in bytes.
        len: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The stream ended inside a frame.
    #[error("the stream ended inside a frame: {got} of {expected} bytes arrived")]
    Truncated {
        /// Bytes that arrived.
        got: usize,
        /// Bytes announced; the header's length while it is not complete.
        expected: usize,
    },
    /// The payload is not the message that was expected.
    #[error("cannot read a message of {len} bytes: {source}")]
    Payload {
        /// Its length in bytes.
        len: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The message cannot be written as JSON.
    #[error("cannot write a message: {0}")]
    Serialize(serde_json::Error),
}

/// Writes one frame and flushes.
///
/// # Errors
/// When the message exceeds `limit` (then nothing was written) or the stream fails.
pub fn write_frame<T: Serialize>(writer: &mut impl Write, message: &T, limit: usize) -> Result<(), FrameError> {
    let (header, payload) = encode(message, limit)?;
    writer.write_all(&header)?;
    writer.write_all(&payload)?;
    writer.flush()?;
    Ok(())
}

/// Reads one frame; `None` when the stream ends between frames.
///
/// # Errors
/// When the stream fails, ends inside a frame, or carries anything else than frames.
pub fn read_frame<T: DeserializeOwned>(reader: &mut impl Read, limit: usize) -> Result<Option<T>, FrameError> {
    let mut header = Vec::with_capacity(HEADER_LEN);
    reader.by_ref().take(HEADER_LEN as u64).read_to_end(&mut header)?;
    if header.is_empty() {
        return Ok(None);
    }
    let Some(len) = parse_header(&header, limit)? else {
        return Err(FrameError::Truncated { got: header.len(), expected: HEADER_LEN });
    };
    let mut payload = Vec::new();
    reader.by_ref().take(len as u64).read_to_end(&mut payload)?;
    if payload.len() < len {
        return Err(FrameError::Truncated { got: HEADER_LEN + payload.len(), expected: HEADER_LEN + len });
    }
    parse_payload(&payload).map(Some)
}

/// Writes messages as frames, for [`tokio_util::codec::FramedWrite`].
#[derive(Debug, Clone, Copy)]
pub struct FrameEncoder {
    limit: usize,
}

impl FrameEncoder {
    /// An encoder that refuses payloads above `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit }
    }
}

impl<T: Serialize> Encoder<&T> for FrameEncoder {
    type Error = FrameError;

    fn encode(&mut self, message: &T, out: &mut BytesMut) -> Result<(), FrameError> {
        let (header, payload) = encode(message, self.limit)?;
        out.reserve(HEADER_LEN + payload.len());
        out.put_slice(&header);
        out.put_slice(&payload);
        Ok(())
    }
}

/// Reads messages from frames, for [`tokio_util::codec::FramedRead`].
#[derive(Debug)]
pub struct FrameDecoder<T> {
    limit: usize,
    message: PhantomData<fn() -> T>,
}

impl<T> FrameDecoder<T> {
    /// A decoder that refuses payloads above `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, message: PhantomData }
    }
}

impl<T: DeserializeOwned> Decoder for FrameDecoder<T> {
    type Item = T;
    type Error = FrameError;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<T>, FrameError> {
        let Some(len) = parse_header(buffer, self.limit)? else { return Ok(None) };
        let missing = (HEADER_LEN + len).saturating_sub(buffer.len());
        if missing > 0 {
            buffer.reserve(missing);
            return Ok(None);
        }
        buffer.advance(HEADER_LEN);
        parse_payload(&buffer.split_to(len)).map(Some)
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<T>, FrameError> {
        if buffer.is_empty() {
            return Ok(None);
        }
        if let Some(message) = self.decode(buffer)? {
            return Ok(Some(message));
        }
        let expected = parse_header(buffer, self.limit)?.map_or(HEADER_LEN, |len| HEADER_LEN + len);
        Err(FrameError::Truncated { got: buffer.len(), expected })
    }
}

fn encode<T: Serialize>(message: &T, limit: usize) -> Result<([u8; HEADER_LEN], Vec<u8>), FrameError> {
    let payload = serde_json::to_vec(message).map_err(FrameError::Serialize)?;
    let len = payload.len();
    let prefix = u32::try_from(len).ok().filter(|_| len <= limit).ok_or(FrameError::TooLarge { len, limit })?;
    let mut header = [0; HEADER_LEN];
    header[..4].copy_from_slice(&MAGIC);
    header[4..].copy_from_slice(&prefix.to_be_bytes());
    Ok((header, payload))
}

/// The payload's length; `None` while the header is not complete. A wrong magic is noticed by its first byte.
fn parse_header(bytes: &[u8], limit: usize) -> Result<Option<usize>, FrameError> {
    let magic = &bytes[..bytes.len().min(MAGIC.len())];
    if !MAGIC.starts_with(magic) {
        let seen = &bytes[..bytes.len().min(64)];
        return Err(FrameError::NotAFrame { seen: seen.escape_ascii().to_string() });
    }
    let Some(prefix) = bytes.get(MAGIC.len()..HEADER_LEN).and_then(|prefix| prefix.try_into().ok()) else {
        return Ok(None);
    };
    let len = usize::try_from(u32::from_be_bytes(prefix)).unwrap_or(usize::MAX);
    if len > limit { Err(FrameError::TooLarge { len, limit }) } else { Ok(Some(len)) }
}

fn parse_payload<T: DeserializeOwned>(payload: &[u8]) -> Result<T, FrameError> {
    serde_json::from_slice(payload).map_err(|source| FrameError::Payload { len: payload.len(), source })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const LIMIT: usize = 4096;

    fn stream_of(messages: &[Value]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for message in messages {
            write_frame(&mut bytes, message, LIMIT).unwrap();
        }
        bytes
    }

    /// Feeds a decoder in pieces of the given sizes, the last size repeated, and then ends the stream.
    fn decode_in_pieces(bytes: &[u8], sizes: &[usize]) -> Result<Vec<Value>, FrameError> {
        let mut decoder = FrameDecoder::<Value>::new(LIMIT);
        let (mut buffer, mut rest, mut messages) = (BytesMut::new(), bytes, Vec::new());
        let mut sizes = sizes.iter().copied().chain(std::iter::repeat(7));
        while !rest.is_empty() {
            let (piece, later) = rest.split_at(sizes.next().unwrap().clamp(1, rest.len()));
            buffer.put_slice(piece);
            rest = later;
            while let Some(message) = decoder.decode(&mut buffer)? {
                messages.push(message);
            }
        }
        while let Some(message) = decoder.decode_eof(&mut buffer)? {
            messages.push(message);
        }
        Ok(messages)
    }

    fn read_all(bytes: &[u8]) -> Result<Vec<Value>, FrameError> {
        let mut reader = Cursor::new(bytes);
        std::iter::from_fn(|| read_frame(&mut reader, LIMIT).transpose()).collect()
    }

    fn message() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<String>().prop_map(Value::String),
            any::<i64>().prop_map(Value::from),
            prop::collection::vec(any::<u8>(), 0..64).prop_map(|bytes| json!({ "bytes": bytes })),
        ]
    }

    proptest! {
        #[test]
        fn messages_survive_any_chunking(
            messages in prop::collection::vec(message(), 0..8),
            sizes in prop::collection::vec(1..64_usize, 0..64),
        ) {
            let bytes = stream_of(&messages);
            prop_assert_eq!(decode_in_pieces(&bytes, &sizes).unwrap(), messages.clone());
            prop_assert_eq!(read_all(&bytes).unwrap(), messages);
        }

        #[test]
        fn both_readers_agree_on_corrupt_streams_and_never_panic(
            messages in prop::collection::vec(message(), 1..4),
            sizes in prop::collection::vec(1..64_usize, 0..16),
            at in any::<prop::sample::Index>(),
            flip in 1..=255_u8,
            keep in any::<prop::sample::Index>(),
        ) {
            let mut bytes = stream_of(&messages);
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            bytes.truncate(keep.index(bytes.len()) + 1);
            let (piecewise, whole) = (decode_in_pieces(&bytes, &sizes), read_all(&bytes));
            prop_assert_eq!(piecewise.is_ok(), whole.is_ok());
            if let (Ok(piecewise), Ok(whole)) = (piecewise, whole) {
                prop_assert_eq!(piecewise, whole);
            }
        }

        #[test]
        fn a_cut_stream_is_an_error_unless_cut_between_frames(
            messages in prop::collection::vec(message(), 1..4),
            keep in any::<prop::sample::Index>(),
        ) {
            let bytes = stream_of(&messages);
            let cut = &bytes[..keep.index(bytes.len())];
            let boundary = (0..=messages.len()).any(|count| stream_of(&messages[..count]).len() == cut.len());
            prop_assert_eq!(read_all(cut).is_ok(), boundary);
            prop_assert_eq!(decode_in_pieces(cut, &[]).is_ok(), boundary);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            let _ = decode_in_pieces(&bytes, &[3]);
            let _ = read_all(&bytes);
        }
    }

    #[test]
    fn errors_say_what_was_seen() {
        let header = |magic: &[u8], len: u32| [magic, &len.to_be_bytes()].concat();
        for (bytes, expected) in [
            (b"logout\n".to_vec(), r#"expected a frame, found "logout\n""#),
            (header(&MAGIC, 5000), "a message of 5000 bytes exceeds the limit of 4096 bytes"),
            (b"MPF1\0".to_vec(), "the stream ended inside a frame: 5 of 8 bytes arrived"),
            ([header(&MAGIC, 9), b"12".to_vec()].concat(), "the stream ended inside a frame: 10 of 17 bytes arrived"),
            (
                [header(&MAGIC, 2), b"{]".to_vec()].concat(),
                "cannot read a message of 2 bytes: key must be a string at line 1 column 2",
            ),
        ] {
            assert_eq!(read_all(&bytes).unwrap_err().to_string(), expected);
            assert_eq!(decode_in_pieces(&bytes, &[1000]).unwrap_err().to_string(), expected);
        }
        let mut out = Vec::new();
        let error = write_frame(&mut out, &"x".repeat(5000), LIMIT).unwrap_err();
        assert_eq!(error.to_string(), "a message of 5002 bytes exceeds the limit of 4096 bytes");
        assert!(out.is_empty(), "nothing of a refused message may reach the stream");
    }
}
