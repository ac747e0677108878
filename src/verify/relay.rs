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

/// Whether a list comes to a refusal before it comes to `permit`.
fn refuses(value: &str) -> bool {
    let words = value.split([' ', ',', '\t', '\n']).filter(|word| !word.is_empty());
    let deciding = |word: &&str| {
        matches!(*word, "permit" | "reject" | "defer" | "reject_unauth_destination" | "defer_unauth_destination")
    };
    words.into_iter().find(deciding).is_some_and(|word| word != "permit")
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
            ("", false),
        ] {
            assert_eq!(refuses(value), expected, "{value}");
        }
    }
}
