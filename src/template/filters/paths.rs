//! Filters on POSIX paths as text, with the results of Python's `os.path`.

use minijinja::Error;
use minijinja::value::Value;

use super::super::environment::Registry;
use super::{Arguments, items_of, text_of};

pub(super) fn register(registry: &mut Registry) {
    registry.filter("basename", |path, arguments| {
        arguments.end()?;
        text_of(path).map(|path| split(&path).1.to_owned())
    });
    registry.filter("dirname", |path, arguments| {
        arguments.end()?;
        text_of(path).map(|path| split(&path).0.to_owned())
    });
    registry.filter("splitext", |path, arguments| {
        arguments.end()?;
        text_of(path).map(|path| split_extension(&path))
    });
    registry.filter("path_join", path_join);
}

/// What comes before and after the last slash.
fn split(path: &str) -> (&str, &str) {
    let Some(slash) = path.rfind('/') else { return ("", path) };
    let head = &path[..=slash];
    let trimmed = head.trim_end_matches('/');
    (if trimmed.is_empty() { head } else { trimmed }, &path[slash + 1..])
}

/// The path without its extension, and the extension with its dot. Leading dots begin no extension.
fn split_extension(path: &str) -> Vec<String> {
    let (_, base) = split(path);
    let start = path.len() - base.len();
    let dots = base.len() - base.trim_start_matches('.').len();
    let at = base[dots..].rfind('.').map_or(path.len(), |dot| start + dots + dot);
    vec![path[..at].to_owned(), path[at..].to_owned()]
}

fn path_join(parts: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    arguments.end()?;
    let parts = if parts.as_str().is_some() { vec![parts.clone()] } else { items_of(parts)? };
    parts.iter().try_fold(String::new(), |mut joined, part| {
        let part = text_of(part)?;
        if part.starts_with('/') {
            joined.clear();
        } else if !joined.is_empty() && !joined.ends_with('/') {
            joined.push('/');
        }
        joined.push_str(&part);
        Ok(joined)
    })
}

#[cfg(test)]
mod tests {
    use super::{split, split_extension};

    #[test]
    fn paths_split_as_in_python() {
        for (path, head, tail) in [
            ("/a/b", "/a", "b"),
            ("/a/b/", "/a/b", ""),
            ("/a", "/", "a"),
            ("a", "", "a"),
            ("//a", "//", "a"),
            ("", "", ""),
        ] {
            assert_eq!(split(path), (head, tail), "{path}");
        }
        for (path, head, tail) in [
            ("/etc/postfix/main.cf", "/etc/postfix/main", ".cf"),
            ("a.tar.gz", "a.tar", ".gz"),
            (".bashrc", ".bashrc", ""),
            ("/x.d/file", "/x.d/file", ""),
            ("..a.b", "..a", ".b"),
            ("é.ü", "é", ".ü"),
        ] {
            assert_eq!(split_extension(path), [head, tail], "{path}");
        }
    }
}
