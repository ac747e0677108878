//! Changing packages through dnf, with its own history as the way back.
//!
//! Every transaction carries a label of ours as its comment (`--comment`, dnf 4.2 and later), so it can be found in
//! `dnf history` without asking for numbers before and after.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::thread;
use std::time::{Duration, Instant};

use crate::host::backend::Step;
use crate::host::{CommandOutput, CommandSpec, HostError, PackageState, State, Version, process};

/// dnf's exit status when another process holds one of its locks and `exit_on_lock` is set.
const LOCKED: i32 = 200;

/// How long another package manager may hold the lock. An update of a whole host takes a while.
const LOCK_LIMIT: Duration = Duration::from_secs(600);

/// Between two attempts to get the lock.
const LOCK_PAUSE: Duration = Duration::from_secs(2);

/// Where dnf may log in a preview: on tmpfs.
const LOGS: &str = "/run/mailprov";

/// Whether dnf, asked without network and without writing anything but a log on tmpfs, knows of nothing newer;
/// `None` when it cannot tell.
pub(in crate::host) fn is_latest(package: &str) -> Result<Option<bool>, HostError> {
    match DirBuilder::new().mode(0o700).create(LOGS) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Ok(None),
        _ => {}
    }
    let logdir = format!("--setopt=logdir={LOGS}");
    match process::run(&CommandSpec::new(&["dnf", "-C", "-q", &logdir, "check-update", "--", package])) {
        Ok(CommandOutput { status: 0, .. }) => Ok(Some(true)),
        // "100 if there are updates" (dnf(8)).
        Ok(CommandOutput { status: 100, .. }) => Ok(Some(false)),
        Ok(_) | Err(HostError::NoSuchProgram(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Brings packages into the wanted states: one transaction for each of install, upgrade and remove that is needed.
pub(in crate::host) fn change(steps: &[Step], label: &str, line: &mut dyn FnMut(&str)) -> Result<(), HostError> {
    for (verb, packages) in plan(steps) {
        let mut words = vec![verb];
        words.extend(packages.iter().map(String::as_str));
        transact(&words, label, line)?;
    }
    Ok(())
}

/// dnf's command for each group of packages.
fn plan(steps: &[Step]) -> Vec<(&'static str, Vec<String>)> {
    let mut groups = vec![("remove", Vec::new()), ("install", Vec::new()), ("upgrade", Vec::new())];
    for step in steps {
        let State::Package(want) = &step.after else { continue };
        let name = step.key.name();
        let is_there = step.before != State::Package(PackageState::Absent);
        let (verb, spec) = match want {
            PackageState::Absent => ("remove", name.to_owned()),
            PackageState::Installed(Version::Latest) if is_there => ("upgrade", name.to_owned()),
            PackageState::Installed(Version::Any | Version::Latest) => ("install", name.to_owned()),
            PackageState::Installed(Version::Evr(evr)) => ("install", format!("{name}-{evr}")),
        };
        groups.iter_mut().filter(|(group, _)| *group == verb).for_each(|(_, specs)| specs.push(spec.clone()));
    }
    groups.retain(|(_, specs)| !specs.is_empty());
    groups
}

/// Takes a transaction back by dnf's own history, which knows the dependencies that came with it. What is then
/// still not as it was (the transaction was killed, its packages changed since) is changed package by package.
pub(in crate::host) fn undo(
    steps: &[Step],
    undone: &str,
    label: &str,
    line: &mut dyn FnMut(&str),
) -> Result<(), HostError> {
    for id in find(steps, undone)? {
        match transact(&["history", "undo", &id], label, line) {
            Ok(()) => {}
            Err(HostError::Command { output, .. }) => {
                line(&format!("dnf cannot undo its transaction {id}: {}", output.stderr_text()));
            }
            Err(error) => return Err(error),
        }
    }
    let names: Vec<&str> = steps.iter().map(|step| step.key.name()).collect();
    let present = super::query(&names)?;
    let is_left = |step: &&Step| {
        present.get(step.key.name()).map(|state| State::Package(state.clone())).as_ref() != Some(&step.after)
    };
    let left: Vec<Step> = steps.iter().filter(is_left).cloned().collect();
    change(&left, label, line)
}

/// The numbers of the transactions with this label, newest first.
fn find(steps: &[Step], label: &str) -> Result<Vec<String>, HostError> {
    let mut list = CommandSpec::new(&["dnf", "history", "list", "--"]);
    list.argv.extend(steps.iter().map(|step| step.key.name().to_owned()));
    // A status other than 0 says that there is no such transaction.
    let ids = parse_ids(&process::run(&list)?.stdout_text());
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut info = CommandSpec::new(&["dnf", "history", "info"]);
    info.argv.extend(ids);
    Ok(parse_info(&process::run(&info)?.stdout_text(), label))
}

/// The first column of `dnf history list`.
fn parse_ids(text: &str) -> Vec<String> {
    let columns = text.lines().filter_map(|line| line.split_once('|')).map(|(id, _)| id.trim());
    columns.filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).map(str::to_owned).collect()
}

/// The transactions in `dnf history info` whose comment is the label, in its order: newest first.
fn parse_info(text: &str, label: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut id = None;
    for line in text.lines() {
        match line.split_once(':').map(|(name, value)| (name.trim_end(), value.trim())) {
            Some(("Transaction ID", value)) => id = value.split_whitespace().next(),
            Some(("Comment", value)) if value == label => found.extend(id.map(str::to_owned)),
            _ => {}
        }
    }
    found
}

/// Runs dnf, and waits, visibly, while another package manager is at work.
fn transact(words: &[&str], label: &str, line: &mut dyn FnMut(&str)) -> Result<(), HostError> {
    let comment = format!("--comment={label}");
    let mut argv = vec!["dnf", "-y", "--setopt=exit_on_lock=True", comment.as_str()];
    argv.extend(words);
    let spec = CommandSpec::new(&argv);
    let began = Instant::now();
    let mut told = false;
    loop {
        let output = process::run_watched(&spec, line)?;
        if output.status == 0 {
            return Ok(());
        }
        let stderr = output.stderr_text();
        if !is_locked(&output) || began.elapsed() > LOCK_LIMIT {
            return Err(process::ended_badly(&spec, output, hint(&stderr)));
        }
        if !told {
            line(&format!("waiting for another package manager: {}", stderr.lines().next().unwrap_or_default()));
            told = true;
        }
        thread::sleep(LOCK_PAUSE);
    }
}

/// Whether dnf gave up since another process is at work. rpm's own lock is reported as any other error.
fn is_locked(output: &CommandOutput) -> bool {
    output.status == LOCKED || output.stderr_text().contains("can't create transaction lock")
}

/// What to try, from what dnf wrote to stderr.
fn hint(stderr: &str) -> Option<String> {
    const HINTS: &[(&str, &str)] = &[
        (
            "Unable to find a match",
            "is the name right, and the repository that has it enabled? `dnf repolist` lists them",
        ),
        ("Failed to download metadata", "can the host reach its mirrors? Check network, proxy and DNS"),
        ("Failed to synchronize cache", "can the host reach its mirrors? Check network, proxy and DNS"),
        ("No more mirrors to try", "can the host reach its mirrors? `dnf clean metadata` drops outdated lists"),
        ("GPG check FAILED", "import the key of the repository, or correct its gpgkey"),
        ("No space left", "make room on the file system and try again"),
        ("needs more space", "make room on the file system and try again"),
        ("already locked by", "another package manager has been at work for long; is it stuck?"),
        ("conflicting requests", "dnf's output above says which packages exclude each other"),
    ];
    HINTS.iter().find(|(words, _)| stderr.contains(words)).map(|(_, hint)| (*hint).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Key;

    #[test]
    fn one_transaction_a_verb() {
        let step = |name: &str, before, after| Step {
            key: Key::Package(name.to_owned()),
            before: State::Package(before),
            after: State::Package(after),
            scratch: None,
        };
        let installed = |evr: &str| PackageState::Installed(Version::Evr(evr.to_owned()));
        let steps = [
            step("a", PackageState::Absent, PackageState::Installed(Version::Any)),
            step("b", installed("0:1-1.x"), PackageState::Installed(Version::Latest)),
            step("c", installed("0:1-1.x"), PackageState::Absent),
            step("d", PackageState::Absent, PackageState::Installed(Version::Latest)),
            step("e", PackageState::Absent, installed("2:1-1.x")),
        ];
        let expected = [("remove", vec!["c"]), ("install", vec!["a", "d", "e-2:1-1.x"]), ("upgrade", vec!["b"])];
        let expected = expected.map(|(verb, specs)| (verb, specs.into_iter().map(str::to_owned).collect::<Vec<_>>()));
        assert_eq!(plan(&steps), expected);
    }

    #[test]
    fn a_transaction_is_found_by_its_comment() {
        let list = "ID     | Command line   | Date and time    | Action(s)      | Altered\n\
                    --------------------------------------------------------------------\n    \
                    12 | -y --comment=ma | 2026-11-24 03:31 | Install        |    2 <\n     \
                    1 | install x       | 2026-11-24 03:31 | I, U           |    2 EE\n";
        assert_eq!(parse_ids(list), ["12", "1"]);
        let info = "Transaction ID : 12\nBegin time     : Tue Nov 24 03:31:49 2026\nComment        : mailprov:r2:0\n\
                    Packages Altered:\n    Install x\n----\nTransaction ID : 1..3\nComment        : mailprov:r1:0\n";
        assert_eq!(parse_info(info, "mailprov:r2:0"), ["12"]);
        assert!(parse_info(info, "mailprov:r2:1").is_empty());
        assert!(parse_info("Comment : x", "x").is_empty());
    }

    #[test]
    fn common_failures_come_with_a_hint() {
        for (stderr, has_hint) in [("Error: Unable to find a match: postfx", true), ("Error: something else", false)] {
            assert_eq!(hint(stderr).is_some(), has_hint, "{stderr}");
        }
    }
}
