//! Which parameters Postfix 3.5 knows. One that it does not know is a warning to it and nothing more, so that a
//! misspelt name is found by nobody.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The names in postconf(5) of 3.5, with those that EL8 added (`use_srv_lookup`, `rhel_ipv6_normalize`).
static NAMES: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| include_str!("parameters.txt").lines().collect());

/// Names that a later version brought, with that version (postconf(5)).
const NEWER: &[(&str, &str)] = &[
    ("cleanup_replace_stray_cr_lf", "3.9"),
    ("dnssec_probe", "3.6"),
    ("empty_address_local_login_sender_maps_lookup_key", "3.6"),
    ("enable_threaded_bounces", "3.6"),
    ("known_tcp_ports", "3.6"),
    ("lmtp_bind_address_enforce", "3.7"),
    ("lmtp_min_data_rate", "3.7"),
    ("lmtp_per_request_deadline", "3.7"),
    ("local_login_sender_maps", "3.6"),
    ("postscreen_allowlist_interfaces", "3.6"),
    ("postscreen_denylist_action", "3.6"),
    ("postscreen_dnsbl_allowlist_threshold", "3.6"),
    ("respectful_logging", "3.6"),
    ("smtp_bind_address_enforce", "3.7"),
    ("smtp_min_data_rate", "3.7"),
    ("smtp_per_request_deadline", "3.7"),
    ("smtpd_forbid_bare_newline", "3.9"),
    ("smtpd_forbid_bare_newline_exclusions", "3.9"),
    ("smtpd_forbid_bare_newline_reject_code", "3.9"),
    ("smtpd_forbid_unauth_pipelining", "3.9"),
    ("smtpd_min_data_rate", "3.7"),
    ("smtpd_per_request_deadline", "3.7"),
    ("smtpd_relay_before_recipient_restrictions", "3.6"),
    ("smtpd_sasl_mechanism_filter", "3.6"),
    ("tls_config_file", "3.9"),
    ("tls_config_name", "3.9"),
    ("tlsproxy_client_policy_maps", "3.7"),
    ("tlsproxy_client_security_level", "3.7"),
];

/// What follows the name of a transport of master.cf: `relay_destination_concurrency_limit`.
const OF_TRANSPORTS: &[&str] = &[
    "_delivery_slot_cost",
    "_delivery_slot_discount",
    "_delivery_slot_loan",
    "_destination_concurrency_failed_cohort_limit",
    "_destination_concurrency_limit",
    "_destination_concurrency_negative_feedback",
    "_destination_concurrency_positive_feedback",
    "_destination_rate_delay",
    "_destination_recipient_limit",
    "_extra_recipient_limit",
    "_initial_destination_concurrency",
    "_minimum_delivery_slots",
    "_recipient_limit",
    "_recipient_refill_delay",
    "_recipient_refill_limit",
    "_time_limit",
    "_transport_rate_delay",
];

/// All names, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied()
}

/// Whether Postfix 3.5 has a parameter of this name, itself or for a transport.
#[must_use]
pub fn is_known(name: &str) -> bool {
    let of_transport = |end: &str| name.strip_suffix(end).is_some_and(|transport| !transport.is_empty());
    NAMES.contains(name) || OF_TRANSPORTS.iter().any(|end| of_transport(end))
}

/// The version that brought a parameter which 3.5 does not have.
#[must_use]
pub fn newer(name: &str) -> Option<&'static str> {
    NEWER.iter().find(|(newer, _)| *newer == name).map(|(_, version)| *version)
}

#[cfg(test)]
mod tests {
    use super::{is_known, newer};

    #[test]
    fn postfix_3_5_is_what_counts() {
        for name in ["myhostname", "smtpd_data_restrictions", "relay_destination_concurrency_limit", "use_srv_lookup"] {
            assert!(is_known(name), "{name}");
        }
        for name in ["smtpd_forbid_bare_newline", "myhostnam", "_time_limit", ""] {
            assert!(!is_known(name), "{name}");
        }
        assert_eq!(newer("smtpd_forbid_bare_newline"), Some("3.9"));
    }
}
