//! Filters on POSIX paths as text, with the results of Python's `os.path`.

use minijinja::Error;
use minijinja::value::Value;

use super::super::environment::Registry;
use super::{Arguments, invalid, items_of, text_of};

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
    registry.filter("normpath", |path, arguments| {
        arguments.end()?;
        text_of(path).map(|path| normal(&path))
    });
    registry.filter("relpath", relpath);
    registry.filter("commonpath", commonpath);
    registry.filter("win_basename", |path, arguments| {
        arguments.end()?;
        text_of(path).map(|path| path.rsplit(['\\', '/']).next().unwrap_or_default().to_owned())
    });
    registry.filter("win_dirname", |path, arguments| {
        arguments.end()?;
        let path = text_of(path)?;
        Ok(path.rfind(['\\', '/']).map_or("", |at| &path[..at]).to_owned())
    });
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

/// Without `.`, `..`, and slashes that say nothing.
fn normal(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    // POSIX lets two leading slashes, and only two, mean something else.
    let root = match path.len() - path.trim_start_matches('/').len() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match part {
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if !root.is_empty() => {}
            part => parts.push(part),
        }
    }
    let joined = format!("{root}{}", parts.join("/"));
    if joined.is_empty() { ".".to_owned() } else { joined }
}

/// The way from one path to another. Both are taken from the root: there is no current folder that counts.
fn relpath(path: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    let start = arguments.need_text("start")?;
    arguments.end()?;
    let (path, start) = (normal(&text_of(path)?), normal(&start));
    if !path.starts_with('/') || !start.starts_with('/') {
        return Err(invalid("both paths must begin with a slash"));
    }
    let parts = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (path, start) = (parts(&path), parts(&start));
    let common = path.iter().zip(&start).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), start.len() - common);
    let way: Vec<String> = up.chain(path.into_iter().skip(common)).collect();
    Ok(if way.is_empty() { ".".to_owned() } else { way.join("/") })
}

fn commonpath(paths: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    arguments.end()?;
    let paths = items_of(paths)?.iter().map(text_of).collect::<Result<Vec<_>, _>>()?;
    let mut common: Option<Vec<&str>> = None;
    let absolute = paths.iter().all(|path| path.starts_with('/'));
    if !absolute && paths.iter().any(|path| path.starts_with('/')) {
        return Err(invalid("some paths begin with a slash and some do not"));
    }
    for path in &paths {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        common = Some(match common {
            None => parts,
            Some(common) => common.into_iter().zip(parts).take_while(|(a, b)| a == b).map(|(a, _)| a).collect(),
        });
    }
    let common = common.ok_or_else(|| invalid("the list of paths is empty"))?;
    Ok(format!("{}{}", if absolute { "/" } else { "" }, common.join("/")))
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
