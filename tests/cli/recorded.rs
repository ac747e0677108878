//! Runs of many hosts, made of what single hosts of the lab once told (`tests/fixtures/runs`).

#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::Path;

use serde_json::Value;

/// The JSON lines of one run: each host tells what is recorded under its word (`up`, `failed`, `unreachable`, ...).
pub fn run(hosts: &[&str]) -> String {
    let mut names = Vec::new();
    let mut start = Value::Null;
    let mut events: Vec<Value> = Vec::new();
    for (index, recorded) in hosts.iter().enumerate() {
        let name = format!("mail{}.", index + 1);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/runs/{recorded}.jsonl"));
        let text = std::fs::read_to_string(path).unwrap().replace("mail1.", &name);
        let text = text.replace("198.51.100.11", &format!("198.51.100.{}", 11 + index));
        for line in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
            match line["kind"].as_str().unwrap() {
                "start" => start = line,
                // Four at a time, as if there were so many forks.
                "event" => events.push(later(line, 20_000 * (index / 4) as u64 + 7 * index as u64)),
                _ => {}
            }
        }
        names.push(Value::from(format!("{name}mydomain.local")));
    }
    events.sort_by_key(|event| event["at_ms"].as_u64());
    start["hosts"] = Value::from(names);
    let finish = serde_json::json!({"version": 1, "kind": "finish"});
    let lines = std::iter::once(&start).chain(&events).chain([&finish]);
    lines.map(Value::to_string).collect::<Vec<_>>().join("\n") + "\n"
}

fn later(mut event: Value, ms: u64) -> Value {
    event["at_ms"] = Value::from(event["at_ms"].as_u64().unwrap() + ms);
    event
}
