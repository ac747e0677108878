//! The checks that a dialogue with ports 25, 587 and 465 answers.

mod encrypted;
mod plain;
mod relay;
mod submission;

use std::net::{IpAddr, SocketAddr};

use super::smtp::{Met, Smtp, SmtpError};
use super::tls::{Session, Versions};
use super::{Checks, Definition, Finding, catalogue as c, certificate};

pub use relay::relay;

/// How the probes greet.
const NAME: &str = "mailprov-verify.invalid";
/// A recipient elsewhere; nothing is ever sent there, as the dialogue ends before DATA. The domain exists and has a
/// null MX (RFC 7505).
const ELSEWHERE: &str = "mailprov-verify@example.com";

/// What a server shall be.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is an argument of its own in a playbook")]
pub struct Server<'a> {
    /// Its full name.
    pub fqdn: &'a str,
    /// Where it is asked.
    pub address: IpAddr,
    /// The sender of probes.
    pub sender: &'a str,
    /// Port 25 shall offer TLS.
    pub tls: bool,
    /// Port 587 shall take mail over TLS.
    pub submission: bool,
    /// Port 465 shall take mail over TLS.
    pub smtps: bool,
    /// Clients shall be able to log in on ports 587 and 465.
    pub sasl: bool,
    /// SHA-256 of the certificate in its file.
    pub certificate: Option<&'a str>,
    /// Postfix refuses bare newlines itself (newer than 3.5.8).
    pub forbids_bare_newline: bool,
}

impl Server<'_> {
    fn port(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.address, port)
    }

    /// A connection in plain text that has come to EHLO.
    fn meet(&self, port: u16) -> Result<Met, SmtpError> {
        Smtp::meet(self.port(port), None, NAME)
    }

    /// An encrypted session that has come to EHLO.
    ///
    /// # Errors
    /// When the server is not reached, does not want to, or the handshake fails.
    pub fn session(&self, port: u16, versions: Versions) -> Result<(Met, Session), SmtpError> {
        if port == SMTPS {
            return Smtp::meet_tls(self.port(port), self.fqdn, versions, NAME);
        }
        let met = self.meet(port)?;
        let (mut smtp, session) = met.smtp.start_tls(self.fqdn, versions)?;
        let ehlo = smtp.say(&format!("EHLO {NAME}"))?;
        Ok((Met { smtp, ehlo, ..met }, session))
    }

    /// The greeting of a port.
    #[must_use]
    pub fn banner(&self, met: &Met) -> Finding {
        let first = met.banner.lines.first().map(String::as_str).unwrap_or_default();
        let named = first.split(' ').next().is_some_and(|name| name.eq_ignore_ascii_case(self.fqdn));
        Finding::when(
            met.banner.code == 220 && named,
            met.banner.to_string(),
            format!("set myhostname to {} and see whether another program has the port", self.fqdn),
        )
    }

    /// The certificate of a session against the one in the file.
    #[must_use]
    pub fn served(&self, session: &Session) -> Finding {
        let served = session.certificates.first().map(|der| certificate::fingerprint(der)).unwrap_or_default();
        match self.certificate {
            None => Finding::not_testable("the certificate's file could not be read"),
            Some(file) => Finding::when(
                file == served,
                if file == served {
                    format!("SHA-256 {}", short(file))
                } else {
                    format!("served SHA-256 {}, in the file {}", short(&served), short(file))
                },
                "reload Postfix: `systemctl reload postfix`",
            ),
        }
    }
}

/// Mail over TLS from the start (RFC 8314).
const SMTPS: u16 = 465;

fn short(fingerprint: &str) -> &str {
    fingerprint.get(..16).unwrap_or(fingerprint)
}

/// What was agreed on, for a person.
fn agreed(session: &Session) -> String {
    format!("{} {}", session.protocol, session.cipher)
}

/// Port 25 with TLS, then ports 587 and 465.
pub fn look(server: &Server<'_>, checks: &mut Checks) {
    match server.meet(25) {
        Ok(met) => {
            plain::look(server, met, checks);
            encrypted::port_25(server, checks);
        }
        Err(error) => {
            checks.add(&c::SMTP_BANNER, Finding::bad(error.to_string(), dead(&error)));
            let rest = [
                &c::SMTP_EHLO,
                &c::SMTP_AUTH,
                &c::SMTP_HELO,
                &c::SMTP_VRFY,
                &c::SMTP_SIZE,
                &c::SMTP_ACCEPTS,
                &c::SMTP_SMUGGLING,
                &c::TLS_STARTTLS,
                &c::TLS_VERSIONS,
                &c::TLS_OLD,
                &c::TLS_SERVED,
            ];
            unasked(&rest, "port 25 does not answer", checks);
        }
    }
    submission::port_587(server, checks);
    submission::port_465(server, checks);
}

fn unasked(definitions: &[&Definition], why: &str, checks: &mut Checks) {
    for definition in definitions {
        checks.add(definition, Finding::not_testable(why));
    }
}

fn dead(error: &SmtpError) -> &'static str {
    if error.is_connect() {
        "see that Postfix runs and listens on all interfaces: `systemctl status postfix`, `postconf inet_interfaces`"
    } else {
        "smtpd dies or hangs; `journalctl -u postfix` says why; after mending it restart Postfix, as a reload does not \
         end the throttling"
    }
}

/// Whether AUTH is kept back until the session is encrypted.
fn no_early_auth(met: &Met) -> Finding {
    let auth = met.ehlo.offers("AUTH");
    let evidence = if auth { "EHLO offers AUTH without TLS" } else { "EHLO does not offer AUTH" };
    Finding::when(!auth, evidence, "set smtpd_tls_auth_only = yes")
}
