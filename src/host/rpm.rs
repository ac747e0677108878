//! RPM packages: `rpm -q` to read, one dnf transaction to change.

use std::collections::BTreeMap;

use super::backend::Step;
use super::{CommandSpec, HostError, PackageState, Version, process};

/// The states of several packages. A host without rpm has none.
pub(super) fn query(names: &[&str]) -> Result<BTreeMap<String, PackageState>, HostError> {
    let format = "%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE}.%{ARCH}\n";
    let mut spec = CommandSpec::new(&["rpm", "-q", "--qf", format, "--"]);
    spec.argv.extend(names.iter().map(|&name| name.to_owned()));
    let output = match process::run(&spec) {
        Err(HostError::NoSuchProgram(_)) => return Ok(BTreeMap::new()),
        output => output?,
    };
    // The status is the number of packages that are not installed, so it tells nothing.
    let mut states = parse(&output.stdout_text(), names);
    for &name in names {
        states.entry(name.to_owned()).or_insert(PackageState::Absent);
    }
    Ok(states)
}

fn parse(text: &str, names: &[&str]) -> BTreeMap<String, PackageState> {
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    // Several versions of one package (kernels): the last one is the newest.
    let known = lines.filter(|(name, evr)| names.contains(name) && evr.contains(':'));
    known.map(|(name, evr)| (name.to_owned(), PackageState::Installed(Version::Evr(evr.to_owned())))).collect()
}

pub(super) fn is_latest(_package: &str) -> Result<Option<bool>, HostError> {
    Ok(None)
}

pub(super) fn change(_steps: &[Step], _label: &str, _output: &mut dyn FnMut(&str)) -> Result<(), HostError> {
    Err(HostError::refused("change packages: not built yet"))
}

pub(super) fn undo(steps: &[Step], _undone: &str, label: &str, output: &mut dyn FnMut(&str)) -> Result<(), HostError> {
    change(steps, label, output)
}
