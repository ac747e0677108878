//! What the way into a host is: whatever a login as root over ssh goes through. `docs/confirm.md` says why.
//!
//! Rather too much than too little: a run that is confirmed for nothing has lost a moment, and one that should
//! have been has lost the host.

use super::Key;

/// Files and folders, with all that is below them.
const PATHS: &[&str] = &[
    // Names are resolved on the way: `UseDNS`, `from=`, `Match host`, sudo.
    "/etc/hostname",
    "/etc/hosts",
    "/etc/hosts.allow",
    "/etc/hosts.deny",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    // What is listened with.
    "/etc/ssh",
    "/etc/sysconfig/sshd",
    "/etc/crypto-policies",
    // The network.
    "/etc/NetworkManager",
    "/etc/sysconfig/network",
    "/etc/sysconfig/network-scripts",
    "/etc/sysctl.conf",
    "/etc/sysctl.d",
    "/etc/systemd/network",
    // Packet filters.
    "/etc/firewalld",
    "/etc/nftables",
    "/etc/sysconfig/firewalld",
    "/etc/sysconfig/ip6tables",
    "/etc/sysconfig/iptables",
    "/etc/sysconfig/nftables.conf",
    // Who may log in, and become root.
    "/etc/authselect",
    "/etc/group",
    "/etc/gshadow",
    "/etc/krb5.conf",
    "/etc/login.defs",
    "/etc/nologin",
    "/etc/pam.d",
    "/etc/passwd",
    "/etc/security",
    "/etc/selinux",
    "/etc/shadow",
    "/etc/shells",
    "/etc/sssd",
    "/etc/sudo.conf",
    "/etc/sudoers",
    "/etc/sudoers.d",
];

/// Folders that hold units and what is added to them.
const UNIT_FOLDERS: &[&str] = &["/etc/systemd/system/", "/usr/lib/systemd/system/"];

/// Units, by the part of the name that stands before the first dot or `@`.
const UNITS: &[&str] = &[
    "NetworkManager",
    "dbus",
    "dbus-broker",
    "firewalld",
    "ip6tables",
    "iptables",
    "network",
    "nftables",
    // Debian's name for it, as an alias on others.
    "ssh",
    "sshd",
    "sssd",
    "systemd-logind",
    "systemd-networkd",
    "systemd-resolved",
    // Stopped, it lets nobody in but root.
    "systemd-user-sessions",
];

/// Packages, with those that begin so and go on with a hyphen.
const PACKAGES: &[&str] = &[
    "NetworkManager",
    "authselect",
    "crypto-policies",
    "dbus",
    "firewalld",
    "initscripts",
    "iptables",
    "network-scripts",
    "nftables",
    "openssh",
    "pam",
    "selinux-policy",
    "shadow-utils",
    "sssd",
    "sudo",
    "systemd",
];

/// Whether a change of this resource may shut out whoever comes in next.
pub(super) fn leads_through(key: &Key) -> bool {
    match key {
        Key::Firewall(_) | Key::Hostname => true,
        Key::File(path) => is_path(path),
        Key::Unit(name) => is_unit(name),
        Key::Sysctl(name) => name.split(['.', '/']).next() == Some("net"),
        Key::Package(name) => PACKAGES.iter().any(|package| is_or_follows(name, package, '-')),
    }
}

/// Whether this unit is on the way: it is started, stopped, restarted or reloaded.
pub(super) fn is_unit(name: &str) -> bool {
    let stem = name.split(['.', '@']).next().unwrap_or(name);
    UNITS.contains(&stem)
}

fn is_path(path: &str) -> bool {
    let is_of_a_unit = |folder: &str| path.strip_prefix(folder).is_some_and(is_unit);
    PATHS.iter().any(|one| is_or_follows(path, one, '/'))
        || UNIT_FOLDERS.iter().any(|folder| is_of_a_unit(folder))
        // What is above one of them: its mode and owner count as well.
        || PATHS.iter().any(|one| is_or_follows(one, path, '/'))
        // `authorized_keys` of anybody, and the homes above them, which sshd's StrictModes looks at.
        || path.split('/').any(|part| part == ".ssh")
        || path == "/root"
        || path.strip_prefix("/home/").is_some_and(|rest| !rest.contains('/'))
}

fn is_or_follows(name: &str, one: &str, separator: char) -> bool {
    name.strip_prefix(one).is_some_and(|rest| rest.is_empty() || rest.starts_with(separator))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_in_is_known_from_what_is_beside_it() {
        let file = |path: &str| Key::File(path.to_owned());
        let unit = |name: &str| Key::Unit(name.to_owned());
        let package = |name: &str| Key::Package(name.to_owned());
        for (key, expected) in [
            (Key::Firewall("public".to_owned()), true),
            (Key::Hostname, true),
            (file("/etc/ssh/sshd_config"), true),
            (file("/etc/ssh"), true),
            (file("/etc/sshguard.conf"), false),
            (file("/etc/hosts"), true),
            (file("/etc/sysconfig/network-scripts/ifcfg-eth0"), true),
            (file("/etc/sysconfig/postfix"), false),
            (file("/etc/systemd/system/sshd.service.d/x.conf"), true),
            (file("/etc/systemd/system/postfix.service"), false),
            (file("/root/.ssh/authorized_keys"), true),
            (file("/etc/authselect/password-auth"), true),
            (file("/etc"), true),
            (file("/home"), false),
            (file("/home/admin"), true),
            (file("/home/admin/notes"), false),
            (file("/root"), true),
            (file("/root/notes"), false),
            (file("/etc/postfix"), false),
            (file("/etc/postfix/main.cf"), false),
            (unit("dbus-broker.service"), true),
            (unit("sshd.service"), true),
            (unit("sshd@1.service"), true),
            (unit("firewalld.service"), true),
            (unit("postfix.service"), false),
            (Key::Sysctl("net.ipv4.ip_forward".to_owned()), true),
            (Key::Sysctl("vm.swappiness".to_owned()), false),
            (package("openssh-server"), true),
            (package("firewalld"), true),
            (package("pamtester"), false),
            (package("postfix"), false),
        ] {
            assert_eq!(leads_through(&key), expected, "{key}");
        }
    }
}
