//! Changing packages through dnf, with its own history as the way back.
//!
//! Every transaction carries a label of ours as its comment (`--comment`, dnf 4.2 and later), so it can be found in
//! `dnf history` without asking for numbers before and after.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use time::PrimitiveDateTime;
use time::macros::format_description;

use super::Watch;
use super::patience::Patience;
use crate::host::backend::Step;
use crate::host::{CommandOutput, CommandSpec, HostError, PackageState, State, Version, process, scratch, systemd};

/// dnf's exit status when another process holds one of its locks and `exit_on_lock` is set.
const LOCKED: i32 = 200;

/// How long another package manager may hold the lock. An update of a whole host takes a while.
const LOCK_LIMIT: Duration = Duration::from_secs(600);

/// How the argument begins by which a transaction of ours is known.
const COMMENT: &str = "--comment=mailprov:";

/// Whether dnf, asked without network and without writing anything but a log on tmpfs, knows of nothing newer;
/// `None` when it cannot tell.
pub(in crate::host) fn is_latest(package: &str) -> Result<Option<bool>, HostError> {
    let Ok(spec) = asking(&["-C", "-q", "check-update", "--", package]) else { return Ok(None) };
    match process::run(&spec) {
        Ok(CommandOutput { status: 0, .. }) => Ok(Some(true)),
        // "100 if there are updates" (dnf(8)).
        Ok(CommandOutput { status: 100, .. }) => Ok(Some(false)),
        Ok(_) | Err(HostError::NoSuchProgram(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// dnf that is only asked: it logs on tmpfs, so that a check writes nothing to disk.
fn asking(words: &[&str]) -> Result<CommandSpec, HostError> {
    scratch::make_base(Path::new(scratch::BASE))?;
    let logdir = format!("--setopt=logdir={}", scratch::BASE);
    Ok(CommandSpec::new(&[&["dnf", &logdir], words].concat()))
}

/// Brings packages into the wanted states: one transaction for each of install, upgrade and remove that is needed.
pub(in crate::host) fn change(steps: &[Step], label: &str, watch: &mut Watch<'_>) -> Result<(), HostError> {
    for (verb, packages) in plan(steps) {
        let mut words = vec![verb];
        words.extend(packages.iter().map(String::as_str));
        transact(&words, label, watch)?;
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
pub(in crate::host) fn undo(steps: &[Step], undone: &str, label: &str, watch: &mut Watch<'_>) -> Result<(), HostError> {
    let names: Vec<&str> = steps.iter().map(|step| step.key.name()).collect();
    // What dnf knows of one that was cut off is not what it did.
    for Transaction { id, .. } in find(&names, undone)?.into_iter().filter(|transaction| transaction.end.is_some()) {
        match transact(&["history", "undo", &id], label, watch) {
            Ok(()) => {}
            Err(HostError::Command { output, .. }) => {
                (watch.output)(&format!("dnf cannot undo its transaction {id}: {}", output.stderr_text()));
            }
            Err(error) => return Err(error),
        }
    }
    let present = super::query(&names)?;
    let is_left = |step: &&Step| {
        present.get(step.key.name()).map(|state| State::Package(state.clone())).as_ref() != Some(&step.after)
    };
    let left: Vec<Step> = steps.iter().filter(is_left).cloned().collect();
    change(&left, label, watch)
}

/// A transaction in dnf's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transaction {
    id: String,
    comment: String,
    /// What it installed, with dependencies: `name-version-release.arch`.
    pub(super) installed: Vec<String>,
    /// Seconds since the epoch. Without an end it was cut off.
    begin: Option<i64>,
    end: Option<i64>,
}

/// The transactions with this label, newest first.
pub(super) fn find(packages: &[&str], label: &str) -> Result<Vec<Transaction>, HostError> {
    let of_packages = asking(&[&["history", "list", "--"], packages].concat())?;
    let found = labelled(&list(&of_packages, |_| true)?, label)?;
    if !found.is_empty() {
        return Ok(found);
    }
    // dnf does not count what a transaction did that was cut off as done with these packages.
    labelled(&list(&asking(&["history", "list"])?, |marks| marks.contains(['*', '#']))?, label)
}

/// The numbers of the transactions that dnf lists, of those with such marks. A status other than 0 says that there are
/// none.
fn list(spec: &CommandSpec, is_wanted: fn(&str) -> bool) -> Result<Vec<String>, HostError> {
    Ok(parse_ids(&process::run(spec)?.stdout_text(), is_wanted))
}

fn labelled(ids: &[String], label: &str) -> Result<Vec<Transaction>, HostError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut info = asking(&["history", "info"])?;
    info.argv.extend(ids.iter().cloned());
    info.env.push(("TZ".to_owned(), "UTC".to_owned()));
    let mut found = parse_info(&process::run(&info)?.stdout_text());
    found.retain(|transaction| transaction.comment == label);
    Ok(found)
}

/// When the transaction with this label was at work. One that the host's end cut off was until then.
pub(in crate::host) fn span(packages: &[&str], label: &str) -> Result<Option<Range<i64>>, HostError> {
    let Some(Transaction { begin: Some(begin), end, .. }) = find(packages, label)?.into_iter().next() else {
        return Ok(None);
    };
    // The kernel tells the time of the boot cut to seconds.
    let end = end.or_else(|| systemd::started_at().map(|boot| boot + 1).filter(|boot| *boot >= begin));
    Ok(end.map(|end| begin..end))
}

/// The first column of `dnf history list` where its last one, with marks for what was out of order (`*`: without an end,
/// `#`: failed), is wanted.
fn parse_ids(text: &str, is_wanted: fn(&str) -> bool) -> Vec<String> {
    let rows = text.lines().filter_map(|line| line.split_once('|')).map(|(id, rest)| (id.trim(), rest));
    let ids = rows.filter(|(id, _)| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()));
    let wanted = ids.filter(|(_, rest)| is_wanted(rest.rsplit('|').next().unwrap_or_default()));
    wanted.map(|(id, _)| id.to_owned()).collect()
}

/// The transactions in `dnf history info`, in its order: newest first.
fn parse_info(text: &str) -> Vec<Transaction> {
    let mut found: Vec<Transaction> = Vec::new();
    for line in text.lines() {
        // What was not done to its end is marked.
        let altered = line.strip_prefix("    ").or_else(|| line.strip_prefix(" ** "));
        if let (Some(transaction), Some(altered)) = (found.last_mut(), altered) {
            transaction.installed.extend(installed(altered));
            continue;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        if name.trim_end() == "Transaction ID" {
            let id = value.split_whitespace().next().unwrap_or_default().to_owned();
            found.push(Transaction { id, comment: String::new(), installed: Vec::new(), begin: None, end: None });
        }
        let Some(transaction) = found.last_mut() else { continue };
        match name.trim_end() {
            "Begin time" => transaction.begin = time_of(value),
            // The beginning of the epoch stands for none.
            "End time" => transaction.end = time_of(value).filter(|end| *end > 0),
            "Comment" => value.clone_into(&mut transaction.comment),
            _ => {}
        }
    }
    found
}

/// `Install postfix-2:3.5.8-7.el8.x86_64 @baseos`: the package, as rpm takes it on a command line.
fn installed(altered: &str) -> Option<String> {
    let mut words = altered.split_whitespace();
    let package = words.next().filter(|word| *word == "Install").and_then(|_| words.next())?;
    Some(match package.split_once(':').and_then(|(start, rest)| Some((start.rsplit_once('-')?.0, rest))) {
        Some((name, version)) => format!("{name}-{version}"),
        None => package.to_owned(),
    })
}

/// `Tue Nov 24 03:31:49 2026 (2 seconds)`, in UTC.
fn time_of(text: &str) -> Option<i64> {
    let format = format_description!(
        "[weekday repr:short] [month repr:short] [day padding:space] [hour]:[minute]:[second] [year]"
    );
    let text = text.split('(').next().unwrap_or_default().trim();
    Some(PrimitiveDateTime::parse(text, format).ok()?.assume_utc().unix_timestamp())
}

/// Waits, visibly, for dnf processes that an agent started which is no more.
pub(in crate::host) fn settle(watch: &mut Watch<'_>) -> Result<(), HostError> {
    let mut patience = Patience::new(LOCK_LIMIT, watch.stop);
    while let Some(pid) = process::with_argument(COMMENT) {
        let what = format!("dnf (process {pid}), which a run that was cut off has left at work");
        if !patience.wait(&what, watch.notice) {
            return Err(HostError::refused(format!("begin: gave up waiting for {what}")));
        }
    }
    Ok(())
}

/// Runs dnf, and waits, visibly, while another package manager is at work.
fn transact(words: &[&str], label: &str, watch: &mut Watch<'_>) -> Result<(), HostError> {
    let comment = format!("--comment={label}");
    let mut argv = vec!["dnf", "-y", "--setopt=exit_on_lock=True", comment.as_str()];
    argv.extend(words);
    let spec = CommandSpec::new(&argv);
    let mut patience = Patience::new(LOCK_LIMIT, watch.stop);
    loop {
        let output = process::run_watched(&spec, watch.output)?;
        if output.status == 0 {
            return Ok(());
        }
        let stderr = output.stderr_text();
        let what = format!("another package manager: {}", stderr.lines().next().unwrap_or_default());
        if !is_locked(&output) || !patience.wait(&what, watch.notice) {
            return Err(process::ended_badly(&spec, output, hint(&stderr)));
        }
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
                    2 | -y --comment=ma | 2026-11-24 03:31 | Install        |    2 >#\n     \
                    1 | install x       | 2026-11-24 03:31 | I, U           |    2 EE\n";
        assert_eq!(parse_ids(list, |_| true), ["12", "2", "1"]);
        assert_eq!(parse_ids(list, |marks| marks.contains('#')), ["2"]);
        let info = "Transaction ID : 12\nBegin time     : Tue Nov 24 03:31:49 2026\n\
                    End time       : Tue Nov  3 03:32:09 2026 (20 seconds)\nComment        : mailprov:r2:0\n\
                    Packages Altered:\n    Install  x-2-1.noarch             @lab\n    \
                    Upgrade y-1:3-1.noarch @lab\n ** Install a-b-2:3.5-8.el8.x86_64 @lab\n----\nTransaction ID : 1..3\n\
                    End time       : Thu Jan  1 00:00:00 1970 (-1795526270 seconds)\nComment        : mailprov:r1:0\n";
        let transaction = |id: &str, comment: &str, installed: &[&str], begin, end| Transaction {
            id: id.to_owned(),
            comment: comment.to_owned(),
            installed: installed.iter().map(|&package| package.to_owned()).collect(),
            begin,
            end,
        };
        let installed = ["x-2-1.noarch", "a-b-3.5-8.el8.x86_64"];
        let expected = [
            transaction("12", "mailprov:r2:0", &installed, Some(1_795_491_109), Some(1_793_676_729)),
            transaction("1..3", "mailprov:r1:0", &[], None, None),
        ];
        assert_eq!(parse_info(info), expected);
        assert!(parse_info("Comment : x").is_empty());
    }

    #[test]
    fn common_failures_come_with_a_hint() {
        for (stderr, has_hint) in [("Error: Unable to find a match: postfx", true), ("Error: something else", false)] {
            assert_eq!(hint(stderr).is_some(), has_hint, "{stderr}");
        }
    }
}
