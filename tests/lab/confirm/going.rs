//! A run that is watched while it goes on, and may be killed.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

/// mailprov at work.
pub struct Going {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Going {
    /// Starts it; it must write JSON lines.
    pub fn start(args: &[String]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mailprov"))
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("mailprov starts");
        let lines = BufReader::new(child.stdout.take().expect("stdout"));
        Self { child, lines }
    }

    /// Waits for an event of this type.
    #[track_caller]
    pub fn until(&mut self, wanted: &str) -> Value {
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            let count = self.lines.read_line(&mut line).expect("a line");
            assert!(count > 0, "no {wanted} in:\n{seen}");
            seen.push_str(&line);
            let value: Value = serde_json::from_str(&line).expect("JSON");
            if value["event"]["type"] == wanted {
                return value["event"].clone();
            }
        }
    }

    /// Ends it without a word.
    pub fn kill(mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        self.child.wait().expect("it ends");
    }
}
