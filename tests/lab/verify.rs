//! `verify` on a server without a fault, from outside the networks, and with a message that is followed. What it says of
//! servers with a fault: sabotage.rs.

use std::collections::BTreeMap;

use crate::support::{Ran, events, hosts, inventory, mailprov, on, reset};

/// The last of the targets.
fn host() -> String {
    hosts().pop().expect("there is one")
}

fn run(command: &str, more: &[&str]) -> Ran {
    let (inventory, limit) = (inventory("root"), format!("{}.mydomain.local", host()));
    mailprov(&[&[command, &inventory, "--limit", &limit], more].concat())
}

/// Check → verdict, from both sides.
pub fn verdicts(ran: &Ran) -> BTreeMap<String, String> {
    let events = events(ran);
    let verified = events.iter().filter(|event| event["event"]["type"] == "verified");
    let checks = verified.flat_map(|event| event["event"]["checks"].as_array().cloned().unwrap_or_default());
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    checks.map(|check| (text(&check["id"]), text(&check["verdict"]))).collect()
}

/// The checks with a verdict.
pub fn with_verdict(ran: &Ran, verdict: &str) -> Vec<String> {
    verdicts(ran).into_iter().filter(|(_, is)| is == verdict).map(|(id, _)| id).collect()
}

#[test]
fn a_provisioned_server_has_no_fault() {
    reset(&[&host()]);
    run("up", &[]).succeeded();
    let ran = run("verify", &["--output", "json"]).succeeded();
    let all = verdicts(&ran);
    assert!(all.len() > 65, "{all:#?}");
    assert_eq!(with_verdict(&ran, "fail"), [""; 0], "{}", ran.stdout);
    assert_eq!(with_verdict(&ran, "warn"), [""; 0], "{}", ran.stdout);
    // The controller is in the LAN, and so is every address of the host; a container cannot set its clock.
    let untested = ["host.clock", "outside.relay", "relay.outsider"];
    assert_eq!(with_verdict(&ran, "not_testable"), untested, "{}", ran.stdout);
}

#[test]
fn who_is_outside_the_networks_is_refused() {
    // Neither the controller nor the host's own address may send now, so that both can ask as outsiders.
    let loopback = ["-e", "{mail_networks: [127.0.0.0/8]}", "--output", "json"];
    let ran = run("up", &loopback).succeeded();
    assert_eq!(with_verdict(&ran, "not_testable"), ["host.clock"], "{}", ran.stdout);
    for check in ["relay.outsider", "outside.relay", "smtp.accepts", "flow.delivered"] {
        assert_eq!(verdicts(&ran).get(check).map(String::as_str), Some("pass"), "{check}: {}", ran.stdout);
    }
    // Everybody may send now, and both sides see it.
    on(&host(), "postconf -e mynetworks=0.0.0.0/0; postfix reload");
    let ran = run("verify", &loopback).with_status(4);
    assert_eq!(with_verdict(&ran, "fail"), ["config.networks", "outside.relay", "relay.outsider"], "{}", ran.stdout);
    run("up", &[]).succeeded();
}

#[test]
fn a_message_is_followed_to_its_end() {
    run("up", &[]).succeeded();
    let ran = run("verify", &["--send-to", "someone@foreign.example.net"]).succeeded();
    let line = |ran: &Ran| ran.stdout.lines().find(|line| line.contains("flow.sent ")).unwrap_or_default().to_owned();
    assert!(line(&ran).contains("sent (250 2.0.0 Ok"), "{}", ran.stdout);
    let ran = run("verify", &["--send-to", "someone@nowhere.invalid"]).with_status(4);
    assert!(line(&ran).contains("FAIL") && line(&ran).contains("bounced ("), "{}", ran.stdout);
    // Nobody receives mail there; Postfix goes on trying.
    let ran = run("verify", &["--send-to", "someone@ns.mydomain.local"]).succeeded();
    on(&host(), "postsuper -d ALL");
    assert!(line(&ran).contains("warn") && line(&ran).contains(" deferred (connect to ns."), "{}", ran.stdout);
    assert!(ran.stdout.contains("hint: Postfix tries again by itself"), "{}", ran.stdout);
}

#[test]
fn what_the_host_sees_takes_the_run_back_unless_it_is_advisory() {
    run("up", &[]).succeeded();
    on(&host(), "chmod 666 /etc/postfix/master.cf");
    let larger = ["-e", "mail_message_size_limit=20000000"];
    let ran = run("up", &larger).with_status(4);
    assert!(ran.stdout.contains("config.modes"), "{}", ran.stdout);
    assert_eq!(on(&host(), "postconf -h message_size_limit"), "10240000\n");
    let ran = run("up", &[&larger[..], &["-e", "{mail_verify_advisory: [config.modes]}"]].concat()).succeeded();
    assert!(ran.stdout.contains("config.modes"), "{}", ran.stdout);
    assert_eq!(on(&host(), "postconf -h message_size_limit"), "20000000\n");
    on(&host(), "chmod 644 /etc/postfix/master.cf");
    run("up", &[]).succeeded();
}

#[test]
fn what_only_the_controller_sees_takes_the_run_back() {
    run("up", &[]).succeeded();
    // A packet filter that firewalld knows nothing of.
    on(
        &host(),
        "nft add table inet wall; nft add chain inet wall in '{ type filter hook input priority -10; }'; \
         nft add rule inet wall in iifname != lo tcp dport 25 drop",
    );
    let ran = run("up", &["-e", "mail_verify_days_left=13", "-e", "mail_message_size_limit=20000000"]);
    on(&host(), "nft delete table inet wall");
    assert_eq!(ran.status, 4, "{}", ran.stdout);
    assert!(ran.stdout.contains("outside.port"), "{}", ran.stdout);
    assert!(ran.stdout.contains("taken back"), "{}", ran.stdout);
    assert_eq!(on(&host(), "postconf -h message_size_limit"), "10240000\n");
}

#[test]
fn where_the_journal_is_off_maillog_is_read() {
    run("up", &[]).succeeded();
    on(
        &host(),
        "mkdir -p /etc/systemd/journald.conf.d; printf '[Journal]\nStorage=none\nForwardToSyslog=yes\n' > /etc/systemd/journald.conf.d/lab.conf; \
         systemctl restart systemd-journald; systemctl restart postfix",
    );
    let ran = run("verify", &["--send-to", "someone@foreign.example.net"]);
    on(&host(), "rm -r /etc/systemd/journald.conf.d; systemctl restart systemd-journald; systemctl restart postfix");
    let line = |id: &str| ran.stdout.lines().find(|line| line.contains(id)).unwrap_or_default();
    assert!(line("log.clean").contains("lines in /var/log/maillog, none of them fatal"), "{}", ran.stdout);
    assert!(line("flow.sent").contains("sent (250 2.0.0 Ok"), "{}", ran.stdout);
    assert_eq!(ran.status, 0, "{}", ran.stdout);
}

#[test]
fn logins_are_offered_after_tls_alone() {
    run("up", &[]).succeeded();
    // The dialogue between Postfix and Dovecot without Dovecot, which the lab's repository does not have.
    let stub = include_str!("sabotage/stub.py");
    on(
        &host(),
        &format!(
            "cat > /root/stub.py <<'PY'\n{stub}PY\npython3 /root/stub.py auth; postconf -P \
             submission/inet/smtpd_sasl_auth_enable=yes submission/inet/smtpd_sasl_type=dovecot \
             submission/inet/smtpd_sasl_path=inet:127.0.0.1:12345; postfix reload"
        ),
    );
    let wanted = ["-e", "mail_submission_auth=cyrus", "--output", "json"];
    let with = run("verify", &wanted);
    on(&host(), "kill $(cat /run/lab-stub.pid)");
    run("up", &[]).succeeded();
    let without = run("verify", &wanted);
    let verdict = |ran: &Ran, id: &str| verdicts(ran).get(id).cloned().unwrap_or_default();
    for check in ["submission.login", "submission.auth", "smtp.auth"] {
        assert_eq!(verdict(&with, check), "pass", "{check}: {}", with.stdout);
    }
    assert_eq!(verdict(&without, "submission.login"), "fail", "{}", without.stdout);
}
