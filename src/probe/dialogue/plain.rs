//! Port 25 before TLS, and mail there as any client may bring it: in plain text if that is taken.

use super::{ELSEWHERE, NAME, Server, no_early_auth, unasked};
use crate::probe::smtp::{Met, PATIENCE, Reply, Smtp, SmtpError};
use crate::probe::{Checks, Definition, Finding, catalogue as c};

pub(super) fn look(server: &Server<'_>, met: Met, checks: &mut Checks) {
    checks.add(&c::SMTP_BANNER, server.banner(&met));
    let in_time = met.ehlo.is_positive() && met.time <= PATIENCE;
    let evidence = format!("{} after {} ms", met.ehlo.code, met.time.as_millis());
    let remedy = "`journalctl -u postfix` says why it was refused, or what the server waits for";
    checks.add(&c::SMTP_EHLO, Finding::when(in_time, evidence, remedy));
    checks.add(&c::SMTP_AUTH, no_early_auth(&met));
    let ungreeted = Smtp::connect(server.port(25), None).and_then(|(mut smtp, _)| {
        let reply = smtp.say("MAIL FROM:<>");
        smtp.quit();
        reply
    });
    refused(&c::SMTP_HELO, ungreeted, "set smtpd_helo_required = yes", checks);
    let size = met.ehlo.value("SIZE").and_then(|limit| limit.parse::<u64>().ok()).filter(|limit| *limit > 0);
    let mut smtp = match met.smtp.ready_for_mail(server.fqdn, NAME) {
        Ok(smtp) => smtp,
        Err(error) => {
            let rest = [&c::SMTP_VRFY, &c::SMTP_SIZE, &c::SMTP_SMUGGLING];
            checks.add(&c::SMTP_ACCEPTS, Finding::bad(error.to_string(), "`journalctl -u postfix` says why"));
            return unasked(&rest, "MAIL is not answered", checks);
        }
    };
    let vrfy = smtp.say("VRFY postmaster");
    refused(&c::SMTP_VRFY, vrfy, "set disable_vrfy_command = yes", checks);
    checks.add(&c::SMTP_SIZE, too_large(size, &mut smtp));
    checks.add(&c::SMTP_ACCEPTS, accepts(server, &mut smtp));
    // The last question, as the connection may be inside of DATA afterwards.
    checks.add(&c::SMTP_SMUGGLING, smuggling(server, &mut smtp));
}

fn refused(definition: &Definition, reply: Result<Reply, SmtpError>, remedy: &str, checks: &mut Checks) {
    checks.add(
        definition,
        match reply {
            Ok(reply) => Finding::when(reply.is_refusal(), reply.to_string(), remedy),
            Err(error) => Finding::not_testable(error.to_string()),
        },
    );
}

/// A client that tells the size (RFC 1870) is refused before it sends.
fn too_large(limit: Option<u64>, smtp: &mut Smtp) -> Finding {
    let Some(limit) = limit else { return Finding::not_testable("EHLO tells no limit of size") };
    let reply = smtp.say(&format!("MAIL FROM:<> SIZE={}", limit.saturating_add(1)));
    drop(smtp.say("RSET"));
    match reply {
        Ok(reply) => Finding::when(
            reply.code == 552,
            format!("{limit} bytes and one more were answered {reply}"),
            "see message_size_limit; a program between here and Postfix may answer in its place",
        ),
        Err(error) => Finding::not_testable(error.to_string()),
    }
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
