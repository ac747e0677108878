//! What the server does with mail, seen from a client in the LAN, from outside it, and at the receiver.

use std::sync::Once;
use std::time::{Duration, Instant};

use crate::support::{inventory, lab, mailprov, on, reset_once, try_on};

static BARE: Once = Once::new();

fn provisioned() {
    reset_once(&BARE, "mail1");
    mailprov(&["up", &inventory("root"), "--limit", "mail1.mydomain.local"]).succeeded();
}

/// Sends with swaks from a host.
fn swaks(from: &str, args: &str) -> crate::support::Ran {
    try_on(from, &format!("swaks --server mail1.mydomain.local --timeout 20 {args}"))
}

/// The newest message for a recipient, once it is there.
fn received(recipient: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let count = lab(&["mail", "--count", recipient]).succeeded().stdout;
        if count.trim() != "0" {
            return lab(&["mail", recipient]).succeeded().stdout;
        }
        let queue = || on("mail1", "postqueue -p; tail -n 20 /var/log/maillog");
        assert!(Instant::now() < deadline, "nothing arrived for {recipient}:\n{}", queue());
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_mail_from_the_lan_arrives_from_the_one_sender_over_tls() {
    provisioned();
    lab(&["mail", "--clear"]).succeeded();
    let sent = swaks(
        "client",
        "--tls --from app@web.local --to rewritten@mydomain.local --h-From '\"Shop, Orders\" <app@web.local>' \
         --header 'Reply-To: help@web.local' --header 'Sender: daemon@web.local'",
    );
    sent.succeeded();
    let mail = received("rewritten@mydomain.local");
    assert!(mail.contains("Return-Path: <mail@mydomain.local>"), "{mail}");
    assert!(mail.contains("From: \"Shop, Orders\" <mail@mydomain.local>"), "{mail}");
    assert!(mail.contains("Reply-To: help@web.local"), "{mail}");
    assert!(!mail.contains("Sender: daemon"), "{mail}");
    // Both hops: from the client to us, from us to the receiver.
    assert_eq!(mail.matches("using TLSv1").count(), 2, "{mail}");
}

#[test]
fn the_null_sender_stays_null() {
    provisioned();
    lab(&["mail", "--clear"]).succeeded();
    swaks("client", "--tls --from '<>' --to bounce@mydomain.local").succeeded();
    let mail = received("bounce@mydomain.local");
    assert!(mail.contains("Return-Path: <>"), "{mail}");
}

#[test]
fn a_mail_without_from_gets_one() {
    provisioned();
    lab(&["mail", "--clear"]).succeeded();
    swaks("client", "--tls --from app@web.local --to nofrom@mydomain.local --data 'Subject: no from\\n\\nbody\\n'")
        .succeeded();
    let mail = received("nofrom@mydomain.local");
    assert!(mail.contains("From: mail@mydomain.local"), "{mail}");
    assert!(mail.contains("Message-I"), "{mail}");
}

#[test]
fn mail_sent_on_the_host_itself_is_rewritten_too() {
    provisioned();
    lab(&["mail", "--clear"]).succeeded();
    on(
        "mail1",
        "printf 'From: root@mail1.mydomain.local\\nTo: local@mydomain.local\\nSubject: x\\n\\nbody\\n' | /usr/sbin/sendmail local@mydomain.local",
    );
    let mail = received("local@mydomain.local");
    assert!(mail.contains("Return-Path: <mail@mydomain.local>"), "{mail}");
    assert!(mail.contains("From: mail@mydomain.local"), "{mail}");
}

#[test]
fn port_25_greets_with_the_name_and_serves_the_certificate_file() {
    provisioned();
    let banner = on("client", "printf 'QUIT\\r\\n' | timeout 10 nc -w 5 mail1.mydomain.local 25 | head -n 1");
    assert!(banner.starts_with("220 mail1.mydomain.local "), "{banner}");
    let served = on(
        "client",
        "echo QUIT | timeout 10 openssl s_client -starttls smtp -connect mail1.mydomain.local:25 2>/dev/null | openssl x509 -noout -fingerprint -sha256",
    );
    let file = on("mail1", "openssl x509 -noout -fingerprint -sha256 -in /etc/postfix/ssl/postfix.crt");
    assert_eq!(served, file);
    let text = on("mail1", "openssl x509 -noout -text -in /etc/postfix/ssl/postfix.crt");
    for part in ["DNS:mail1.mydomain.local", "CA:FALSE", "TLS Web Server Authentication", "Public-Key: (2048 bit)"] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    for (version, accepted) in [("-tls1", false), ("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)] {
        let probe = format!(
            "echo QUIT | timeout 10 openssl s_client {version} -cipher ALL:@SECLEVEL=0 -starttls smtp -connect mail1.mydomain.local:25 2>&1 | grep -c 'BEGIN CERTIFICATE'"
        );
        assert_eq!(try_on("client", &probe).stdout.trim() == "1", accepted, "{version}");
    }
}

#[test]
fn port_587_demands_tls() {
    provisioned();
    let plain = swaks("client", "--port 587 --from app@web.local --to x@mydomain.local");
    assert_ne!(plain.status, 0);
    assert!(plain.stdout.contains("530 5.7.0"), "{}", plain.stdout);
    lab(&["mail", "--clear"]).succeeded();
    swaks("client", "--port 587 --tls --from app@web.local --to submitted@mydomain.local").succeeded();
    received("submitted@mydomain.local");
}

#[test]
fn it_is_no_open_relay() {
    provisioned();
    for recipient in ["someone@foreign.example.net", "someone@mydomain.local"] {
        let refused = swaks("outsider", &format!("--from a@example.net --to {recipient}"));
        assert_ne!(refused.status, 0, "{recipient} was accepted from outside");
        assert!(refused.stdout.contains("554 5.7.1"), "{}", refused.stdout);
    }
    swaks("client", "--tls --from a@web.local --to someone@foreign.example.net --quit-after RCPT").succeeded();
}
