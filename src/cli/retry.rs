//! `--retry-failed`: which hosts failed in the last run of an inventory and a playbook, kept on this machine.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::args::{PlayArgs, TargetArgs};
use super::failure::{Failure, Kind};
use super::own_files;

/// Where it is kept for these arguments; `None` without a home.
#[derive(Debug)]
pub(super) struct Failed(Option<PathBuf>);

impl Failed {
    pub(super) fn of(target: &TargetArgs, play: &PlayArgs) -> Self {
        let given = target.positional.iter().chain(&target.inventory).chain(&play.playbook);
        let mut digest = Sha256::new();
        for path in given.map(PathBuf::as_path).chain([Path::new(".")]) {
            let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
            digest.update(whole.as_os_str().as_encoded_bytes());
            digest.update([0]);
        }
        let name = digest.finalize().iter().take(8).fold(String::from("failed-"), |mut name, byte| {
            // Writing to a string cannot fail.
            let _ = write!(name, "{byte:02x}");
            name
        });
        Self(own_files::state_folder().map(|folder| folder.join(name)))
    }

    /// The hosts, by name.
    pub(super) fn read(&self) -> Result<BTreeSet<String>, Failure> {
        let Some(path) = &self.0 else { return Ok(BTreeSet::new()) };
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeSet::new()),
            Err(error) => Err(Failure::of(Kind::Machine, format!("cannot read {}", path.display()), &error)),
        }
    }

    /// Keeps what a run of some hosts came to; what is known of others stays. That it cannot be kept is no failure of
    /// the run.
    pub(super) fn note(&self, ran: &[String], failed: &[String]) {
        let Some(path) = &self.0 else { return };
        let mut hosts = self.read().unwrap_or_default();
        hosts.retain(|host| !ran.contains(host));
        hosts.extend(failed.iter().cloned());
        if !hosts.is_empty() || path.exists() {
            let lines: String = hosts.iter().flat_map(|host| [host.as_str(), "\n"]).collect();
            drop(own_files::replace(path, &lines));
        }
    }
}
