//! `mail.example.com:2222`, `[2001:db8::1]:22`: a host's name and its port, told apart as Ansible does
//! (`ansible.parsing.utils.addresses.parse_address`).

use std::net::Ipv6Addr;

/// A name, with ranges or without, and the port behind it. What is no host with a port is a name as it stands.
pub(super) fn split_port(pattern: &str) -> (&str, Option<u16>) {
    let Some((front, port)) = pattern.rsplit_once(':') else { return (pattern, None) };
    let Some(port) = port.parse().ok().filter(|_| port.bytes().all(|c| c.is_ascii_digit())) else {
        return (pattern, None);
    };
    if let Some(inside) = front.strip_prefix('[').and_then(|front| front.strip_suffix(']'))
        && is_host(inside)
    {
        return (inside, Some(port));
    }
    if !without_ranges(front).contains([':', '[', ']']) && is_host(front) {
        (front, Some(port))
    } else {
        (pattern, None)
    }
}

/// An address or a name, with ranges or without.
fn is_host(pattern: &str) -> bool {
    let plain = without_ranges(pattern);
    if plain.contains(['[', ']']) {
        return false;
    }
    plain.parse::<Ipv6Addr>().is_ok() || plain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    label.starts_with(word) && !label.ends_with(['-', '_']) && label.chars().all(|c| word(c) || c == '-')
}

/// The pattern with a character in the place of each range.
fn without_ranges(pattern: &str) -> String {
    let (mut plain, mut rest) = (String::new(), pattern);
    while let Some((head, body, tail)) =
        rest.split_once('[').and_then(|(head, tail)| tail.split_once(']').map(|(body, tail)| (head, body, tail)))
    {
        let range = body.contains(':') && body.chars().all(|c| c.is_ascii_alphanumeric() || c == ':');
        plain.push_str(head);
        plain.push(if range { '1' } else { '[' });
        rest = tail;
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::split_port;

    #[test]
    fn ports_are_told_from_names() {
        for (pattern, expected) in [
            ("mail.example.com", ("mail.example.com", None)),
            ("mail.example.com:2222", ("mail.example.com", Some(2222))),
            ("mail[01:20].example.com:2222", ("mail[01:20].example.com", Some(2222))),
            ("mail[1:3]", ("mail[1:3]", None)),
            ("198.51.100.1:22", ("198.51.100.1", Some(22))),
            ("2001:db8::1", ("2001:db8::1", None)),
            ("::1", ("::1", None)),
            ("[2001:db8::1]:22", ("2001:db8::1", Some(22))),
            ("[mail]:22", ("mail", Some(22))),
            ("[a:c]:22", ("[a:c]", Some(22))),
            ("mail-:22", ("mail-:22", None)),
            ("mail:", ("mail:", None)),
            ("mail:x", ("mail:x", None)),
            ("mail:99999", ("mail:99999", None)),
        ] {
            assert_eq!(split_port(pattern), expected, "{pattern}");
        }
    }
}
