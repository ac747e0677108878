//! The one place that starts programs.
//!
//! Never a shell; a minimal environment; stdin is `/dev/null` unless bytes are given; stdout and stderr are
//! pipes of their own, so nothing that is started can write into the agent's channel. A process group of its own keeps
//! signals for the agent (Ctrl-C of a local run) away from a half-done package transaction.
#![expect(clippy::disallowed_methods, reason = "this is the place")]

mod output;

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::AtomicBool;
use std::thread;

use rustix::io::retry_on_intr;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::{CommandOutput, CommandSpec, HostError};

/// Where programs are looked for; root's own, none from the environment.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs a program to its end.
///
/// # Errors
/// [`HostError::NoSuchProgram`] when there is none; [`HostError::Io`] when it cannot be started.
pub(super) fn run(spec: &CommandSpec) -> Result<CommandOutput, HostError> {
    run_watched(spec, &mut |_| {})
}

/// As [`run`], and gives each line of stdout away as it comes.
pub(super) fn run_watched(spec: &CommandSpec, line: &mut dyn FnMut(&str)) -> Result<CommandOutput, HostError> {
    run_to_end(spec, line, None)
}

/// As [`run`], for a program that may be ended half-way: it, and what it started, is told to go when `stop` is set.
pub(super) fn run_until(spec: &CommandSpec, stop: &AtomicBool) -> Result<CommandOutput, HostError> {
    run_to_end(spec, &mut |_| {}, Some(stop))
}

fn run_to_end(
    spec: &CommandSpec,
    line: &mut dyn FnMut(&str),
    stop: Option<&AtomicBool>,
) -> Result<CommandOutput, HostError> {
    let program = spec.argv.first().ok_or_else(|| HostError::refused("run a command without a program"))?;
    let path = locate(program, spec.chdir.as_deref())?;
    let failed = |source| HostError::io("run", program, source);
    let mut child = start(spec, &path).map_err(|error| not_started(program, error))?;
    let pipes = output::Pipes::of(&mut child);
    if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), spec.stdin.clone()) {
        // A program that does not read its stdin to the end closes it: no error of ours. Nobody waits for this thread,
        // since a daemon that was left behind may keep the pipe and never read it.
        thread::spawn(move || drop(pipe.write_all(&bytes)));
    }
    let group = Pid::from_child(&child);
    let (ended, on_end) = io::pipe().map_err(failed)?;
    thread::spawn(move || {
        // Its number, which is the group's, stays taken until all that is to be told to the group is told.
        let _ = retry_on_intr(|| waitid(WaitId::Pid(group), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT));
        drop(on_end);
    });
    let (stdout, stderr) = pipes.read(&ended, line, stop.map(|stop| (stop, group))).map_err(failed)?;
    let status = child.wait().map_err(failed)?;
    Ok(CommandOutput { status: code(status), stdout, stderr })
}

/// Runs a program of mailprov's own choice that has to succeed.
pub(super) fn must(spec: &CommandSpec) -> Result<CommandOutput, HostError> {
    let output = run(spec)?;
    if output.status == 0 { Ok(output) } else { Err(ended_badly(spec, output, None)) }
}

/// The error of a program that ended with a status other than 0.
pub(super) fn ended_badly(spec: &CommandSpec, output: CommandOutput, hint: Option<String>) -> HostError {
    HostError::Command { command: spec.display(), output, hint }
}

/// A running program of ours with an argument that begins so; its process id. What others call their arguments proves
/// nothing.
pub(super) fn with_argument(start: &str) -> Option<u32> {
    let us = rustix::process::geteuid().as_raw();
    let entries = fs::read_dir("/proc").ok()?.flatten();
    let mut pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.find(|pid| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let is_ours = fs::metadata(format!("/proc/{pid}")).is_ok_and(|meta| meta.uid() == us);
        is_ours && line.split(|&byte| byte == 0).any(|word| word.starts_with(start.as_bytes()))
    })
}

fn start(spec: &CommandSpec, path: &Path) -> io::Result<Child> {
    let mut command = Command::new(path);
    command.args(spec.argv.iter().skip(1)).env_clear();
    command.env("PATH", PATH).env("LC_ALL", "C").env("HOME", "/root").envs(spec.env.iter().map(|(k, v)| (k, v)));
    if let Some(dir) = &spec.chdir {
        command.current_dir(dir);
    } else {
        command.current_dir("/");
    }
    command.stdin(if spec.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).spawn()
}

/// The program's file: as given when it has a slash, else from [`PATH`].
fn locate(program: &str, chdir: Option<&str>) -> Result<PathBuf, HostError> {
    let candidates: Vec<PathBuf> = if program.contains('/') {
        vec![Path::new(chdir.unwrap_or("/")).join(program)]
    } else {
        PATH.split(':').map(|dir| Path::new(dir).join(program)).collect()
    };
    let found = candidates.into_iter().find(|path| fs::metadata(path).is_ok_and(|meta| meta.is_file()));
    found.ok_or_else(|| HostError::NoSuchProgram(program.to_owned()))
}

fn not_started(program: &str, error: io::Error) -> HostError {
    HostError::io("run", program, error)
}

fn code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use std::sync::atomic::Ordering;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn output_status_and_stdin_come_through_without_deadlock() {
        let big = vec![b'x'; 300_000];
        let mut spec = CommandSpec::new(&["tee", "/dev/stderr"]);
        spec.stdin = Some(big.clone());
        let output = run(&spec).unwrap();
        assert_eq!((output.status, &output.stdout, &output.stderr), (0, &big, &big));
        for (argv, status) in [(["sh", "-c", "exit 3"], 3), (["sh", "-c", "kill -9 $$"], 137)] {
            assert_eq!(run(&CommandSpec::new(&argv)).unwrap().status, status);
        }
        // A program that ignores a large stdin.
        let spec = CommandSpec { stdin: Some(big), ..CommandSpec::new(&["true"]) };
        assert_eq!(run(&spec).unwrap().status, 0);
    }

    #[test]
    fn the_environment_is_minimal_and_stdin_empty() {
        let output = run(&CommandSpec::new(&["sh", "-c", "cat; env; pwd"])).unwrap().stdout_text();
        let mut names: Vec<_> = output.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
        names.retain(|name| !matches!(*name, "PWD" | "_" | "SHLVL" | "OLDPWD"));
        names.sort_unstable();
        assert_eq!(names, ["HOME", "LC_ALL", "PATH"]);
        assert!(output.ends_with("\n/"), "{output}");
    }

    #[test]
    fn a_missing_program_is_told_apart() {
        for program in ["no-such-program-here", "/no/such/program"] {
            let error = run(&CommandSpec::new(&[program])).unwrap_err();
            assert!(matches!(error, HostError::NoSuchProgram(name) if name == program));
        }
        assert!(run(&CommandSpec::default()).is_err());
    }

    #[test]
    fn lines_come_as_they_are_written() {
        let mut lines = Vec::new();
        let spec = CommandSpec::new(&["printf", "a\\nb\\nc"]);
        let output = run_watched(&spec, &mut |line| lines.push(line.to_owned())).unwrap();
        assert_eq!((lines.join(" "), output.stdout_text()), ("a b c".to_owned(), "a\nb\nc".to_owned()));
    }

    #[test]
    fn a_daemon_that_keeps_the_pipes_is_not_waited_for() {
        let spec = CommandSpec::new(&["sh", "-c", "sleep 60 & echo started; echo well >&2; exit 3"]);
        let began = Instant::now();
        let output = run(&CommandSpec { stdin: Some(vec![b'x'; 1 << 20]), ..spec }).unwrap();
        assert_eq!(
            (output.status, output.stdout_text().as_str(), output.stderr_text().as_str()),
            (3, "started", "well")
        );
        assert!(began.elapsed() < Duration::from_secs(30));
        // One that goes on talking is not listened to.
        let chatty = CommandSpec::new(&["sh", "-c", "yes & echo started"]);
        assert!(run(&chatty).unwrap().stdout_text().contains("started"));
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn what_may_be_ended_half_way_is_ended_with_all_that_it_started() {
        let stop = AtomicBool::new(true);
        let began = Instant::now();
        let output = run_until(&CommandSpec::new(&["sh", "-c", "sleep 60; echo done"]), &stop).unwrap();
        assert_eq!((output.status, output.stdout.len()), (143, 0));
        // One that does not want to go.
        let stop = AtomicBool::new(false);
        let stubborn = CommandSpec::new(&["sh", "-c", "trap '' TERM; echo deaf; sleep 60; sleep 60"]);
        let output = run_to_end(&stubborn, &mut |_| stop.store(true, Ordering::Release), Some(&stop)).unwrap();
        assert_eq!(output.status, 137);
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_child_that_does_not_want_to_go_goes_with_the_program_that_started_it() {
        let stop = AtomicBool::new(false);
        let mut child = String::new();
        let program = "sh -c 'trap \"\" TERM; echo $$; sleep 60; sleep 60' & wait";
        let mut hear = |line: &str| {
            line.clone_into(&mut child);
            stop.store(true, Ordering::Release);
        };
        let output = run_to_end(&CommandSpec::new(&["sh", "-c", program]), &mut hear, Some(&stop)).unwrap();
        assert_eq!(output.status, 143);
        let began = Instant::now();
        // Gone, or dead and not yet fetched by whoever has inherited it.
        let lives = || {
            let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
            stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
        };
        while lives() {
            assert!(began.elapsed() < Duration::from_secs(10), "{child} lives on");
            thread::sleep(Duration::from_millis(20));
        }
    }
}
