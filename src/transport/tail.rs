//! The last words of a program's stderr.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How much is kept, in bytes.
const LIMIT: usize = 8 << 10;

/// Drains a stream so that its writer never blocks, and keeps the end of what came.
#[derive(Debug)]
pub struct Tail {
    kept: Arc<Mutex<Vec<u8>>>,
    pump: JoinHandle<()>,
}

impl Tail {
    /// Drains `stream` in a task of its own.
    pub fn of(stream: impl AsyncRead + Send + Unpin + 'static) -> Self {
        Self::spawn(stream, None)
    }

    /// Drains `stream`, takes every occurrence of `prompt` out of it and reports it.
    pub fn watching(stream: impl AsyncRead + Send + Unpin + 'static, prompt: String) -> (Self, mpsc::Receiver<()>) {
        let (seen, prompts) = mpsc::channel(8);
        (Self::spawn(stream, Some((prompt, seen))), prompts)
    }

    fn spawn(mut stream: impl AsyncRead + Send + Unpin + 'static, watch: Option<(String, mpsc::Sender<()>)>) -> Self {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&kept);
        let pump = tokio::spawn(async move {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut chunk).await {
                let mut prompts = 0;
                {
                    let mut kept = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    kept.extend_from_slice(&chunk[..count]);
                    if let Some((prompt, _)) = &watch {
                        prompts = take_out(&mut kept, prompt.as_bytes());
                    }
                    let excess = kept.len().saturating_sub(LIMIT);
                    kept.drain(..excess);
                }
                if let Some((_, seen)) = &watch {
                    for _ in 0..prompts {
                        // Nobody waits for prompts any more: nothing to do about it.
                        let _ = seen.send(()).await;
                    }
                }
            }
        });
        Self { kept, pump }
    }

    /// What is kept so far, without surrounding white space and carriage returns.
    #[must_use]
    pub fn text(&self) -> String {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).replace('\r', "").trim().to_owned()
    }

    /// What is kept once the stream has ended; waits for that a little, as the program that wrote it is gone.
    pub async fn last_words(&mut self) -> String {
        if !self.pump.is_finished() {
            // A process in the background may hold the stream open: then what is there must do.
            let _ = tokio::time::timeout(Duration::from_secs(1), &mut self.pump).await;
        }
        self.text()
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

/// Removes all occurrences of `needle` and counts them.
fn take_out(haystack: &mut Vec<u8>, needle: &[u8]) -> usize {
    let mut count = 0;
    while let Some(at) = haystack.windows(needle.len()).position(|window| window == needle) {
        haystack.drain(at..at + needle.len());
        count += 1;
    }
    count
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn only_the_end_is_kept() {
        let text = "line\r\n".repeat(10_000) + "the end";
        let mut tail = Tail::of(std::io::Cursor::new(text.into_bytes()));
        let words = tail.last_words().await;
        assert!(words.ends_with("line\nthe end"));
        assert!(words.len() <= LIMIT);
    }

    #[tokio::test]
    async fn prompts_are_seen_across_chunks_and_taken_out() {
        let (mut writer, reader) = tokio::io::duplex(3);
        let (mut tail, mut prompts) = Tail::watching(reader, "PASS-n0".to_owned());
        writer.write_all(b"lecture\nPASS-n0").await.unwrap();
        prompts.recv().await.unwrap();
        writer.write_all(b"Sorry, try again.\nPASS-n0").await.unwrap();
        prompts.recv().await.unwrap();
        drop(writer);
        assert_eq!(tail.last_words().await, "lecture\nSorry, try again.");
    }
}
