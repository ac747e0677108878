//! Where a path leads when directories above it are symbolic links, some of which exist only in a map.

use std::io;

use rustix::io::Errno;
use rustix::process::geteuid;

use super::admit::parent;
use super::{FileState, HostError, State};

/// As Linux: more links than this are taken for a loop.
const MAX_LINKS: usize = 40;

/// A symbolic link above a path.
pub(super) struct Link {
    /// Where it points, as written.
    pub(super) target: String,
    /// Nobody but root can have put it there.
    pub(super) trusted: bool,
}

/// Why a path leads nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Astray {
    /// Its links never end.
    Loop,
    /// This link stands where others can write, and is not followed.
    Untrusted(String),
}

impl Astray {
    /// The error of a path that leads nowhere, in the words of the real file system.
    pub(super) fn into_error(self, path: &str) -> HostError {
        match self {
            Self::Loop => HostError::io("make", path, Errno::LOOP),
            Self::Untrusted(link) => HostError::io("make", path, untrusted(&link)),
        }
    }
}

/// The error of a link that is not followed.
pub(super) fn untrusted(link: &str) -> io::Error {
    let why = format!("{link} is a symbolic link in a directory that others can write to");
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

/// Where an access control list beyond the mode stands. With one, the mode's bits for the group are what anybody whom it
/// names may have at the most (acl(5)).
pub(super) const ACL: &str = "system.posix_acl_access";

/// Whether only root (or whoever runs this) can change the entries of a directory. Of one with an [`ACL`] the group's bits
/// tell what others may.
pub(super) fn is_ours(owner: u32, group: u32, mode: u32, has_acl: bool) -> bool {
    let owner_is_ours = owner == 0 || owner == geteuid().as_raw();
    owner_is_ours && (mode & 0o020 == 0 || (group == 0 && !has_acl)) && mode & 0o002 == 0
}

/// The same of a directory's state.
pub(super) fn is_our_directory(state: &State) -> bool {
    let State::File(FileState::Directory { meta }) = state else { return true };
    let has_acl = meta.xattrs.contains_key(ACL);
    is_ours(meta.owner.id.unwrap_or(0), meta.group.id.unwrap_or(0), meta.mode, has_acl)
}

/// The path with every link above its last component replaced.
pub(super) fn resolve(path: &str, mut link: impl FnMut(&str) -> Option<Link>) -> Result<String, Astray> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let found = ancestors(&path).into_iter().rev().find_map(|above| Some((above.len(), link(above)?)));
        let Some((end, link)) = found else { return Ok(path) };
        if !link.trusted {
            return Err(Astray::Untrusted(path[..end].to_owned()));
        }
        let base = parent(&path[..end]).unwrap_or("/");
        path = join(base, &format!("{}{}", link.target, &path[end..]));
    }
    Err(Astray::Loop)
}

/// The directories above a path, the nearest first.
pub(super) fn ancestors(path: &str) -> Vec<&str> {
    std::iter::successors(parent(path), |above| parent(above)).collect()
}

fn join(base: &str, target: &str) -> String {
    let mut parts: Vec<&str> = if target.starts_with('/') { Vec::new() } else { base.split('/').collect() };
    for part in target.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let parts: Vec<_> = parts.into_iter().filter(|part| !matches!(*part, "" | ".")).collect();
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::{Astray, Link, resolve};

    #[test]
    fn links_above_the_last_component_are_followed() {
        let links = [("/a", "b"), ("/x/y", "../z"), ("/l", "l"), ("/abs", "/b/c"), ("/tmp/t", "/etc")];
        let link = |path: &str| {
            let (_, target) = links.iter().find(|(at, _)| *at == path)?;
            Some(Link { target: (*target).to_owned(), trusted: !path.starts_with("/tmp") })
        };
        for (path, expected) in [
            ("/a", Ok("/a")),
            ("/a/c", Ok("/b/c")),
            ("/x/y/f", Ok("/z/f")),
            ("/abs/d/e", Ok("/b/c/d/e")),
            ("/l/f", Err(Astray::Loop)),
            ("/tmp/t/passwd", Err(Astray::Untrusted("/tmp/t".to_owned()))),
            ("/", Ok("/")),
        ] {
            assert_eq!(resolve(path, link), expected.map(str::to_owned), "{path}");
        }
    }
}
