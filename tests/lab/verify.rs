//! `verify` finds each fault by its name, and `up` mends what is its to mend.

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
fn verdicts(ran: &Ran) -> BTreeMap<String, String> {
    let events = events(ran);
    let verified = events.iter().filter(|event| event["event"]["type"] == "verified");
    let checks = verified.flat_map(|event| event["event"]["checks"].as_array().cloned().unwrap_or_default());
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    checks.map(|check| (text(&check["id"]), text(&check["verdict"]))).collect()
}

fn with_verdict(ran: &Ran, verdict: &str) -> Vec<String> {
    verdicts(ran).into_iter().filter(|(_, is)| is == verdict).map(|(id, _)| id).collect()
}

/// A way to break a server by hand.
struct Sabotage {
    how: &'static str,
    /// Run as root on the host.
    command: &'static str,
    /// The check that names the cause.
    named: &'static str,
    verdict: &'static str,
    /// What `up` cannot mend: how it is undone by hand, with a semicolon.
    undo: &'static str,
}

/// What `up` mends.
const fn mended(how: &'static str, command: &'static str, named: &'static str) -> Sabotage {
    Sabotage { how, command, named, verdict: "fail", undo: "" }
}

const SABOTAGE: &[Sabotage] = &[
    mended(
        "a dead smtpd by a comment behind a TLS level",
        "sed -i 's/^smtpd_tls_security_level.*/smtpd_tls_security_level = may # or encrypt/' /etc/postfix/main.cf; postfix reload",
        "config.comments",
    ),
    mended(
        "a level that Postfix does not know",
        "postconf -e smtp_tls_security_level=maybe; postfix reload",
        "config.tls",
    ),
    mended(
        "the key of another certificate",
        "openssl genrsa -out /etc/postfix/ssl/postfix.key 2048; postfix reload",
        "certificate.key",
    ),
    mended(
        "a certificate that is over",
        "mkdir -p /root/ca; cd /root/ca; : > index; echo 01 > serial; printf '[ca]\\ndefault_ca=c\\n[c]\\ndatabase=index\\nserial=serial\\nnew_certs_dir=.\\ndefault_md=sha256\\npolicy=p\\nx509_extensions=x\\n[p]\\ncommonName=supplied\\n[x]\\nsubjectAltName=DNS:%s\\n' $(hostname -f) > cnf; openssl req -new -key /etc/postfix/ssl/postfix.key -subj /CN=$(hostname -f) -out csr; openssl ca -batch -config cnf -selfsign -notext -keyfile /etc/postfix/ssl/postfix.key -in csr -startdate 20200101000000Z -enddate 20210101000000Z -out crt; cat crt > /etc/postfix/ssl/postfix.crt; postfix reload",
        "certificate.valid",
    ),
    mended(
        "a certificate for another name",
        "cd /etc/postfix/ssl; openssl req -x509 -new -key postfix.key -subj /CN=other.example -days 300 -addext subjectAltName=DNS:other.example -out postfix.crt; postfix reload",
        "certificate.names",
    ),
    mended("a key that all can read", "chmod 644 /etc/postfix/ssl/postfix.key", "certificate.secret"),
    mended("an open relay", "postconf -e mynetworks=0.0.0.0/0; postfix reload", "config.networks"),
    mended("a table that is gone", "rm -f /etc/postfix/virtual.db", "config.maps"),
    mended("a service that is not started at boot", "systemctl disable postfix", "service.enabled"),
    mended("a service that is stopped", "systemctl stop postfix", "service.running"),
    mended(
        "a listener on the loopback alone",
        "postconf -e inet_interfaces=loopback-only; postfix stop; sleep 1; systemctl restart postfix",
        "smtp.banner",
    ),
    mended("a firewall that is closed now", "firewall-cmd --remove-service=smtp", "firewall.open"),
    mended(
        "a sender table that catches the null sender",
        "echo '/.*/ mail@mydomain.local' > /etc/postfix/sender_canonical; postfix reload",
        "rewriting.null",
    ),
    mended("headers that stay as they are", "postconf -e header_checks=; postfix reload", "rewriting.headers"),
    mended("a Reply-To that is rewritten", "postconf -X sender_canonical_classes; postfix reload", "rewriting.others"),
    mended("SMTP smuggling", "postconf -X smtpd_data_restrictions; postfix reload", "smtp.smuggling"),
    mended(
        "port 587 without TLS",
        "postconf -P submission/inet/smtpd_tls_security_level=may; postfix reload",
        "submission.plain",
    ),
    mended("no port 587", "postconf -MX submission/inet; postfix reload", "submission.banner"),
    mended("another name", "postconf -e myhostname=other.example; postfix reload", "config.name"),
    Sabotage {
        how: "a syntax error in main.cf",
        command: "echo 'no equals sign' >> /etc/postfix/main.cf",
        named: "config.lint",
        verdict: "fail",
        undo: "sed -i '/^no equals sign/d' /etc/postfix/main.cf; ",
    },
    Sabotage {
        how: "a parameter set twice",
        command: "echo 'mailbox_size_limit = 51200000' >> /etc/postfix/main.cf; echo 'mailbox_size_limit = 51200000' >> /etc/postfix/main.cf",
        named: "config.duplicates",
        verdict: "warn",
        undo: "sed -i '/^mailbox_size_limit/d' /etc/postfix/main.cf; ",
    },
    Sabotage {
        how: "messages that fit into no mailbox",
        command: "postconf -e mailbox_size_limit=1000; postfix reload",
        named: "config.size",
        verdict: "fail",
        undo: "postconf -X mailbox_size_limit; postfix reload; ",
    },
    Sabotage {
        how: "a configuration that all can write",
        command: "chmod 666 /etc/postfix/master.cf",
        named: "config.modes",
        verdict: "fail",
        undo: "chmod 644 /etc/postfix/master.cf; ",
    },
    Sabotage {
        how: "a message that is held",
        command: "postconf -e defer_transports=local; postfix reload; printf 'Subject: x\\n\\nx\\n' | sendmail root; sleep 2; postsuper -h ALL",
        named: "queue.age",
        verdict: "warn",
        undo: "postsuper -d ALL; postconf -X defer_transports; postfix reload; ",
    },
    Sabotage {
        how: "name servers that do not answer",
        command: "cp /etc/resolv.conf /root/resolv.conf; echo 'nameserver 198.51.100.250' > /etc/resolv.conf",
        named: "dns.address",
        verdict: "warn",
        undo: "cat /root/resolv.conf > /etc/resolv.conf; ",
    },
];

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
fn verify_names_each_fault_and_up_mends_what_is_its_own() {
    run("up", &[]).succeeded();
    let mut wrong = Vec::new();
    for Sabotage { how, command, named, verdict, undo } in SABOTAGE {
        on(&host(), &format!("({command}) >/dev/null 2>&1; true"));
        let found = run("verify", &["--output", "json"]);
        if verdicts(&found).get(*named).map(String::as_str) != Some(verdict) {
            wrong.push(format!("{how}: {named} is not {verdict}: {:?} {}", with_verdict(&found, "fail"), found.stderr));
        }
        assert_eq!(found.status, if *verdict == "fail" { 4 } else { 0 }, "{how}: {}", found.stdout);
        on(&host(), &format!("({undo}:) >/dev/null 2>&1; true"));
        run("up", &[]).succeeded();
        let after = run("verify", &["--output", "json"]);
        if after.status != 0 {
            wrong.push(format!("{how}: not mended: {:?}", with_verdict(&after, "fail")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
