//! What would have to go along with packages that are taken away.

use std::collections::BTreeSet;

use super::dnf;
use crate::host::{CommandSpec, HostError, process};

/// The names of installed packages that need what the transaction with this label installed, and are no part of it: dnf
/// would remove them, too, without a question.
pub(in crate::host) fn dependents(packages: &[&str], label: &str) -> Result<Vec<String>, HostError> {
    let mut spec = CommandSpec::new(&["rpm", "-q", "--qf", "%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\\n", "--"]);
    spec.argv.extend(doomed(packages, label)?);
    // A line with blanks tells that a package is not installed.
    let there: Vec<String> = process::run(&spec)?
        .stdout_text()
        .lines()
        .filter(|line| !line.is_empty() && !line.contains(' '))
        .map(str::to_owned)
        .collect();
    if there.is_empty() {
        return Ok(Vec::new());
    }
    let mut test = CommandSpec::new(&["rpm", "-e", "--test", "--"]);
    test.argv.extend(there);
    Ok(parse(&process::run(&test)?.stderr_text()))
}

/// The files of these packages and of what the transaction with this label installed.
pub(in crate::host) fn leaving(packages: &[&str], label: &str) -> Result<BTreeSet<String>, HostError> {
    let mut spec = CommandSpec::new(&["rpm", "-ql", "--"]);
    spec.argv.extend(doomed(packages, label)?);
    // All else that it says is that a package is not installed, or has no files.
    Ok(process::run(&spec)?.stdout_text().lines().filter(|line| line.starts_with('/')).map(str::to_owned).collect())
}

/// These packages and what the transaction with this label installed, as rpm takes them on a command line.
fn doomed(packages: &[&str], label: &str) -> Result<Vec<String>, HostError> {
    let brought = dnf::find(packages, label)?.into_iter().flat_map(|transaction| transaction.installed);
    Ok(packages.iter().map(|&name| name.to_owned()).chain(brought).collect())
}

/// `x is needed by (installed) postfix-pcre-2:3.5.8-8.el8_10.x86_64`, as plain names.
fn parse(complaints: &str) -> Vec<String> {
    let needing = complaints.lines().filter_map(|line| line.rsplit_once("is needed by (installed) "));
    let mut names: Vec<String> =
        needing.filter_map(|(_, package)| package.trim().rsplitn(3, '-').nth(2)).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn who_needs_a_package_is_told_by_rpm() {
        let complaints = "error: Failed dependencies:\n\
                          \tpostfix = 2:3.5.8-8.el8_10 is needed by (installed) postfix-pcre-2:3.5.8-8.el8_10.x86_64\n\
                          \tlibpcre.so.1()(64bit) is needed by (installed) postfix-pcre-2:3.5.8-8.el8_10.x86_64\n\
                          \tsmtpdaemon is needed by (installed) mutt-5:2.0.7-3.el8_10.x86_64";
        assert_eq!(parse(complaints), ["mutt", "postfix-pcre"]);
        assert_eq!(parse("error: package x is not installed"), [""; 0]);
    }
}
