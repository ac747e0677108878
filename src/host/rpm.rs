//! RPM packages: `rpm -q` to read, one dnf transaction to change.

mod dependents;
mod dnf;
mod patience;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

pub(super) use dependents::{dependents, leaving};
pub(super) use dnf::{change, is_latest, settle, span, undo};

use super::{CommandSpec, HostError, PackageState, Version, process};

/// Who follows a transaction, and may want it not to begin.
pub(super) struct Watch<'a> {
    /// Gets what dnf says, line by line.
    pub(super) output: &'a mut dyn FnMut(&str),
    /// Gets what we wait for.
    pub(super) notice: &'a mut dyn FnMut(&str),
    /// Set when nothing is to be waited for any more.
    pub(super) stop: &'a AtomicBool,
}

/// The states of several packages, by one question. A host without rpm has none.
pub(super) fn query(names: &[&str]) -> Result<BTreeMap<String, PackageState>, HostError> {
    let format = "%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE}.%{ARCH}\n";
    let mut spec = CommandSpec::new(&["rpm", "-q", "--qf", format, "--"]);
    spec.argv.extend(names.iter().map(|&name| name.to_owned()));
    let found = match process::run(&spec) {
        Err(HostError::NoSuchProgram(_)) => BTreeMap::new(),
        // The status is the number of packages that are not installed.
        Ok(output) if usize::try_from(output.status).is_ok_and(|missing| missing <= names.len()) => {
            parse(&output.stdout_text(), names)
        }
        Ok(output) => {
            let hint = "is the RPM database whole? `rpm --rebuilddb` mends it".to_owned();
            return Err(process::ended_badly(&spec, output, Some(hint)));
        }
        Err(error) => return Err(error),
    };
    let absent = names.iter().map(|&name| (name.to_owned(), PackageState::Absent));
    Ok(absent.chain(found).collect())
}

/// The configuration files of an installed package that are within `/etc`.
pub(super) fn configuration(package: &str) -> Result<Vec<String>, HostError> {
    let output = process::run(&CommandSpec::new(&["rpm", "-qc", "--", package]))?;
    Ok(output.stdout_text().lines().filter(|line| line.starts_with("/etc/")).map(str::to_owned).collect())
}

/// The units that an installed package brings. A template is none: only its instances run.
pub(super) fn units(package: &str) -> Result<Vec<String>, HostError> {
    let output = process::run(&CommandSpec::new(&["rpm", "-ql", "--", package]))?;
    Ok(parse_units(&output.stdout_text()))
}

fn parse_units(paths: &str) -> Vec<String> {
    let within = paths.lines().filter_map(|path| path.strip_prefix("/usr/lib/systemd/system/"));
    let is_unit = |name: &&str| {
        let has_suffix = [".service", ".socket", ".timer", ".path"].iter().any(|suffix| name.ends_with(suffix));
        has_suffix && !name.contains(['/', '@'])
    };
    within.filter(is_unit).map(str::to_owned).collect()
}

/// Those of the paths that belong to no package.
pub(super) fn unowned(paths: Vec<String>) -> Result<Vec<String>, HostError> {
    let mut spec = CommandSpec::new(&["rpm", "-qf", "--qf", "", "--"]);
    spec.argv.extend(paths.iter().cloned());
    let output = process::run(&spec)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let strays: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("file ")?.strip_suffix(" is not owned by any package"))
        .collect();
    Ok(paths.into_iter().filter(|path| strays.contains(&path.as_str())).collect())
}

fn parse(text: &str, names: &[&str]) -> BTreeMap<String, PackageState> {
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    // Several versions of one package (kernels): the last one is the newest. `package x is not installed` has no
    // colon where a version has one.
    let known = lines.filter(|(name, evr)| names.contains(name) && evr.contains(':') && !evr.contains(' '));
    known.map(|(name, evr)| (name.to_owned(), PackageState::Installed(Version::Evr(evr.to_owned())))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_complaints_left_out() {
        let text = "postfix 2:3.5.8-8.el8_10.x86_64\npackage package is not installed\nother 0:1-1.noarch\n\n";
        let found = parse(text, &["postfix", "package"]);
        let installed = PackageState::Installed(Version::Evr("2:3.5.8-8.el8_10.x86_64".to_owned()));
        assert_eq!(found, BTreeMap::from([("postfix".to_owned(), installed)]));
    }

    #[test]
    fn units_are_told_from_other_files() {
        let paths = "/usr/lib/systemd/system/postfix.service\n/usr/lib/systemd/system/x@.service\n\
                     /usr/lib/systemd/system/x.service.d/y.conf\n/etc/postfix/main.cf\n\
                     /usr/lib/systemd/system/x.timer\npackage z is not installed";
        assert_eq!(parse_units(paths), ["postfix.service", "x.timer"]);
    }
}
