//! A folder to run the program in, and what came out of it.

#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::disallowed_methods, reason = "a test makes its files and starts the program")]

use std::fmt;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;
use tempfile::TempDir;

/// An empty home and current folder.
pub struct World {
    folder: TempDir,
}

/// What the program left behind, with the folder's path as `[DIR]`.
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl World {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With a file in it.
    pub fn file(self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    /// Puts a file into it.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// With a shell script in it that can be run.
    pub fn program(self, path: &str, script: &str) -> Self {
        let world = self.file(path, &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(world.path().join(path), fs::Permissions::from_mode(0o755)).unwrap();
        world
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the program with these words.
    pub fn run(&self, command_line: &str) -> Outcome {
        self.run_with_stdin(command_line, "")
    }

    /// Runs the program in a folder of it.
    pub fn run_in(&self, folder: &str, command_line: &str) -> Outcome {
        let child = self.command(command_line).current_dir(self.path().join(folder)).spawn().unwrap();
        self.outcome(child)
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }

    /// Runs the program and writes to its stdin.
    pub fn run_with_stdin(&self, command_line: &str, stdin: &str) -> Outcome {
        let mut child = self.start(command_line);
        // A program that does not read its stdin may be gone already.
        drop(child.stdin.take().unwrap().write_all(stdin.as_bytes()));
        self.outcome(child)
    }

    /// Runs the program with a stdout that nobody reads.
    pub fn run_without_reader(&self, command_line: &str) -> Outcome {
        let mut child = self.start(command_line);
        drop(child.stdout.take());
        self.outcome(child)
    }

    /// Runs the program and interrupts it once this file is there.
    pub fn run_and_interrupt(&self, command_line: &str, at: &str, signal: Signal) -> Outcome {
        let mut child = self.start(command_line);
        let pid = rustix::process::Pid::from_child(&child);
        while !self.path().join(at).exists() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        rustix::process::kill_process(pid, signal).unwrap();
        self.outcome(child)
    }

    fn start(&self, command_line: &str) -> Child {
        self.command(command_line).spawn().unwrap()
    }

    fn command(&self, command_line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailprov"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.settle(&mut command, command_line);
        command
    }

    /// The program as the leader of a session, which takes the terminal that is its stdin, and with more variables.
    pub fn session(&self, command_line: &str, env: &[(&str, &str)]) -> Command {
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait", env!("CARGO_BIN_EXE_mailprov")]);
        self.settle(&mut command, command_line);
        command.env("TERM", "xterm-256color").envs(env.iter().copied());
        command
    }

    fn settle(&self, command: &mut Command, command_line: &str) {
        command
            .args(shlex::split(command_line).unwrap())
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", "/usr/bin:/bin");
    }

    fn outcome(&self, child: Child) -> Outcome {
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| {
            let folder = self.path().canonicalize().unwrap();
            String::from_utf8(bytes).unwrap().replace(folder.to_str().unwrap(), "[DIR]")
        };
        Outcome { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                writeln!(f, "----- {name}\n{}", text.trim_end())?;
            }
        }
        match self.code {
            Some(code) => write!(f, "----- exit code {code}"),
            None => f.write_str("----- killed"),
        }
    }
}

/// Says why a test looks at nothing. Directly: what a test that passes prints is kept from whoever runs it.
pub fn skipped(why: &str) {
    use std::io::Write;
    std::io::stderr().write_all(format!("skipped: {why}\n").as_bytes()).unwrap();
}
