//! Every line of `--output json` against the schema that is handed out, `docs/json.schema.json`.

#![expect(clippy::unwrap_used, reason = "a test")]

use jsonschema::Validator;
use mailprov::event::Event;
use serde_json::{Value, json};

use crate::recorded;
use crate::world::{World, skipped};

const SCHEMA: &str = include_str!("../../docs/json.schema.json");

/// The schema, and with it that no line has a key that the schema does not tell of.
fn strict() -> Validator {
    fn close(schema: &mut Value) {
        match schema {
            Value::Object(keys) => {
                keys.values_mut().for_each(close);
                if keys.contains_key("properties") && keys.get("type") == Some(&json!("object")) {
                    keys.insert("additionalProperties".to_owned(), json!(false));
                }
            }
            Value::Array(items) => items.iter_mut().for_each(close),
            _ => {}
        }
    }
    let mut schema = serde_json::from_str(SCHEMA).unwrap();
    close(&mut schema);
    jsonschema::validator_for(&schema).unwrap()
}

/// The kinds of lines that were seen; each is valid.
fn kinds(schema: &Validator, lines: &str) -> Vec<String> {
    let kind = |line: &str| {
        let value = serde_json::from_str::<Value>(line).unwrap();
        assert!(schema.is_valid(&value), "not in the schema: {line}");
        value["kind"].as_str().unwrap().to_owned()
    };
    lines.lines().map(kind).collect()
}

#[test]
fn the_schema_is_one_and_lets_new_keys_pass() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    let reader = jsonschema::validator_for(&schema).unwrap();
    let line = json!({"version": 1, "kind": "lint", "plays": 1, "tasks": 2, "hosts": 3, "warnings": 0, "new": true});
    assert!(reader.is_valid(&line) && !strict().is_valid(&line));
    let line = json!({"version": 2, "kind": "lint", "plays": 1, "tasks": 2, "hosts": 3, "warnings": 0});
    assert!(!reader.is_valid(&line), "another version is another schema");
}

#[test]
fn what_real_hosts_told_is_in_the_schema() {
    let schema = strict();
    for recorded in ["check", "up", "failed", "unreachable", "verify", "rollback"] {
        let world = World::new().file("run.json", &recorded::run(&[recorded]));
        let ran = world.run("report merge run.json --output json --timings");
        let kinds = kinds(&schema, &ran.stdout);
        assert_eq!((kinds[0].as_str(), kinds[kinds.len() - 1].as_str()), ("start", "finish"), "{ran}");
        assert_eq!(kinds[kinds.len() - 2], "timings", "{ran}");
    }
}

#[test]
fn what_other_commands_say_is_in_the_schema() {
    let world = World::new()
        .file("inventory.yaml", "all: {hosts: {mx1.example.net: {ansible_ssh_executable: ./ssh}}}")
        .program("ssh", "echo refused >&2; exit 255");
    let schema = strict();
    for (line, kind) in [
        ("lint", "lint"),
        ("doc", "module"),
        ("check --list-tasks", "play"),
        ("inventory explain mx1.example.net", "variables"),
        ("init mx1.example.org --file new.yaml", "init"),
        ("history", "history"),
        ("status", "status"),
        ("facts", "facts"),
        ("check nowhere.yaml", "error"),
        ("verify", "start"),
    ] {
        let ran = world.run(&format!("{line} --output json"));
        assert_eq!(kinds(&schema, &ran.stdout).first().map(String::as_str), Some(kind), "{line}\n{ran}");
    }
}

#[test]
fn what_this_machine_says_is_in_the_schema() {
    if !rustix::process::geteuid().is_root() {
        return skipped("only root is answered by the host itself");
    }
    let world = World::new()
        .file("inventory.yaml", "all: {hosts: {mx1: {ansible_connection: local}}}")
        .file("play.yaml", "- hosts: all\n  tasks:\n    - debug: {msg: '{{ item }}'}\n      loop: [1, 2]\n    - fail:\n      ignore_errors: true\n");
    let schema = strict();
    for (line, kind) in
        [("check --playbook play.yaml", "start"), ("history", "history"), ("status", "status"), ("facts", "facts")]
    {
        let ran = world.run(&format!("{line} --output json"));
        assert_eq!((kinds(&schema, &ran.stdout)[0].as_str(), ran.code), (kind, Some(0)), "{line}\n{ran}");
    }
}

#[test]
fn events_that_were_not_recorded_are_in_the_schema() {
    let failure = json!({"message": "no", "causes": ["why"], "command": ["a"], "exit_status": -1, "stderr": "", "hints": [],
        "origin": {"file": "f", "line": 1, "column": 1}});
    let change = json!({"kind": "file", "name": "/a", "verb": "update", "sensitive": true, "text": null,
        "properties": [{"name": "mode", "before": null, "after": "0600"}]});
    let schema = strict();
    for event in [
        json!({"type": "warning", "message": "w"}),
        json!({"type": "output", "line": "l"}),
        json!({"type": "late", "at_work": "the task \"Install the packages\"", "limit": 3600}),
        json!({"type": "confirming", "run_id": "r", "within": 60}),
        json!({"type": "confirmed", "ms": 1}),
        json!({"type": "rollback_started", "reason": "r"}),
        json!({"type": "rolled_back", "change": change, "kept": "changed since"}),
        json!({"type": "host_finished", "outcome": {"outcome": "reverted"}}),
        json!({"type": "host_finished", "outcome": {"outcome": "refused", "failure": failure}}),
        json!({"type": "host_finished", "outcome": {"outcome": "not_started", "reason": "r"}}),
    ] {
        let event: Event = serde_json::from_value(event).unwrap();
        let line = json!({"version": 1, "kind": "event", "host": "mx1", "at_ms": 0, "event": event});
        assert!(schema.is_valid(&line), "{line}");
    }
}
