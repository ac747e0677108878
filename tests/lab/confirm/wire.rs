//! The controller's end of the wire, to say what a controller would not.

use std::io::{BufReader, Read, Write};
use std::process::{Command, Stdio};

use mailprov::protocol::frame::{MAX_TO_AGENT, MAX_TO_CONTROLLER, read_frame, write_frame};
use mailprov::protocol::preamble::READY;
use mailprov::protocol::{Reply, Request};

use crate::support::root;

/// Sends a confirmation to a host; what the agent answers, as JSON.
pub fn confirm(host: &str, run_id: &str, nonce: &str) -> String {
    let start = "exec timeout 60 $(ls -t /var/lib/mailprov/bin/agent-* | grep -v seal | head -n 1) agent test";
    let mut child = Command::new(root().join("tests/lab/lab"))
        .args(["ssh", host, start])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the lab's command runs");
    let mut stdin = child.stdin.take().expect("stdin");
    let mut stdout = BufReader::new(child.stdout.take().expect("stdout"));
    let mut ready = format!("MAILPROV-{READY} test\n").into_bytes();
    stdout.read_exact(&mut ready).expect("the agent is ready");
    let request = Request::Confirm { run_id: run_id.to_owned(), nonce: nonce.to_owned() };
    write_frame(&mut stdin, &request, MAX_TO_AGENT).expect("written");
    stdin.flush().expect("sent");
    let mut answers = Vec::new();
    while let Some(reply) = read_frame::<Reply>(&mut stdout, MAX_TO_CONTROLLER).expect("frames") {
        let last = reply == Reply::Bye;
        answers.push(serde_json::to_string(&reply).expect("JSON"));
        if last {
            break;
        }
    }
    child.wait().expect("it ends");
    answers.join("\n")
}
