//! Ports 587 (RFC 6409) and 465 (RFC 8314).

use super::encrypted::no_old_version;
use super::{SMTPS, Server, agreed, no_early_auth, unasked};
use crate::probe::smtp::{self, Met, SmtpError};
use crate::probe::tls::Versions;
use crate::probe::{Checks, Definition, Finding, catalogue as c};

const ENCRYPT: &str = "set smtpd_tls_security_level=encrypt for `submission` in master.cf";

pub(super) fn port_587(server: &Server<'_>, checks: &mut Checks) {
    let met = server.meet(587);
    if !server.submission {
        let finding = closed(587, met.as_ref().err(), "submission");
        return checks.add(&c::SUBMISSION_CLOSED, finding);
    }
    let mut met = match met {
        Ok(met) => met,
        Err(error) => {
            let remedy = "see that master.cf has the entry `submission`; `journalctl -u postfix` says more";
            checks.add(&c::SUBMISSION_BANNER, Finding::bad(error.to_string(), remedy));
            let rest = [
                &c::SUBMISSION_PLAIN,
                &c::SUBMISSION_AUTH,
                &c::SUBMISSION_TLS,
                &c::SUBMISSION_SERVED,
                &c::SUBMISSION_OLD,
            ];
            return unasked(&rest, "port 587 does not answer", checks);
        }
    };
    checks.add(&c::SUBMISSION_BANNER, server.banner(&met));
    let plain = met.smtp.say("MAIL FROM:<>");
    checks.add(
        &c::SUBMISSION_PLAIN,
        match plain {
            Ok(reply) => Finding::when(reply.code == 530, format!("MAIL was answered {reply}"), ENCRYPT),
            Err(error) => Finding::not_testable(error.to_string()),
        },
    );
    checks.add(&c::SUBMISSION_AUTH, no_early_auth(&met));
    encrypted(
        server,
        587,
        [&c::SUBMISSION_TLS, &c::SUBMISSION_SERVED, &c::SUBMISSION_OLD, &c::SUBMISSION_LOGIN],
        ENCRYPT,
        checks,
    );
}

pub(super) fn port_465(server: &Server<'_>, checks: &mut Checks) {
    if !server.smtps {
        // What listens there waits for a handshake and says nothing.
        let tried = smtp::bare(server.port(SMTPS));
        return checks.add(&c::SMTPS_CLOSED, closed(SMTPS, tried.as_ref().err(), "smtps"));
    }
    let remedy = "see that master.cf has the entry `smtps` with smtpd_tls_wrappermode=yes; `journalctl -u postfix` says \
                  more";
    encrypted(server, SMTPS, [&c::SMTPS_TLS, &c::SMTPS_SERVED, &c::SMTPS_OLD, &c::SMTPS_LOGIN], remedy, checks);
}

fn closed(port: u16, error: Option<&SmtpError>, entry: &str) -> Finding {
    let open = !error.is_some_and(SmtpError::is_connect);
    let evidence = format!("port {port} takes {} connection", if open { "a" } else { "no" });
    Finding::when(!open, evidence, format!("remove the entry `{entry}` of master.cf, or turn it on in the playbook"))
}

/// A session, its certificate, the versions that are refused, and whether clients can log in.
fn encrypted(
    server: &Server<'_>,
    port: u16,
    [tls, certificate, old, login]: [&Definition; 4],
    remedy: &str,
    checks: &mut Checks,
) {
    match server.session(port, Versions::Any) {
        Ok((met, session)) => {
            checks.add(tls, greeting(server, &met).unwrap_or_else(|| Finding::good(agreed(&session))));
            checks.add(certificate, server.served(&session));
            checks.add(old, no_old_version(server, port));
            if server.sasl {
                checks.add(login, can_log_in(&met));
            }
            met.smtp.quit();
        }
        Err(error) => {
            checks.add(tls, Finding::bad(error.to_string(), remedy));
            unasked(&[certificate, old], &format!("there is no TLS on port {port}"), checks);
            if server.sasl {
                unasked(&[login], &format!("there is no TLS on port {port}"), checks);
            }
        }
    }
}

/// What is wrong with the greeting or the answer to EHLO over TLS, if anything.
fn greeting(server: &Server<'_>, met: &Met) -> Option<Finding> {
    let banner = server.banner(met);
    if !matches!(banner, Finding::Good(_)) {
        return Some(banner);
    }
    let refused = format!("EHLO was answered {}", met.ehlo);
    (!met.ehlo.is_positive()).then(|| Finding::bad(refused, "`journalctl -u postfix` says why"))
}

fn can_log_in(met: &Met) -> Finding {
    let mechanisms = met.ehlo.value("AUTH");
    let evidence = mechanisms.as_deref().map_or_else(
        || "EHLO offers no AUTH over TLS".to_owned(),
        |mechanisms| format!("EHLO offers AUTH {mechanisms}"),
    );
    let remedy = "see smtpd_sasl_auth_enable, smtpd_sasl_type and smtpd_sasl_path, and that the service behind it runs";
    Finding::when(mechanisms.is_some(), evidence, remedy)
}
