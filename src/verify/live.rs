//! The server at work, spoken to from the host itself.

use super::Look;
use crate::probe::dialogue::{self, Server};
use crate::probe::{Finding, catalogue as c};

pub(super) fn look(look: &mut Look<'_>, fingerprint: Option<&str>) {
    let spec = look.spec;
    let address = look.address();
    let postmaster = format!("postmaster@{}", spec.fqdn);
    let forbids = look.parameter("smtpd_forbid_bare_newline");
    let server = Server {
        fqdn: &spec.fqdn,
        address,
        sender: spec.sender.as_deref().unwrap_or(&postmaster),
        tls: spec.tls,
        submission: spec.submission,
        smtps: spec.smtps,
        sasl: spec.sasl,
        certificate: fingerprint,
        forbids_bare_newline: !matches!(forbids.as_str(), "" | "no"),
    };
    dialogue::look(&server, &mut look.checks);
    let finding = match look.outside_addresses().first() {
        Some(&from) => dialogue::relay(&Server { address: from, ..server }, Some(from)),
        None => Finding::not_testable("every address of the host is inside the networks that may send"),
    };
    look.checks.add(&c::RELAY_OUTSIDER, finding);
}
