//! Whether the restrictions refuse to relay: asking as an outsider would needs an outside, reading them does not.

use super::Look;
use crate::postfix::{MasterCf, Service};
use crate::probe::{Finding, catalogue as c};

const MASTER_CF: &str = "/etc/postfix/master.cf";

/// The lists that may refuse; it is enough that one does (postconf(5), `smtpd_relay_restrictions`).
const LISTS: [&str; 2] = ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"];

/// The lists that, where a service has one of its own, may refuse there as well, before a recipient is named.
const EARLIER: [&str; 3] = ["smtpd_client_restrictions", "smtpd_helo_restrictions", "smtpd_sender_restrictions"];

/// Whom `permit_mynetworks` lets in. That of main.cf is looked at by `config.networks`.
const NETWORKS: &str = "mynetworks";

/// What lets in nobody but those whom the server knows, or nothing but the mail that it is there for.
const KNOWN: [&str; 5] = [
    "permit_mynetworks",
    "permit_inet_interfaces",
    "permit_sasl_authenticated",
    "permit_tls_clientcerts",
    "permit_auth_destination",
];

/// Whether `permit_mynetworks` keeps strangers out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strangers {
    Kept,
    Trusted,
}

/// What becomes of a stranger who wants to send to elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    Refused,
    /// Before a list refuses, this may let strangers in: a table, a policy service, a class of restrictions.
    Unsure(String),
    LetIn,
}

pub(super) fn look(look: &mut Look<'_>) {
    let lists = LISTS.map(|name| (name, look.parameter(name)));
    let mut findings = vec![judge("", &lists, Strangers::Kept)];
    for service in services(look) {
        let own: Vec<_> =
            [&LISTS[..], &EARLIER].concat().into_iter().map(|name| (name, look.of(&service, name))).collect();
        let networks = option(&service, NETWORKS).unwrap_or_default();
        let strangers =
            if words(networks).any(|word| word.ends_with("/0")) { Strangers::Trusted } else { Strangers::Kept };
        findings.push(judge(&format!("{}: ", service.name), &own, strangers));
    }
    // The worst, and of equals the first: what main.cf has.
    let weight = |finding: &Finding| match finding {
        Finding::Bad(..) => 0,
        Finding::Doubtful(..) => 1,
        _ => 2,
    };
    if let Some(worst) = findings.into_iter().min_by_key(weight) {
        look.checks.add(&c::RELAY_RESTRICTIONS, worst);
    }
}

/// The services of smtpd(8) that set such a list, or the networks that may send, in the place of main.cf's.
fn services(look: &mut Look<'_>) -> Vec<Service> {
    let Some((bytes, _)) = look.file(MASTER_CF) else { return Vec::new() };
    let sets = |name: &str| LISTS.contains(&name) || EARLIER.contains(&name) || name == NETWORKS;
    let of_its_own = |service: &Service| service.options.iter().any(|(name, _)| sets(name));
    let services = MasterCf::parse(&bytes).services().into_iter();
    services.filter(|service| service.program == "smtpd" && of_its_own(service)).collect()
}

/// What a service itself sets a parameter to.
fn option<'s>(service: &'s Service, name: &str) -> Option<&'s str> {
    service.options.iter().rfind(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

impl Look<'_> {
    /// A parameter as a service has it: its own, or main.cf's; other parameters are filled in.
    fn of(&mut self, service: &Service, name: &str) -> String {
        let Some(value) = option(service, name) else { return self.parameter(name) };
        let words: Vec<String> = words(value).map(str::to_owned).collect();
        let filled = words.into_iter().map(|word| match word.strip_prefix('$') {
            Some(name) => self.parameter(name.trim_matches(['{', '}', '(', ')'])),
            None => word,
        });
        filled.collect::<Vec<_>>().join(" ")
    }
}

/// `place` says whose lists these are. It is enough that one refuses.
fn judge(place: &str, lists: &[(&str, String)], strangers: Strangers) -> Finding {
    let remedy = "set smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination";
    let fates: Vec<_> = lists.iter().map(|(name, value)| (name, value, fate(value, strangers))).collect();
    if let Some((name, value, _)) = fates.iter().find(|(.., fate)| *fate == Fate::Refused) {
        return Finding::good(format!("{place}{name} = {value}"));
    }
    let unsure = fates.iter().find_map(|(name, value, fate)| match fate {
        Fate::Unsure(what) => {
            Some(format!("{place}`{what}` may let strangers in before they are refused: {name} = {value}"))
        }
        _ => None,
    });
    if let Some(evidence) = unsure {
        return Finding::doubtful(evidence, "put it behind reject_unauth_destination");
    }
    let shown: Vec<String> = lists.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let none = if lists.len() == 2 { "neither" } else { "none" };
    let trusted = if strangers == Strangers::Trusted { ", and mynetworks is everybody" } else { "" };
    Finding::bad(format!("{place}{none} refuses{trusted}: {}", shown.join("; ")), remedy)
}

fn words(value: &str) -> impl Iterator<Item = &str> {
    value.split([' ', ',', '\t', '\n']).filter(|word| !word.is_empty())
}

/// Reads a list as smtpd(8) does, from the left until something decides (postconf(5), `smtpd_recipient_restrictions`).
/// What stands behind `warn_if_reject` refuses nothing: its refusal is only logged.
fn fate(value: &str, strangers: Strangers) -> Fate {
    let mut words = words(value);
    let mut unsure = None;
    let mut is_only_logged = false;
    while let Some(word) = words.next() {
        let name = word.to_ascii_lowercase();
        let argument = if takes_argument(&name) { words.next().unwrap_or_default() } else { "" };
        match name.as_str() {
            "warn_if_reject" => {
                is_only_logged = true;
                continue;
            }
            "permit" => return unsure.map_or(Fate::LetIn, Fate::Unsure),
            "permit_mynetworks" if strangers == Strangers::Trusted => {
                return unsure.map_or(Fate::LetIn, Fate::Unsure);
            }
            "reject" | "defer" | "reject_unauth_destination" | "defer_unauth_destination" => {
                if !is_only_logged {
                    return unsure.map_or(Fate::Refused, Fate::Unsure);
                }
            }
            _ if lets_everybody_in(argument) => return unsure.map_or(Fate::LetIn, Fate::Unsure),
            _ if KNOWN.contains(&name.as_str()) || only_refuses(&name) => {}
            _ => unsure = unsure.or_else(|| Some(format!("{word} {argument}").trim_end().to_owned())),
        }
        is_only_logged = false;
    }
    // Behind the end of a list, everybody is let in.
    Fate::LetIn
}

/// Restrictions with a word behind them: a table, a service, a domain, seconds.
fn takes_argument(name: &str) -> bool {
    let domain = ["_rbl_client", "_dnswl_client", "_rhswl_client"].iter().any(|end| name.ends_with(end));
    name.starts_with("check_") || name.starts_with("reject_rhsbl_") || domain || name == "sleep"
}

/// `reject_unknown_client_hostname` and its like know only refusals and no word on the matter.
fn only_refuses(name: &str) -> bool {
    ["reject_", "defer_"].iter().any(|start| name.starts_with(start)) || name == "sleep"
}

/// A table that gives everybody a word that permits (access(5)).
fn lets_everybody_in(table: &str) -> bool {
    let answer = table.strip_prefix("static:").unwrap_or_default().to_ascii_lowercase();
    let is_number = !answer.is_empty() && answer.chars().all(|c| c.is_ascii_digit());
    matches!(answer.as_str(), "ok" | "permit") || is_number
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
        assert_eq!(judged("  -o smtpd_relay_restrictions=check_client_access,static:OK,reject\n"), "fail");
        assert_eq!(judged("  -o smtpd_relay_restrictions=check_client_access,cidr:/etc/a,reject\n"), "warn");
        assert_eq!(judged("  -o mynetworks=127.0.0.0/8\n"), "pass");
        assert_eq!(judged("  -o mynetworks=0.0.0.0/0 -o smtpd_relay_restrictions=permit_mynetworks,reject\n"), "fail");
    }

    #[test]
    fn what_comes_first_decides() {
        let unsure = |what: &str| Fate::Unsure(what.to_owned());
        for (value, expected) in [
            ("permit_mynetworks, reject_unauth_destination", Fate::Refused),
            ("permit_mynetworks,permit_sasl_authenticated,reject", Fate::Refused),
            ("permit_mynetworks permit_sasl_authenticated defer_unauth_destination", Fate::Refused),
            ("permit, reject_unauth_destination", Fate::LetIn),
            ("permit_mynetworks", Fate::LetIn),
            ("permit_mynetworks, warn_if_reject reject_unauth_destination", Fate::LetIn),
            ("permit_mynetworks, warn_if_reject,reject_unauth_destination, permit", Fate::LetIn),
            (
                "permit_mynetworks, warn_if_reject reject_unknown_client_hostname, reject_unauth_destination",
                Fate::Refused,
            ),
            ("warn_if_reject reject_unauth_destination, reject_unauth_destination", Fate::Refused),
            ("permit_mynetworks, Warn_If_Reject REJECT_UNAUTH_DESTINATION", Fate::LetIn),
            ("permit_mynetworks, REJECT_UNAUTH_DESTINATION", Fate::Refused),
            ("", Fate::LetIn),
            ("permit,reject", Fate::LetIn),
            ("check_client_access static:OK, reject", Fate::LetIn),
            ("check_client_access static:250 reject", Fate::LetIn),
            ("check_client_access hash:/etc/a, reject", unsure("check_client_access hash:/etc/a")),
            ("check_client_access hash:/etc/a, permit", unsure("check_client_access hash:/etc/a")),
            ("check_client_access hash:/etc/a", Fate::LetIn),
            ("permit_mynetworks, mua_class, reject", unsure("mua_class")),
            ("hash:/etc/a, reject", unsure("hash:/etc/a")),
            ("permit_mx_backup, reject_unauth_destination", unsure("permit_mx_backup")),
            ("check_policy_service { unix:a, default_action=reject }, reject", unsure("check_policy_service {")),
            ("reject_unauth_destination, check_policy_service unix:a", Fate::Refused),
            ("reject_rbl_client zen.example, sleep 1, reject_unknown_client_hostname, reject", Fate::Refused),
        ] {
            assert_eq!(fate(value, Strangers::Kept), expected, "{value}");
        }
    }

    /// What a restriction may make of a stranger, as another reading has it: lets in, refuses, says nothing.
    const EFFECTS: [(&str, [bool; 3]); 12] = [
        ("permit", [true, false, false]),
        ("reject", [false, true, false]),
        ("reject_unauth_destination", [false, true, false]),
        ("defer", [false, true, false]),
        ("permit_mynetworks", [false, false, true]),
        ("permit_sasl_authenticated", [false, false, true]),
        ("reject_unknown_client_hostname", [false, true, true]),
        ("reject_rbl_client permit", [false, true, true]),
        ("check_client_access hash:/etc/a", [true, true, true]),
        ("check_client_access static:OK", [true, false, false]),
        ("check_policy_service unix:private/policy", [true, true, true]),
        ("a_class", [true, true, true]),
    ];

    proptest! {
        /// A list passes only if there is no way through it for a stranger, and is doubted or fails only if there is one.
        #[test]
        fn no_stranger_gets_through_a_list_that_passes(
            picks in prop::collection::vec((0..EFFECTS.len(), any::<bool>()), 0..7),
        ) {
            let (mut is_open, mut let_in) = (true, false);
            let mut words = Vec::new();
            for (at, is_only_logged) in picks {
                let (word, [lets_in, refuses, is_silent]) = EFFECTS[at];
                words.push(if is_only_logged { format!("warn_if_reject {word}") } else { word.to_owned() });
                let_in |= is_open && lets_in;
                is_open &= is_silent || (is_only_logged && refuses);
            }
            let_in |= is_open;
            let is_refused = fate(&words.join(", "), Strangers::Kept) == Fate::Refused;
            prop_assert_eq!(is_refused, !let_in);
        }
    }
}
