//! One run at a time on a host.
#![expect(clippy::disallowed_methods, reason = "the lock is not a resource")]

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use super::{JournalError, disk, store};
use crate::event::moment;
use crate::protocol::Holder;
use rustix::fs::{FlockOperation, OFlags, flock};

/// Where the lock is on a real host. In `/run`, so that a reboot frees it.
pub const PATH: &str = "/run/mailprov/lock";

/// The lock, held until it is dropped. Not inherited by programs that are started.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock for a controller (`user@machine`).
    ///
    /// # Errors
    /// [`JournalError::Locked`] with the holder when it is taken.
    pub fn acquire(path: &Path, controller: &str) -> Result<Self, JournalError> {
        if let Some(parent) = path.parent() {
            disk::private_dir(parent)?;
        }
        let failed = |verb| move |error: std::io::Error| JournalError::io(verb, path, error);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file =
            options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(path).map_err(failed("open"))?;
        let mut tries = 0;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                // Somebody who only asks who holds it has it for a moment, too.
                Err(rustix::io::Errno::WOULDBLOCK) if tries < 3 => std::thread::sleep(Duration::from_millis(50)),
                Err(rustix::io::Errno::WOULDBLOCK) => return Err(JournalError::Locked { holder: describe(&mut file) }),
                Err(error) => return Err(JournalError::io("lock", path, error)),
            }
            tries += 1;
        }
        let holder = Holder { pid: std::process::id(), controller: controller.to_owned(), since: store::now() };
        let line = serde_json::to_string(&holder).map_err(|error| failed("write")(error.into()))?;
        file.set_len(0).map_err(failed("write"))?;
        file.rewind().map_err(failed("write"))?;
        file.write_all(line.as_bytes()).map_err(failed("write"))?;
        Ok(Self { _file: file })
    }

    /// Who holds the lock now, if somebody does.
    ///
    /// # Errors
    /// When the file cannot be looked at.
    pub fn holder(path: &Path) -> Result<Option<Holder>, JournalError> {
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
        let mut file = match options.open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(JournalError::io("open", path, error)),
        };
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(None),
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let unknown = Holder { pid: 0, controller: "another run".to_owned(), since: store::now() };
                Ok(Some(read(&mut file).unwrap_or(unknown)))
            }
            Err(error) => Err(JournalError::io("lock", path, error)),
        }
    }
}

fn read(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.take(4096).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn describe(file: &mut File) -> String {
    match read(file) {
        Some(holder) => {
            let since = moment(holder.since);
            format!("{} is at work on it (process {} there, since {since})", holder.controller, holder.pid)
        }
        None => "another run holds it".to_owned(),
    }
}
