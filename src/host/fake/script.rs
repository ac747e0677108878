//! What a scripted machine has and answers.

use std::collections::{BTreeMap, BTreeSet};

use crate::host::admit;
use crate::host::backend::{Backend, Belongings, Step};
use crate::host::links::{self, Astray, Link};
use crate::host::{
    Action, CommandOutput, CommandSpec, Content, Enablement, FileState, FirewallState, HostError, HostnameState, Key,
    Meta, PackageState, Scratch, Scratched, State, SysctlState, UnitState, Version, ZoneSettings,
};

/// Directories that every host has.
const DIRECTORIES: &[&str] = &[
    "/",
    "/etc",
    "/etc/pki",
    "/etc/pki/tls",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/private",
    "/home",
    "/opt",
    "/root",
    "/run",
    "/srv",
    "/tmp",
    "/usr",
    "/var",
    "/var/lib",
];

/// A machine made of a table.
#[derive(Debug, Default)]
pub struct Script {
    states: BTreeMap<Key, State>,
    /// When each was last written, by a clock that ticks with every write.
    written: BTreeMap<Key, usize>,
    writes: usize,
    answers: Vec<(Vec<String>, CommandOutput)>,
    offers: BTreeMap<String, String>,
    brings: BTreeMap<String, Vec<(Key, State)>>,
    strays: BTreeMap<String, Vec<(Key, State)>>,
    needs: Vec<(String, String)>,
    companions: Vec<(Key, String)>,
    zone: Option<String>,
    ran: Vec<CommandSpec>,
    builders: BTreeMap<String, fn(&Scratch) -> Scratched>,
}

impl Script {
    /// Has this resource in this state.
    pub fn set(&mut self, key: Key, state: State) -> &mut Self {
        self.write(key, state);
        self
    }

    /// Has a file of `root:root` and mode 0644 with this text.
    pub fn file(&mut self, path: &str, text: &str) -> &mut Self {
        let state = FileState::Regular { content: Content::text(text), meta: Meta::root(0o644) };
        self.set(Key::File(path.to_owned()), State::File(state))
    }

    /// Has a directory of `root:root` and mode 0755.
    pub fn dir(&mut self, path: &str) -> &mut Self {
        self.set(Key::File(path.to_owned()), State::File(FileState::Directory { meta: Meta::root(0o755) }))
    }

    /// Has a package in this version (`2:3.5.8-7.el8.x86_64`).
    pub fn package(&mut self, name: &str, evr: &str) -> &mut Self {
        let state = PackageState::Installed(Version::Evr(evr.to_owned()));
        self.set(Key::Package(name.to_owned()), State::Package(state))
    }

    /// Has a unit.
    pub fn unit(&mut self, name: &str, enablement: Enablement, active: bool) -> &mut Self {
        self.set(Key::Unit(name.to_owned()), State::Unit(UnitState::Loaded { enablement, active }))
    }

    /// Has a running firewalld with this default zone, whose permanent and runtime settings are these.
    pub fn firewall(&mut self, zone: &str, settings: &ZoneSettings) -> &mut Self {
        self.zone = Some(zone.to_owned());
        let state = FirewallState::Zone { permanent: Some(settings.clone()), runtime: Some(settings.clone()) };
        self.set(Key::Firewall(zone.to_owned()), State::Firewall(state))
    }

    /// Has a kernel parameter with this value.
    pub fn sysctl(&mut self, name: &str, value: &str) -> &mut Self {
        self.set(Key::Sysctl(name.to_owned()), State::Sysctl(SysctlState::value(value)))
    }

    /// The repositories offer this package in this version; installing it makes these resources appear.
    pub fn offers(&mut self, package: &str, evr: &str, brings: Vec<(Key, State)>) -> &mut Self {
        self.offers.insert(package.to_owned(), evr.to_owned());
        self.brings.insert(package.to_owned(), brings);
        self
    }

    /// Installing this package also makes this file, which belongs to nobody and outlives it.
    pub fn leaves(&mut self, package: &str, path: &str, text: &str) -> &mut Self {
        let state = State::File(FileState::Regular { content: Content::text(text), meta: Meta::root(0o600) });
        self.strays.entry(package.to_owned()).or_default().push((Key::File(path.to_owned()), state));
        self
    }

    /// One package needs another one.
    pub fn needs(&mut self, package: &str, needed: &str) -> &mut Self {
        self.needs.push((package.to_owned(), needed.to_owned()));
        self
    }

    /// This file may change along with a resource.
    pub fn follows(&mut self, key: Key, path: &str) -> &mut Self {
        self.companions.push((key, path.to_owned()));
        self
    }

    /// Answers this command line with this stdout and status 0. The newest answer counts.
    pub fn answer(&mut self, argv: &[&str], stdout: &str) -> &mut Self {
        let output = CommandOutput { stdout: stdout.as_bytes().to_vec(), ..CommandOutput::default() };
        self.answer_with(argv, output)
    }

    /// Answers this command line with this output.
    pub fn answer_with(&mut self, argv: &[&str], output: CommandOutput) -> &mut Self {
        self.answers.push((argv.iter().map(|&word| word.to_owned()).collect(), output));
        self
    }

    /// Has a program that works in a scratch directory.
    pub fn builder(&mut self, program: &str, run: fn(&Scratch) -> Scratched) -> &mut Self {
        self.builders.insert(program.to_owned(), run);
        self
    }

    /// The text of a regular file, if there is one and it is text.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<String> {
        match self.states.get(&Key::File(path.to_owned()))? {
            State::File(FileState::Regular { content, .. }) => String::from_utf8(content.bytes()?.to_vec()).ok(),
            _ => None,
        }
    }

    /// All resources that are there.
    #[must_use]
    pub fn states(&self) -> &BTreeMap<Key, State> {
        &self.states
    }

    /// The commands that were run, queries and actions alike.
    #[must_use]
    pub fn ran(&self) -> &[CommandSpec] {
        &self.ran
    }

    /// Runs a program in a scratch directory.
    pub(super) fn scratch(&mut self, scratch: &Scratch) -> Result<Scratched, HostError> {
        self.ran.push(scratch.command.clone());
        let program = scratch.command.argv.first().map_or("", String::as_str);
        let builder = self.builders.get(program);
        builder.map(|run| run(scratch)).ok_or_else(|| HostError::NoSuchProgram(program.to_owned()))
    }

    fn run(&mut self, command: &CommandSpec) -> Result<CommandOutput, HostError> {
        self.ran.push(command.clone());
        if let Some((_, output)) = self.answers.iter().rev().find(|(argv, _)| *argv == command.argv) {
            return Ok(output.clone());
        }
        let program = command.argv.first().map_or("", String::as_str);
        if self.answers.iter().any(|(argv, _)| argv.first().is_some_and(|known| known == program)) {
            return Err(HostError::refused(format!("run {}: the test has no answer for it", command.display())));
        }
        Err(HostError::NoSuchProgram(program.to_owned()))
    }

    /// Goes well unless there is an answer for it with another status.
    fn systemctl(&self, verb: &str, unit: &str) -> Result<CommandOutput, HostError> {
        let answer = self.answers.iter().rev().find(|(argv, _)| *argv == ["systemctl", verb, "--", unit]);
        match answer {
            Some((_, output)) if output.status != 0 => Err(HostError::refused(format!("{verb} {unit}"))),
            _ => Ok(CommandOutput::default()),
        }
    }

    fn write(&mut self, key: Key, state: State) {
        self.writes += 1;
        self.written.insert(key.clone(), self.writes);
        self.states.insert(key, state);
    }

    fn install(&mut self, package: &str) -> Result<(), HostError> {
        let Some(evr) = self.offers.get(package).cloned() else {
            return Err(HostError::refused(format!("install {package}: no repository offers it")));
        };
        self.package(package, &evr);
        let made = [&self.brings, &self.strays].into_iter().filter_map(|makes| makes.get(package)).flatten();
        for (key, state) in made.cloned().collect::<Vec<_>>() {
            self.states.entry(key).or_insert(state);
        }
        Ok(())
    }

    fn remove(&mut self, package: &str) {
        self.states.remove(&Key::Package(package.to_owned()));
        for (key, _) in self.brings.get(package).cloned().unwrap_or_default() {
            self.states.remove(&key);
        }
    }

    /// Where a path leads through the links that are there.
    fn resolve(&self, path: &str) -> Result<String, Astray> {
        let state = |path: &str| self.states.get(&Key::File(path.to_owned()));
        links::resolve(path, |above| match state(above)? {
            State::File(FileState::Symlink { target, .. }) => {
                let trusted = admit::parent(above).and_then(state).is_none_or(links::is_our_directory);
                Some(Link { target: target.clone(), trusted })
            }
            _ => None,
        })
    }

    fn is_directory(&self, path: &str) -> bool {
        DIRECTORIES.contains(&path) || self.below(path).next().is_some()
    }

    /// The paths below a directory that are there, relative to it.
    fn below<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a str> {
        let stems = self.states.keys().filter_map(move |key| match key {
            Key::File(other) => other.strip_prefix(path),
            _ => None,
        });
        stems.filter_map(move |rest| if path == "/" { Some(rest) } else { rest.strip_prefix('/') })
    }

    fn change_one(&mut self, step: &Step) -> Result<(), HostError> {
        match (&step.key, &step.after) {
            (Key::Package(name), State::Package(PackageState::Installed(version))) => {
                self.install(name)?;
                if let Version::Evr(evr) = version {
                    self.package(name, evr);
                }
                Ok(())
            }
            (Key::Package(name), State::Package(PackageState::Absent)) => {
                self.remove(name);
                Ok(())
            }
            (Key::File(path), State::File(state)) => {
                let place = self.resolve(path).map_err(|astray| astray.into_error(path))?;
                if let Some(parent) = admit::parent(&place).filter(|_| *state != FileState::Absent) {
                    admit::admit_parent(path, &self.read(&Key::File(parent.to_owned()))?)?;
                }
                if !matches!(state, FileState::Directory { .. }) {
                    admit::admit_emptied(path, &self.list_dir(path)?)?;
                }
                if *state == FileState::Absent {
                    self.states.remove(&Key::File(place));
                } else {
                    self.write(Key::File(place), step.after.clone());
                }
                Ok(())
            }
            (key, after) => {
                self.states.insert(key.clone(), after.clone());
                Ok(())
            }
        }
    }
}

impl Backend for Script {
    fn read(&mut self, key: &Key) -> Result<State, HostError> {
        let place = match key {
            Key::File(path) => match self.resolve(path) {
                Err(Astray::Loop) => None,
                place => Some(Key::File(place.map_err(|astray| astray.into_error(path))?)),
            },
            key => Some(key.clone()),
        };
        let Some(key) = place else { return Ok(State::File(FileState::Absent)) };
        if let Some(state) = self.states.get(&key) {
            return Ok(state.clone());
        }
        Ok(match &key {
            Key::File(path) if self.is_directory(path) => State::File(FileState::Directory { meta: Meta::root(0o755) }),
            Key::File(_) => State::File(FileState::Absent),
            Key::Package(_) => State::Package(PackageState::Absent),
            Key::Unit(_) => State::Unit(UnitState::Absent),
            Key::Hostname => State::Hostname(HostnameState::named("")),
            Key::Firewall(_) if self.zone.is_some() => {
                State::Firewall(FirewallState::Zone { permanent: None, runtime: None })
            }
            Key::Firewall(_) => State::Firewall(FirewallState::Absent),
            Key::Sysctl(_) => State::Sysctl(SysctlState::Absent),
        })
    }

    fn canonical(&mut self, path: &str) -> Result<String, HostError> {
        match self.resolve(path) {
            Err(Astray::Loop) => Ok(path.to_owned()),
            place => place.map_err(|astray| astray.into_error(path)),
        }
    }

    fn read_ahead(&mut self, _keys: &[&Key]) -> Result<(), HostError> {
        Ok(())
    }

    fn is_latest(&mut self, package: &str) -> Result<Option<bool>, HostError> {
        let installed = self.states.get(&Key::Package(package.to_owned()));
        let offered = self.offers.get(package);
        Ok(Some(
            offered.is_none_or(|evr| {
                installed == Some(&State::Package(PackageState::Installed(Version::Evr(evr.clone()))))
            }),
        ))
    }

    fn change(&mut self, steps: &[Step], _label: &str) -> Result<(), HostError> {
        steps.iter().try_for_each(|step| self.change_one(step))
    }

    fn undo_packages(&mut self, steps: &[Step], _undone: &str, label: &str) -> Result<(), HostError> {
        self.change(steps, label)
    }

    fn companions(&mut self, steps: &[Step]) -> Vec<String> {
        let follows = self.companions.iter().filter(|(key, _)| steps.iter().any(|step| step.key == *key));
        follows.map(|(_, path)| path.clone()).collect()
    }

    fn belongings(&mut self, package: &str) -> Result<Belongings, HostError> {
        let mut found = Belongings::default();
        for (key, state) in self.brings.get(package).into_iter().flatten() {
            match (key, state) {
                (Key::File(path), _) => {
                    found.files.insert(path.clone());
                }
                (Key::Unit(name), State::Unit(unit)) => {
                    found.units.insert(name.clone(), unit.clone());
                }
                _ => {}
            }
        }
        Ok(found)
    }

    fn census(&mut self, keys: &[&Key]) -> Result<BTreeSet<String>, HostError> {
        let may_make = keys.iter().any(|key| matches!(key, Key::Package(_) | Key::Unit(_)));
        let files = self.states.keys().filter(|key| matches!(key, Key::File(_)));
        Ok(files.filter(|_| may_make).map(|key| key.name().to_owned()).collect())
    }

    fn unowned(&mut self, paths: Vec<String>) -> Result<Vec<String>, HostError> {
        let owned: BTreeSet<&str> = self.brings.values().flatten().map(|(key, _)| key.name()).collect();
        Ok(paths.into_iter().filter(|path| !owned.contains(path.as_str())).collect())
    }

    fn is_of_transaction(&mut self, path: &str, _packages: &[&str], _label: &str) -> Result<bool, HostError> {
        // What a package makes is not written by anybody.
        Ok(!self.written.contains_key(&Key::File(path.to_owned())))
    }

    fn dependents(&mut self, packages: &[&str], _label: &str) -> Result<Vec<String>, HostError> {
        let is_there = |name: &&String| self.states.contains_key(&Key::Package((*name).clone()));
        let needing = self.needs.iter().filter(|(_, needed)| packages.contains(&needed.as_str()));
        Ok(needing
            .map(|(name, _)| name)
            .filter(is_there)
            .filter(|name| !packages.contains(&name.as_str()))
            .cloned()
            .collect())
    }

    fn leaving(&mut self, packages: &[&str], _label: &str) -> Result<BTreeSet<String>, HostError> {
        let brought = packages.iter().filter_map(|package| self.brings.get(*package)).flatten();
        Ok(brought.map(|(key, _)| key.name().to_owned()).collect())
    }

    fn clear_scratch(&mut self, _path: &str, _scratch: &str) -> Result<(), HostError> {
        Ok(())
    }

    fn act(&mut self, action: &Action) -> Result<CommandOutput, HostError> {
        match action {
            Action::Command(command) => self.run(command),
            Action::RestartUnit(unit) => self.systemctl("restart", unit),
            Action::ReloadUnit(unit) => self.systemctl("reload", unit),
            Action::DaemonReload => Ok(CommandOutput::default()),
        }
    }

    fn query(&mut self, command: &CommandSpec) -> Result<CommandOutput, HostError> {
        self.run(command)
    }

    fn is_newer(&mut self, path: &str, than: &str) -> Result<bool, HostError> {
        let written = |path: &str| {
            let key = Key::File(path.to_owned());
            self.states.get(&key).and_then(|_| self.written.get(&key))
        };
        Ok(written(path).zip(written(than)).is_some_and(|(this, other)| this > other))
    }

    fn list_dir(&mut self, path: &str) -> Result<Vec<String>, HostError> {
        let Ok(path) = self.resolve(path) else { return Ok(Vec::new()) };
        let names: BTreeSet<&str> = self.below(&path).filter_map(|rest| rest.split('/').next()).collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    fn default_zone(&mut self) -> Result<Option<String>, HostError> {
        Ok(self.zone.clone())
    }
}
