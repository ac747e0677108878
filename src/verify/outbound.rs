//! The way out: whether the server that mail is handed to lets us in.

use std::net::SocketAddr;

use super::{DomainMode, Look};
use crate::probe::Finding;
use crate::probe::dns::Resolver;
use crate::probe::smtp::Smtp;

/// A next hop as transport(5) and `relayhost` have it.
#[derive(Debug, PartialEq, Eq)]
struct Hop {
    name: String,
    /// In brackets: the name's own address counts, not its MX.
    itself: bool,
    port: u16,
}

/// Asks the relay host, or else the server that takes the domain's mail; only its greeting is read.
pub(super) fn reached(look: &mut Look<'_>, resolver: &Resolver) -> Finding {
    let relayhost = look.parameter("relayhost");
    let spec = look.spec;
    let transport = spec.relay_transport.as_deref().and_then(|transport| transport.strip_prefix("smtp:"));
    let hop = match (relayhost.as_str(), transport, spec.domain_mode) {
        ("", Some(transport), DomainMode::Relay) => hop(transport),
        ("", None, DomainMode::Local) => return Finding::not_testable("mail goes to its recipients' own servers"),
        ("", ..) => hop(&spec.domain),
        (relayhost, ..) => hop(relayhost),
    };
    let Some(hop) = hop else { return Finding::not_testable("the next hop cannot be read") };
    match addresses(resolver, &hop) {
        Ok((name, address)) if spec.addresses.contains(&address.ip()) => {
            Finding::not_testable(format!("{name} is this host; see dns.exchanger"))
        }
        Ok((name, address)) => greeting(&name, address),
        Err(why) => Finding::not_testable(why),
    }
}

fn greeting(name: &str, address: SocketAddr) -> Finding {
    let remedy = "outgoing connections may be closed on the way: many networks close port 25 and want a relayhost";
    match Smtp::connect(address, None) {
        Ok((smtp, banner)) => {
            smtp.quit();
            Finding::when(banner.is_positive(), format!("{name} at {address}: {banner}"), remedy)
        }
        Err(error) => Finding::bad(format!("{name}: {error}"), remedy),
    }
}

/// The first server of a hop, by name and address.
fn addresses(resolver: &Resolver, hop: &Hop) -> Result<(String, SocketAddr), String> {
    let first = |name: &str| {
        let found = resolver.addresses(name).map_err(|error| error.to_string())?;
        let address = found.first().ok_or_else(|| format!("{name} has no address"))?;
        Ok((name.to_owned(), SocketAddr::new(*address, hop.port)))
    };
    if let Ok(address) = hop.name.parse() {
        return Ok((hop.name.clone(), SocketAddr::new(address, hop.port)));
    }
    if hop.itself {
        return first(&hop.name);
    }
    let exchangers = resolver.exchangers(&hop.name).map_err(|error| error.to_string())?;
    // A domain without an MX is its own (RFC 5321 section 5.1).
    first(exchangers.first().map_or(hop.name.as_str(), String::as_str))
}

/// `[mail.isp.example]:587`, `isp.example`, `[192.0.2.1]`.
fn hop(text: &str) -> Option<Hop> {
    let (name, rest, itself) = match text.strip_prefix('[') {
        Some(inner) => inner.split_once(']').map(|(name, rest)| (name, rest, true))?,
        None => text.find(':').map_or((text, "", false), |at| (&text[..at], &text[at..], false)),
    };
    let port = match rest.strip_prefix(':') {
        None | Some("smtp") => 25,
        Some("submission") => 587,
        Some(port) => port.parse().ok()?,
    };
    (!name.is_empty()).then(|| Hop { name: name.to_owned(), itself, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_are_read_as_postfix_reads_them() {
        let hop_of = |name: &str, itself, port| Some(Hop { name: name.to_owned(), itself, port });
        for (text, expected) in [
            ("isp.example", hop_of("isp.example", false, 25)),
            ("isp.example:2525", hop_of("isp.example", false, 2525)),
            ("[mail.isp.example]:587", hop_of("mail.isp.example", true, 587)),
            ("[192.0.2.1]", hop_of("192.0.2.1", true, 25)),
            ("[2001:db8::1]:submission", hop_of("2001:db8::1", true, 587)),
            ("[broken", None),
            (":25", None),
        ] {
            assert_eq!(hop(text), expected, "{text}");
        }
    }
}
