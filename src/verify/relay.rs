//! Whether the restrictions refuse to relay: asking as an outsider would needs an outside, reading them does not.

use super::Look;
use crate::probe::{Finding, catalogue as c};

/// The lists that may refuse; it is enough that one does (postconf(5), `smtpd_relay_restrictions`).
const LISTS: [&str; 2] = ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"];

pub(super) fn look(look: &mut Look<'_>) {
    let lists = LISTS.map(|name| (name, look.parameter(name)));
    look.checks.add(&c::RELAY_RESTRICTIONS, judge(&lists));
}

fn judge(lists: &[(&str, String)]) -> Finding {
    let refusing = lists.iter().find(|(_, value)| refuses(value));
    if let Some((name, value)) = refusing {
        return Finding::good(format!("{name} = {value}"));
    }
    let shown: Vec<String> = lists.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    Finding::bad(
        format!("neither refuses: {}", shown.join("; ")),
        "set smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination",
    )
}

/// Whether a list comes to a refusal before it comes to `permit`. What stands behind `warn_if_reject` refuses nothing: its
/// refusal is only logged (postconf(5), `smtpd_recipient_restrictions`).
fn refuses(value: &str) -> bool {
    let mut is_only_logged = false;
    for word in value.split([' ', ',', '\t', '\n']).filter(|word| !word.is_empty()) {
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
    use super::*;

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
