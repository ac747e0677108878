//! The way out: whether the server that mail is handed to lets us in, and encrypts.

use std::net::SocketAddr;

use super::{DomainMode, Look};
use crate::probe::dns::Resolver;
use crate::probe::smtp::{Reply, Smtp, SmtpError};
use crate::probe::tls::Versions;
use crate::probe::{Finding, catalogue as c};

/// A next hop as transport(5) and `relayhost` have it.
#[derive(Debug, PartialEq, Eq)]
struct Hop {
    name: String,
    /// In brackets: the name's own address counts, not its MX.
    itself: bool,
    port: u16,
}

/// The server that mail is handed to.
struct Next {
    name: String,
    address: SocketAddr,
    /// The next hop as Postfix has it, by which it looks up its policy.
    destination: String,
}

/// What Postfix's client is set to demand of a server (postconf(5), `smtp_tls_security_level`), and where that stands.
#[derive(Debug, Default, PartialEq, Eq)]
struct Level {
    word: String,
    place: &'static str,
}

/// Asks the relay host, or else the server that takes the domain's mail; the dialogue ends before a message.
pub(super) fn look(look: &mut Look<'_>, resolver: &Resolver) {
    let next = next(look, resolver);
    if look.parameter("smtp_sasl_auth_enable") == "yes" {
        let finding = match (&next, &credentials(look)) {
            (Ok(Next { name, address, .. }), Ok(credentials)) => login(name, *address, &look.spec.fqdn, credentials),
            (Err(why), _) | (_, Err(why)) => Finding::not_testable(why),
        };
        look.checks.add(&c::OUTBOUND_LOGIN, finding);
    }
    let (reached, tls) = match next {
        Ok(Next { name, address, destination }) => match level(look, &destination) {
            Ok(level) => greeting(&name, address, &look.spec.fqdn, &level),
            Err(why) => {
                let (reached, _) = greeting(&name, address, &look.spec.fqdn, &Level::default());
                (reached, Finding::not_testable(why))
            }
        },
        Err(why) => (Finding::not_testable(why.clone()), Finding::not_testable(why)),
    };
    look.checks.add(&c::OUTBOUND_REACHED, reached);
    look.checks.add(&c::OUTBOUND_TLS, tls);
}

/// The level for a destination: that of the tables, or else of all.
fn level(look: &mut Look<'_>, destination: &str) -> Result<Level, String> {
    const TABLES: &str = "smtp_tls_policy_maps";
    for key in keys(destination) {
        if let Some(policy) = look.lookup(TABLES, key)? {
            let word = policy.split([' ', '\t', ',']).next().unwrap_or_default().to_owned();
            return Ok(Level { word, place: TABLES });
        }
    }
    let place = "smtp_tls_security_level";
    Ok(Level { word: look.parameter(place), place })
}

/// By what a destination is looked up: itself, and if it is a bare name, the domains above it (postconf(5),
/// `smtp_tls_policy_maps`).
fn keys(destination: &str) -> impl Iterator<Item = &str> {
    let is_bare = !destination.contains(['[', ':']);
    let dots = destination.match_indices('.').map(|(at, _)| at).filter(move |_| is_bare);
    std::iter::once(destination).chain(dots.map(|at| &destination[at..]))
}

/// The server that mail is handed to, or why it cannot be told.
fn next(look: &mut Look<'_>, resolver: &Resolver) -> Result<Next, String> {
    let relayhost = look.parameter("relayhost");
    let spec = look.spec;
    let transport = spec.relay_transport.as_deref().and_then(|transport| transport.strip_prefix("smtp:"));
    let destination = match (relayhost.as_str(), transport, spec.domain_mode) {
        ("", Some(transport), DomainMode::Relay) => transport,
        ("", None, DomainMode::Local) => return Err("mail goes to its recipients' own servers".to_owned()),
        ("", ..) => &spec.domain,
        (relayhost, ..) => relayhost,
    };
    let (name, address) = addresses(resolver, &hop(destination).ok_or("the next hop cannot be read")?)?;
    if spec.addresses.contains(&address.ip()) {
        return Err(format!("{name} is this host; see dns.exchanger"));
    }
    Ok(Next { name, address, destination: destination.to_owned() })
}

/// Whether the server lets us in, and whether it encrypts. `own` is the name to greet with.
fn greeting(name: &str, address: SocketAddr, own: &str, level: &Level) -> (Finding, Finding) {
    let remedy = "outgoing connections may be closed on the way: many networks close port 25 and want a relayhost";
    let unasked = || Finding::not_testable(format!("{name} does not take mail from here"));
    match Smtp::connect(address, None) {
        Ok((smtp, banner)) if banner.is_positive() => {
            let reached = Finding::good(format!("{name} at {address}: {banner}"));
            (reached, encrypted(smtp, name, own, level))
        }
        Ok((smtp, banner)) => {
            smtp.quit();
            (Finding::bad(format!("{name} at {address}: {banner}"), remedy), unasked())
        }
        Err(error) => (Finding::bad(format!("{name}: {error}"), remedy), unasked()),
    }
}

/// A server that cannot tell now (454, RFC 4954, section 6) has not refused the password.
fn judge_login(reply: &Reply, evidence: String) -> Finding {
    let remedy = "see mail_relayhost_user and mail_relayhost_password: until then no mail leaves the host";
    match reply.code {
        400..500 => Finding::not_testable(evidence),
        _ => Finding::when(reply.is_positive(), evidence, remedy),
    }
}

/// `USER:PASSWORD` for the relay host, as smtp(8) looks it up.
fn credentials(look: &mut Look<'_>) -> Result<String, String> {
    let relayhost = look.parameter("relayhost");
    let found = look.lookup("smtp_sasl_password_maps", &relayhost)?;
    found.ok_or_else(|| format!("smtp_sasl_password_maps has no login for {relayhost}"))
}

/// Whether the server lets us log in. The password goes out over TLS alone, and is never shown.
fn login(name: &str, address: SocketAddr, own: &str, credentials: &str) -> Finding {
    let asked = || {
        let met = Smtp::meet(address, None, own)?;
        if !met.ehlo.offers("STARTTLS") {
            return Ok(Finding::not_testable(format!("{name} does not offer STARTTLS, and the password is not tried")));
        }
        let (mut smtp, _) = met.smtp.start_tls(name, Versions::Any)?;
        let ehlo = smtp.say(&format!("EHLO {own}"))?;
        let mechanisms = ehlo.value("AUTH").unwrap_or_default();
        if !mechanisms.split(' ').any(|mechanism| mechanism == "PLAIN") {
            smtp.quit();
            return Ok(Finding::not_testable(format!("{name} offers no AUTH PLAIN, but \"{mechanisms}\"")));
        }
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        let reply = smtp.log_in(user, password)?;
        smtp.quit();
        Ok(judge_login(&reply, format!("{name} answered the login of {user} with {reply}")))
    };
    asked().unwrap_or_else(|error: SmtpError| Finding::not_testable(format!("{name}: {error}")))
}

fn encrypted(mut smtp: Smtp, name: &str, own: &str, level: &Level) -> Finding {
    let Level { word, place } = level;
    let ehlo = match smtp.say(&format!("EHLO {own}")) {
        Ok(ehlo) => ehlo,
        Err(error) => return Finding::not_testable(format!("{name}: {error}")),
    };
    if matches!(word.as_str(), "" | "none") {
        smtp.quit();
        return Finding::bad(format!("{place} is none: mail goes out as plain text"), "set mail_tls_out: may");
    }
    if !ehlo.offers("STARTTLS") {
        smtp.quit();
        let remedy = "who runs that server has to offer STARTTLS; until then mail to it goes out as plain text, or waits \
                      in the queue where mail_tls_out demands more";
        return Finding::bad(format!("{name} does not offer STARTTLS"), remedy);
    }
    match smtp.start_tls(name, Versions::Any) {
        Ok((smtp, session)) => {
            smtp.quit();
            let asked = match word.as_str() {
                "may" | "encrypt" => "",
                // Whether it is the one that Postfix wants, only Postfix knows.
                _ => "; its certificate was not looked at",
            };
            Finding::good(format!("{} {} with {name} ({place} = {word}){asked}", session.protocol, session.cipher))
        }
        Err(error) => Finding::bad(format!("{name}: {error}"), "who runs that server has to mend its TLS"),
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
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    use super::super::tests::spec;
    use super::*;
    use crate::host::{CommandOutput, fake::Fake};
    use crate::hostplay::Mode;
    use crate::probe::Checks;

    #[test]
    fn a_login_that_was_put_off_was_not_refused() {
        let judged = |code| judge_login(&Reply { code, lines: Vec::new() }, String::new());
        assert!(matches!(judged(235), Finding::Good(_)));
        assert!(matches!(judged(454), Finding::NotTestable(_)));
        assert!(matches!(judged(535), Finding::Bad(..)));
    }

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

    #[test]
    fn a_policy_for_the_destination_comes_before_the_level_of_all() {
        for (destination, expected) in [
            ("[mx.example.org]:587", vec!["[mx.example.org]:587"]),
            ("example.org:587", vec!["example.org:587"]),
            ("mx.example.org", vec!["mx.example.org", ".example.org", ".org"]),
        ] {
            assert_eq!(keys(destination).collect::<Vec<_>>(), expected);
        }
        let mut fake = Fake::new(Mode::Check);
        let script = fake.script();
        script.answer(&["postconf", "-hx", "smtp_tls_policy_maps"], "hash:/etc/postfix/tls");
        script.answer(&["postconf", "-hx", "smtp_tls_security_level"], "may");
        script.answer(&["postmap", "-q", "[mx.example.org]", "hash:/etc/postfix/tls"], "none");
        script.answer(&["postmap", "-q", ".example.org", "hash:/etc/postfix/tls"], "secure match=nexthop");
        for key in ["mx.example.org", "other.example", ".example"] {
            let none = CommandOutput { status: 1, ..CommandOutput::default() };
            script.answer_with(&["postmap", "-q", key, "hash:/etc/postfix/tls"], none);
        }
        let spec = spec();
        let mut look = Look::new(&mut fake, &spec, Checks::default());
        let mut level =
            |destination: &str| level(&mut look, destination).map(|level| format!("{} by {}", level.word, level.place));
        assert_eq!(level("[mx.example.org]").unwrap(), "none by smtp_tls_policy_maps");
        assert_eq!(level("mx.example.org").unwrap(), "secure by smtp_tls_policy_maps");
        assert_eq!(level("other.example").unwrap(), "may by smtp_tls_security_level");
    }

    /// A server that says these lines, one for each time that it is its turn.
    fn server(lines: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            for line in lines {
                (&stream).write_all(format!("{line}\r\n").as_bytes()).unwrap();
                reader.read_line(&mut String::new()).unwrap();
            }
        });
        address
    }

    #[test]
    fn what_is_seen_of_the_next_server_is_told_and_nothing_else() {
        let asked = |lines, word: &str| {
            let level = &Level { word: word.to_owned(), place: "smtp_tls_security_level" };
            let (reached, tls) = greeting("mx.example.org", server(lines), "mail.example.org", level);
            let verdict = |finding| match finding {
                Finding::Good(seen) => format!("good: {seen}"),
                Finding::Doubtful(seen, _) | Finding::Bad(seen, _) => format!("bad: {seen}"),
                Finding::NotTestable(why) => format!("untested: {why}"),
            };
            (verdict(reached).starts_with("good"), verdict(tls))
        };
        let plain: &[&str] = &["220 mx", "250-mx\r\n250 PIPELINING", "221 bye"];
        let broken: &[&str] = &["220 mx", "250-mx\r\n250 STARTTLS", "220 go ahead", "500 no TLS"];
        assert_eq!(asked(plain, "may"), (true, "bad: mx.example.org does not offer STARTTLS".to_owned()));
        let (reached, told) = asked(plain, "none");
        assert!(reached && told.starts_with("bad: smtp_tls_security_level is none"), "{told}");
        let (reached, told) = asked(broken, "may");
        assert!(reached && told.starts_with("bad: mx.example.org: the TLS handshake failed"), "{told}");
        let closed = asked(&["554 go away", "221 bye"], "may");
        assert_eq!(closed, (false, "untested: mx.example.org does not take mail from here".to_owned()));
    }
}
