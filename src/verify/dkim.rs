//! Signatures: the milter that makes them, its key, and what the world is told of it (RFC 6376).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{KeyPair, PublicKeyData};
use x509_parser::pem::Pem;

use super::{Look, line};
use crate::host::{Key, State, UnitState};
use crate::probe::dns::{DnsError, Resolver};
use crate::probe::sink::Arrived;
use crate::probe::{Finding, catalogue as c};

/// Who signs, and what with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dkim {
    /// The domain whose mail is signed (`d=`).
    pub domain: String,
    /// The selector (`s=`).
    pub selector: String,
    /// The private key's file.
    pub key: String,
}

impl Dkim {
    /// Where the public half is told.
    fn name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }
}

const OPENDKIM_CONF: &str = "/etc/opendkim.conf";

pub(super) fn look(look: &mut Look<'_>, resolver: &Resolver) {
    let Some(dkim) = look.spec.dkim.clone() else { return };
    running(look);
    asked(look);
    let public = key(look, &dkim);
    let finding = match public {
        Some(public) => record(resolver.texts(&dkim.name()), &dkim, &public),
        None => Finding::not_testable("there is no key to compare it with; see dkim.key"),
    };
    look.checks.add(&c::DKIM_RECORD, finding);
}

fn running(look: &mut Look<'_>) {
    let finding = match look.host.read(&Key::Unit("opendkim.service".to_owned())) {
        Ok(State::Unit(UnitState::Loaded { active: true, .. })) => Finding::good("opendkim.service is active"),
        Ok(State::Unit(UnitState::Loaded { .. })) => Finding::bad(
            "opendkim.service is not active: mail goes out unsigned",
            "start it: `systemctl start opendkim`; `journalctl -u opendkim` says why it stopped",
        ),
        Ok(_) => Finding::bad("there is no unit opendkim.service", "install opendkim (EPEL has it)"),
        Err(error) => Finding::not_testable(error.to_string()),
    };
    look.checks.add(&c::DKIM_RUNNING, finding);
}

/// Whether Postfix asks `OpenDKIM` where that listens: for what comes by SMTP, and for what is sent on the host.
fn asked(look: &mut Look<'_>) {
    let text = look.file(OPENDKIM_CONF).map(|(bytes, _)| String::from_utf8_lossy(&bytes).into_owned());
    let Some(milter) = text.as_deref().and_then(socket) else {
        let finding = Finding::not_testable(format!("{OPENDKIM_CONF} names no Socket"));
        return look.checks.add(&c::DKIM_ASKED, finding);
    };
    let seen = ["smtpd_milters", "non_smtpd_milters"].map(|name| (name, look.parameter(name)));
    let asks = |value: &str| value.split([' ', ',', '\t']).any(|word| word == milter);
    let without = seen.iter().find(|(_, value)| !asks(value));
    let finding = match without {
        None => Finding::good(format!("smtpd_milters and non_smtpd_milters have {milter}")),
        Some((name, value)) => {
            Finding::bad(format!("{name} = {value}: OpenDKIM is not asked"), format!("set {name} = {milter}"))
        }
    };
    look.checks.add(&c::DKIM_ASKED, finding);
}

/// Where opendkim.conf(5) has `OpenDKIM` listen, as postconf(5) writes it: `inet:8891@127.0.0.1` is `inet:127.0.0.1:8891`.
fn socket(conf: &str) -> Option<String> {
    let words = conf.lines().map(str::split_whitespace);
    let value =
        words.filter_map(|mut words| (words.next() == Some("Socket")).then(|| words.next()).flatten()).next_back()?;
    match value.split_once(':') {
        Some((kind @ ("inet" | "inet6"), place)) => {
            let (port, host) = place.split_once('@').unwrap_or((place, "localhost"));
            Some(format!("{kind}:{host}:{port}"))
        }
        Some(("local" | "unix", path)) => Some(format!("unix:{path}")),
        _ => Some(format!("unix:{value}")),
    }
}

/// The public half, as a record has it.
fn key(look: &mut Look<'_>, dkim: &Dkim) -> Option<String> {
    let path = &dkim.key;
    let Some((bytes, state)) = look.file(path) else {
        let finding = Finding::bad(format!("there is no key {path}"), "run `mailprov up`, which makes one");
        look.checks.add(&c::DKIM_KEY, finding);
        return None;
    };
    let blocks = Pem::iter_from_buffer(&bytes).filter_map(Result::ok);
    let pair = blocks
        .filter(|block| block.label.ends_with("PRIVATE KEY"))
        .find_map(|block| KeyPair::try_from(block.contents.as_slice()).ok());
    let public = pair.map(|pair| STANDARD.encode(pair.subject_public_key_info()));
    let meta = state.meta();
    let owner = meta.and_then(|meta| meta.owner.name.as_deref()).unwrap_or("nobody known");
    let secret = meta.is_some_and(|meta| meta.mode.trailing_zeros() >= 6) && matches!(owner, "opendkim" | "root");
    let finding = if public.is_none() {
        Finding::bad(format!("{path} holds no key without a passphrase"), "put the key for signing there")
    } else {
        let evidence = format!("mode {:04o}, owner {owner}", meta.map_or(0, |meta| meta.mode));
        Finding::when(secret, evidence, format!("`chown opendkim {path}; chmod 600 {path}`"))
    };
    look.checks.add(&c::DKIM_KEY, finding);
    public
}

/// A record that is not there yet is said and no more: it can be published only once there is a key. One of another key
/// makes every signature a wrong one.
fn record(answer: Result<Vec<String>, DnsError>, dkim: &Dkim, public: &str) -> Finding {
    let name = dkim.name();
    let publish = format!("add to the zone: {name}. TXT {}", strings(&format!("v=DKIM1; k=rsa; p={public}")));
    let records = match answer {
        Ok(texts) => texts.into_iter().filter(|text| tag(text, "p").is_some()).collect::<Vec<_>>(),
        Err(error @ DnsError::BadName(_)) => return Finding::not_testable(error.to_string()),
        Err(error) => return Finding::doubtful(error.to_string(), "see /etc/resolv.conf and dns.servers"),
    };
    match records.as_slice() {
        [] => Finding::doubtful(format!("{name} has no record: nobody can check a signature"), publish),
        [one] if tag(one, "p").as_deref() == Some(public) => Finding::good(format!("{name} has the key's public half")),
        [one] if tag(one, "p").as_deref() == Some("") => {
            Finding::bad(format!("{name} says that its key was withdrawn"), publish)
        }
        [_] => Finding::bad(format!("{name} has another key: every signature is taken for a wrong one"), publish),
        many => {
            let evidence = format!("{name} has {} records, and receivers may take any of them", many.len());
            Finding::bad(evidence, format!("leave one; {publish}"))
        }
    }
}

/// A tag's value in a record or a signature, without blanks (RFC 6376, 3.2).
fn tag(text: &str, name: &str) -> Option<String> {
    let tags = text.split(';').filter_map(|tag| tag.split_once('='));
    let mut values = tags.filter(|(known, _)| known.trim() == name);
    values.next().map(|(_, value)| value.chars().filter(|c| !c.is_whitespace()).collect())
}

/// As zone files write long texts: in quoted parts of at most 255 bytes.
fn strings(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let parts: Vec<String> = chars.chunks(250).map(|part| format!("\"{}\"", String::from_iter(part))).collect();
    format!("( {} )", parts.join(" "))
}

/// Whether a message of the self-test was signed on its way.
pub(super) fn signed(message: &Arrived, dkim: &Dkim) -> Finding {
    let from = message.header("From").unwrap_or_default();
    let domain = from.rsplit_once('@').map_or("", |(_, domain)| domain.trim_end_matches('>'));
    if !domain.eq_ignore_ascii_case(&dkim.domain) {
        let remedy = "let mail_dkim_domain be the domain of mail_sender: OpenDKIM signs for that of From alone";
        return Finding::doubtful(format!("mail goes out as {from}, which is not of {}", dkim.domain), remedy);
    }
    let remedy = "see dkim.running and dkim.asked; `journalctl -u opendkim` says why a message was not signed";
    let Some(signature) = message.header("DKIM-Signature") else {
        return Finding::bad("the message arrived without a DKIM-Signature", remedy);
    };
    let (d, s) = (tag(&signature, "d").unwrap_or_default(), tag(&signature, "s").unwrap_or_default());
    let ours = d.eq_ignore_ascii_case(&dkim.domain) && s.eq_ignore_ascii_case(&dkim.selector);
    Finding::when(ours, line(&format!("DKIM-Signature with d={d}, s={s}")), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dkim() -> Dkim {
        let key = "/etc/opendkim/keys/mail.private".to_owned();
        Dkim { domain: "example.org".to_owned(), selector: "mail".to_owned(), key }
    }

    fn verdict(finding: &Finding) -> &'static str {
        match finding {
            Finding::Good(_) => "good",
            Finding::Doubtful(..) => "doubtful",
            Finding::Bad(..) => "bad",
            Finding::NotTestable(_) => "untested",
        }
    }

    #[test]
    fn a_socket_is_written_as_postfix_writes_it() {
        for (conf, expected) in [
            ("Mode s\nSocket inet:8891@127.0.0.1\n", Some("inet:127.0.0.1:8891")),
            ("Socket inet:8891", Some("inet:localhost:8891")),
            ("Socket local:/run/opendkim/s", Some("unix:/run/opendkim/s")),
            ("Socket /run/opendkim/s", Some("unix:/run/opendkim/s")),
            ("# Socket inet:1", None),
        ] {
            assert_eq!(socket(conf).as_deref(), expected, "{conf}");
        }
    }

    #[test]
    fn a_record_is_missing_or_another_or_the_keys() {
        let judged = |texts: &[&str]| {
            let finding = record(Ok(texts.iter().map(ToString::to_string).collect()), &dkim(), "AbC=");
            verdict(&finding)
        };
        assert_eq!(judged(&[]), "doubtful");
        assert_eq!(judged(&["v=spf1 -all"]), "doubtful");
        assert_eq!(judged(&["v=DKIM1; k=rsa; p=Ab C="]), "good");
        assert_eq!(judged(&["v=DKIM1;p=AbC=;"]), "good");
        assert_eq!(judged(&["v=DKIM1; p="]), "bad");
        assert_eq!(judged(&["v=DKIM1; p=xyz"]), "bad");
        assert_eq!(judged(&["p=AbC=", "p=xyz"]), "bad");
        let missing = record(Ok(vec![]), &dkim(), &"x".repeat(300));
        let remedy = if let Finding::Doubtful(_, remedy) = missing { remedy } else { String::new() };
        assert!(remedy.starts_with("add to the zone: mail._domainkey.example.org. TXT ( \"v=DKIM1; k=rsa; p="));
        assert!(remedy.split('"').all(|part| part.len() < 256), "{remedy}");
    }

    #[test]
    fn a_signature_is_the_domains_own() {
        let judged = |from: &str, signature: &str| {
            let text = format!("{signature}From: {from}\n\nbody\n");
            verdict(&signed(&Arrived { sender: String::new(), recipients: vec![], text }, &dkim()))
        };
        let ours = "DKIM-Signature: v=1; a=rsa-sha256; d=example.org;\n\ts=mail; t=1\n";
        assert_eq!(judged("A <a@example.org>", ours), "good");
        assert_eq!(judged("a@example.org", ""), "bad");
        assert_eq!(judged("a@example.org", &ours.replace("s=mail", "s=old")), "bad");
        assert_eq!(judged("a@web.local", ""), "doubtful");
    }
}
