//! `mail_verify`: looks whether the host is the mail server that it was to become.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome, paths};
use crate::event::{Check, CheckVerdict, Event, Failure, Vantage};
use crate::hostplay::VERIFY;
use crate::probe::catalogue;
use crate::verify::{self, Dkim, DomainMode, Spec};

/// A reload has done its work when the next but one connection comes.
const ATTEMPTS: u32 = 3;

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("fqdn", ArgKind::Str, "The server's full name.").required(),
        ArgSpec::new("domain", ArgKind::Str, "The mail domain.").required(),
        ArgSpec::new("address", ArgKind::Str, "The server's own address; the default is that of its default route."),
        ArgSpec::new("networks", ArgKind::StrList, "The networks that may send, in CIDR form.").required(),
        ArgSpec::new("sender", ArgKind::Str, "The one sender; empty when senders stay as they are.").default(""),
        ArgSpec::new("domain_mode", ArgKind::Choice(&["local", "relay", "elsewhere"]), "Who receives for the domain.")
            .default("elsewhere"),
        ArgSpec::new("relay_transport", ArgKind::Str, "Where the domain's mail is handed to, whatever its MX.")
            .default(""),
        ArgSpec::new("tls", ArgKind::Bool, "Whether port 25 offers TLS.").default("yes"),
        ArgSpec::new("submission", ArgKind::Bool, "Whether port 587 takes mail over TLS.").default("yes"),
        ArgSpec::new("smtps", ArgKind::Bool, "Whether port 465 takes mail over TLS.").default("no"),
        ArgSpec::new("sasl", ArgKind::Bool, "Whether clients can log in on ports 587 and 465.").default("no"),
        ArgSpec::new("certificate_path", ArgKind::Path, "The certificate in PEM.").required(),
        ArgSpec::new("privatekey_path", ArgKind::Path, "Its key.").required(),
        ArgSpec::new("renew_before", ArgKind::Int, "Days before the certificate's end from which on to warn.")
            .default("14"),
        ArgSpec::new("firewall", ArgKind::Bool, "Whether firewalld is to be open for mail.").default("yes"),
        ArgSpec::new("dkim_domain", ArgKind::Str, "The domain for which OpenDKIM signs; empty when it does not.")
            .default(""),
        ArgSpec::new("dkim_selector", ArgKind::Str, "The selector of its record in DNS.").default("mail"),
        ArgSpec::new("dkim_key", ArgKind::Path, "The key that it signs with.")
            .default("/etc/opendkim/keys/mail.private"),
        ArgSpec::new("send_to", ArgKind::Str, "An address to which a message is sent and followed.").default(""),
        ArgSpec::new("required", ArgKind::StrList, "Ids of checks whose bad answer is a failure and not a warning."),
        ArgSpec::new("advisory", ArgKind::StrList, "Ids of checks whose bad answer is a warning and not a failure."),
        ArgSpec::new(
            "in_check_mode",
            ArgKind::Bool,
            "Also look in check mode. What is seen then is the host as it is, not as it would be.",
        )
        .default("no"),
    ],
    returns: &[("checks", "a list of mappings: id, title, required, verdict, evidence, remedy")],
    example: "- name: The server does what it should\n  mail_verify:\n    fqdn: mail.example.com\n    domain: example.com\n    \
              networks: [127.0.0.0/8, 192.0.2.0/24]\n    sender: mail@example.com\n    certificate_path: \
              /etc/postfix/ssl/postfix.crt\n    privatekey_path: /etc/postfix/ssl/postfix.key\n",
    ..ModuleSpec::new(VERIFY, "mailprov", "Verify a Postfix server from within; fails when a required check does.")
};

/// Whether there is a check of this id.
#[must_use]
pub fn is_check(id: &str) -> bool {
    catalogue::ALL.iter().any(|check| check.id == id)
}

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let checking = !context.host.is_in_force();
    if checking && !args.flag("in_check_mode") {
        let skipped = Some("nothing is verified in check mode; `mailprov verify` does".to_owned());
        return Ok(Outcome { changed: Some(false), skipped, ..Outcome::default() });
    }
    let spec = spec(args, context)?;
    let mut found = verify::look(context.host, &spec);
    for _ in 1..ATTEMPTS {
        let failed = failed(&found.checks);
        // A wrong password that is tried over and over locks the account.
        if checking || failed.is_empty() || failed.iter().any(|check| check.id == catalogue::OUTBOUND_LOGIN.id) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_secs(1));
        found = verify::look(context.host, &spec);
    }
    let checks = found.checks;
    if !context.no_log {
        let event =
            Event::Verified { vantage: Vantage::Host, checks: checks.clone(), outside: Some(Box::new(found.outside)) };
        (context.tell)(event);
    }
    let failed: Vec<String> = failed(&checks).iter().map(|check| check.id.clone()).collect();
    let value = serde_json::to_value(&checks).unwrap_or_default();
    let values = Map::from_iter([("checks".to_owned(), value)]);
    if failed.is_empty() {
        return Ok(Outcome { changed: Some(false), values, ..Outcome::default() });
    }
    let what = if failed.len() == 1 { "a required check" } else { "required checks" };
    let message = format!("{what} failed: {}", failed.join(", "));
    Err(ModuleError::Failed { failure: Box::new(Failure { message, ..Failure::default() }), values })
}

fn failed(checks: &[Check]) -> Vec<&Check> {
    checks.iter().filter(|check| check.verdict == CheckVerdict::Fail).collect()
}

fn dkim(args: &Args) -> Result<Option<Dkim>, ModuleError> {
    let domain = args.str("dkim_domain").filter(|domain| !domain.is_empty()).map(str::to_owned);
    let Some(domain) = domain else { return Ok(None) };
    let selector = args.need_str("dkim_selector")?.to_owned();
    Ok(Some(Dkim { domain, selector, key: paths::required(args, "dkim_key")? }))
}

fn spec(args: &Args, context: &Context<'_>) -> Result<Spec, ModuleError> {
    for list in ["required", "advisory"] {
        let ids = args.list(list);
        if let Some(id) = ids.iter().find(|id| !is_check(id)) {
            return Err(ModuleError::argument(list, format!("there is no check {id}; docs/verify.md lists them")));
        }
    }
    // These become words of SMTP commands.
    for name in ["fqdn", "domain", "sender", "send_to"] {
        let bad = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>');
        if args.str(name).is_some_and(|value| value.contains(bad)) {
            return Err(ModuleError::argument(name, "has a character that no address has"));
        }
    }
    let address = match args.str("address").filter(|address| !address.is_empty()) {
        Some(text) => Some(text.parse().map_err(|_| ModuleError::argument("address", "is no IP address"))?),
        None => context.facts.get("default_ipv4").and_then(|fact| fact.get("address")).and_then(address),
    };
    let addresses = context.facts.get("all_ipv4_addresses").and_then(Value::as_array);
    Ok(Spec {
        fqdn: args.need_str("fqdn")?.to_owned(),
        domain: args.need_str("domain")?.to_owned(),
        address,
        addresses: addresses.into_iter().flatten().filter_map(self::address).collect(),
        networks: args.list("networks"),
        sender: args.str("sender").filter(|sender| !sender.is_empty()).map(str::to_owned),
        domain_mode: match args.need_str("domain_mode")? {
            "local" => DomainMode::Local,
            "relay" => DomainMode::Relay,
            _ => DomainMode::Elsewhere,
        },
        relay_transport: args.str("relay_transport").filter(|next| !next.is_empty()).map(str::to_owned),
        tls: args.flag("tls"),
        submission: args.flag("submission"),
        smtps: args.flag("smtps"),
        sasl: args.flag("sasl"),
        certificate: paths::required(args, "certificate_path")?,
        key: paths::required(args, "privatekey_path")?,
        renew_before: args.int("renew_before").unwrap_or_default(),
        send_to: args.str("send_to").filter(|address| !address.is_empty()).map(str::to_owned),
        dkim: dkim(args)?,
        firewall: args.flag("firewall"),
        now: context.now,
        required: args.list("required"),
        advisory: args.list("advisory"),
    })
}

fn address(value: &Value) -> Option<IpAddr> {
    value.as_str()?.parse().ok()
}
