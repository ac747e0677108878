//! What a port agrees on when it speaks TLS.

use std::net::TcpStream;

use super::{Server, agreed, unasked};
use crate::probe::old_tls::{self, Answer, OldVersion};
use crate::probe::smtp::{self, SmtpError};
use crate::probe::tls::Versions;
use crate::probe::{Checks, Finding, catalogue as c};

pub(super) fn port_25(server: &Server<'_>, checks: &mut Checks) {
    if !server.tls {
        return;
    }
    match server.session(25, Versions::Any) {
        Ok((met, session)) => {
            checks.add(&c::TLS_STARTTLS, Finding::good(agreed(&session)));
            checks.add(&c::TLS_SERVED, server.served(&session));
            met.smtp.quit();
        }
        Err(error) => {
            let remedy = "see smtpd_tls_security_level, and that smtpd_tls_key_file is the key of smtpd_tls_cert_file; \
                          `journalctl -u postfix` says more";
            checks.add(&c::TLS_STARTTLS, Finding::bad(error.to_string(), remedy));
            return unasked(&[&c::TLS_SERVED, &c::TLS_VERSIONS, &c::TLS_OLD], "STARTTLS does not work", checks);
        }
    }
    checks.add(&c::TLS_VERSIONS, both_versions(server));
    checks.add(&c::TLS_OLD, no_old_version(server, 25));
}

fn both_versions(server: &Server<'_>) -> Finding {
    let mut seen = Vec::new();
    let mut all = true;
    for (name, versions) in [("TLSv1.2", Versions::Tls12), ("TLSv1.3", Versions::Tls13)] {
        match server.session(25, versions) {
            Ok((met, session)) => {
                seen.push(format!("{name} {}", session.cipher));
                met.smtp.quit();
            }
            Err(error) => {
                all = false;
                seen.push(format!("{name}: {error}"));
            }
        }
    }
    Finding::when(all, seen.join(", "), "see smtpd_tls_protocols and the system's crypto policy")
}

/// Where TLS is required, other parameters count than where it is offered: each port is asked for itself.
pub(super) fn no_old_version(server: &Server<'_>, port: u16) -> Finding {
    let mut seen = Vec::new();
    let (mut accepted, mut unclear) = (false, false);
    for version in OldVersion::ALL {
        let answer = match before_handshake(server, port) {
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
    let parameter = if port == 25 { "smtpd_tls_protocols" } else { "smtpd_tls_mandatory_protocols" };
    Finding::when(!accepted, seen, format!("set {parameter} = !SSLv2, !SSLv3, !TLSv1, !TLSv1.1"))
}

fn before_handshake(server: &Server<'_>, port: u16) -> Result<TcpStream, SmtpError> {
    if port == super::SMTPS {
        return smtp::bare(server.port(port));
    }
    server.meet(port)?.smtp.bare_after_start_tls()
}
