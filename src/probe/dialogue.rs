//! The checks that a dialogue with ports 25 and 587 answers.

use std::net::{IpAddr, SocketAddr};

use super::catalogue as c;
use super::old_tls::{self, Answer, OldVersion};
use super::smtp::{Met, Smtp, SmtpError};
use super::tls::{Session, Versions};
use super::{Checks, Definition, Finding, certificate};

/// How the probes greet.
const NAME: &str = "mailprov-verify.invalid";
/// A recipient elsewhere; nothing is ever sent there, as the dialogue ends before DATA. The domain exists and has a
/// null MX (RFC 7505).
const ELSEWHERE: &str = "mailprov-verify@example.com";

/// What a server shall be.
#[derive(Debug, Clone)]
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
    /// SHA-256 of the certificate in its file.
    pub certificate: Option<&'a str>,
    /// Postfix refuses bare newlines itself (newer than 3.5.8).
    pub forbids_bare_newline: bool,
}

impl Server<'_> {
    fn port(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.address, port)
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

fn short(fingerprint: &str) -> &str {
    fingerprint.get(..16).unwrap_or(fingerprint)
}

/// Why nothing more can be asked.
const NO_ANSWER: &str = "port 25 does not answer";

/// Port 25 with TLS, and port 587.
pub fn look(server: &Server<'_>, checks: &mut Checks) {
    match Smtp::meet(server.port(25), None, NAME) {
        Ok(met) => {
            smtp(server, met, checks);
            tls(server, checks);
        }
        Err(error) => {
            checks.add(&c::SMTP_BANNER, Finding::bad(error.to_string(), dead(&error)));
            let rest = [
                &c::SMTP_EHLO,
                &c::SMTP_AUTH,
                &c::SMTP_HELO,
                &c::SMTP_VRFY,
                &c::SMTP_ACCEPTS,
                &c::SMTP_SMUGGLING,
                &c::TLS_STARTTLS,
                &c::TLS_VERSIONS,
                &c::TLS_OLD,
                &c::TLS_SERVED,
            ];
            for definition in rest {
                checks.add(definition, Finding::not_testable(NO_ANSWER));
            }
        }
    }
    submission(server, checks);
}

fn dead(error: &SmtpError) -> &'static str {
    if error.is_connect() {
        "see that Postfix runs and listens on all interfaces: `systemctl status postfix`, `postconf inet_interfaces`"
    } else {
        "smtpd dies or hangs; `journalctl -u postfix` says why; after mending it restart Postfix, as a reload does not \
         end the throttling"
    }
}

fn smtp(server: &Server<'_>, met: Met, checks: &mut Checks) {
    checks.add(&c::SMTP_BANNER, server.banner(&met));
    let time = met.time.as_millis();
    let remedy = "`journalctl -u postfix` says why it was refused";
    checks.add(
        &c::SMTP_EHLO,
        Finding::when(met.ehlo.is_positive(), format!("{} after {time} ms", met.ehlo.code), remedy),
    );
    let auth = met.ehlo.offers("AUTH");
    let evidence = if auth { "EHLO offers AUTH without TLS" } else { "EHLO does not offer AUTH" };
    checks.add(&c::SMTP_AUTH, Finding::when(!auth, evidence, "set smtpd_tls_auth_only = yes"));
    let ungreeted = Smtp::connect(server.port(25), None).and_then(|(mut smtp, _)| {
        let reply = smtp.say("MAIL FROM:<>");
        smtp.quit();
        reply
    });
    refused(&c::SMTP_HELO, ungreeted, "set smtpd_helo_required = yes", checks);
    let mut smtp = met.smtp;
    let vrfy = smtp.say("VRFY postmaster");
    refused(&c::SMTP_VRFY, vrfy, "set disable_vrfy_command = yes", checks);
    checks.add(&c::SMTP_ACCEPTS, accepts(server, &mut smtp));
    // The last question, as the connection may be inside of DATA afterwards.
    checks.add(&c::SMTP_SMUGGLING, smuggling(server, &mut smtp));
}

fn refused(definition: &Definition, reply: Result<super::smtp::Reply, SmtpError>, remedy: &str, checks: &mut Checks) {
    checks.add(
        definition,
        match reply {
            Ok(reply) => Finding::when(reply.is_refusal(), reply.to_string(), remedy),
            Err(error) => Finding::not_testable(error.to_string()),
        },
    );
}

/// Up to RCPT, and taken back.
fn accepts(server: &Server<'_>, smtp: &mut Smtp) -> Finding {
    let reply = smtp
        .say(&format!("MAIL FROM:<{}>", server.sender))
        .and_then(|reply| if reply.is_positive() { smtp.say(&format!("RCPT TO:<{ELSEWHERE}>")) } else { Ok(reply) });
    drop(smtp.say("RSET"));
    match reply {
        Ok(reply) => Finding::when(
            reply.is_positive(),
            format!("RCPT TO:<{ELSEWHERE}> was answered {reply}"),
            "see mynetworks and the smtpd_*_restrictions: the host's own address has to be allowed to send",
        ),
        Err(error) => Finding::bad(error.to_string(), "`journalctl -u postfix` says why"),
    }
}

/// Postfix 3.5.8 has one defence, `smtpd_data_restrictions = reject_unauth_pipelining` (CVE-2023-51764): a client that
/// speaks before it is asked is refused at DATA. Nothing is sent: without the defence the connection is dropped inside
/// DATA, which discards the message.
fn smuggling(server: &Server<'_>, smtp: &mut Smtp) -> Finding {
    if server.forbids_bare_newline {
        return Finding::good("smtpd_forbid_bare_newline is set");
    }
    let recipient = format!("postmaster@{}", server.fqdn);
    let mut begin = || {
        let mail = smtp.say("MAIL FROM:<>")?;
        let rcpt = smtp.say(&format!("RCPT TO:<{recipient}>"))?;
        if !mail.is_positive() || !rcpt.is_positive() {
            return Ok(Err(rcpt));
        }
        smtp.send(b"DATA\r\nmailprov-verify: pipelined\r\n", "DATA")?;
        smtp.reply("to DATA").map(Ok)
    };
    match begin() {
        Ok(Ok(reply)) => Finding::when(
            reply.is_refusal(),
            format!("pipelined DATA was answered {reply}"),
            "set smtpd_data_restrictions = reject_unauth_pipelining",
        ),
        Ok(Err(reply)) => Finding::not_testable(format!("{recipient} was not accepted: {reply}")),
        Err(error) => Finding::not_testable(error.to_string()),
    }
}

fn session(server: &Server<'_>, port: u16, versions: Versions) -> Result<(Smtp, Session), SmtpError> {
    Smtp::meet(server.port(port), None, NAME)?.smtp.start_tls(server.fqdn, versions)
}

fn tls(server: &Server<'_>, checks: &mut Checks) {
    if !server.tls {
        return;
    }
    match session(server, 25, Versions::Any) {
        Ok((smtp, agreed)) => {
            checks.add(&c::TLS_STARTTLS, Finding::good(format!("{} {}", agreed.protocol, agreed.cipher)));
            checks.add(&c::TLS_SERVED, server.served(&agreed));
            smtp.quit();
        }
        Err(error) => {
            let remedy = "see smtpd_tls_security_level, and that smtpd_tls_key_file is the key of smtpd_tls_cert_file; \
                          `journalctl -u postfix` says more";
            checks.add(&c::TLS_STARTTLS, Finding::bad(error.to_string(), remedy));
            for definition in [&c::TLS_SERVED, &c::TLS_VERSIONS, &c::TLS_OLD] {
                checks.add(definition, Finding::not_testable("STARTTLS does not work"));
            }
            return;
        }
    }
    checks.add(&c::TLS_VERSIONS, both_versions(server));
    checks.add(&c::TLS_OLD, no_old_version(server));
}

fn both_versions(server: &Server<'_>) -> Finding {
    let mut seen = Vec::new();
    let mut all = true;
    for (name, versions) in [("TLSv1.2", Versions::Tls12), ("TLSv1.3", Versions::Tls13)] {
        match session(server, 25, versions) {
            Ok((smtp, agreed)) => {
                seen.push(format!("{name} {}", agreed.cipher));
                smtp.quit();
            }
            Err(error) => {
                all = false;
                seen.push(format!("{name}: {error}"));
            }
        }
    }
    Finding::when(all, seen.join(", "), "see smtpd_tls_protocols and the system's crypto policy")
}

fn no_old_version(server: &Server<'_>) -> Finding {
    let mut seen = Vec::new();
    let (mut accepted, mut unclear) = (false, false);
    for version in OldVersion::ALL {
        let bare = Smtp::meet(server.port(25), None, NAME).and_then(|met| met.smtp.bare_after_start_tls());
        let answer = match bare {
            Ok(stream) => old_tls::offer(stream, version),
            Err(error) => Answer::Unclear(error.to_string()),
        };
        let name = version.name();
        seen.push(match answer {
            Answer::Accepted => {
                accepted = true;
                format!("{name} accepted")
            }
            Answer::Refused(Some(alert)) => format!("{name} refused (alert {alert})"),
            Answer::Refused(None) => format!("{name} refused"),
            Answer::Unclear(what) => {
                unclear = true;
                format!("{name}: {what}")
            }
        });
    }
    let seen = seen.join(", ");
    if unclear && !accepted {
        return Finding::not_testable(seen);
    }
    Finding::when(!accepted, seen, "set smtpd_tls_protocols = !SSLv2, !SSLv3, !TLSv1, !TLSv1.1")
}

fn submission(server: &Server<'_>, checks: &mut Checks) {
    let met = Smtp::meet(server.port(587), None, NAME);
    if !server.submission {
        let open = !matches!(&met, Err(error) if error.is_connect());
        let evidence = if open { "port 587 takes connections" } else { "port 587 takes no connection" };
        let remedy = "remove the entry `submission` of master.cf, or turn submission on";
        return checks.add(&c::SUBMISSION_CLOSED, Finding::when(!open, evidence, remedy));
    }
    let mut met = match met {
        Ok(met) => met,
        Err(error) => {
            let remedy = "see that master.cf has the entry `submission`; `journalctl -u postfix` says more";
            checks.add(&c::SUBMISSION_BANNER, Finding::bad(error.to_string(), remedy));
            for definition in [&c::SUBMISSION_PLAIN, &c::SUBMISSION_TLS] {
                checks.add(definition, Finding::not_testable("port 587 does not answer"));
            }
            return;
        }
    };
    checks.add(&c::SUBMISSION_BANNER, server.banner(&met));
    let level = "set smtpd_tls_security_level=encrypt for `submission` in master.cf";
    let plain = met.smtp.say("MAIL FROM:<>");
    checks.add(
        &c::SUBMISSION_PLAIN,
        match plain {
            Ok(reply) => Finding::when(reply.code == 530, format!("MAIL was answered {reply}"), level),
            Err(error) => Finding::not_testable(error.to_string()),
        },
    );
    checks.add(
        &c::SUBMISSION_TLS,
        match session(server, 587, Versions::Any) {
            Ok((smtp, agreed)) => {
                smtp.quit();
                Finding::good(format!("{} {}", agreed.protocol, agreed.cipher))
            }
            Err(error) => Finding::bad(error.to_string(), level),
        },
    );
}

/// What an outsider who wants to send to elsewhere is told.
#[must_use]
pub fn relay(server: &Server<'_>, from: Option<IpAddr>) -> Finding {
    let ask = || {
        let (mut smtp, banner) = Smtp::connect(server.port(25), from)?;
        if banner.is_refusal() {
            return Ok(banner);
        }
        let mut last = smtp.say(&format!("EHLO {NAME}"))?;
        for command in [format!("MAIL FROM:<{ELSEWHERE}>"), format!("RCPT TO:<{ELSEWHERE}>")] {
            if last.is_refusal() {
                break;
            }
            last = smtp.say(&command)?;
        }
        smtp.quit();
        Ok::<_, SmtpError>(last)
    };
    match ask() {
        Ok(reply) => Finding::when(
            reply.is_refusal(),
            format!("RCPT TO:<{ELSEWHERE}> was answered {reply}"),
            "this is an open relay: close port 25 at once, then mend mynetworks and smtpd_relay_restrictions",
        ),
        Err(error) => Finding::not_testable(error.to_string()),
    }
}
