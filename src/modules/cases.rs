//! Cases of a module as data: arguments, the host before, what changes, the host after.
//!
//! A resource is written as a change's key is shown, with its state as text: `file:/etc/x` with the text of a file
//! of `root:root` and 0644, `dir:/etc/x`, `link:/etc/x` with its target, `sysctl:a.b` with its value. Every case is
//! held against the law of [`super::bench::keeps_the_law`] as well.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::Module;
use super::bench::{Bench, keeps_the_law};
use crate::host::fake::Script;
use crate::host::{FileState, Key, Meta, State, SysctlState};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    args: Value,
    before: BTreeMap<String, String>,
    /// The keys of the changes, in order.
    #[serde(default)]
    changed: Vec<String>,
    /// A part of the failure's text; none when the call succeeds.
    fails: Option<String>,
    /// What is to be looked at afterwards.
    #[serde(default)]
    after: BTreeMap<String, String>,
}

/// Runs all cases of a module's file.
pub(super) fn hold(module: Module, text: &str) {
    let cases: Vec<Case> = serde_json::from_str(text).unwrap();
    for case in &cases {
        let bench =
            |mode| Bench::new(mode, &|script| case.before.iter().for_each(|(key, text)| set(script, key, text)));
        keeps_the_law(&bench, module, &case.args).unwrap_or_else(|broken| panic!("{}: {broken}", case.name));
        let mut bench = bench(crate::hostplay::Mode::Apply);
        if let Some(expected) = &case.fails {
            let failure = bench.fails(module, &case.args);
            assert!(failure.contains(expected), "{}: {failure}", case.name);
            continue;
        }
        let ran = bench.run(module, &case.args).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert_eq!(ran.changed_keys(), case.changed, "{}", case.name);
        for (key, expected) in &case.after {
            assert_eq!(get(bench.host.script(), key).as_ref(), Some(expected), "{}: {key}", case.name);
        }
    }
}

fn set(script: &mut Script, key: &str, text: &str) {
    match key.split_once(':').unwrap() {
        ("file", path) => script.file(path, text),
        ("dir", path) => script.dir(path),
        ("link", path) => {
            let state = FileState::Symlink { target: text.to_owned(), meta: Meta::root(0o777) };
            script.set(Key::File(path.to_owned()), State::File(state))
        }
        ("sysctl", name) => script.sysctl(name, text),
        (kind, _) => panic!("{kind} is no kind of resource that cases know"),
    };
}

fn get(script: &Script, key: &str) -> Option<String> {
    match key.split_once(':').unwrap() {
        ("file", path) => script.text(path),
        ("sysctl", name) => match script.states().get(&Key::Sysctl(name.to_owned())) {
            Some(State::Sysctl(SysctlState::Value(value))) => Some(value.clone()),
            _ => None,
        },
        (kind, _) => panic!("{kind} is nothing that cases look at"),
    }
}
