//! The controller's RPM: built here, installed and removed on a host.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{binary, lab, on, one_host, reset, root};

/// The binary under test without its debugging information, which would be most of the package.
fn stripped(folder: &Path) -> PathBuf {
    let path = folder.join("mailprov");
    let status = Command::new("strip").arg("-o").arg(&path).arg(binary()).status().expect("strip runs");
    assert!(status.success());
    path
}

#[test]
fn the_rpm_installs_runs_and_leaves_nothing() {
    let host = one_host();
    reset(&[&host]);
    let disk = PathBuf::from(lab(&["path", "--root", &host]).succeeded().stdout.trim().to_owned());
    let folder = disk.join("root");
    let built = Command::new(root().join("release/rpm"))
        .arg(stripped(tempfile::tempdir().expect("a folder").path()))
        .arg(&folder)
        .output()
        .expect("release/rpm runs");
    let name = String::from_utf8_lossy(&built.stdout).trim().to_owned();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));

    on(&host, &format!("dnf -q -y --nogpgcheck install /root/{name}"));
    assert_eq!(on(&host, "mailprov --version"), format!("mailprov {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(on(&host, "rpm -V mailprov; rpm -q --requires mailprov | grep -v '^rpmlib('; true"), "");
    let installed = on(&host, "rpm -ql mailprov");
    assert!(installed.contains("/usr/bin/mailprov") && installed.contains("LICENSE-MIT"), "{installed}");
    // The machine manages itself.
    on(&host, "mailprov check --local -e mail_fqdn=mail.mydomain.local");
    on(&host, "dnf -q -y remove mailprov");
    assert_eq!(on(&host, "ls -d /usr/bin/mailprov /usr/share/doc/mailprov 2>/dev/null; true"), "");
}
