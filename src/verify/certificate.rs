//! The certificate and its key in their files.

use rcgen::{KeyPair, PublicKeyData};
use x509_parser::pem::Pem;

use super::Look;
use crate::probe::certificate::{Facts, KeyKind};
use crate::probe::{Finding, catalogue as c};

/// Gives the certificate's fingerprint.
pub(super) fn look(look: &mut Look<'_>) -> Option<String> {
    if !look.spec.tls && !look.spec.submission {
        return None;
    }
    let (path, key_path) = (look.spec.certificate.clone(), look.spec.key.clone());
    let make = "run `mailprov up`, which makes a certificate, or put yours there";
    let Some(facts) = look.file(&path).and_then(|(bytes, _)| Facts::of_pem(&bytes)) else {
        look.checks.add(&c::CERTIFICATE_FILE, Finding::bad(format!("{path} holds no certificate"), make));
        return None;
    };
    look.checks.add(&c::CERTIFICATE_FILE, Finding::good(path));
    key(look, &key_path, &facts);
    let spec = look.spec;
    let names = facts.names.join(", ");
    let names = if names.is_empty() { "no name".to_owned() } else { names };
    look.checks.add(
        &c::CERTIFICATE_NAMES,
        Finding::when(facts.is_for(&spec.fqdn), format!("for {names}"), "run `mailprov up`, which makes a new one"),
    );
    let days = facts.days_left(spec.now);
    let valid = facts.not_before <= spec.now && spec.now < facts.not_after;
    let span = if facts.not_before > spec.now {
        "begins only in the future".to_owned()
    } else if valid {
        format!("{days} days left")
    } else {
        format!("ended {} days ago", -days)
    };
    let renew = "renew it (`mailprov up` does, for its own) and see that the clock is right";
    look.checks.add(&c::CERTIFICATE_VALID, Finding::when(valid, &span, renew));
    if valid {
        look.checks.add(&c::CERTIFICATE_DAYS, Finding::when(days >= spec.renew_before, span, renew));
    }
    look.checks.add(&c::CERTIFICATE_STRENGTH, strength(facts.key));
    let usage = match (facts.is_ca, facts.for_servers) {
        (true, _) => "it is that of a CA, which strict clients refuse",
        (false, false) => "it lacks the use serverAuth",
        (false, true) => "no CA, serverAuth",
    };
    look.checks.add(
        &c::CERTIFICATE_USE,
        Finding::when(!facts.is_ca && facts.for_servers, usage, "run `mailprov up`, which makes a new one"),
    );
    Some(facts.fingerprint)
}

fn strength(key: KeyKind) -> Finding {
    let (enough, evidence) = match key {
        KeyKind::Rsa(bits) => (bits >= 2048, format!("RSA with {bits} bits")),
        KeyKind::Ec(bits) => (bits >= 256, format!("elliptic curve with {bits} bits")),
        KeyKind::Other => return Finding::not_testable("a key that is neither RSA nor on a curve"),
    };
    Finding::when(enough, evidence, "take RSA with 2048 bits or more; EL8's clients refuse shorter ones")
}

fn key(look: &mut Look<'_>, path: &str, facts: &Facts) {
    let Some((bytes, state)) = look.file(path) else {
        let finding = Finding::bad(format!("there is no key {path}"), "run `mailprov up`, which makes one");
        return look.checks.add(&c::CERTIFICATE_KEY, finding);
    };
    let blocks = Pem::iter_from_buffer(&bytes).filter_map(Result::ok);
    let pair = blocks
        .filter(|block| block.label.ends_with("PRIVATE KEY"))
        .find_map(|block| KeyPair::try_from(block.contents.as_slice()).ok());
    let finding = match pair {
        None => Finding::bad(format!("{path} holds no key without a passphrase"), "put the certificate's key there"),
        Some(pair) => {
            let same = pair.der_bytes() == facts.public_key;
            let evidence = if same { path.to_owned() } else { format!("{path} is the key of another certificate") };
            Finding::when(same, evidence, "put the certificate's own key there; with another one no TLS session begins")
        }
    };
    look.checks.add(&c::CERTIFICATE_KEY, finding);
    if let Some(meta) = state.meta() {
        let secret = meta.mode.trailing_zeros() >= 6 && meta.owner.id.is_none_or(|id| id == 0);
        let evidence = format!("mode {:04o}, owner {}", meta.mode, meta.owner);
        look.checks.add(&c::CERTIFICATE_SECRET, Finding::when(secret, evidence, format!("`chmod 600 {path}`")));
    }
}
