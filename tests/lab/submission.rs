//! Logins on the ports for submission, checked by Dovecot and by Cyrus SASL, and the signatures of mail that is sent.

use std::sync::Once;

use serde_json::json;

use crate::support::{
    Ran, assert_same, events, hosts, inventory, mailprov, manifest, on, one_host, received, reset, reset_once, try_on,
    with_status,
};

static BARE: Once = Once::new();

/// A bare host, also after another test of this file.
fn bare() -> String {
    let host = one_host();
    reset_once(&BARE, &host);
    host
}

fn up(host: &str, variables: &str) -> Ran {
    let limit = format!("{host}.mydomain.local");
    mailprov(&["up", &inventory("root"), "--limit", &limit, "--output", "json", "-e", variables]).succeeded()
}

fn verify(host: &str, variables: &str) -> Ran {
    let limit = format!("{host}.mydomain.local");
    mailprov(&["verify", &inventory("root"), "--limit", &limit, "--output", "json", "-e", variables])
}

/// What the lab's name server says of the selector `mail` from now on; nothing for an empty text.
fn publish(text: &str) {
    let parts: Vec<String> =
        text.as_bytes().chunks(200).map(|part| format!("\"{}\"", String::from_utf8_lossy(part))).collect();
    let record = if text.is_empty() { String::new() } else { format!("mail._domainkey IN TXT {}", parts.join(" ")) };
    on(
        "ns",
        &format!(
            "cd /etc/bind/lab; sed -i '/^mail._domainkey/d' mydomain.local; echo '{record}' >> mydomain.local; systemctl kill -s HUP named; sleep 1"
        ),
    );
}

/// Takes the last run back: the host is bare again.
fn back(host: &str, before: &str) {
    let ran = mailprov(&["rollback", &inventory("root"), "--limit", &format!("{host}.mydomain.local")]).succeeded();
    assert_same(before, &manifest(host), &ran.stdout);
}

/// Tries to send to somewhere else from outside the networks that may send.
fn outsider(host: &str, options: &str) -> Ran {
    let who = "--from someone@example.net --to someone@foreign.example.net --timeout 20";
    try_on("outsider", &format!("swaks --server {host}.mydomain.local {who} {options}"))
}

/// What a run's verifying says of a check, from the host.
fn verdict(ran: &Ran, id: &str) -> (String, String) {
    let events = events(ran);
    let found = events.iter().filter(|event| event["event"]["type"] == "verified");
    let mut checks = found.filter_map(|event| event["event"]["checks"].as_array()).flatten();
    let check = checks.find(|check| check["id"] == id).expect("there is such a check");
    let text = |name: &str| check[name].as_str().unwrap_or_default().to_owned();
    (text("verdict"), format!("{} {}", text("evidence"), text("remedy")))
}

/// Nobody logs in before TLS or with a wrong password; who has logged in sends from anywhere, on both ports.
fn logins_hold(host: &str, ran: &Ran, user: &str, password: &str) {
    for id in ["submission.login", "submission.auth", "smtps.login"] {
        assert_eq!(verdict(ran, id).0, "pass", "{id}");
    }
    let (right, wrong) =
        (format!("--auth-user {user} --auth-password {password}"), format!("--auth-user {user} --auth-password x"));
    let plain = outsider(host, &format!("--port 587 --auth PLAIN {right}"));
    assert!(plain.status != 0 && !plain.stdout.contains("AUTH PLAIN"), "AUTH before TLS: {}", plain.stdout);
    let refused = outsider(host, &format!("--port 587 --tls --auth PLAIN {wrong}"));
    assert!(refused.status != 0 && refused.stdout.contains(" 535 5.7.8"), "{}", refused.stdout);
    let nobody = outsider(host, "--port 587 --tls");
    assert!(nobody.status != 0 && nobody.stdout.contains(" 554 5.7.1"), "{}", nobody.stdout);
    for (port, mechanism) in [("587 --tls", "PLAIN"), ("587 --tls", "LOGIN"), ("465 --tls-on-connect", "PLAIN")] {
        let sent = outsider(host, &format!("--port {port} --auth {mechanism} {right}"));
        assert_eq!(sent.status, 0, "{port} {mechanism}: {}", sent.stdout);
    }
    // Port 25 knows no logins.
    let on_25 = outsider(host, &format!("--port 25 --tls --auth PLAIN {right}"));
    assert!(on_25.status != 0 && !on_25.stdout.contains("AUTH PLAIN"), "{}", on_25.stdout);
}

/// Another host hands its mail to this one after a login, over TLS; a wrong password is told, and the run taken back.
fn relays_through(host: &str, user: &str, password: &str) {
    let other = hosts().pop().expect("there is one");
    assert_ne!(other, host, "a second host is needed");
    reset(&[&other]);
    let variables = |password: &str| {
        let relay = format!("[{host}.mydomain.local]:587");
        json!({"mail_relayhost": relay, "mail_relayhost_user": user, "mail_relayhost_password": password}).to_string()
    };
    let limit = format!("{other}.mydomain.local");
    let wrong = variables("wrong-one");
    let ran = mailprov(&["up", &inventory("root"), "--limit", &limit, "--output", "json", "-e", &wrong]).with_status(4);
    let (is, told) = verdict(&ran, "outbound.login");
    assert!(is == "fail" && told.contains("535 5.7.8") && !ran.stdout.contains("wrong-one"), "{is}: {told}");
    let ran = up(&other, &variables(password));
    assert_eq!(verdict(&ran, "outbound.login").0, "pass", "{}", verdict(&ran, "outbound.login").1);
    assert!(!ran.stdout.contains(password), "the password is in the output");
    let recipient = &format!("relayed-{}@foreign.example.net", std::process::id());
    on("client", &format!("swaks --server {limit} --tls --from app@web.local --to {recipient}"));
    assert!(received(recipient, "").contains(&format!("by {host}.mydomain.local")), "it did not go through {host}");
    let log = on(host, "journalctl -u postfix --no-pager; cat /var/log/maillog");
    assert!(log.contains(&format!("sasl_method=PLAIN, sasl_username={user}")), "no login is logged");
}

/// That a message's signature holds for a key, as dkimpy sees it, and no longer once the text is another.
const VERIFIES: &str = r#"
import base64, dkim, sys
name, key, message = (part.encode() for part in sys.argv[1:3] + [sys.stdin.read()])
asked = []
def record(wanted, timeout=5):
    asked.append(wanted)
    return b"v=DKIM1; k=rsa; p=" + key
holds = dkim.verify(message, dnsfunc=record)
altered = dkim.verify(message.replace(b"of interest", b"of no interest"), dnsfunc=record)
print(holds, altered, all(wanted.rstrip(b".") == name for wanted in asked))
"#;

#[test]
fn dovecot_and_cyrus_sasl_let_in_who_has_the_password_and_rollback_takes_them_away() {
    let host = bare();
    let before = manifest(&host);
    let hash = on(&host, "openssl passwd -6 right-one").trim().to_owned();
    let dovecot = json!({
        "mail_submission_auth": "dovecot", "mail_smtps": true,
        "mail_submission_users": {"app": format!("{{SHA512-CRYPT}}{hash}")},
    });
    let ran = up(&host, &dovecot.to_string());
    assert!(!ran.stdout.contains(&hash), "the hash is in the output");
    logins_hold(&host, &ran, "app", "right-one");
    assert_eq!(on(&host, "stat -c '%a %U:%G' /etc/dovecot/mailprov-users"), "640 root:dovecot\n");
    let again = up(&host, &dovecot.to_string());
    assert!(with_status(&again, "changed").is_empty(), "{}", again.stdout);
    relays_through(&host, "app", "right-one");
    back(&host, &before);

    let cyrus = r#"{"mail_submission_auth": "cyrus", "mail_smtps": true}"#;
    let ran = up(&host, cyrus);
    logins_hold(&host, &ran, "ops", "lab-secret-ops");
    back(&host, &before);
}

#[test]
fn opendkim_signs_what_is_sent_and_rollback_takes_it_away() {
    let host = bare();
    let before = manifest(&host);
    let first = up(&host, "{mail_dkim: true}");
    for id in ["dkim.running", "dkim.asked", "dkim.key", "dkim.signed"] {
        assert_eq!(verdict(&first, id).0, "pass", "{id}: {}", verdict(&first, id).1);
    }
    let recipient = &format!("signed-{}@mydomain.local", std::process::id());
    try_on(
        "client",
        &format!(
            "swaks --server {host}.mydomain.local --tls --from app@web.local --to {recipient} --body 'of interest'"
        ),
    )
    .succeeded();
    let message = received(recipient, "");
    assert!(
        ["DKIM-Signature: ", "d=mydomain.local;", "s=mail;"].iter().all(|part| message.contains(part)),
        "{message}"
    );
    let key =
        on(&host, "openssl rsa -in /etc/opendkim/keys/mail.private -pubout -outform DER 2>/dev/null | base64 -w0");
    let said = on(
        "client",
        &format!(
            "cat > /tmp/verifies.py <<'PY'\n{VERIFIES}\nPY\npython3 /tmp/verifies.py mail._domainkey.mydomain.local '{key}' <<'MESSAGE'\n{message}\nMESSAGE\nrm /tmp/verifies.py"
        ),
    );
    assert_eq!(said, "True False True\n", "{message}");
    // The record to publish is told; with another key's no run holds, with this one's it does.
    let (is, told) = verdict(&first, "dkim.record");
    assert!(is == "warn" && told.replace("\" \"", "").contains(&format!("p={key}\"")), "{is}: {told}");
    publish(&format!("v=DKIM1; k=rsa; p={key}"));
    assert_eq!(verdict(&up(&host, "{mail_dkim: true}"), "dkim.record").0, "pass");
    publish("v=DKIM1; k=rsa; p=MIIBIjANBgkq");
    on(&host, "systemctl stop opendkim");
    let broken = verify(&host, "{mail_dkim: true}").with_status(4);
    let failed = ["dkim.running", "dkim.signed", "dkim.record"].map(|id| verdict(&broken, id));
    assert!(failed.iter().all(|(is, _)| is == "fail"), "{failed:?}");
    assert!(failed[2].1.contains("mail._domainkey.mydomain.local has another key"), "{failed:?}");
    publish("");
    on(&host, "systemctl start opendkim");
    assert_eq!(on(&host, "stat -c '%a %U:%G' /etc/opendkim/keys/mail.private"), "600 opendkim:opendkim\n");
    let again = up(&host, "{mail_dkim: true}");
    assert!(with_status(&again, "changed").is_empty(), "{}", again.stdout);
    back(&host, &before);
}
