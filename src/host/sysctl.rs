//! Parameters of the running kernel, below `/proc/sys` (sysctl(8), proc(5)).
#![expect(clippy::disallowed_methods, reason = "a parameter is written in place: /proc/sys knows no rename")]

use std::fs as files;
use std::io::{self, Write as _};

use super::{HostError, SysctlState};

/// Where a parameter is; `None` for what is no name of one.
///
/// As in sysctl.d(5): the dots between the parts of a name are slashes in the path, and a slash in the name (an
/// interface such as `eth0.100`) is a dot there.
pub(super) fn path(name: &str) -> Option<String> {
    let path: String = name
        .chars()
        .map(|c| match c {
            '.' => '/',
            '/' => '.',
            c => c,
        })
        .collect();
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-.:@".contains(c);
    let is_part = |part: &str| !matches!(part, "" | "." | "..") && part.chars().all(fits);
    (path.contains('/') && path.split('/').all(is_part)).then(|| format!("/proc/sys/{path}"))
}

fn place(name: &str) -> Result<String, HostError> {
    path(name).ok_or_else(|| HostError::refused(format!("find the kernel parameter {name:?}: that is no name of one")))
}

/// The value in force.
pub(super) fn read(name: &str) -> Result<SysctlState, HostError> {
    let path = place(name)?;
    match files::read_to_string(&path) {
        Ok(text) => Ok(SysctlState::value(&text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(SysctlState::Absent),
        Err(error) => Err(HostError::io("read", &path, error)),
    }
}

/// Sets it. What the kernel turns into something else is put back, and refused: nobody could tell later whether
/// it is as wanted.
pub(super) fn change(name: &str, before: &SysctlState, after: &SysctlState) -> Result<(), HostError> {
    let path = place(name)?;
    let SysctlState::Value(want) = after else {
        return Err(HostError::refused(format!("remove {name}: it is part of the kernel")));
    };
    write(&path, want)?;
    let SysctlState::Value(got) = read(name)? else { return Ok(()) };
    if got == *want {
        return Ok(());
    }
    if let SysctlState::Value(before) = before {
        write(&path, before)?;
    }
    Err(HostError::Refused {
        message: format!("set {name} to {want}: the kernel made {got} of it"),
        hint: Some(format!("give the value as `sysctl {name}` shows it")),
    })
}

/// One write: the kernel takes each for a whole value.
fn write(path: &str, value: &str) -> Result<(), HostError> {
    let io = |error| HostError::io("write", path, error);
    let mut file = files::OpenOptions::new().write(true).open(path).map_err(io)?;
    file.write_all(format!("{value}\n").as_bytes()).map_err(io)
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn a_name_leads_below_proc_sys_and_nowhere_else() {
        for (name, expected) in [
            ("net.core.somaxconn", Some("/proc/sys/net/core/somaxconn")),
            ("net.ipv4.conf.eth0/100.forwarding", Some("/proc/sys/net/ipv4/conf/eth0.100/forwarding")),
            ("fs.file-max", Some("/proc/sys/fs/file-max")),
            ("swappiness", None),
            ("", None),
            ("net..core", None),
            ("net.//.core", None),
            ("net./.core", None),
            (".net.core", None),
            ("net.core.", None),
            ("net.core.a b", None),
            ("net.core.a\n", None),
        ] {
            assert_eq!(path(name).as_deref(), expected, "{name:?}");
        }
    }
}
