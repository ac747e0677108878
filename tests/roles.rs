//! The built-in roles and what is written about them say the same.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

fn files(folder: &str) -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn matches(pattern: &str, text: &str) -> Vec<(String, String)> {
    let regex = Regex::new(pattern).unwrap();
    let group =
        |captures: &regex::Captures<'_>, index| captures.get(index).map_or("", |found| found.as_str()).to_owned();
    regex.captures_iter(text).map(|captures| (group(&captures, 1), group(&captures, 2))).collect()
}

/// Variable → type, as the table has it.
fn documented() -> BTreeMap<String, String> {
    let readme = text(&Path::new(env!("CARGO_MANIFEST_DIR")).join("roles/postfix/README.md"));
    matches(r"(?m)^\| `(mail_\w+)` \| (\w+) \|", &readme).into_iter().collect()
}

#[test]
fn every_variable_is_documented_checked_and_used() {
    let (mut used, mut defined, mut checked) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    for file in files("roles").into_iter().chain(files("playbooks")) {
        let shown = file.display().to_string();
        if shown.ends_with("argument_specs.yaml") {
            checked.extend(matches(r"(?m)^ +(mail_\w+): \{type: (\w+)", &text(&file)));
        } else if file.extension().is_none_or(|extension| extension != "md") {
            let all = matches(r"\b(mail_[a-z0-9_]+)\b", &text(&file));
            // The module of that name.
            used.extend(all.into_iter().map(|(name, _)| name).filter(|name| name != "mail_verify"));
            if shown.contains("/defaults/") {
                defined.extend(matches(r"(?m)^(mail_\w+):", &text(&file)).into_iter().map(|(name, _)| name));
            }
        }
    }
    assert!(used.len() > 30, "{used:?}");
    assert_eq!(documented(), checked, "the table and meta/argument_specs.yaml");
    assert_eq!(defined, used, "the defaults and what is used");
    assert_eq!(defined, documented().into_keys().collect(), "the defaults and the table");
}
