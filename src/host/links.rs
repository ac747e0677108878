//! Where a path leads when directories above it are symbolic links that exist only in a map.

use super::admit::parent;

/// As Linux: more links than this are taken for a loop.
const MAX_LINKS: usize = 40;

/// The path with every link above its last component replaced, `None` when the links never end. `link` gives
/// the target of a path that is a symbolic link.
pub(super) fn resolve(path: &str, link: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let found = ancestors(&path).into_iter().rev().find_map(|above| Some((above.len(), link(above)?)));
        let Some((end, target)) = found else { return Some(path) };
        let base = parent(&path[..end]).unwrap_or("/");
        path = join(base, &format!("{target}{}", &path[end..]));
    }
    None
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
    use super::resolve;

    #[test]
    fn links_above_the_last_component_are_followed() {
        let links = [("/a", "b"), ("/x/y", "../z"), ("/l", "l"), ("/abs", "/b/c")];
        let link = |path: &str| links.iter().find(|(at, _)| *at == path).map(|(_, to)| (*to).to_owned());
        for (path, expected) in [
            ("/a", Some("/a")),
            ("/a/c", Some("/b/c")),
            ("/x/y/f", Some("/z/f")),
            ("/abs/d/e", Some("/b/c/d/e")),
            ("/l/f", None),
            ("/", Some("/")),
        ] {
            assert_eq!(resolve(path, link).as_deref(), expected, "{path}");
        }
    }
}
