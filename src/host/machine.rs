//! The real machine: which file reads and changes which kind of resource.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::backend::{Backend, Belongings, Step};
use super::{
    Action, CommandOutput, CommandSpec, FileState, HostError, Key, PackageState, State, UnitState, accounts, firewalld,
    fs, hostname, process, rpm, scratch, sysctl, systemd,
};

/// Where lines of long-running programs (dnf) go as they come.
pub type OutputSink = Box<dyn FnMut(&str) + Send>;

/// The machine that this process runs on.
pub struct Machine {
    output: OutputSink,
    /// What `rpm -q` said; empty after each package change.
    packages: BTreeMap<String, PackageState>,
    /// What `systemctl show` said ahead of one batch of reads.
    units: BTreeMap<String, UnitState>,
    notice: OutputSink,
    /// Set when nothing is to be waited for any more, and commands are to be ended.
    stop: Arc<AtomicBool>,
    /// Package transactions that were asked for, with the seconds of the epoch in which they were at work.
    spans: BTreeMap<String, Option<Range<i64>>>,
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine").field("packages", &self.packages).finish_non_exhaustive()
    }
}

impl Machine {
    /// The machine, with somewhere to show what long-running programs say, and what is waited for.
    #[must_use]
    pub fn new(output: OutputSink, notice: OutputSink) -> Self {
        Self {
            output,
            notice,
            packages: BTreeMap::new(),
            units: BTreeMap::new(),
            stop: Arc::default(),
            spans: BTreeMap::new(),
        }
    }

    /// The machine, with nobody to hear what its programs say.
    #[must_use]
    pub fn unheard() -> Self {
        Self::new(Box::new(|_| {}), Box::new(|_| {}))
    }

    /// The machine that heeds a wish to stop: a command is ended, and another package manager is no longer waited for.
    /// What changes a resource goes on to its end.
    #[must_use]
    pub fn stopped_by(self, stop: Arc<AtomicBool>) -> Self {
        Self { stop, ..self }
    }

    fn watch(&mut self) -> rpm::Watch<'_> {
        rpm::Watch { output: &mut self.output, notice: &mut self.notice, stop: &self.stop }
    }

    /// Waits for the package transaction of a run that was cut off: the program that does it outlives us. Then removes the
    /// scratch directories of such runs. The caller holds the lock.
    ///
    /// # Errors
    /// When it takes too long, or something cannot be removed.
    pub fn settle(&mut self) -> Result<(), HostError> {
        rpm::settle(&mut self.watch())?;
        scratch::clear(Path::new(scratch::BASE))
    }
}

fn change_one(step: &Step) -> Result<(), HostError> {
    match (&step.key, &step.before, &step.after) {
        (Key::File(path), State::File(before), State::File(after)) => {
            change_file(path, before, after, step.scratch.as_deref())
        }
        (Key::Unit(name), State::Unit(before), State::Unit(after)) => systemd::change(name, before, after),
        (Key::Hostname, _, State::Hostname(after)) => hostname::change(after),
        (Key::Firewall(zone), State::Firewall(before), State::Firewall(after)) => {
            firewalld::change(zone, before, after)
        }
        (Key::Sysctl(name), State::Sysctl(before), State::Sysctl(after)) => sysctl::change(name, before, after),
        (Key::Package(_), State::Package(_), State::Package(_)) => {
            Err(HostError::refused(format!("change {}: packages change in a transaction", step.key)))
        }
        _ => Err(HostError::refused(format!("change {}: the states are of another kind", step.key))),
    }
}

/// A package's folder and what stands in it before the package is installed. rpm adopts such files, and moves them aside
/// when it removes the package.
fn configuration(package: &str) -> impl Iterator<Item = String> {
    let folder = format!("/etc/{package}");
    let within = fs::tree(&folder).unwrap_or_default();
    std::iter::once(folder).chain(within).filter(|path| is_kept(path))
}

/// Whether there is something at the path of which a before-image can be kept.
fn is_kept(path: &str) -> bool {
    !matches!(fs::read(path), Ok(FileState::Absent | FileState::Other { .. }) | Err(_))
}

/// The links by which these units are enabled or known by other names, and the directories that they stand in.
fn links_to(units: &BTreeMap<String, UnitState>) -> Result<BTreeSet<String>, HostError> {
    const LINKS: &str = "/etc/systemd/system";
    let names_one = |path: &str| path.rsplit('/').next().is_some_and(|name| units.contains_key(name));
    let mut found = BTreeSet::new();
    for path in fs::tree(LINKS)? {
        let FileState::Symlink { target, .. } = fs::read(&path)? else { continue };
        if names_one(&path) || names_one(&target) {
            let above = path.rsplit_once('/').map(|(above, _)| above.to_owned()).filter(|above| above != LINKS);
            found.extend(above);
            found.insert(path);
        }
    }
    Ok(found)
}

/// Changes a file; what is new gets the label that the policy has for its path.
fn change_file(path: &str, before: &FileState, after: &FileState, scratch: Option<&str>) -> Result<(), HostError> {
    let scratch = match scratch {
        Some(name) => name.to_owned(),
        None => fs::scratch_name()?,
    };
    let is_new = fs::change(path, before, after, &scratch)?;
    let has_label = after.meta().is_some_and(|meta| meta.xattrs.contains_key("security.selinux"));
    if is_new && !has_label && std::path::Path::new("/sys/fs/selinux/enforce").exists() {
        process::must(&CommandSpec::new(&["restorecon", path]))?;
    }
    Ok(())
}

impl Backend for Machine {
    fn read(&mut self, key: &Key) -> Result<State, HostError> {
        Ok(match key {
            Key::File(path) => State::File(fs::read(path)?),
            Key::Package(name) => {
                if !self.packages.contains_key(name) {
                    self.packages.extend(rpm::query(&[name])?);
                }
                State::Package(self.packages.get(name).cloned().unwrap_or(PackageState::Absent))
            }
            Key::Unit(name) => State::Unit(match self.units.remove(name) {
                Some(state) => state,
                None => systemd::query_one(name)?,
            }),
            Key::Hostname => State::Hostname(hostname::read()?),
            Key::Firewall(zone) => State::Firewall(firewalld::read(zone)?),
            Key::Sysctl(name) => State::Sysctl(sysctl::read(name)?),
        })
    }

    fn canonical(&mut self, path: &str) -> Result<String, HostError> {
        fs::canonical(path)
    }

    fn read_ahead(&mut self, keys: &[&Key]) -> Result<(), HostError> {
        let packages: Vec<&str> = keys
            .iter()
            .filter_map(|key| if let Key::Package(name) = key { Some(name.as_str()) } else { None })
            .filter(|name| !self.packages.contains_key(*name))
            .collect();
        if !packages.is_empty() {
            self.packages.extend(rpm::query(&packages)?);
        }
        let units: Vec<&str> =
            keys.iter().filter_map(|key| if let Key::Unit(name) = key { Some(name.as_str()) } else { None }).collect();
        self.units = if units.len() > 1 { systemd::query(&units)? } else { BTreeMap::new() };
        Ok(())
    }

    fn is_latest(&mut self, package: &str) -> Result<Option<bool>, HostError> {
        rpm::is_latest(package)
    }

    fn change(&mut self, steps: &[Step], label: &str) -> Result<(), HostError> {
        self.units.clear();
        if steps.iter().all(|step| matches!(step.key, Key::Package(_))) {
            self.packages.clear();
            return rpm::change(steps, label, &mut self.watch());
        }
        steps.iter().try_for_each(change_one)
    }

    fn undo_packages(&mut self, steps: &[Step], undone: &str, label: &str) -> Result<(), HostError> {
        self.packages.clear();
        self.units.clear();
        rpm::undo(steps, undone, label, &mut self.watch())
    }

    fn companions(&mut self, steps: &[Step]) -> Vec<String> {
        let mut paths = Vec::new();
        for step in steps {
            match &step.key {
                Key::Firewall(zone) => paths.extend(firewalld::files(zone)),
                Key::Hostname => paths.push("/etc/hostname".to_owned()),
                Key::Package(name) => {
                    paths.extend(accounts::files());
                    if step.before == State::Package(PackageState::Absent) {
                        paths.extend(configuration(name));
                    }
                }
                _ => {}
            }
        }
        paths.sort();
        paths.dedup();
        paths
    }

    fn belongings(&mut self, package: &str) -> Result<Belongings, HostError> {
        let units = systemd::as_installed(&rpm::units(package)?)?;
        let mut files: BTreeSet<String> = configuration(package).collect();
        files.extend(rpm::configuration(package)?.into_iter().filter(|path| is_kept(path)));
        files.extend(links_to(&units)?);
        Ok(Belongings { files, units })
    }

    fn census(&mut self, keys: &[&Key]) -> Result<BTreeSet<String>, HostError> {
        if keys.iter().any(|key| matches!(key, Key::Package(_))) {
            fs::tree("/etc")
        } else if keys.iter().any(|key| matches!(key, Key::Unit(_))) {
            fs::tree("/etc/systemd/system")
        } else {
            Ok(BTreeSet::new())
        }
    }

    fn unowned(&mut self, paths: Vec<String>) -> Result<Vec<String>, HostError> {
        rpm::unowned(paths)
    }

    fn is_of_transaction(&mut self, path: &str, packages: &[&str], label: &str) -> Result<bool, HostError> {
        if !self.spans.contains_key(label) {
            self.spans.insert(label.to_owned(), rpm::span(packages, label)?);
        }
        let span = self.spans.get(label).and_then(Option::as_ref);
        // Both clocks are the same one; the package manager's is cut to seconds.
        Ok(fs::changed_at(path)?.zip(span).is_some_and(|(at, span)| span.start - 1 <= at && at <= span.end + 1))
    }

    fn dependents(&mut self, packages: &[&str], label: &str) -> Result<Vec<String>, HostError> {
        rpm::dependents(packages, label)
    }

    fn leaving(&mut self, packages: &[&str], label: &str) -> Result<BTreeSet<String>, HostError> {
        rpm::leaving(packages, label)
    }

    fn clear_scratch(&mut self, path: &str, scratch: &str) -> Result<(), HostError> {
        fs::clear_scratch(path, scratch)
    }

    fn act(&mut self, action: &Action) -> Result<CommandOutput, HostError> {
        self.packages.clear();
        self.units.clear();
        match action {
            Action::Command(command) => process::run_until(command, &self.stop),
            Action::RestartUnit(unit) => systemd::run("restart", unit),
            Action::ReloadUnit(unit) => systemd::run("reload", unit),
            Action::DaemonReload => process::must(&CommandSpec::new(&["systemctl", "daemon-reload"])),
        }
    }

    fn query(&mut self, command: &CommandSpec) -> Result<CommandOutput, HostError> {
        process::run(command)
    }

    fn is_newer(&mut self, path: &str, than: &str) -> Result<bool, HostError> {
        fs::is_newer(path, than)
    }

    fn list_dir(&mut self, path: &str) -> Result<Vec<String>, HostError> {
        fs::list(path)
    }

    fn default_zone(&mut self) -> Result<Option<String>, HostError> {
        firewalld::default_zone()
    }
}
