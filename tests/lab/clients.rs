//! Clients of more kinds: one that sends an attached message, a user of the host, one that looks at the certificate.

use std::sync::Once;

use crate::support::{fqdn, inventory, mailprov, on, one_host, received, reset_once, try_on};

static BARE: Once = Once::new();

fn provisioned() -> String {
    let host = one_host();
    reset_once(&BARE, &host);
    mailprov(&["up", &inventory("root"), "--limit", &fqdn(&host)]).succeeded();
    host
}

/// A recipient whom nobody has written to.
fn recipient(name: &str) -> String {
    format!("{name}-{}@mydomain.local", std::process::id())
}

#[test]
fn an_attached_message_keeps_its_from() {
    let (server, recipient) = (fqdn(&provisioned()), recipient("attached"));
    let message = "From: app@web.local\\nSubject: x\\nMIME-Version: 1.0\\nContent-Type: multipart/mixed; boundary=B\\n\\n\
                   --B\\n\\nSee below.\\n--B\\nContent-Type: message/rfc822\\n\\n\
                   From: Somebody <else@web.local>\\nSender: boss@web.local\\nSubject: y\\n\\nThe other one.\\n--B--\\n";
    on("client", &format!("swaks --server {server} --tls --from app@web.local --to {recipient} --data '{message}'"));
    let mail = received(&recipient, "");
    assert!(mail.contains("\nFrom: mail@mydomain.local\n"), "{mail}");
    assert!(mail.contains("\nFrom: Somebody <else@web.local>\nSender: boss@web.local\n"), "{mail}");
}

#[test]
fn mail_of_a_user_of_the_host_is_rewritten_too() {
    let (host, recipient) = (provisioned(), recipient("user"));
    on(&host, &format!("printf 'Subject: x\\n\\nbody\\n' | runuser -u admin -- /usr/sbin/sendmail {recipient}"));
    let mail = received(&recipient, "");
    assert!(mail.contains("Return-Path: <mail@mydomain.local>"), "{mail}");
    assert!(mail.lines().any(|line| line.starts_with("From: ") && line.contains("mail@mydomain.local")), "{mail}");
}

#[test]
fn a_client_that_is_given_the_certificate_trusts_it() {
    let host = provisioned();
    let (server, certificate) = (fqdn(&host), on(&host, "cat /etc/postfix/ssl/postfix.crt"));
    let look = |name: &str| {
        let command = format!(
            "cat > /tmp/trusted.pem <<'PEM'\n{certificate}PEM\n\
             echo QUIT | timeout 10 openssl s_client -starttls smtp -connect {server}:25 -CAfile /tmp/trusted.pem \
             -no-CApath -verify_hostname {name} -verify_return_error 2>&1"
        );
        try_on("client", &command).stdout
    };
    assert!(look(&server).contains("Verification: OK"), "{}", look(&server));
    let other = look("other.mydomain.local");
    assert!(other.contains("hostname mismatch") && !other.contains("Verification: OK"), "{other}");
}

#[test]
fn port_25_can_demand_tls_too() {
    let (host, recipient) = (provisioned(), recipient("encrypted"));
    let up = |more: &[&str]| mailprov(&[&["up", &inventory("root"), "--limit", &fqdn(&host)], more].concat());
    up(&["-e", "mail_tls_in=encrypt"]).succeeded();
    let send = |tls: &str| {
        let server = fqdn(&host);
        try_on("client", &format!("swaks --server {server} --timeout 20 {tls} --from app@web.local --to {recipient}"))
    };
    let plain = send("");
    assert!(plain.stdout.contains("530 5.7.0 Must issue a STARTTLS command first"), "{}", plain.stdout);
    send("--tls").succeeded();
    up(&[]).succeeded();
}
