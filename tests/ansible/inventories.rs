//! Hosts, groups and variables of a corpus of inventories, as `ansible-inventory --list` gives them.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use serde_json::{Map, Value};

use crate::tools::{ansible_program, mailprov, printed};

/// Each folder is an inventory: `options` has the options for both programs, unless it is `-i` with the only
/// file.
fn corpus() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/inventories");
    let mut folders: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

fn options(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("options")).unwrap_or_else(|_| {
        let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
        format!("-i {}", files.next().unwrap().file_name().unwrap().to_str().unwrap())
    });
    shlex::split(&text).unwrap()
}

/// The groups' lists and all keys in one order, without hosts that have no variables: neither program promises more.
/// Ansible marks texts that are no templates.
fn comparable(text: &str) -> Value {
    let mut listed: Map<String, Value> = serde_json::from_str(text).unwrap();
    let vars = listed.remove("_meta").and_then(|mut meta| meta.get_mut("hostvars").map(Value::take));
    let mut vars = plain(vars.unwrap());
    vars.as_object_mut().unwrap().retain(|_, vars| vars.as_object().is_some_and(|vars| !vars.is_empty()));
    for list in listed.values_mut().flat_map(|group| group.as_object_mut().unwrap().values_mut()) {
        list.as_array_mut().unwrap().sort_by_key(Value::to_string);
    }
    listed.insert("hostvars".to_owned(), vars);
    let mut listed = Value::Object(listed);
    listed.sort_all_objects();
    listed
}

fn plain(value: Value) -> Value {
    match value {
        Value::Object(mut entries) => entries.remove("__ansible_unsafe").unwrap_or_else(|| {
            entries.into_iter().map(|(key, value)| (key, plain(value))).collect::<Map<_, _>>().into()
        }),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        other => other,
    }
}

/// What differs, or nothing.
fn difference(folder: &Path) -> Option<String> {
    let options = options(folder);
    // Without the option, Ansible takes the current folder for the playbook's.
    let nowhere =
        ["--playbook-dir", "nowhere"].iter().filter(|_| !options.iter().any(|option| option == "--playbook-dir"));
    let ansible =
        ansible_program("ansible-inventory", folder)?.arg("--list").args(nowhere).args(&options).output().unwrap();
    let ours = options.iter().map(|option| if option == "--playbook-dir" { "--playbook" } else { option });
    let ours = ours.map(|option| if option == "playbook" { "playbook/site.yaml" } else { option });
    let ours = mailprov(folder).args(["inventory", "list", "--show-secrets"]).args(ours).output().unwrap();
    let pretty = |text: String| format!("{:#}\n", comparable(&text));
    let (expected, found) = (pretty(printed(&ansible)), pretty(printed(&ours)));
    if expected == found {
        return None;
    }
    let diff = similar::TextDiff::from_lines(&expected, &found);
    Some(format!("{}\n{}", folder.display(), diff.unified_diff().header("ansible-inventory", "mailprov")))
}

#[test]
fn a_corpus_of_inventories_reads_as_ansible_reads_it() {
    if crate::tools::ansible().is_none() {
        return;
    }
    let corpus = corpus();
    assert!(corpus.len() >= 25, "{}", corpus.len());
    let (todo, differences) = (Mutex::new(corpus), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(folder) = todo.lock().unwrap().pop() else { return };
                    let found = difference(&folder);
                    differences.lock().unwrap().extend(found);
                }
            });
        }
    });
    let differences = differences.into_inner().unwrap();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
