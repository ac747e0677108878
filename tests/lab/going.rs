//! A run that is watched while it goes on, and may be interrupted or killed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{Ran, ended, program};

/// Longer than any step of a run, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// mailprov at work; ended when it is dropped.
pub struct Going {
    child: Option<Child>,
    lines: Receiver<String>,
}

impl Going {
    pub fn start<Word: AsRef<std::ffi::OsStr>>(args: &[Word]) -> Self {
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
        Self { child: Some(child), lines }
    }

    /// Waits for a line of which this is true; gives all lines up to it.
    #[track_caller]
    fn until(&mut self, what: &str, is_it: impl Fn(&str) -> bool) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => seen.push(line),
                Err(error) => panic!("no {what} ({error}) in:\n{}", seen.join("\n")),
            }
            if seen.last().is_some_and(|line| is_it(line)) {
                return seen;
            }
        }
    }

    /// Waits until a line has this in it; gives all lines up to it.
    #[track_caller]
    pub fn until_line(&mut self, words: &str) -> String {
        self.until(&format!("{words:?}"), |line| line.contains(words)).join("\n")
    }

    /// Waits for an event of this type; it must write JSON lines.
    #[track_caller]
    pub fn until_event(&mut self, wanted: &str) -> Value {
        let event = |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["event"].clone();
        let seen = self.until(wanted, |line| event(line)["type"] == wanted);
        event(seen.last().expect("the line that was waited for"))
    }

    /// What Ctrl-C does.
    pub fn interrupt(&self) {
        let child = self.child.as_ref().expect("it is at work");
        kill_process(Pid::from_child(child), Signal::INT).expect("it is told");
    }

    /// Waits for its end; gives what it said since.
    #[track_caller]
    pub fn finish(mut self) -> Ran {
        let output = ended(self.child.take().expect("it is at work"));
        let rest: String = self.lines.iter().map(|line| line + "\n").collect();
        Ran { stdout: rest, ..output }
    }

    /// Ends it without a word.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
