//! The rules of docs/architecture.md that a program can check.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Which module may name which: dependencies point downwards only. `cli` stands on top and may name all.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("fleet", &["probe", "transport", "protocol", "event", "hostplay"]),
    ("transport", &["protocol", "event", "hostplay"]),
    ("report", &["veil", "event", "hostplay"]),
    ("playbook", &["vault", "veil", "inventory", "template", "modules", "postfix", "yaml", "diagnostic", "hostplay"]),
    ("inventory", &["yaml", "diagnostic", "hostplay"]),
    ("yaml", &["vault", "diagnostic", "hostplay"]),
    ("diagnostic", &["vault", "veil", "hostplay"]),
    ("vault", &[]),
    ("veil", &[]),
    ("agent", &["veil", "modules", "host", "journal", "template", "protocol", "event", "hostplay"]),
    ("modules", &["verify", "probe", "postfix", "host", "event", "hostplay"]),
    ("verify", &["probe", "postfix", "host", "event"]),
    ("probe", &["event"]),
    ("postfix", &[]),
    ("host", &["veil", "journal", "event", "hostplay"]),
    ("journal", &["protocol", "event", "hostplay"]),
    ("template", &["veil", "yaml", "event", "hostplay"]),
    // What controller and host share. The bytes of files are base64 on the wire, hence the way back.
    ("protocol", &["event", "hostplay"]),
    ("event", &["hostplay"]),
    ("hostplay", &["protocol"]),
];

/// Crates that one place alone may name, and that place.
const ONE_PLACE: &[(&str, &str)] =
    &[("serde_yaml", "src/yaml"), ("indicatif", "src/report/progress.rs"), ("rpassword", "src/cli/password.rs")];

/// More lines than this are more than one concept.
const MAX_LINES: usize = 500;

struct Source {
    /// Relative to the package, with slashes.
    path: String,
    text: String,
}

impl Source {
    /// The module below the crate's root that the file belongs to.
    fn module(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inside.split(['/', '.']).next().unwrap_or(inside)
    }

    /// The numbered lines of code, without comments and without the tests.
    fn code(&self) -> Vec<(usize, &str)> {
        let mut code = Vec::new();
        let mut lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        while let Some((number, line)) = lines.next() {
            if line == "#[cfg(test)]" {
                // What is for tests alone: one declaration, or a module in braces at the end of the file.
                let item = lines.find(|(_, line)| !line.starts_with("#["));
                if item.is_none_or(|(_, line)| line.starts_with("mod ") && line.ends_with('{')) {
                    break;
                }
            } else if !line.trim_start().starts_with("//") {
                code.push((number, line));
            }
        }
        code
    }
}

fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = vec![root.join(folder)];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let shown = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                sources.push(Source { path: shown, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    assert!(!sources.is_empty(), "{folder} has no sources");
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

/// The modules that a line names after `crate::`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn dependencies_point_downwards() {
    let mut upward = Vec::new();
    for source in sources("src") {
        let module = source.module();
        let Some((_, allowed)) = MAY_NAME.iter().find(|(name, _)| *name == module) else {
            assert!(
                ["cli", "main", "agent_main", "lib"].contains(&module),
                "{module} has no place in the order of modules"
            );
            continue;
        };
        for (number, line) in source.code() {
            for name in named(line).filter(|name| *name != module && !allowed.contains(name)) {
                upward.push(format!("{}:{number}: {module} names {name}", source.path));
            }
        }
    }
    assert_none("dependencies that point upwards", &upward);
}

#[test]
fn imports_name_one_module_a_line() {
    // `use crate::{a, b}` would hide edges from the test above.
    let mut hidden = Vec::new();
    for source in sources("src") {
        for (number, line) in source.code().into_iter().filter(|(_, line)| line.contains("crate::{")) {
            hidden.push(format!("{}:{number}: {line}", source.path));
        }
    }
    assert_none("imports from the root of the crate in braces", &hidden);
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut bad = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let lines = source.text.lines().count();
        if lines > MAX_LINES {
            bad.push(format!("{}: {lines} lines", source.path));
        }
        let name = source.path.rsplit('/').next().unwrap_or_default();
        if ["utils.rs", "util.rs", "helpers.rs", "common.rs", "misc.rs", "mod.rs"].contains(&name) {
            bad.push(format!("{}: the name says nothing", source.path));
        }
        let tests = source.path.contains("/tests/") || name == "tests.rs";
        if !tests && !source.text.starts_with("//!") {
            bad.push(format!("{}: does not say what it is", source.path));
        }
    }
    assert_none("files that are too long or too vague", &bad);
}

#[test]
fn some_crates_are_named_in_one_place() {
    let mut elsewhere = Vec::new();
    for source in sources("src") {
        for (number, line) in source.code() {
            for (krate, place) in ONE_PLACE.iter().filter(|(_, place)| !source.path.starts_with(place)) {
                let words: BTreeSet<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
                if words.contains(krate) {
                    elsewhere.push(format!("{}:{number}: {krate} belongs to {place}", source.path));
                }
            }
        }
    }
    assert_none("crates named outside of their place", &elsewhere);
}

#[test]
fn modules_do_not_ask_whether_it_is_a_check() {
    let mut found = Vec::new();
    for source in sources("src/modules").iter().filter(|source| !source.path.ends_with("/bench.rs")) {
        for (number, line) in
            source.code().into_iter().filter(|(_, line)| line.contains("Mode::") && line.contains("mode()"))
        {
            found.push(format!("{}:{number}: {line}", source.path));
        }
    }
    assert_none("modules that look at the mode (`Host::is_in_force` is what they may ask)", &found);
}
