//! `copy`, `template` and `file` in the ways that Ansible documents.
#![expect(clippy::unwrap_used, reason = "a test")]

use serde_json::{Value, json};

use crate::host::fake::Script;
use crate::host::{FileState, Key, Meta, Principal, State};
use crate::modules::Module;
use crate::modules::bench::Bench;

fn link(script: &mut Script, path: &str, target: &str) {
    let state = FileState::Symlink { target: target.to_owned(), meta: Meta::root(0o777) };
    script.set(Key::File(path.to_owned()), State::File(state));
}

fn bench() -> Bench {
    let bench = Bench::apply(&|script| {
        script.dir("/srv/d").file("/srv/f", "old\n").file("/srv/d/x/y", "").file("/srv/keep", "keep\n");
        link(script, "/srv/to_d", "d");
        link(script, "/srv/to_f", "f");
        link(script, "/srv/d/out", "/srv/keep");
    });
    bench.carries("files", "sub/a.txt", "a\n").carries("templates", "b.conf.j2", "b\n")
}

/// The mode of what is there, and its text or kind.
fn at(bench: &mut Bench, path: &str) -> String {
    match bench.host.script().states().get(&Key::File(path.to_owned())) {
        Some(State::File(FileState::Regular { content, meta })) => {
            format!("{:o} {}", meta.mode, String::from_utf8_lossy(content.bytes().unwrap()).trim_end())
        }
        Some(State::File(FileState::Directory { meta })) => format!("{:o} directory", meta.mode),
        Some(State::File(FileState::Symlink { target, .. })) => format!("-> {target}"),
        _ => "nothing".to_owned(),
    }
}

#[test]
fn files_land_where_ansible_puts_them() {
    let copy = |dest: &str| json!({"src": "sub/a.txt", "dest": dest});
    for (module, args, path, expected) in [
        (Module::Copy, copy("/srv/new"), "/srv/new", "644 a"),
        (Module::Copy, copy("/srv/d"), "/srv/d/a.txt", "644 a"),
        (Module::Copy, copy("/srv/to_d"), "/srv/d/a.txt", "644 a"),
        (Module::Copy, copy("/srv/n/e/"), "/srv/n/e/a.txt", "644 a"),
        (Module::Copy, copy("/srv/f"), "/srv/f", "644 a"),
        // A link is replaced, and what it points to is left alone.
        (Module::Copy, copy("/srv/to_f"), "/srv/to_f", "644 a"),
        (Module::Copy, copy("/srv/to_f"), "/srv/f", "644 old"),
        (Module::Copy, json!({"src": "sub/a.txt", "dest": "/srv/f", "mode": "preserve"}), "/srv/f", "755 a"),
        (Module::Copy, json!({"content": "c", "dest": "/srv/f", "mode": "u=rw,go="}), "/srv/f", "600 c"),
        (Module::Copy, json!({"content": "c", "dest": "/srv/f", "force": false}), "/srv/f", "644 old"),
        (Module::Template, json!({"src": "b.conf.j2", "dest": "/srv/d"}), "/srv/d/b.conf", "644 B"),
        (Module::File, json!({"path": "/srv/f", "mode": 0o600}), "/srv/f", "600 old"),
        (Module::File, json!({"path": "/srv/t", "state": "touch"}), "/srv/t", "644 "),
        (Module::File, json!({"path": "/srv/p/q", "state": "directory", "mode": "0700"}), "/srv/p", "700 directory"),
        (Module::File, json!({"path": "/srv/l", "state": "link", "src": "f"}), "/srv/l", "-> f"),
        (Module::File, json!({"path": "/srv/to_f", "state": "link", "src": "d"}), "/srv/to_f", "-> d"),
        (Module::File, json!({"path": "/srv/f", "state": "link", "src": "none", "force": true}), "/srv/f", "-> none"),
        (Module::File, json!({"path": "/srv/d", "state": "absent"}), "/srv/d/x/y", "nothing"),
        (Module::File, json!({"path": "/srv/d", "state": "absent"}), "/srv/keep", "644 keep"),
        (Module::File, json!({"path": "/srv/to_d", "state": "absent"}), "/srv/d/x/y", "644 "),
    ] {
        let mut bench = bench();
        bench.run(module, &args).unwrap();
        assert_eq!(at(&mut bench, path), expected, "{args}");
        assert!(!bench.run(module, &args).unwrap().changed(), "{args}: the second run");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    for (module, args, expected) in [
        (Module::Copy, json!({"content": "c", "dest": "/srv/d"}), "is a directory, and content has no name"),
        (Module::Copy, json!({"src": "none", "dest": "/srv/f"}), "there is no file none"),
        (Module::Copy, json!({"content": "c", "dest": "/srv/none/f"}), "the directory /srv/none does not exist"),
        (Module::Copy, json!({"content": "c", "dest": "/srv/f", "mode": "preserve"}), "preserve needs src"),
        (Module::Copy, json!({"content": "c", "dest": "/srv/../f"}), "`..`"),
        (Module::Copy, json!({"content": "c", "src": "x", "dest": "/srv/f"}), "exactly one"),
        (Module::Template, json!({"src": "none", "dest": "/srv/f"}), "there is no template none"),
        (Module::File, json!({"path": "/srv/none"}), "does not exist"),
        (Module::File, json!({"path": "/srv/d", "state": "file"}), "is a directory, not a file"),
        (Module::File, json!({"path": "/srv/f", "state": "directory"}), "is a file, not a directory"),
        (Module::File, json!({"path": "/srv/f/x", "state": "directory"}), "/srv/f is a file"),
        (Module::File, json!({"path": "/srv/l", "state": "link", "src": "none"}), "none does not exist; force: yes"),
        (Module::File, json!({"path": "/srv/f", "state": "link", "src": "d"}), "is a file\nforce: yes"),
        (
            Module::File,
            json!({"path": "/srv/d", "state": "link", "src": "f", "force": true}),
            "is a directory, and stays",
        ),
        (Module::File, json!({"path": "/srv/l", "state": "link"}), "src"),
        (Module::File, json!({"path": "/", "state": "absent"}), "cannot be removed"),
        (Module::File, json!({"path": "/srv/d", "state": "directory", "recurse": true}), "not known"),
    ] {
        let failure = bench().fails(module, &args);
        assert!(failure.contains(expected), "{args}: {failure}");
    }
}

#[test]
fn owners_are_kept_unless_named() {
    let mut bench = Bench::apply(&|script| {
        let postfix = Principal { name: Some("postfix".to_owned()), id: Some(89) };
        let meta = Meta { owner: postfix.clone(), group: postfix, ..Meta::root(0o640) };
        let state = FileState::Regular { content: crate::host::Content::text("x"), meta };
        script.set(Key::File("/srv/f".to_owned()), State::File(state));
    });
    for (args, changed, owner) in [
        (json!({"content": "y", "dest": "/srv/f"}), true, "postfix"),
        (json!({"content": "y", "dest": "/srv/f", "owner": "postfix"}), false, "postfix"),
        (json!({"content": "y", "dest": "/srv/f", "owner": 89}), false, "89"),
        (json!({"content": "y", "dest": "/srv/f", "owner": "root"}), true, "root"),
    ] {
        let ran = bench.run(Module::Copy, &args).unwrap();
        assert_eq!((ran.changed(), ran.outcome.values["owner"].as_str()), (changed, Some(owner)), "{args}");
        assert!(ran.changes.iter().all(|change| change.sensitive), "0640 is not for everybody's eyes");
    }
}

#[test]
fn values_describe_the_file() {
    let ran = bench().run(Module::Copy, &json!({"content": "abc", "dest": "/srv/f"})).unwrap();
    assert_eq!(
        Value::Object(ran.outcome.values),
        json!({
            "dest": "/srv/f", "mode": "0644", "owner": "root", "group": "root", "size": 3,
            "checksum": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        })
    );
}
