#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use crate::host::fake::Script;
use crate::host::{CommandOutput, Content, FileState, Key, Meta, Scratch, Scratched, State};
use crate::hostplay::Mode;
use crate::modules::Module;
use crate::modules::bench::{Bench, keeps_the_law};

/// A stand-in for postmap(1): the database is `DB` and the sorted lines, with a byte for each comment since no two
/// builds are alike; duplicates are warned about.
fn postmap(scratch: &Scratch) -> Scratched {
    let argv: Vec<_> = scratch.command.argv.iter().map(String::as_str).collect();
    let files: BTreeMap<_, _> = scratch.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    assert!(files["main.cf"].starts_with(b"compatibility_level = 2\n"));
    let said = |status, stdout: &str, stderr: &str| CommandOutput {
        status,
        stdout: stdout.as_bytes().to_vec(),
        stderr: stderr.as_bytes().to_vec(),
    };
    match argv[1..] {
        ["-c", ".", map] => {
            let name = map.split_once(':').unwrap().1;
            let text = String::from_utf8_lossy(files[name]).into_owned();
            let mut lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
            lines.sort_unstable();
            let count = lines.len();
            lines.dedup();
            let stderr = if lines.len() < count { "postmap: warning: m.db: duplicate entry: \"a\"\n" } else { "" };
            let comments = "\0".repeat(text.matches('#').count());
            let database = format!("DB\n{}\n{comments}", lines.join("\n"));
            Scratched { output: said(0, "", stderr), result: Some(database.into_bytes()) }
        }
        ["-c", ".", "-s", map] => {
            let name = map.split_once(':').unwrap().1;
            let output = match files[format!("{name}.db").as_str()].strip_prefix(b"DB\n") {
                Some(lines) => said(0, String::from_utf8_lossy(lines).trim_end_matches('\0'), ""),
                None => said(1, "", "postmap: fatal: open database m.db: Invalid argument\n"),
            };
            Scratched { output, result: None }
        }
        _ => unreachable!("{argv:?}"),
    }
}

fn host(script: &mut Script, text: &str, mode: u32) {
    let state = FileState::Regular { content: Content::text(text), meta: Meta::root(mode) };
    script.dir("/etc/postfix").set(Key::File("/etc/postfix/m".to_owned()), State::File(state));
    script.builder("postmap", postmap).builder("postalias", postmap);
}

fn database(script: &mut Script, bytes: &str, mode: u32) {
    let state = FileState::Regular { content: Content::text(bytes), meta: Meta::root(mode) };
    script.set(Key::File("/etc/postfix/m.db".to_owned()), State::File(state));
}

#[test]
fn a_database_is_made_once() {
    let mut bench = Bench::apply(&|script| host(script, "b 2\na 1\n", 0o600));
    let args = json!({"path": "/etc/postfix/m"});
    let ran = bench.run(Module::Postmap, &args).unwrap();
    assert_eq!(ran.changed_keys(), ["file:/etc/postfix/m.db"]);
    assert!(ran.changes[0].sensitive, "as closed as its text");
    assert_eq!(ran.outcome.values["entries"], 2);
    let State::File(state) = &bench.host.script().states()[&Key::File("/etc/postfix/m.db".to_owned())] else { return };
    assert_eq!(state.meta().unwrap().mode, 0o600);
    assert!(!bench.run(Module::Postmap, &args).unwrap().changed());
    bench.host.script().file("/etc/postfix/m", "a 1\n");
    assert!(bench.run(Module::Postmap, &args).unwrap().changed());
    // The same entries, yet newer than the database.
    for (text, changed) in [("# why\na 1\n", true), ("# why\na 1\n", false)] {
        bench.run(Module::Copy, &json!({"content": text, "dest": "/etc/postfix/m"})).unwrap();
        assert_eq!(bench.run(Module::Postmap, &args).unwrap().changed(), changed);
    }
}

#[test]
fn warnings_are_failures() {
    let mut bench = Bench::apply(&|script| host(script, "a 1\na 1\n", 0o644));
    let failure = bench.fails(Module::Postmap, &json!({"path": "/etc/postfix/m"}));
    assert_eq!(failure, "make the database of m\nwarning: m.db: duplicate entry: \"a\"");
}

#[test]
fn what_needs_no_database_gets_none() {
    for (args, expected) in [
        (json!({"path": "/etc/postfix/m", "type": "regexp"}), "read as text"),
        (json!({"path": "/etc/postfix/checks.pcre"}), "read as text"),
        (json!({"path": "/etc/postfix/m", "type": "lmdb"}), "hash or btree"),
        (json!({"path": "/etc/postfix/none"}), "does not exist"),
    ] {
        let failure = Bench::apply(&|script| host(script, "a 1\n", 0o644)).fails(Module::Postmap, &args);
        assert!(failure.contains(expected), "{args}: {failure}");
    }
    let mut bare = Bench::apply(&|script| {
        script.file("/etc/m", "");
    });
    let failure = bare.fails(Module::Postmap, &json!({"path": "/etc/m"}));
    assert_eq!(failure, "postmap is not installed\ninstall the package postfix first");
}

#[test]
fn before_the_package_is_there_a_database_is_foretold() {
    let mut bench = Bench::new(Mode::Check, &|script| {
        script.file("/etc/aliases", "root: x\n").offers("postfix", "2:3.5.8-7.el8.x86_64", vec![]);
    });
    bench.run(Module::Dnf, &json!({"name": "postfix"})).unwrap();
    let ran = bench.run(Module::Postmap, &json!({"path": "/etc/aliases", "aliases": true})).unwrap();
    assert!(ran.outcome.unknown && ran.changed_keys() == ["file:/etc/aliases.db"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn check_predicts_apply(
        text in "(a 1\n|b 2\n|# c\n){0,4}",
        there in prop::option::of(prop::sample::select(vec!["", "DB\n\n", "DB\na 1\n", "DB\na 1\nb 2\n"])),
        modes in prop::sample::select(vec![(0o644, 0o644), (0o600, 0o644), (0o644, 0o600)]),
        aliases in any::<bool>(),
        source_is_newer in any::<bool>(),
    ) {
        let bench = |mode| Bench::new(mode, &|script| {
            host(script, &text, modes.0);
            if let Some(bytes) = there {
                database(script, bytes, modes.1);
            }
            if source_is_newer {
                host(script, &text, modes.0);
            }
        });
        let args = json!({"path": "/etc/postfix/m", "aliases": aliases});
        keeps_the_law(&bench, Module::Postmap, &args).map_err(TestCaseError::fail)?;
    }
}
