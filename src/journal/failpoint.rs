//! Where tests make the agent die. Only in builds with the feature `failpoints`.
//!
//! [`FILE`] holds a number and a word: `12 before` kills this process with SIGKILL before it writes the twelfth record of
//! a journal, `12 after` when that record is on disk and nothing was done yet, `12 amid` in the middle of the next change
//! of a file. With `12 full` the disk has no room from this process's twelfth write on, be it of a record, of a before-image
//! or of a file in its new state; half of what was to be written is. The file is gone when it strikes: who comes after
//! lives.
#![expect(clippy::disallowed_methods, reason = "the file is the tests' own")]

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::process::{Signal, getpid, kill_process};

/// In a file, since neither ssh nor sudo passes the environment on.
const FILE: &str = "/run/mailprov/failpoint";

/// Writes of any kind that this process has begun.
static WRITES: AtomicU64 = AtomicU64::new(0);
/// Whether the next change of a file is the last thing this process does.
static IN_CHANGE: AtomicBool = AtomicBool::new(false);

enum Moment {
    Before,
    After,
    Amid,
    Full,
}

fn point() -> Option<&'static (u64, Moment)> {
    static POINT: OnceLock<Option<(u64, Moment)>> = OnceLock::new();
    POINT.get_or_init(|| parse(&std::fs::read_to_string(FILE).ok()?)).as_ref()
}

fn parse(text: &str) -> Option<(u64, Moment)> {
    let (number, word) = text.trim().split_once(' ')?;
    let moment = match word {
        "before" => Moment::Before,
        "after" => Moment::After,
        "amid" => Moment::Amid,
        "full" => Moment::Full,
        _ => return None,
    };
    Some((number.parse().ok()?, moment))
}

/// A record is about to be written.
pub(super) fn before_record(journal: &Path, file: &mut File, line: &[u8]) -> io::Result<()> {
    if matches!(point(), Some((at, Moment::Before)) if *at == records(journal)? + 1) {
        die();
    }
    before_write(file, line)
}

/// How many a journal has.
fn records(journal: &Path) -> io::Result<u64> {
    Ok(std::fs::read_to_string(journal)?.lines().count() as u64)
}

/// Something is about to be written to a disk that may be full.
///
/// # Errors
/// When it is full, or really refuses.
pub fn before_write(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    let number = WRITES.fetch_add(1, Ordering::Relaxed) + 1;
    if matches!(point(), Some((at, Moment::Full)) if *at <= number) {
        drop(std::fs::remove_file(FILE));
        file.write_all(&bytes[..bytes.len() / 2])?;
        return Err(rustix::io::Errno::NOSPC.into());
    }
    Ok(())
}

/// A record is on disk, and what it announces is not yet done.
pub(super) fn after_record(journal: &Path) -> io::Result<()> {
    let Some((at, moment @ (Moment::After | Moment::Amid))) = point() else { return Ok(()) };
    match moment {
        _ if *at != records(journal)? => {}
        Moment::Amid => IN_CHANGE.store(true, Ordering::Relaxed),
        _ => die(),
    }
    Ok(())
}

/// A file is made under its scratch name and has not taken its place.
pub fn amid_change() {
    if IN_CHANGE.load(Ordering::Relaxed) {
        die();
    }
}

fn die() {
    drop(std::fs::remove_file(FILE));
    let _ = kill_process(getpid(), Signal::KILL);
}
