//! Values that Postfix takes without a word and then fails on, mail by mail.

use std::net::IpAddr;

use ipnet::IpNet;

use super::known::{is_known, newer};
use super::value::{check_name, clean};

/// TLS levels of postconf(5) for both daemons.
pub const TLS_LEVELS: [&str; 3] = ["none", "may", "encrypt"];
/// Those for the client alone.
pub const CLIENT_TLS_LEVELS: [&str; 5] = ["dane", "dane-only", "fingerprint", "verify", "secure"];
/// Protocols that Postfix 3.5 knows. `>=TLSv1.2` is of 3.6: 3.5 turns TLS off for it.
pub const TLS_PROTOCOLS: [&str; 6] = ["SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

/// Checks that there is a parameter of this name in Postfix 3.5.
///
/// # Errors
/// Why not, as an end of "the parameter ...".
pub fn check_parameter_name(name: &str) -> Result<(), String> {
    check_name(name).map_err(|error| error.to_string())?;
    match newer(name) {
        Some(version) => Err(format!("`{name}` is of Postfix {version}; Enterprise Linux 8 has 3.5, which ignores it")),
        None if !is_known(name) => Err(format!("`{name}` is no parameter of Postfix 3.5")),
        None => Ok(()),
    }
}

/// Checks a parameter's value as far as it can be told from the value alone.
///
/// # Errors
/// Why it cannot be used.
pub fn check_parameter(name: &str, value: &str) -> Result<(), String> {
    let value = clean(name, value).map_err(|error| error.to_string())?;
    // What refers to another parameter is that one's business.
    if value.contains('$') {
        return Ok(());
    }
    let client = name.starts_with("smtp_") || name.starts_with("lmtp_");
    if name.ends_with("_tls_security_level") && !value.is_empty() {
        return check_tls_level(&value, client);
    }
    if name.ends_with("_tls_protocols") || name.ends_with("_tls_mandatory_protocols") {
        return check_tls_protocols(&value);
    }
    match name {
        "mynetworks" => words(&value).try_for_each(|word| {
            let is_table = word.starts_with('/') || word.contains(":/");
            if is_table { Ok(()) } else { check_postfix_network(word) }
        }),
        "inet_interfaces" => words(&value).try_for_each(check_interface),
        "inet_protocols" => words(&value).try_for_each(|word| {
            let known = ["ipv4", "ipv6", "all"].contains(&word);
            if known { Ok(()) } else { Err(format!("`{word}` is no IP protocol: ipv4, ipv6 or all")) }
        }),
        _ => Ok(()),
    }
}

/// Addresses and names that lead to some; not an interface's own name.
fn check_interface(word: &str) -> Result<(), String> {
    let address = word.strip_prefix('[').and_then(|word| word.strip_suffix(']')).unwrap_or(word);
    let top = word.rsplit_once('.').map(|(_, top)| top);
    let good = ["all", "loopback-only", "localhost"].contains(&word)
        || address.parse::<std::net::IpAddr>().is_ok()
        || top.is_some_and(|top| top.starts_with(|c: char| c.is_ascii_alphabetic()) && !word.contains(';'));
    if good { Ok(()) } else { Err(format!("`{word}` is no address to listen on: all, loopback-only or addresses")) }
}

/// Checks a TLS level of the server or, with more choices, of the client.
///
/// # Errors
/// Why it cannot be used.
pub fn check_tls_level(level: &str, client: bool) -> Result<(), String> {
    let known = TLS_LEVELS.contains(&level) || (client && CLIENT_TLS_LEVELS.contains(&level));
    if known { Ok(()) } else { Err(format!("`{level}` is no TLS level: none, may or encrypt")) }
}

/// Checks a list of protocols in the notation of 3.5.
///
/// # Errors
/// Why it cannot be used.
pub fn check_tls_protocols(value: &str) -> Result<(), String> {
    value.split([' ', ',', '\t', ':']).filter(|word| !word.is_empty()).try_for_each(|word| {
        if TLS_PROTOCOLS.contains(&word.strip_prefix('!').unwrap_or(word)) {
            Ok(())
        } else if word.starts_with(['>', '<']) {
            Err(format!("`{word}` is the notation of Postfix 3.6; 3.5 turns TLS off for it: exclude what is too old, as in !TLSv1.1"))
        } else {
            Err(format!("`{word}` is no TLS protocol: {}", TLS_PROTOCOLS.join(", ")))
        }
    })
}

/// Checks a network that may send: CIDR, no host bits, not the whole Internet.
///
/// # Errors
/// Why it cannot be used.
pub fn check_network(text: &str) -> Result<(), String> {
    if text.starts_with('[') {
        return Err(format!("`{text}` has brackets: write the network without them, Postfix gets them"));
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        return Err(format!("`{text}` has no prefix length: a single host is {text}/{bits}"));
    }
    let Ok(net) = text.parse::<IpNet>() else {
        return Err(format!("`{text}` is no network in CIDR form, as in 192.168.1.0/24"));
    };
    if net.prefix_len() == 0 {
        return Err(format!("`{text}` is the whole Internet, which makes an open relay"));
    }
    if net.addr() != net.network() {
        let (bits, network) = (net.prefix_len(), net.trunc());
        return Err(format!("`{text}` has host bits set behind its {bits} network bits: the network is {network}"));
    }
    Ok(())
}

/// The same as Postfix writes it: with `!`, brackets around IPv6, single addresses.
fn check_postfix_network(word: &str) -> Result<(), String> {
    let plain = word.strip_prefix('!').unwrap_or(word);
    let unwrapped = match plain.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, prefix)) => format!("{address}{prefix}"),
        None if plain.contains(':') => {
            return Err(format!("`{word}` needs brackets around an IPv6 address: [::1]/128"));
        }
        None => plain.to_owned(),
    };
    match unwrapped.parse::<IpAddr>() {
        Ok(_) => Ok(()),
        Err(_) => check_network(&unwrapped),
    }
}

fn words(value: &str) -> impl Iterator<Item = &str> {
    value.split([' ', ',', '\t']).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{check_network, check_parameter, check_parameter_name};

    #[test]
    fn networks_are_told_apart_from_what_looks_like_them() {
        for network in ["192.168.1.0/24", "127.0.0.0/8", "10.0.0.5/32", "2001:db8::/64", "::1/128"] {
            assert_eq!(check_network(network), Ok(()), "{network}");
        }
        for (network, why) in [
            ("192.168.1.1/24", "the network is 192.168.1.0/24"),
            ("2001:db8::1/64", "the network is 2001:db8::/64"),
            ("0.0.0.0/0", "open relay"),
            ("::/0", "open relay"),
            ("192.168.1", "no network"),
            ("192.168.1.5", "192.168.1.5/32"),
            ("[::1]/128", "without them"),
            ("192.168.1.0/33", "no network"),
            ("192.168.1.0/24 # LAN", "no network"),
            ("", "no network"),
        ] {
            assert!(check_network(network).is_err_and(|told| told.contains(why)), "{network}");
        }
    }

    #[test]
    fn values_that_kill_a_daemon_are_found() {
        for (name, value) in [
            ("smtpd_tls_security_level", "may"),
            ("smtp_tls_security_level", "secure"),
            ("smtpd_tls_protocols", "!SSLv2, !SSLv3"),
            ("mynetworks", "127.0.0.0/8, [::1]/128, 192.168.1.5, !10.0.0.0/8, cidr:/etc/postfix/lan"),
            ("inet_protocols", "ipv4, ipv6"),
            ("mynetworks", "$other"),
            ("message_size_limit", "1"),
        ] {
            assert_eq!(check_parameter(name, value), Ok(()), "{name} = {value}");
        }
        for (name, value) in [
            ("smtpd_tls_security_level", "may # or encrypt"),
            ("smtpd_tls_security_level", "secure"),
            ("smtp_tls_protocols", ">=TLSv1.2"),
            ("mynetworks", "192.168.1.1/24"),
            ("mynetworks", "::1/128"),
            ("inet_protocols", "ipv5"),
        ] {
            assert!(check_parameter(name, value).is_err(), "{name} = {value}");
        }
        assert!(check_parameter_name("smtpd_forbid_bare_newline").is_err_and(|why| why.contains("3.9")));
        assert!(check_parameter_name("my_hostname").is_err());
    }
}
