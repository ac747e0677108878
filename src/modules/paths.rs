//! Paths as users write them.

use super::{Args, ModuleError};

/// A path argument without doubled slashes, `.` and a slash at its end.
pub(super) fn argument(args: &Args, name: &str) -> Result<Option<String>, ModuleError> {
    args.str(name).map(|path| clean(path).map_err(|why| ModuleError::argument(name, why))).transpose()
}

/// As [`argument`], for one that the table requires.
pub(super) fn required(args: &Args, name: &str) -> Result<String, ModuleError> {
    argument(args, name)?.ok_or_else(|| ModuleError::argument(name, "is required"))
}

/// `..` is refused: what it means depends on links that another program may be changing.
fn clean(path: &str) -> Result<String, &'static str> {
    let parts: Vec<_> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.contains(&"..") {
        return Err("may not contain `..`");
    }
    Ok(format!("/{}", parts.join("/")))
}

/// The directory that a clean path stands in; `/` for itself.
pub(super) fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        None | Some(("", _)) => "/",
        Some((parent, _)) => parent,
    }
}

/// A name in a directory.
pub(super) fn join(directory: &str, name: &str) -> String {
    format!("{}/{name}", directory.trim_end_matches('/'))
}

/// Where a link at a clean path points, as a clean path. As for Linux, above the root is the root.
pub(super) fn link_target(link: &str, target: &str) -> String {
    let mut parts: Vec<&str> = if target.starts_with('/') { Vec::new() } else { parent(link).split('/').collect() };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.retain(|part| !part.is_empty());
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::{clean, join, link_target, parent};

    #[test]
    fn paths_are_cleaned() {
        for (given, expected) in [
            ("/etc/postfix/", Ok("/etc/postfix")),
            ("//etc/./postfix//main.cf", Ok("/etc/postfix/main.cf")),
            ("/", Ok("/")),
            ("/etc/../root", Err("may not contain `..`")),
            ("/etc/..x", Ok("/etc/..x")),
        ] {
            assert_eq!(clean(given), expected.map(str::to_owned), "{given}");
        }
        for (path, expected) in [("/etc/postfix", "/etc"), ("/etc", "/"), ("/", "/")] {
            assert_eq!(parent(path), expected, "{path}");
        }
        assert_eq!(join("/", "etc"), "/etc");
    }

    #[test]
    fn links_lead_somewhere() {
        for (link, target, expected) in [
            ("/etc/grub2.cfg", "../boot/grub2/grub.cfg", "/boot/grub2/grub.cfg"),
            ("/etc/mtab", "/proc/self/mounts", "/proc/self/mounts"),
            ("/a", "b", "/b"),
            ("/a", "../../b", "/b"),
        ] {
            assert_eq!(link_target(link, target), expected, "{link} -> {target}");
        }
    }
}
