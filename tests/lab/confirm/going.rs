//! A run that is watched while it goes on, and may be killed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::support::program;

/// Longer than any step of a run, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// mailprov at work; ended when it is dropped.
pub struct Going {
    child: Child,
    lines: Receiver<String>,
}

impl Going {
    /// Starts it; it must write JSON lines.
    pub fn start(args: &[String]) -> Self {
        let mut child = program(&std::env::temp_dir())
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("mailprov starts");
        let stdout = BufReader::new(child.stdout.take().expect("stdout"));
        let (sender, lines) = channel();
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// Waits for an event of this type.
    #[track_caller]
    pub fn until(&mut self, wanted: &str) -> Value {
        let mut seen = String::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            assert!(line.is_ok(), "no {wanted} ({line:?}) in:\n{seen}");
            let line = line.unwrap_or_default();
            let value: Value = serde_json::from_str(&line).expect("JSON");
            if value["event"]["type"] == wanted {
                return value["event"].clone();
            }
            seen = seen + &line + "\n";
        }
    }

    /// Ends it without a word.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
