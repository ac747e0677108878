//! What the world is told about the server, asked of the host's own name servers.

use std::net::IpAddr;

use super::{DomainMode, Look, dkim, outbound};
use crate::probe::dns::{DnsError, Resolver};
use crate::probe::{Finding, catalogue as c};

pub(super) fn look(look: &mut Look<'_>) {
    let text = look.file("/etc/resolv.conf").map(|(bytes, _)| String::from_utf8_lossy(&bytes).into_owned());
    let text = text.or_else(|| look.ask(&["cat", "/etc/resolv.conf"]).ok().map(|output| output.stdout_text()));
    let resolver = Resolver::from_text(&text.unwrap_or_default());
    let finding = servers(&resolver, &look.spec.fqdn);
    look.checks.add(&c::DNS_SERVERS, finding);
    match look.spec.address {
        Some(address) => both_ways(look, &resolver, address),
        None => {
            for definition in [&c::DNS_ADDRESS, &c::DNS_POINTER, &c::DNS_CONFIRMED] {
                look.checks.add(definition, Finding::not_testable("the host has no default address"));
            }
        }
    }
    let finding = exchanger(&resolver, look);
    look.checks.add(&c::DNS_EXCHANGER, finding);
    dkim::look(look, &resolver);
    look.of_postfix(|look| look.of_settings(|look| outbound::look(look, &resolver)));
}

/// Whether all of them answer: glibc and Postfix wait for the first one before they ask the next.
fn servers(resolver: &Resolver, name: &str) -> Finding {
    let (mut seen, mut wrong) = (Vec::new(), false);
    for (server, answer) in resolver.each(name) {
        seen.push(match answer {
            Ok(time) => format!("{server} after {} ms", time.as_millis()),
            Err(error) => {
                wrong = true;
                error.to_string()
            }
        });
    }
    let evidence = if seen.is_empty() { DnsError::NoServer.to_string() } else { seen.join(", ") };
    let remedy = "take the ones that do not answer out of /etc/resolv.conf: each delays every message";
    Finding::when(!wrong && !seen.is_empty(), evidence, remedy)
}

/// The name has the address, the address has the name, and what else the address is called leads back to it.
fn both_ways(look: &mut Look<'_>, resolver: &Resolver, address: IpAddr) {
    let fqdn = &look.spec.fqdn;
    let finding = asked(resolver.addresses(fqdn), |addresses| {
        let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        Finding::when(
            addresses.contains(&address),
            format!("{fqdn} has {}", list(&shown)),
            format!("add to the zone: {fqdn}. {} {address}", if address.is_ipv4() { "A" } else { "AAAA" }),
        )
    });
    look.checks.add(&c::DNS_ADDRESS, finding);
    let pointers = resolver.pointers(address);
    let confirmed = match &pointers {
        Ok(names) => confirmed(resolver, names, address),
        Err(error) => Finding::not_testable(error.to_string()),
    };
    let finding = asked(pointers, |names| {
        Finding::when(
            names.iter().any(|name| name.eq_ignore_ascii_case(fqdn)),
            format!("{address} points to {}", list(&names)),
            format!("have whoever owns the address point it to {fqdn}; many receivers refuse mail without"),
        )
    });
    look.checks.add(&c::DNS_POINTER, finding);
    look.checks.add(&c::DNS_CONFIRMED, confirmed);
}

fn confirmed(resolver: &Resolver, names: &[String], address: IpAddr) -> Finding {
    let mut wrong = Vec::new();
    for name in names {
        match resolver.addresses(name) {
            Ok(addresses) if addresses.contains(&address) => {}
            Ok(addresses) => {
                let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                wrong.push(format!("{name} has {}", list(&shown)));
            }
            Err(error) => return Finding::not_testable(error.to_string()),
        }
    }
    if names.is_empty() {
        return Finding::not_testable(format!("{address} points to nothing"));
    }
    let good = format!("{} and back to {address}", list(names));
    let evidence = if wrong.is_empty() { good } else { wrong.join(", ") };
    let remedy = format!("give each such name the address {address}, or no longer point the address to it");
    Finding::when(wrong.is_empty(), evidence, remedy)
}

/// An MX that names this host makes mail loop unless it receives for the domain.
fn exchanger(resolver: &Resolver, look: &Look<'_>) -> Finding {
    let spec = look.spec;
    let domain = &spec.domain;
    asked(resolver.exchangers(domain), |names| {
        let own = names.iter().any(|name| name.eq_ignore_ascii_case(&spec.fqdn));
        let evidence = format!("the MX of {domain} is {}", list(&names));
        match spec.domain_mode {
            DomainMode::Local => {
                Finding::when(own, evidence, format!("add to the zone: {domain}. MX 10 {}.", spec.fqdn))
            }
            DomainMode::Relay if spec.relay_transport.is_some() => Finding::good(evidence),
            DomainMode::Relay => Finding::when(
                !own && !names.is_empty(),
                evidence,
                "mail for the domain would loop or bounce: let the MX name the server that has the mailboxes, or give \
                 that server in mail_relay_transport, or choose another mail_domain_mode",
            ),
            DomainMode::Elsewhere => Finding::when(
                !own,
                evidence,
                "mail for the domain comes here and is refused: let the MX name the server that has the mailboxes, or \
                 set mail_domain_mode to local",
            ),
        }
    })
}

fn asked<T>(answer: Result<T, DnsError>, judge: impl FnOnce(T) -> Finding) -> Finding {
    match answer {
        Ok(answer) => judge(answer),
        Err(error @ DnsError::BadName(_)) => Finding::not_testable(error.to_string()),
        Err(error) => Finding::bad(error.to_string(), "see /etc/resolv.conf; without DNS no mail leaves the host"),
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
