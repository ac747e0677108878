//! What takes a run back when nobody confirms it: a systemd timer that outlives agent, controller and reboots.
//!
//! `docs/confirm.md` has the whole. The units and the link to the agent's binary are mailprov's own and no
//! resources: no undo record is written for them, and they go when the run is confirmed or taken back.
#![expect(clippy::disallowed_methods, reason = "a guard has no undo record; it is removed by its journal's records")]

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self as files, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::{CommandSpec, Content, FileState, HostError, Meta, fs, process};
use crate::journal::{Armed, Run};

/// Where units of the administrator's, and so ours, are.
const UNITS: &str = "/etc/systemd/system";

/// What a boot starts all timers from.
const WANTS: &str = "/etc/systemd/system/timers.target.wants";

/// Where the agent's binary is kept for the timer, best first; not everybody lets programs run from `/var`.
const FOLDERS: [&str; 2] = ["/var/lib/mailprov/guard", "/usr/local/libexec/mailprov-guard"];

/// The name beside a unit under which it is made; the same for all, so that a kill leaves nothing unknown.
const SCRATCH: &str = ".mailprov-guard";

/// Seconds until a rollback that failed is tried again.
const AGAIN: u32 = 30;

/// Called before the way in changes for the first time in a run.
pub type Arm = Box<dyn FnOnce(&mut Run) -> Result<(), HostError> + Send>;

/// Whether a run may change the way in.
pub(super) enum Guard {
    /// It may: it is armed, or need not be.
    Free,
    /// Only after this.
    Unarmed(Arm),
    /// No more: it could not be armed.
    Refused,
}

impl Guard {
    /// Called before every change of the way in.
    pub(super) fn arm(&mut self, run: &mut Run) -> Result<(), HostError> {
        match std::mem::replace(self, Self::Refused) {
            Self::Unarmed(arm) => arm(run)?,
            Self::Free => {}
            Self::Refused => return Err(HostError::refused("change the way into this host: the run is not guarded")),
        }
        *self = Self::Free;
        Ok(())
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Free => "Free",
            Self::Unarmed(_) => "Unarmed",
            Self::Refused => "Refused",
        })
    }
}

/// A word that nobody can guess, for the confirmation.
///
/// # Errors
/// When the kernel gives no random bytes.
pub fn nonce() -> Result<String, HostError> {
    let mut bytes = [0_u8; 16];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| HostError::io("read", "random bytes", error))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

/// [`arm`], for when it is needed.
#[must_use]
pub fn arming(nonce: String, within: u32, since: String) -> Arm {
    Box::new(move |run| arm(run, &nonce, within, &since))
}

/// Arms a run: records it, and starts the timer. `since` is the oldest run that goes back with it.
///
/// # Errors
/// When the record cannot be written or the timer not started; nothing is left of it then.
pub fn arm(run: &mut Run, nonce: &str, within: u32, since: &str) -> Result<(), HostError> {
    let made = if Path::new(WANTS).exists() { Vec::new() } else { vec![WANTS.to_owned()] };
    let armed = Armed { nonce: nonce.to_owned(), within, since: since.to_owned(), made };
    run.armed(armed.clone())?;
    let result = start(run.id(), &armed);
    if let Err(error) = result {
        // The error that matters is the first one.
        drop(disarm(run.id(), &armed.made));
        run.disarmed()?;
        return Err(unarmed(&error));
    }
    Ok(())
}

fn unarmed(error: &HostError) -> HostError {
    HostError::Refused {
        message: format!("make sure that the run can be taken back if it shuts us out: failed to {error}"),
        hint: Some("`--confirm-timeout 0` runs without that".to_owned()),
    }
}

fn start(id: &str, armed: &Armed) -> Result<(), HostError> {
    let binary = keep_binary(id)?;
    for folder in &armed.made {
        put(folder, &FileState::Directory { meta: Meta::root(0o755) })?;
    }
    let name = name(id);
    let regular = |text: &str| FileState::Regular { content: Content::text(text), meta: Meta::root(0o644) };
    put(&format!("{UNITS}/{name}.service"), &regular(&service(id, &binary)))?;
    put(&format!("{UNITS}/{name}.timer"), &regular(&timer(id, armed.within)))?;
    let link = FileState::Symlink { target: format!("{UNITS}/{name}.timer"), meta: Meta::root(0o777) };
    put(&format!("{WANTS}/{name}.timer"), &link)?;
    let started = process::must(&CommandSpec::new(&["systemctl", "start", &format!("{name}.timer")]));
    if started.is_err() {
        // A systemd that knows only the units that were there when it last looked.
        process::must(&CommandSpec::new(&["systemctl", "daemon-reload"]))?;
        process::must(&CommandSpec::new(&["systemctl", "start", &format!("{name}.timer")]))?;
    }
    Ok(())
}

/// Removes what was made to take this run back, and the folders that were made for it. What is not there is not missed.
///
/// # Errors
/// When something cannot be removed.
pub fn disarm(id: &str, made: &[String]) -> Result<(), HostError> {
    let name = name(id);
    // The link first: from here on no boot starts it.
    for path in [format!("{WANTS}/{name}.timer"), format!("{UNITS}/{name}.timer"), format!("{UNITS}/{name}.service")] {
        fs::clear_scratch(&path, SCRATCH)?;
        let present = fs::read(&path)?;
        if present != FileState::Absent {
            fs::change(&path, &present, &FileState::Absent, SCRATCH)?;
        }
    }
    // One that was never started is no fault; neither is one that a rollback which failed left marked as such.
    drop(process::run(&CommandSpec::new(&["systemctl", "stop", &format!("{name}.timer")])));
    drop(process::run(&CommandSpec::new(&["systemctl", "reset-failed", &format!("{name}.service")])));
    if is_wanted(&name) {
        drop(process::run(&CommandSpec::new(&["systemctl", "daemon-reload"])));
    }
    for folder in made.iter().rev() {
        // Not if somebody else put something there meanwhile.
        drop(files::remove_dir(folder));
    }
    for folder in FOLDERS {
        match files::remove_dir_all(Path::new(folder).join(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(HostError::io("remove", folder, error));
            }
            _ => drop(files::remove_dir(folder)),
        }
    }
    Ok(())
}

/// The runs of which a guard, or some of it, is there: the agent's binary comes first and goes last.
#[must_use]
pub fn standing() -> BTreeSet<String> {
    let entries = FOLDERS.into_iter().filter_map(|folder| files::read_dir(folder).ok()).flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Whether systemd has read the link, as it does at a boot: until it looks anew it then keeps the unit.
fn is_wanted(name: &str) -> bool {
    let show = CommandSpec::new(&["systemctl", "show", "--property=WantedBy", &format!("{name}.timer")]);
    process::run(&show).is_ok_and(|ended| String::from_utf8_lossy(&ended.stdout).contains("timers.target"))
}

fn put(path: &str, state: &FileState) -> Result<(), HostError> {
    fs::clear_scratch(path, SCRATCH)?;
    let present = fs::read(path)?;
    fs::change(path, &present, state, SCRATCH).map(drop)
}

/// Keeps this program where the next boot finds it, whatever becomes of the copy that was started.
fn keep_binary(id: &str) -> Result<PathBuf, HostError> {
    let own = files::read_link("/proc/self/exe").map_err(|error| HostError::io("read", "/proc/self/exe", error))?;
    let mut first = None;
    for folder in FOLDERS {
        match keep_in(&Path::new(folder).join(id), &own) {
            Ok(kept) => return Ok(kept),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| HostError::refused("keep the agent's program")))
}

fn keep_in(folder: &Path, own: &Path) -> Result<PathBuf, HostError> {
    let kept = folder.join("agent");
    let shown = kept.display().to_string();
    let failed = |error| HostError::io("keep", &shown, error);
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    match files::hard_link(own, &kept) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        // It was started from another file system: in `/run`, after a check.
        Err(_) => {
            files::copy("/proc/self/exe", &kept).map_err(failed)?;
            files::set_permissions(&kept, files::Permissions::from_mode(0o700)).map_err(failed)?;
        }
    }
    let on_disk = |path: &Path| File::open(path).and_then(|file| file.sync_all()).map_err(failed);
    on_disk(&kept)?;
    for folder in folder.ancestors().take(3) {
        on_disk(folder)?;
    }
    if Path::new("/sys/fs/selinux/enforce").exists() {
        // Of what lies in /var systemd starts nothing, unless it is called a program.
        process::must(&CommandSpec::new(&["chcon", "-t", "bin_t", &shown]))?;
    }
    process::must(&CommandSpec::new(&[&shown, "--version"]))?;
    Ok(kept)
}

fn name(id: &str) -> String {
    format!("mailprov-rollback-{id}")
}

/// A rollback may need the firewall's and the system's bus, which a boot starts at the same time.
fn service(id: &str, binary: &Path) -> String {
    format!(
        "[Unit]\n\
         Description=Take back run {id} of mailprov unless it is confirmed\n\
         After=dbus.service firewalld.service NetworkManager.service network.target sshd.service\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         ExecStart={} agent-rollback {id}\n",
        binary.display()
    )
}

/// Counts from its own start, and so anew from every boot. What it starts knows whether it is time.
fn timer(id: &str, within: u32) -> String {
    format!(
        "[Unit]\n\
         Description=Take back run {id} of mailprov unless it is confirmed within {within} s\n\
         \n\
         [Timer]\n\
         OnActiveSec={within}s\n\
         OnUnitInactiveSec={AGAIN}s\n\
         AccuracySec=100ms\n\
         \n\
         [Install]\n\
         WantedBy=timers.target\n"
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::fake::Script;
    use super::super::laws::spec;
    use super::super::{Action, Enablement, Host, HostnameState, Key, Live, State, Want, ZoneSettings};
    use super::*;
    use crate::journal::{Record, Store};

    fn script() -> Script {
        let mut script = Script::default();
        script.firewall("public", &ZoneSettings::default()).unit("sshd.service", Enablement::Enabled, true).unit(
            "crond.service",
            Enablement::Enabled,
            true,
        );
        script
    }

    fn harmless() -> Want {
        let state = FileState::Regular { content: Content::text("x"), meta: Meta::root(0o644) };
        Want::new(Key::File("/etc/motd".to_owned()), State::File(state))
    }

    fn name() -> Want {
        Want::new(Key::Hostname, State::Hostname(HostnameState::named("a.example.net")))
    }

    fn stand_in(run: &mut Run) -> Result<(), HostError> {
        run.armed(Armed { nonce: "n".to_owned(), within: 60, since: run.id().to_owned(), made: Vec::new() })?;
        Ok(())
    }

    #[test]
    fn a_run_is_armed_once_and_before_the_way_in_changes() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path());
        let mut live = Live::new(script(), store.begin(&spec("1")).unwrap()).guarded(Some(Box::new(stand_in)));
        live.put(harmless()).unwrap();
        live.act(Action::RestartUnit("crond.service".to_owned())).unwrap();
        assert!(store.unconfirmed().unwrap().is_empty(), "nothing of the way in was touched");
        live.put(name()).unwrap();
        live.act(Action::RestartUnit("sshd.service".to_owned())).unwrap();
        let records = store.read("1").unwrap().records;
        let armed: Vec<_> = (0..records.len()).filter(|&index| matches!(records[index], Record::Armed(_))).collect();
        let changed =
            records.iter().position(|record| matches!(record, Record::Intent(intent) if intent.key.kind == "hostname"));
        assert_eq!((armed.len(), Some(armed[0] + 1)), (1, changed));
    }

    #[test]
    fn a_restart_of_the_way_in_arms() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path());
        let mut live = Live::new(script(), store.begin(&spec("1")).unwrap()).guarded(Some(Box::new(stand_in)));
        live.act(Action::ReloadUnit("sshd.service".to_owned())).unwrap();
        assert_eq!(store.unconfirmed().unwrap().len(), 1);
    }

    #[test]
    fn what_cannot_be_armed_is_not_changed() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path());
        let tries = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&tries);
        let refuse: Arm = Box::new(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            Err(HostError::refused("on purpose"))
        });
        let mut live = Live::new(script(), store.begin(&spec("1")).unwrap()).guarded(Some(refuse));
        let before = live.read(&Key::Hostname).unwrap();
        for _ in 0..2 {
            assert!(live.put(name()).is_err(), "and no second try gets through");
        }
        assert_eq!(live.read(&Key::Hostname).unwrap(), before);
        assert!(!store.read("1").unwrap().has_intents());
        live.put(harmless()).unwrap();
        assert_eq!(tries.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn the_units_name_the_run_and_start_at_every_boot() {
        let service = service("20260101T000000Z-0a", Path::new("/var/lib/mailprov/guard/20260101T000000Z-0a/agent"));
        assert!(service.ends_with(
            "ExecStart=/var/lib/mailprov/guard/20260101T000000Z-0a/agent agent-rollback 20260101T000000Z-0a\n"
        ));
        assert!(timer("x", 60).contains("OnActiveSec=60s\n"));
        assert!(timer("x", 60).ends_with("WantedBy=timers.target\n"));
    }
}
