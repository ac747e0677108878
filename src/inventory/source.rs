//! What `-i` names: a file in one of Ansible's formats, a program that prints an inventory, or hosts with commas.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::tree::Tree;
use super::{Variables, file, hosts, ini, script};
use crate::diagnostic::{Diagnostic, Diagnostics, Sources, did_you_mean};
use crate::yaml::{self, Key, Span};

/// Extensions that YAML inventories have, in the order of Ansible's configuration.
const YAML_EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// The hosts that `-i host1,host2` names; `None` for the path of a file.
pub(super) fn host_list(path: &Path) -> Option<Vec<&str>> {
    let text = path.to_str().filter(|text| text.contains(',') && !path.exists())?;
    Some(text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect())
}

/// Adds hosts that are named on the command line.
pub(super) fn add_host_list(names: &[&str], tree: &mut Tree, problems: &mut Diagnostics) {
    const SHOWN_AS: &str = "the command line";
    for name in names {
        let key = Key { name: (*name).to_owned(), span: Span { file: SHOWN_AS.into(), line: 1, column: 1, length: 1 } };
        let naming = hosts::Naming { key: &key, group: "ungrouped", source: SHOWN_AS };
        hosts::add(tree, &naming, &Variables::default(), problems);
    }
}

/// Adds the hosts and groups of a file.
pub(super) fn read(path: &Path, tree: &mut Tree, sources: &mut Sources, problems: &mut Diagnostics) {
    let shown = path.display().to_string();
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            problems.push(unreadable(path, &error));
            return;
        }
    };
    if bytes.starts_with(b"#!") || bytes.starts_with(b"\x7fELF") {
        if is_executable(path) {
            script::read(path, &shown, tree, problems);
        } else {
            let problem = Diagnostic::new(format!("{shown} is a program, and is not executable"));
            problems.push(problem.hint(format!("chmod +x {shown}")));
        }
        return;
    }
    let Ok(text) = String::from_utf8(bytes) else {
        problems.push(Diagnostic::new(format!("{shown} is not UTF-8 text")));
        return;
    };
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if extension == "toml" {
        let problem = Diagnostic::new(format!("{shown} is a TOML inventory, and those are not supported"));
        problems.push(problem.hint("ansible-inventory -i FILE --list --yaml --export turns it into YAML"));
        return;
    }
    if !extension.is_empty() && !YAML_EXTENSIONS.contains(&extension) {
        ini::read(&shown, &sources.add(&shown, &text), tree, problems);
        return;
    }
    // As Ansible does: what is no YAML mapping may be INI, whatever its name.
    match yaml::load(&shown, &text, sources) {
        Ok(root) if root.as_map().is_some() || root.is_null() || !looks_like_ini(&text) => {
            file::read(&root, &shown, tree, problems);
        }
        Err(found) if !looks_like_ini(&text) => problems.extend(found),
        Ok(_) | Err(_) => ini::read(&shown, &sources.add(&shown, &text), tree, problems),
    }
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let problem = Diagnostic::new(format!("cannot read the inventory {}: {error}", path.display()));
    if error.kind() != std::io::ErrorKind::NotFound {
        return problem;
    }
    let beside = path.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    let entries = beside.and_then(|parent| std::fs::read_dir(parent).ok()).into_iter().flatten().flatten();
    let names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let wanted = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    problem.maybe_hint(did_you_mean(wanted, names.iter().map(String::as_str)))
}

/// A section, or a host with or without `key=value` behind it, in the first line that counts.
fn looks_like_ini(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    let Some(first) = lines.next().filter(|first| !first.starts_with(['-', '{', '"', '\'', '%'])) else { return false };
    let section = first.starts_with('[') && !first.contains([',', '{', '"']);
    let assignment = first.split_whitespace().nth(1).is_some_and(|word| word.contains('=') && !first.contains(": "));
    let bare = !first.contains(char::is_whitespace) && !first.ends_with(':');
    section || assignment || bare
}
