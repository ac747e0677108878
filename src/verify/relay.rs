//! Whether the restrictions refuse to relay: asking as an outsider would needs an outside, reading them does not.

use super::Look;
use crate::postfix::{MasterCf, Service};
use crate::probe::{Finding, catalogue as c};

const MASTER_CF: &str = "/etc/postfix/master.cf";

/// The lists that may refuse; it is enough that one does (postconf(5), `smtpd_relay_restrictions`).
const LISTS: [&str; 2] = ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"];

/// The lists that, where a service has one of its own, may refuse there as well, before a recipient is named.
const EARLIER: [&str; 3] = ["smtpd_client_restrictions", "smtpd_helo_restrictions", "smtpd_sender_restrictions"];

pub(super) fn look(look: &mut Look<'_>) {
    let lists = LISTS.map(|name| (name, look.parameter(name)));
    let mut finding = judge("", &lists);
    for service in services(look) {
        if !matches!(finding, Finding::Good(_)) {
            break;
        }
        let own: Vec<_> =
            [&LISTS[..], &EARLIER].concat().into_iter().map(|name| (name, look.of(&service, name))).collect();
        if let bad @ Finding::Bad(..) = judge(&format!("{}: ", service.name), &own) {
            finding = bad;
        }
    }
    look.checks.add(&c::RELAY_RESTRICTIONS, finding);
}

/// The services of smtpd(8) that set such a list in the place of main.cf's.
fn services(look: &mut Look<'_>) -> Vec<Service> {
    let Some((bytes, _)) = look.file(MASTER_CF) else { return Vec::new() };
    let sets = |name: &str| LISTS.contains(&name) || EARLIER.contains(&name);
    let of_its_own = |service: &Service| service.options.iter().any(|(name, _)| sets(name));
    let services = MasterCf::parse(&bytes).services().into_iter();
    services.filter(|service| service.program == "smtpd" && of_its_own(service)).collect()
}

impl Look<'_> {
    /// A parameter as a service has it: its own, or main.cf's; other parameters are filled in.
    fn of(&mut self, service: &Service, name: &str) -> String {
        let Some((_, value)) = service.options.iter().rfind(|(own, _)| own == name) else {
            return self.parameter(name);
        };
        let words: Vec<String> = words(value).map(str::to_owned).collect();
        let filled = words.into_iter().map(|word| match word.strip_prefix('$') {
            Some(name) => self.parameter(name.trim_matches(['{', '}', '(', ')'])),
            None => word,
        });
        filled.collect::<Vec<_>>().join(" ")
    }
}

/// `place` says whose lists these are.
fn judge(place: &str, lists: &[(&str, String)]) -> Finding {
    let refusing = lists.iter().find(|(_, value)| refuses(value));
    if let Some((name, value)) = refusing {
        return Finding::good(format!("{place}{name} = {value}"));
    }
    let shown: Vec<String> = lists.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let none = if lists.len() == 2 { "neither" } else { "none" };
    Finding::bad(
        format!("{place}{none} refuses: {}", shown.join("; ")),
        "set smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination",
    )
}

fn words(value: &str) -> impl Iterator<Item = &str> {
    value.split([' ', ',', '\t', '\n']).filter(|word| !word.is_empty())
}

/// Whether a list comes to a refusal before it comes to `permit`. What stands behind `warn_if_reject` refuses nothing: its
/// refusal is only logged (postconf(5), `smtpd_recipient_restrictions`).
fn refuses(value: &str) -> bool {
    let mut is_only_logged = false;
    for word in words(value) {
        match word.to_ascii_lowercase().as_str() {
            "warn_if_reject" => {
                is_only_logged = true;
                continue;
            }
            "permit" => return false,
            "reject" | "defer" | "reject_unauth_destination" | "defer_unauth_destination" if !is_only_logged => {
                return true;
            }
            _ => {}
        }
        is_only_logged = false;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::tests::{judged, spec};
    use super::*;
    use crate::host::fake::Fake;
    use crate::hostplay::Mode;

    #[test]
    fn a_service_with_lists_of_its_own_counts() {
        let judged = |options: &str| {
            let mut fake = Fake::new(Mode::Check);
            let script = fake.script();
            script.file(MASTER_CF, &format!("smtp inet n - n - - smtpd\n10025 inet n - n - - smtpd\n{options}"));
            for (name, value) in [
                ("smtpd_client_restrictions", ""),
                ("smtpd_helo_restrictions", ""),
                ("smtpd_sender_restrictions", ""),
                ("smtpd_relay_restrictions", "permit_mynetworks, reject_unauth_destination"),
                ("smtpd_recipient_restrictions", ""),
                ("mua_restrictions", "permit_mynetworks,reject"),
            ] {
                script.answer(&["postconf", "-hx", name], value);
            }
            judged(&mut fake, &spec(), look, "relay.restrictions").unwrap_or_default()
        };
        assert_eq!(judged(""), "pass");
        assert_eq!(judged("  -o smtpd_relay_restrictions=permit\n"), "fail");
        assert_eq!(judged("  -o smtpd_relay_restrictions=\n"), "fail");
        assert_eq!(judged("  -o smtpd_relay_restrictions=$mua_restrictions\n"), "pass");
        assert_eq!(
            judged("  -o smtpd_relay_restrictions= -o smtpd_recipient_restrictions=permit_mynetworks,reject\n"),
            "pass"
        );
        assert_eq!(
            judged("  -o smtpd_relay_restrictions=permit -o smtpd_client_restrictions=permit_mynetworks,reject\n"),
            "pass"
        );
    }

    #[test]
    fn what_comes_first_decides() {
        for (value, expected) in [
            ("permit_mynetworks, reject_unauth_destination", true),
            ("permit_mynetworks,permit_sasl_authenticated,reject", true),
            ("permit_mynetworks permit_sasl_authenticated defer_unauth_destination", true),
            ("permit, reject_unauth_destination", false),
            ("permit_mynetworks", false),
            ("permit_mynetworks, warn_if_reject reject_unauth_destination", false),
            ("permit_mynetworks, warn_if_reject,reject_unauth_destination, permit", false),
            ("permit_mynetworks, warn_if_reject reject_unknown_client_hostname, reject_unauth_destination", true),
            ("warn_if_reject reject_unauth_destination, reject_unauth_destination", true),
            ("permit_mynetworks, Warn_If_Reject REJECT_UNAUTH_DESTINATION", false),
            ("permit_mynetworks, REJECT_UNAUTH_DESTINATION", true),
            ("", false),
        ] {
            assert_eq!(refuses(value), expected, "{value}");
        }
    }
}
