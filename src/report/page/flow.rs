//! The way of a message, from a client over the server to who receives it, with what was seen of each hop.

use super::super::markup::escape;
use crate::event::{Check, CheckVerdict};

/// One arrow: its label, and the checks that tell of it, the most telling first.
struct Hop {
    label: &'static str,
    checks: &'static [&'static str],
}

const INTO: [Hop; 3] = [
    Hop { label: "port 25", checks: &["outside.tls", "tls.starttls", "outside.port", "smtp.banner"] },
    Hop { label: "port 587", checks: &["outside.submission", "submission.tls"] },
    Hop { label: "port 465", checks: &["outside.smtps", "smtps.tls"] },
];

const OUT_OF: [Hop; 4] = [
    Hop { label: "queue", checks: &["flow.delivered"] },
    Hop { label: "next server", checks: &["outbound.reached"] },
    Hop { label: "TLS", checks: &["outbound.tls"] },
    Hop { label: "a message", checks: &["flow.sent"] },
];

/// The picture of one host, made of all that verifying it found; nothing if it was not verified.
pub(super) fn picture(host: &str, seen: &[&Check]) -> String {
    if seen.is_empty() {
        return String::new();
    }
    let hops = |hops: &[Hop]| -> String {
        hops.iter().filter_map(|hop| Some(arrow(hop.label, "", find(seen, hop.checks)?))).collect()
    };
    let refused = find(seen, &["outside.relay", "relay.outsider"]);
    // What could not be asked is never to be read as a refusal.
    let refused = refused.map(|check| match check.verdict {
        CheckVerdict::Pass => arrow("outsiders refused", "stopped", check),
        CheckVerdict::NotTestable => arrow("outsiders: not tested", "", check),
        CheckVerdict::Warn | CheckVerdict::Fail => arrow("outsiders not refused", "", check),
    });
    format!(
        "<div class=\"flow\" role=\"group\" aria-label=\"the way of a message\"><div class=\"node\">clients</div>\
         <ul class=\"hops\">{}{}</ul><div class=\"node server\">{}</div><ul class=\"hops\">{}</ul>\
         <div class=\"node\">receivers</div></div>\n",
        hops(&INTO),
        refused.unwrap_or_default(),
        escape(host),
        hops(&OUT_OF)
    )
}

fn find<'a>(seen: &[&'a Check], ids: &[&str]) -> Option<&'a Check> {
    let tells = |check: &&&Check| check.verdict != CheckVerdict::NotTestable;
    let all = || ids.iter().filter_map(|id| seen.iter().find(|check| check.id == **id));
    all().find(tells).or_else(|| all().next()).copied()
}

fn arrow(label: &str, kind: &str, check: &Check) -> String {
    let (class, _) = super::verdict(check.verdict);
    format!(
        "<li class=\"{class} {kind}\" title=\"{}\"><b>{label}</b> <span>{}</span></li>",
        escape(&check.title),
        escape(&check.evidence)
    )
}
