#![expect(clippy::unwrap_used, reason = "a test")]

use std::io::Write;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::hostplay::Mode;
use crate::modules::Module;
use crate::modules::bench::Bench;

/// A port on which a server greets everybody, piece by piece.
fn server(greeting: &'static [&'static str]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            for part in greeting {
                // Whoever only wanted to know whether the port is open has gone.
                drop(stream.write_all(part.as_bytes()));
                thread::sleep(Duration::from_millis(20));
            }
        }
    });
    port
}

/// A port that nobody listens on.
fn closed() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn run(args: &Value) -> Result<Value, String> {
    let mut bench = Bench::apply(&|script| {
        script.file("/etc/a", "state: ready 42\n");
        script.answer(&["getent", "ahosts", "--", "mail.test"], "127.0.0.1 STREAM mail.test\n127.0.0.1 DGRAM\n");
    });
    match bench.run(Module::WaitFor, args) {
        Ok(ran) => Ok(Value::Object(ran.outcome.values)),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn ports_and_files_are_found() {
    let port = server(&["220 mail.exam", "ple.com ESMTP\r\n"]);
    for args in [
        json!({"port": port}),
        json!({"port": port, "host": "localhost"}),
        json!({"port": port, "host": "mail.test"}),
        json!({"port": closed(), "state": "stopped"}),
        json!({"path": "/etc/a"}),
        json!({"path": "/etc/b", "state": "absent"}),
        json!({"timeout": 0}),
    ] {
        assert!(run(&args).is_ok(), "{args}: {:?}", run(&args));
    }
    let found = run(&json!({"port": port, "search_regex": "^220 ([a-z.]+) ESMTP"})).unwrap();
    assert_eq!(found["match_groups"], json!(["mail.example.com"]));
    let found = run(&json!({"path": "/etc/a", "search_regex": "ready ([0-9]+)"})).unwrap();
    assert_eq!(found["match_groups"], json!(["42"]));
}

#[test]
fn what_does_not_come_fails_in_time() {
    let port = server(&["554 no\r\n"]);
    let started = Instant::now();
    for (args, expected) in [
        (json!({"port": closed(), "timeout": 0}), "to be there"),
        (json!({"port": port, "state": "stopped", "timeout": 0}), "to be gone"),
        (json!({"port": port, "search_regex": "^220", "timeout": 0, "connect_timeout": 1}), "to match ^220"),
        (
            json!({"port": port, "tls": true, "search_regex": "^554", "timeout": 0, "connect_timeout": 1}),
            "to match ^554",
        ),
        (json!({"port": port, "tls": true, "state": "stopped", "timeout": 0}), "to be gone"),
        (json!({"path": "/etc/b", "timeout": 0, "msg": "where is it"}), "where is it"),
        (json!({"port": 70000}), "65535"),
        (json!({"port": 25, "path": "/etc/a"}), "only one"),
        (json!({"port": 25, "search_regex": "("}), "search_regex"),
    ] {
        let failure = run(&args).unwrap_err();
        assert!(failure.contains(expected), "{args}: {failure}");
    }
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn check_mode_does_not_wait() {
    let mut bench = Bench::new(Mode::Check, &|_| {});
    let ran = bench.run(Module::WaitFor, &json!({"port": closed(), "timeout": i64::MAX})).unwrap();
    assert!(ran.outcome.skipped.is_some() && !ran.changed());
}
