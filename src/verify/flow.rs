//! Messages that really go through the queue: to a receiver of our own, and to an address of the user's.
//!
//! The way to the receiver is an entry of `transport_maps` for a domain that cannot exist (RFC 2606); the built-in role
//! has it. The receiver listens on the loopback only while a look lasts.

use std::net::{IpAddr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::logged::Line;
use super::{Look, dkim, line};
use crate::probe::sink::{Arrived, Sink};
use crate::probe::smtp::{Reply, Smtp, SmtpError};
use crate::probe::{Finding, catalogue as c};

/// The domain that leads to the receiver.
const DOMAIN: &str = "mailprov-selftest.invalid";
/// How the probes greet, and where their sender is from.
const NAME: &str = "mailprov-verify.invalid";
/// How long a message may take through an idle queue.
const DELIVERY: Duration = Duration::from_secs(15);
/// How long a message to elsewhere is followed.
const FOLLOW: Duration = Duration::from_secs(60);

pub(super) fn look(look: &mut Look<'_>) {
    match sink(look) {
        Ok(sink) => through(look, &sink),
        Err(why) => {
            if look.spec.dkim.is_some() {
                look.checks.add(&c::DKIM_SIGNED, Finding::not_testable(&why));
            }
            for definition in [&c::FLOW_DELIVERED, &c::FLOW_SENDER, &c::FLOW_NULL, &c::FLOW_MISSING] {
                if look.spec.sender.is_some() || definition == &c::FLOW_DELIVERED {
                    look.checks.add(definition, Finding::not_testable(&why));
                }
            }
        }
    }
    if let Some(address) = look.spec.send_to.clone() {
        let finding = send(look, &address);
        look.checks.add(&c::FLOW_SENT, finding);
    }
}

/// The receiver where `transport_maps` says it is, or why there can be none.
fn sink(look: &mut Look<'_>) -> Result<Sink, String> {
    let level = look.parameter("smtp_tls_security_level");
    if !matches!(level.as_str(), "" | "none" | "may" | "dane") {
        return Err(format!("smtp_tls_security_level is {level}, and the receiver has no TLS"));
    }
    let entry = look.lookup("transport_maps", DOMAIN)?;
    let Some(address) = entry.as_deref().and_then(loopback) else {
        return Err(format!("transport_maps leads {DOMAIN} to no port of the loopback"));
    };
    Sink::open(address).map_err(|error| format!("{address}: {error}"))
}

/// `smtp:[127.0.0.1]:12525`, `smtp:[::1]:12525`; nothing that others could reach.
fn loopback(transport: &str) -> Option<SocketAddr> {
    let (address, port) = transport.strip_prefix("smtp:[")?.split_once("]:")?;
    let address: IpAddr = address.parse().ok()?;
    address.is_loopback().then_some(SocketAddr::new(address, port.parse().ok()?))
}

fn through(look: &mut Look<'_>, sink: &Sink) {
    let token = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let stranger = format!("app@{NAME}");
    let text = format!(
        "From: \"Doe, John\" <{stranger}>\r\nTo: <x@{DOMAIN}>\r\nReply-To: help@{NAME}\r\nSender: daemon@{NAME}\r\n\
         Subject: mailprov verify\r\n\r\nThis message proves that mail flows.\r\n"
    );
    let message = deliver(look, sink, &stranger, &format!("full-{token}@{DOMAIN}"), &text);
    let remedy = "`postqueue -p` and `journalctl -u postfix` say where it is";
    let finding = match &message {
        Ok((_, took)) => Finding::good(format!("after {} ms", took.as_millis())),
        Err(why) => Finding::bad(why, remedy),
    };
    look.checks.add(&c::FLOW_DELIVERED, finding);
    let missing = |why: &String| Finding::not_testable(format!("no message arrived: {why}"));
    if let Some(dkim) = &look.spec.dkim {
        let finding = message.as_ref().map_or_else(missing, |(message, _)| dkim::signed(message, dkim));
        look.checks.add(&c::DKIM_SIGNED, finding);
    }
    let Some(sender) = look.spec.sender.clone() else { return };
    let finding = message.as_ref().map_or_else(&missing, |(message, _)| rewritten(message, &sender));
    look.checks.add(&c::FLOW_SENDER, finding);

    let text = "Subject: mailprov verify\r\n\r\nWithout a sender.\r\n";
    let message = deliver(look, sink, "", &format!("null-{token}@{DOMAIN}"), text);
    let finding = message.as_ref().map_or_else(&missing, |(message, _)| {
        let evidence = format!("MAIL FROM:<{}>", message.sender);
        Finding::when(message.sender.is_empty(), evidence, "see rewriting.null: bounces would bounce again")
    });
    look.checks.add(&c::FLOW_NULL, finding);
    let always = look.parameter("always_add_missing_headers");
    let finding = message.as_ref().map_or_else(missing, |(message, _)| completed(message, &always));
    look.checks.add(&c::FLOW_MISSING, finding);
}

fn deliver(
    look: &Look<'_>,
    sink: &Sink,
    sender: &str,
    recipient: &str,
    text: &str,
) -> Result<(Arrived, Duration), String> {
    let began = Instant::now();
    let reply = hand_over(look, sender, recipient, text).map_err(|error| error.to_string())?;
    if !reply.is_positive() {
        return Err(format!("the message was answered {reply}"));
    }
    match sink.wait_for(recipient, DELIVERY) {
        Some(message) => Ok((message, began.elapsed())),
        None => Err(format!("accepted ({reply}), and not delivered within {} s", DELIVERY.as_secs())),
    }
}

fn hand_over(look: &Look<'_>, sender: &str, recipient: &str, text: &str) -> Result<Reply, SmtpError> {
    let met = Smtp::meet(SocketAddr::new(look.address(), 25), None, NAME)?;
    let mut smtp = met.smtp.ready_for_mail(&look.spec.fqdn, NAME)?;
    let reply = smtp.deliver(sender, recipient, text)?;
    smtp.quit();
    Ok(reply)
}

fn rewritten(message: &Arrived, sender: &str) -> Finding {
    let from = message.header("From").unwrap_or_default();
    let (reply_to, extra) = (message.header("Reply-To").unwrap_or_default(), message.header("Sender"));
    let wrong = [
        (message.sender != sender, format!("MAIL FROM:<{}>", message.sender)),
        (from != format!("\"Doe, John\" <{sender}>"), format!("From: {from}")),
        (reply_to != format!("help@{NAME}"), format!("Reply-To: {reply_to}")),
        (extra.is_some(), format!("Sender: {}", extra.unwrap_or_default())),
    ];
    let wrong: Vec<String> = wrong.into_iter().filter(|(wrong, _)| *wrong).map(|(_, what)| what).collect();
    if wrong.is_empty() {
        return Finding::good(format!("MAIL FROM:<{sender}>, From: {from}, Reply-To as it was"));
    }
    Finding::bad(format!("it arrived with {}", wrong.join(", ")), "see the checks of `rewriting`, then reload Postfix")
}

/// The host's own messages are completed in any case (`local_header_rewrite_clients`); for those of the LAN it takes the
/// parameter.
fn completed(message: &Arrived, always: &str) -> Finding {
    let missing: Vec<&str> =
        ["From", "Date", "Message-ID"].into_iter().filter(|name| message.header(name).is_none()).collect();
    let evidence = match (missing.is_empty(), always) {
        (true, "yes") => "all three are there".to_owned(),
        (true, _) => format!("for the host's own messages alone: always_add_missing_headers = {always}"),
        (false, _) => format!("without {}", missing.join(", ")),
    };
    Finding::when(missing.is_empty() && always == "yes", evidence, "set always_add_missing_headers = yes")
}

/// Sends a message and follows it through the log to its end.
fn send(look: &mut Look<'_>, address: &str) -> Finding {
    let fqdn = look.spec.fqdn.clone();
    let sender = look.spec.sender.clone().unwrap_or_else(|| format!("postmaster@{fqdn}"));
    let text = format!(
        "From: <{sender}>\r\nTo: <{address}>\r\nSubject: Test from {fqdn}\r\n\r\n`mailprov verify --send-to` sent this \
         from {fqdn}.\r\n"
    );
    let reply = match hand_over(look, &sender, address, &text) {
        Ok(reply) if reply.is_positive() => reply,
        Ok(reply) => return Finding::bad(format!("the message was answered {reply}"), "see smtp.accepts"),
        Err(error) => return Finding::bad(error.to_string(), "see smtp.banner"),
    };
    let Some(id) = reply.lines.last().and_then(|line| line.split_once("queued as ")).map(|(_, id)| id.trim()) else {
        return Finding::not_testable(format!("the answer names no queue id: {reply}"));
    };
    let deadline = Instant::now() + FOLLOW;
    loop {
        let log = look.logged(look.spec.now).map(|logged| logged.lines).unwrap_or_default();
        if let Some(end) = end_of(&log, id) {
            return end;
        }
        if Instant::now() >= deadline {
            let evidence = format!("{id}: no word of it within {} s", FOLLOW.as_secs());
            return Finding::doubtful(evidence, format!("`postqueue -p` and `journalctl -u postfix -g {id}`"));
        }
        thread::sleep(Duration::from_millis(500));
    }
}

/// `postfix/smtp[9]: ID: to=<a@b>, relay=mx[192.0.2.3]:25, ..., status=sent (250 2.0.0 Ok)`; a virtual alias gives the
/// message another recipient under the same id.
fn end_of(log: &[Line], id: &str) -> Option<Finding> {
    let mut ours = log.iter().map(|line| line.text.as_str()).filter(|text| text.contains(&format!(": {id}: ")));
    let last = ours.rfind(|text| text.contains(" status="))?;
    let (_, status) = last.split_once(" status=")?;
    let relay = last.split_once("relay=").and_then(|(_, rest)| rest.split(',').next()).unwrap_or("nobody");
    let evidence = format!("{id} at {relay}: {}", line(status));
    let word = status.split(' ').next().unwrap_or_default();
    Some(match word {
        "sent" => Finding::good(evidence),
        "deferred" => Finding::doubtful(evidence, "Postfix tries again by itself; the answer says why it has to"),
        _ => Finding::bad(
            evidence,
            "the answer says why; a refusal of the sender often is about DNS: see the checks of `dns`",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_receiver_listens_on_the_loopback_alone() {
        let is = |transport: &str| loopback(transport).map(|address| address.to_string());
        assert_eq!(is("smtp:[127.0.0.1]:12525").as_deref(), Some("127.0.0.1:12525"));
        assert_eq!(is("smtp:[::1]:12525").as_deref(), Some("[::1]:12525"));
        for transport in ["smtp:[192.0.2.1]:25", "smtp:[localhost]:25", "smtp:[127.0.0.1]", "lmtp:[127.0.0.1]:24", ""] {
            assert_eq!(is(transport), None, "{transport}");
        }
    }

    #[test]
    fn the_end_of_a_message_is_found_by_its_id() {
        let line = |id: &str, status: &str| Line {
            time: 1000,
            text: format!(
                "postfix/smtp[9]: {id}: to=<a@b>, relay=mx[192.0.2.3]:25, delay=1, dsn=2.0.0, status={status}"
            ),
        };
        let log =
            [line("OTHER", "bounced (550 no)"), line("MINE", "deferred (450 later)"), line("MINE", "sent (250 ok)")];
        assert_eq!(end_of(&log, "MINE"), Some(Finding::good("MINE at mx[192.0.2.3]:25: sent (250 ok)")));
        assert!(matches!(end_of(&log, "OTHER"), Some(Finding::Bad(..))));
        assert_eq!(end_of(&log, "NONE"), None);
    }
}
