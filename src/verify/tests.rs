//! What the tests of single groups of checks share.

use super::{DomainMode, Look, Spec};
use crate::host::fake::Fake;
use crate::probe::Checks;

/// A server like the guide's.
pub(super) fn spec() -> Spec {
    Spec {
        fqdn: "mail.example.org".to_owned(),
        domain: "example.org".to_owned(),
        address: "192.0.2.7".parse().ok(),
        addresses: "192.0.2.7".parse().into_iter().collect(),
        networks: vec!["127.0.0.0/8".to_owned(), "192.0.2.0/24".to_owned()],
        sender: Some("mail@example.org".to_owned()),
        domain_mode: DomainMode::Relay,
        relay_transport: None,
        tls: true,
        submission: true,
        smtps: false,
        sasl: false,
        certificate: "/etc/postfix/ssl/postfix.crt".to_owned(),
        key: "/etc/postfix/ssl/postfix.key".to_owned(),
        renew_before: 14,
        send_to: None,
        firewall: true,
        dkim: None,
        now: 1_795_490_100,
        required: Vec::new(),
        advisory: Vec::new(),
    }
}

/// The verdict of one check of a group, in the word that JSON has for it.
pub(super) fn judged(fake: &mut Fake, spec: &Spec, group: impl Fn(&mut Look<'_>), id: &str) -> Option<String> {
    let mut look = Look::new(fake, spec, Checks::default());
    group(&mut look);
    let found = look.checks.into_vec().into_iter().find(|check| check.id == id)?;
    serde_json::to_value(found.verdict).ok()?.as_str().map(str::to_owned)
}
