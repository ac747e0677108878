//! What somebody outside the networks is told.

use std::net::IpAddr;

use super::{ELSEWHERE, NAME, Server};
use crate::probe::Finding;
use crate::probe::smtp::{Reply, Smtp, SmtpError};

/// What an outsider who wants to send to elsewhere is told, in each of the forms in which an address can ask for it.
#[must_use]
pub fn relay(server: &Server<'_>, from: Option<IpAddr>) -> Finding {
    match ask(server, from) {
        Ok((asked, reply)) => Finding::when(
            reply.is_refusal(),
            format!("{asked} was answered {reply}"),
            "this is an open relay: close port 25 at once, then mend mynetworks and smtpd_relay_restrictions",
        ),
        Err(error) => Finding::not_testable(error.to_string()),
    }
}

/// The address itself; with a percent sign, a bang and a route (RFC 5321 appendix C, RFC 1123 section 5.2.16).
fn forms(fqdn: &str) -> [String; 4] {
    let (user, domain) = ELSEWHERE.split_once('@').unwrap_or((ELSEWHERE, ""));
    [
        ELSEWHERE.to_owned(),
        format!("{user}%{domain}@{fqdn}"),
        format!("{domain}!{user}@{fqdn}"),
        format!("@{fqdn}:{ELSEWHERE}"),
    ]
}

/// The first question that was not refused and its answer, or the first one.
fn ask(server: &Server<'_>, from: Option<IpAddr>) -> Result<(String, Reply), SmtpError> {
    let (mut smtp, banner) = Smtp::connect(server.port(25), from)?;
    if banner.is_refusal() {
        return Ok(("the connection".to_owned(), banner));
    }
    let (ehlo, mail) = (format!("EHLO {NAME}"), format!("MAIL FROM:<{ELSEWHERE}>"));
    let reply = smtp.say(&ehlo)?;
    if reply.is_refusal() {
        return Ok((ehlo, reply));
    }
    // That TLS is wanted first refuses nobody.
    let mut smtp = smtp.ready_for_mail(server.fqdn, NAME)?;
    let reply = smtp.say(&mail)?;
    if reply.is_refusal() {
        return Ok((mail, reply));
    }
    let mut first = None;
    for form in forms(server.fqdn) {
        let command = format!("RCPT TO:<{form}>");
        let reply = smtp.say(&command)?;
        if !reply.is_refusal() {
            return Ok((command, reply));
        }
        first = first.or(Some((command, reply)));
    }
    smtp.quit();
    first.ok_or_else(|| SmtpError::Closed { after: "before a recipient was asked for".to_owned() })
}
