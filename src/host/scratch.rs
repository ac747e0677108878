//! Programs that turn files into a file: run in a directory of their own, which is gone afterwards.
//!
//! Nothing of it is left on the host, so it is allowed in every mode: `check` builds the same database as `up` and
//! can tell whether the one in place is as it should be.
#![expect(clippy::disallowed_methods, reason = "what is written here is gone before anything is reported")]

use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::process::geteuid;

use super::{CommandOutput, CommandSpec, HostError};
use crate::journal;

/// Where the directories are made; on EL8 `/run` is a tmpfs that only root can write to.
pub(super) const BASE: &str = "/run/mailprov";

/// How the names begin; the number of the process that works there follows.
const PREFIX: &str = "scratch-";

/// Makes the directory in which all others are made, unless it is there.
pub(super) fn make_base(base: &Path) -> Result<(), HostError> {
    journal::private_dir(base).map_err(|error| {
        let no_room = "is there room in /run, and is it mounted to be written to? `findmnt -T /run` and `df /run` tell";
        HostError::Refused {
            message: format!("make a directory for scratch files: {error}"),
            hint: Some(error.hint().unwrap_or(no_room).to_owned()),
        }
    })
}

/// Removes the directories of processes that were killed. The caller holds the lock; a check, which has none, is alive.
pub(super) fn clear(base: &Path) -> Result<(), HostError> {
    let failed = |verb: &'static str| move |source| HostError::io(verb, &base.to_string_lossy(), source);
    let entries = match fs::read_dir(base) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("list")(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed("list"))?;
        // Neither call follows a link.
        let is_ours = entry.metadata().is_ok_and(|meta| meta.is_dir() && meta.uid() == geteuid().as_raw());
        if is_ours && entry.file_name().to_str().and_then(maker).is_some_and(|pid| !is_alive(pid)) {
            fs::remove_dir_all(entry.path()).map_err(failed("remove a directory in"))?;
        }
    }
    Ok(())
}

/// The process that made a directory of this name.
fn maker(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.split_once('-')?.0.parse().ok()
}

fn is_alive(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

/// A program with the files it works on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scratch {
    /// The program. Its working directory is the scratch directory, so that plain names mean the files there.
    pub command: CommandSpec,
    /// Files made before it runs, by plain name, readable for root only.
    pub files: Vec<(String, Vec<u8>)>,
    /// The plain name of the file that it makes, if it makes one.
    pub result: Option<String>,
}

impl Scratch {
    /// Stands for the directory's path among the program's arguments.
    pub const HERE: &str = "{scratch}";
}

/// What a program left in its scratch directory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scratched {
    /// Status and output; the status is the caller's to judge.
    pub output: CommandOutput,
    /// The file asked for; `None` when the program did not make it.
    pub result: Option<Vec<u8>>,
}

/// Makes the directory, runs the program through `run`, reads the result and removes the directory.
pub(super) fn run(
    base: &Path,
    scratch: &Scratch,
    run: impl FnOnce(&CommandSpec) -> Result<CommandOutput, HostError>,
) -> Result<Scratched, HostError> {
    let named = scratch.files.iter().map(|(name, _)| name).chain(&scratch.result);
    for name in named {
        if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
            return Err(HostError::refused(format!("use {name:?} as the name of a scratch file")));
        }
    }
    let failed = |verb: &'static str| move |source| HostError::io(verb, &base.to_string_lossy(), source);
    make_base(base)?;
    let mut builder = tempfile::Builder::new();
    let prefix = format!("{PREFIX}{}-", std::process::id());
    builder.prefix(&prefix).permissions(Permissions::from_mode(0o700));
    let directory = builder.tempdir_in(base).map_err(failed("make a directory in"))?;
    for (name, bytes) in &scratch.files {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(directory.path().join(name));
        // Postfix takes a main.cf of the last two seconds for one that is still being written, and waits.
        let settled = SystemTime::now() - Duration::from_secs(60);
        file.and_then(|mut file| file.write_all(bytes).and_then(|()| file.set_modified(settled)))
            .map_err(failed("write a file below"))?;
    }
    let here = directory.path().to_string_lossy().into_owned();
    let argv = scratch.command.argv.iter().map(|word| if word == Scratch::HERE { here.clone() } else { word.clone() });
    let command = CommandSpec { argv: argv.collect(), chdir: Some(here.clone()), ..scratch.command.clone() };
    let output = run(&command)?;
    let result = match &scratch.result {
        Some(name) => match fs::read(directory.path().join(name)) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(failed("read a file below")(error)),
        },
        None => None,
    };
    directory.close().map_err(failed("remove a directory in"))?;
    Ok(Scratched { output, result })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    fn real(command: &CommandSpec) -> CommandOutput {
        let mut program = Command::new(&command.argv[0]);
        program.args(&command.argv[1..]).current_dir(command.chdir.as_deref().unwrap());
        let output = program.output().unwrap();
        CommandOutput { status: output.status.code().unwrap(), stdout: output.stdout, stderr: output.stderr }
    }

    #[test]
    fn a_program_gets_its_files_and_leaves_nothing() {
        let base = tempfile::tempdir().unwrap();
        let base = base.path().join("run");
        let scratch = Scratch {
            command: CommandSpec::new(&["sh", "-c", "stat -c '%a %n' in . && sort $0/in > out", Scratch::HERE]),
            files: vec![("in".to_owned(), b"b\na\n".to_vec())],
            result: Some("out".to_owned()),
        };
        let done = run(&base, &scratch, |command| Ok(real(command))).unwrap();
        assert_eq!(done.output.stdout_text(), "600 in\n700 .");
        assert_eq!(done.result.as_deref(), Some(b"a\nb\n".as_slice()));
        assert_eq!(fs::read_dir(&base).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_process_left_goes_and_nothing_else() {
        let (base, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut gone = Command::new("true").spawn().unwrap();
        gone.wait().unwrap();
        let (gone, alive) = (gone.id(), std::process::id());
        let path = |name: &str| base.path().join(name);
        for name in
            [format!("scratch-{gone}-a"), format!("scratch-{alive}-b"), "scratch-x".to_owned(), "bin".to_owned()]
        {
            fs::create_dir(path(&name)).unwrap();
            fs::write(path(&name).join("secret"), "x").unwrap();
        }
        fs::write(elsewhere.path().join("kept"), "x").unwrap();
        symlink(elsewhere.path(), path(&format!("scratch-{gone}-link"))).unwrap();
        symlink(elsewhere.path(), path(&format!("scratch-{alive}-b")).join("link")).unwrap();
        fs::write(path(&format!("scratch-{gone}-file")), "x").unwrap();
        clear(base.path()).unwrap();
        let entries = fs::read_dir(base.path()).unwrap();
        let mut left: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        let mut expected = [
            "bin".to_owned(),
            format!("scratch-{alive}-b"),
            format!("scratch-{gone}-file"),
            format!("scratch-{gone}-link"),
            "scratch-x".to_owned(),
        ];
        expected.sort();
        assert_eq!(left, expected);
        assert!(elsewhere.path().join("kept").exists());
        clear(&base.path().join("missing")).unwrap();
    }

    #[test]
    fn no_place_to_work_in_is_told_as_such() {
        let base = tempfile::tempdir().unwrap();
        fs::set_permissions(base.path(), Permissions::from_mode(0o777)).unwrap();
        let failure = run(base.path(), &Scratch::default(), |command| Ok(real(command))).unwrap_err().to_failure();
        assert!(failure.message.starts_with("make a directory for scratch files: trust "), "{}", failure.message);
        assert!(failure.hints[0].contains("give it to root with mode 0700"), "{:?}", failure.hints);
    }

    #[test]
    fn a_missing_result_is_no_error_and_a_path_is() {
        let base = tempfile::tempdir().unwrap();
        let mut scratch =
            Scratch { command: CommandSpec::new(&["true"]), files: Vec::new(), result: Some("out".to_owned()) };
        assert_eq!(run(base.path(), &scratch, |command| Ok(real(command))).unwrap().result, None);
        scratch.result = Some("../out".to_owned());
        assert!(run(base.path(), &scratch, |command| Ok(real(command))).is_err());
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 0);
    }
}
