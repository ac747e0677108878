//! What the role's variables make of a server, seen by its clients and at the receiver: those that no other file sets.

use std::sync::Once;

use serde_json::{Value, json};

use crate::sabotage::evidence;
use crate::support::{Ran, address, fqdn, inventory, mailprov, on, one_host, received, reset_once, try_on, until};
use crate::verify::verdicts;

static BARE: Once = Once::new();

fn bare() -> String {
    let host = one_host();
    reset_once(&BARE, &host);
    host
}

fn up(host: &str, variables: &Value) -> Ran {
    let variables = variables.to_string();
    mailprov(&["up", &inventory("root"), "--limit", &fqdn(host), "--output", "json", "-e", &variables]).succeeded()
}

/// Somebody at the domain, to whom nobody has written.
fn somebody(name: &str) -> String {
    format!("{name}-{}@mydomain.local", std::process::id())
}

/// A message of the host itself.
fn send(host: &str, recipient: &str, subject: &str) {
    on(host, &format!("printf 'Subject: {subject}\\n\\nbody\\n' | /usr/sbin/sendmail {recipient}"));
}

/// A message of the LAN.
fn swaks(host: &str, from: &str, to: &str) -> Ran {
    try_on("client", &format!("swaks --server {} --timeout 20 --tls --from {from} --to {to}", fqdn(host)))
}

/// Messages to elsewhere wait for a relay host with a certificate that can be trusted, those for the domain take their own
/// way, over TLS or not at all; root's mail goes to whom the last run says, and after a rollback to whom the one before said.
#[test]
fn next_hops_levels_of_tls_and_aliases_are_those_of_the_variables() {
    let host = bare();
    let (first, second, postmaster) = (somebody("first"), somebody("second"), somebody("postmaster"));
    let mx = address("mx");
    let mut variables = json!({
        "mail_relay_transport": format!("smtp:[{mx}]"), "mail_tls_out": "encrypt",
        "mail_relayhost": "[mx.mydomain.local]:25", "mail_relayhost_tls": "secure",
        "mail_root_alias": first, "mail_postmaster_alias": postmaster,
    });
    let ran = up(&host, &variables);
    let told = evidence(&ran, "outbound.tls");
    assert!(told.contains("smtp_tls_policy_maps = secure); its certificate was not looked at"), "{told}");

    send(&host, "postmaster", "to postmaster");
    assert!(received(&postmaster, "").contains("using TLSv1"), "{}", received(&postmaster, ""));
    // By its address, as the MX is called by its name.
    let log = on(&host, "cat /var/log/maillog");
    assert!(log.contains(&format!("relay={mx}[{mx}]:25")), "{log}");
    send(&host, "someone@foreign.example.net", "to elsewhere");
    until(&host, "postqueue -p | grep -qi \"certificate not\"");

    // A next server that has no TLS gets nothing.
    let sink = on("client", "smtp-sink -u nobody 0.0.0.0:2525 10 >/dev/null 2>&1 </dev/null & echo $!");
    variables["mail_relay_transport"] = format!("smtp:[{}]:2525", address("client")).into();
    variables["mail_root_alias"] = second.clone().into();
    up(&host, &variables);
    send(&host, "root", "before the rollback");
    until(&host, "postqueue -p | grep -q \"TLS is required, but was not offered\"");
    on("client", &format!("kill {sink}"));
    assert!(on(&host, "postqueue -p").contains(&second));
    on(&host, "postsuper -d ALL");

    mailprov(&["rollback", &inventory("root"), "--limit", &fqdn(&host)]).succeeded();
    send(&host, "root", "after the rollback");
    assert!(received(&first, "after the rollback").contains("using TLSv1"), "root's mail does not go to {first}");
}

/// Each sender becomes the address that the mapping has for it; a client that does too much is told to come later.
#[test]
fn senders_keys_and_limits_are_those_of_the_variables() {
    let host = bare();
    up(
        &host,
        &json!({
            "mail_sender": {"app@web.local": "app@mydomain.local", "@shop.local": "shop@mydomain.local", "*": "mail@mydomain.local"},
            "mail_certificate_key_type": "ecdsa",
            "mail_rate_connections": 15, "mail_rate_messages": 3, "mail_rate_recipients": 5,
            // Not by the minute: on a busy machine one may go by.
            "mail_postfix_parameters": {"anvil_rate_time_unit": "10m"},
        }),
    );
    let text = on(
        "client",
        &format!(
            "echo QUIT | timeout 10 openssl s_client -starttls smtp -connect {}:25 2>/dev/null | openssl x509 -noout -text",
            fqdn(&host)
        ),
    );
    assert!(text.contains("id-ecPublicKey") && text.contains("NIST CURVE: P-256"), "{text}");

    for (from, name) in [("app@web.local", "app"), ("anybody@shop.local", "shop")] {
        let recipient = somebody(&format!("of-{name}"));
        swaks(&host, from, &recipient).succeeded();
        let mail = received(&recipient, "");
        assert!(mail.contains(&format!("Return-Path: <{name}@mydomain.local>")), "{mail}");
        assert!(mail.contains(&format!("\nFrom: {name}@mydomain.local\n")), "{mail}");
    }
    // The third message; its fourth recipient is the sixth of this minute.
    let many: Vec<String> = (3..7).map(|number| somebody(&format!("rate-{number}"))).collect();
    let third = swaks(&host, "other@web.local", &many.join(","));
    assert!(third.stdout.contains("450 4.7.1 Error: too many recipients"), "{}", third.stdout);
    assert!(received(&many[0], "").contains("Return-Path: <mail@mydomain.local>"), "{}", received(&many[0], ""));
    let fourth = swaks(&host, "other@web.local", &somebody("rate-7"));
    assert!(fourth.stdout.contains("450 4.7.1 Error: too much mail"), "{}", fourth.stdout);
    let greetings = on(
        "client",
        &format!(
            "for i in $(seq 16); do printf 'QUIT\\r\\n' | timeout 10 nc -w 5 {} 25 | head -n 1; done",
            fqdn(&host)
        ),
    );
    assert!(greetings.contains("421 4.7.0 ") && greetings.contains("too many connections"), "{greetings}");
}

#[test]
fn a_server_of_ipv6_alone_takes_mail() {
    const SEND: &str = "import smtplib, sys; server = smtplib.SMTP(sys.argv[1], 587, timeout=20); server.starttls(); \
                        server.sendmail('app@web.local', [sys.argv[2]], 'Subject: by IPv6\\r\\n\\r\\nbody\\r\\n')";
    let host = bare();
    for (name, own) in [(host.as_str(), "fd00:25::11"), ("client", "fd00:25::50")] {
        on(name, &format!("ip address replace {own}/64 dev eth0 nodad"));
    }
    let ran = up(
        &host,
        &json!({"mail_inet_protocols": "ipv6", "mail_address": "fd00:25::11", "mail_networks": ["fd00:25::/64"]}),
    );
    for check in ["smtp.banner", "submission.tls", "flow.delivered", "flow.null"] {
        assert_eq!(verdicts(&ran).get(check).map(String::as_str), Some("pass"), "{check}: {}", ran.stdout);
    }
    on("client", &format!("python3 -c \"{SEND}\" fd00:25::11 root@{}", fqdn(&host)));
    until(&host, "grep -q \"Subject: by IPv6\" /var/spool/mail/root");
    assert_ne!(try_on("client", &format!("nc -z -w 3 {} 25", address(&host))).status, 0, "it listens on IPv4");
    on("client", "ip address delete fd00:25::50/64 dev eth0");
    on(&host, "ip address delete fd00:25::11/64 dev eth0; sed -i '/^fd00:/d' /etc/hosts");
}
