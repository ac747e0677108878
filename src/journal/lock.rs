//! One run at a time on a host.
#![expect(clippy::disallowed_methods, reason = "the lock is not a resource")]

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags, flock};
use serde::{Deserialize, Serialize};

use super::{JournalError, disk, store};

/// Where the lock is on a real host. In `/run`, so that a reboot frees it.
pub const PATH: &str = "/run/mailprov/lock";

/// The lock, held until it is dropped. Not inherited by programs that are started.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    controller: String,
    since: u64,
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
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(JournalError::Locked { holder: describe(&mut file) }),
            Err(error) => return Err(JournalError::io("lock", path, error)),
        }
        let holder = Holder { pid: std::process::id(), controller: controller.to_owned(), since: store::now() };
        let line = serde_json::to_string(&holder).map_err(|error| failed("write")(error.into()))?;
        file.set_len(0).map_err(failed("write"))?;
        file.rewind().map_err(failed("write"))?;
        file.write_all(line.as_bytes()).map_err(failed("write"))?;
        Ok(Self { _file: file })
    }
}

fn describe(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(4096).read_to_string(&mut text).is_ok();
    match serde_json::from_str::<Holder>(&text) {
        Ok(holder) if read => {
            let minutes = store::now().saturating_sub(holder.since) / 60;
            format!("process {} for {} has held it for {minutes} min", holder.pid, holder.controller)
        }
        _ => "another run holds it".to_owned(),
    }
}
