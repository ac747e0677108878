//! What the tables make of senders, asked without sending anything.

use super::{Look, line};
use crate::probe::{Finding, catalogue as c};

/// A sender of somebody else's.
const STRANGER: &str = "app@mailprov-verify.invalid";
/// What cleanup(8) looks up for `MAIL FROM:<>`: the empty address, quoted.
const NULL_SENDER: &str = "\"\"";

pub(super) fn look(look: &mut Look<'_>) {
    let Some(sender) = look.spec.sender.clone() else { return };
    envelope(look, &sender);
    headers(look, &sender);
    bounces(look, &sender);
}

fn envelope(look: &mut Look<'_>, sender: &str) {
    const REMEDY: &str = "put `/^[^@]+@.+$/` as the pattern into the table of sender_canonical_maps, and before it \
                          `/^(double-bounce@.*)$/  ${1}`";
    let double_bounce = format!("double-bounce@{}", look.spec.fqdn);
    let rows = [
        (&c::REWRITING_SENDER, STRANGER, Some(sender)),
        (&c::REWRITING_NULL, NULL_SENDER, None),
        (&c::REWRITING_DOUBLE_BOUNCE, double_bounce.as_str(), Some(double_bounce.as_str())),
    ];
    for (definition, key, wanted) in rows {
        let finding = match look.lookup("sender_canonical_maps", key) {
            Ok(found) => {
                // What no table knows stays as it is.
                let same = found.as_deref() == wanted || (found.is_none() && wanted == Some(key));
                let key = if key == NULL_SENDER { "<>" } else { key };
                let becomes = found.map_or_else(|| "stays as it is".to_owned(), |found| format!("becomes {found}"));
                Finding::when(same, format!("{key} {becomes}"), REMEDY)
            }
            Err(error) => Finding::bad(error, "mend the table that sender_canonical_maps names"),
        };
        look.checks.add(definition, finding);
    }
}

fn headers(look: &mut Look<'_>, sender: &str) {
    const REMEDY: &str = "run `mailprov up`, which writes the table of header_checks";
    let rows = [
        (format!("From: App <{STRANGER}>"), Some(format!("REPLACE From: App <{sender}>"))),
        (format!("From: \"Doe, John\" <{STRANGER}>"), Some(format!("REPLACE From: \"Doe, John\" <{sender}>"))),
        (format!("From: {STRANGER}"), Some(format!("REPLACE From: {sender}"))),
        (format!("From: a <{STRANGER}>, b <b@x.invalid>"), Some(format!("REPLACE From: {sender}"))),
        (format!("From: App <{sender}>"), Some("DUNNO".to_owned())),
    ];
    let finding = asked(look, &rows, REMEDY);
    look.checks.add(&c::REWRITING_HEADERS, finding);
    let mut finding = asked(look, &[("Reply-To: help@x.invalid".to_owned(), None)], REMEDY);
    let classes = look.parameter("sender_canonical_classes");
    if classes.contains("header_sender") {
        finding = Finding::bad(
            format!("sender_canonical_classes = {classes}, which rewrites Reply-To as well"),
            "set sender_canonical_classes = envelope_sender",
        );
    }
    look.checks.add(&c::REWRITING_OTHERS, finding);
}

/// Headers against what the table of header checks shall give.
fn asked(look: &mut Look<'_>, rows: &[(String, Option<String>)], remedy: &str) -> Finding {
    for (header, wanted) in rows {
        match look.lookup("header_checks", header) {
            Ok(found) if found == *wanted => {}
            Ok(found) => {
                let shown = found.as_deref().unwrap_or("(as it is)");
                return Finding::bad(format!("{header} gives {}", line(shown)), remedy);
            }
            Err(error) => return Finding::bad(error, remedy),
        }
    }
    Finding::good(match rows.len() {
        1 => "1 header asked".to_owned(),
        count => format!("{count} headers asked"),
    })
}

fn bounces(look: &mut Look<'_>, sender: &str) {
    let found = look.lookup("virtual_alias_maps", sender);
    let local = sender.rsplit_once('@').is_some_and(|(_, domain)| domain.eq_ignore_ascii_case(&look.spec.fqdn));
    let remedy = format!("put `{sender} root` into virtual_alias_maps, and a person behind root with mail_root_alias");
    let finding = match found {
        Ok(Some(target)) => Finding::good(format!("{sender} goes to {target}")),
        Ok(None) if local => Finding::good(format!("{sender} is on this host")),
        Ok(None) => Finding::bad(format!("{sender} has no alias here"), remedy),
        Err(error) => Finding::bad(error, remedy),
    };
    look.checks.add(&c::REWRITING_BOUNCES, finding);
}
