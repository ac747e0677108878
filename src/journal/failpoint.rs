//! Where tests make the agent die. Only in builds with the feature `failpoints`.
//!
//! [`FILE`] holds a number and a word: `12 before` kills this process with SIGKILL before it writes its twelfth record,
//! `12 after` when that record is on disk and nothing was done yet, `12 amid` in the middle of the next change of a
//! file. With `12 full` the disk has no room from that record on. The file is gone when it strikes: who comes after
//! lives.
#![expect(clippy::disallowed_methods, reason = "the file is the tests' own")]

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::process::{Signal, getpid, kill_process};

/// In a file, since neither ssh nor sudo passes the environment on.
const FILE: &str = "/run/mailprov/failpoint";

/// Records that this process has begun to write.
static RECORDS: AtomicU64 = AtomicU64::new(0);
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
pub(super) fn before_record() -> io::Result<()> {
    let number = RECORDS.fetch_add(1, Ordering::Relaxed) + 1;
    match point() {
        Some((at, Moment::Before)) if *at == number => die(),
        Some((at, Moment::Full)) if *at <= number => {
            drop(std::fs::remove_file(FILE));
            return Err(io::ErrorKind::StorageFull.into());
        }
        _ => {}
    }
    Ok(())
}

/// A record is on disk, and what it announces is not yet done.
pub(super) fn after_record() {
    match point() {
        Some((at, moment)) if *at == RECORDS.load(Ordering::Relaxed) => match moment {
            Moment::After => die(),
            Moment::Amid => IN_CHANGE.store(true, Ordering::Relaxed),
            Moment::Before | Moment::Full => {}
        },
        _ => {}
    }
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
