//! What a text must be beside being text.

use crate::modules::is_check;
use crate::postfix::meaning::{check_network, check_parameter, check_parameter_name, check_tls_protocols};
use crate::postfix::value::clean;

/// A form that a value must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// A full host name.
    HostName,
    /// A mail domain.
    Domain,
    /// `local@domain`.
    MailAddress,
    /// An address, or the name of a local user.
    Recipient,
    /// An IP address.
    IpAddress,
    /// CIDR without host bits, and not the whole Internet.
    Network,
    /// A next hop as in transport(5): `smtp:[mailbox.example.net]:2525`.
    Transport,
    /// A next hop as for `relayhost`: `[smtp.example.net]:587`.
    NextHop,
    /// A list of TLS protocols in the notation of Postfix 3.5.
    TlsProtocols,
    /// A value as it can stand in main.cf.
    PostfixValue,
    /// The name of a parameter of Postfix 3.5.
    PostfixParameter,
    /// A mapping of such names to values.
    PostfixParameters,
    /// A mapping of senders to addresses.
    SenderMap,
    /// The absolute path of a file that a parameter or a configuration file names.
    FilePath,
    /// A name in a certificate: a host name, also `*.`, or an address.
    CertificateName,
    /// Where Postfix listens, as `inet_interfaces` has it.
    Interfaces,
    /// The id of a check of `verify`.
    Check,
    /// What has no blank and no control character.
    Word,
}

pub(super) const NAMES: &[(&str, Format)] = &[
    ("host_name", Format::HostName),
    ("domain", Format::Domain),
    ("mail_address", Format::MailAddress),
    ("recipient", Format::Recipient),
    ("ip_address", Format::IpAddress),
    ("network", Format::Network),
    ("transport", Format::Transport),
    ("next_hop", Format::NextHop),
    ("tls_protocols", Format::TlsProtocols),
    ("postfix_value", Format::PostfixValue),
    ("postfix_parameter", Format::PostfixParameter),
    ("postfix_parameters", Format::PostfixParameters),
    ("sender_map", Format::SenderMap),
    ("file_path", Format::FilePath),
    ("certificate_name", Format::CertificateName),
    ("interfaces", Format::Interfaces),
    ("check", Format::Check),
    ("word", Format::Word),
];

impl Format {
    /// Checks a text.
    pub(super) fn check(self, text: &str) -> Result<(), String> {
        match self {
            Self::HostName => host_name(text),
            Self::Domain => domain(text),
            Self::MailAddress | Self::SenderMap => mail_address(text),
            Self::Recipient => recipient(text),
            Self::IpAddress if text.parse::<std::net::IpAddr>().is_ok() => Ok(()),
            Self::IpAddress => Err(format!("`{text}` is no IP address")),
            Self::Network => check_network(text),
            Self::Transport => transport(text),
            Self::NextHop => next_hop(text),
            Self::TlsProtocols => check_tls_protocols(text),
            Self::PostfixValue | Self::PostfixParameters => clean("it", text)
                .map(drop)
                .map_err(|error| error.to_string().replacen("the value of it", "the value", 1)),
            Self::PostfixParameter => check_parameter_name(text),
            Self::FilePath => file_path(text),
            Self::CertificateName => certificate_name(text),
            Self::Interfaces => check_parameter("inet_interfaces", text),
            Self::Check if is_check(text) => Ok(()),
            Self::Check => Err(format!("there is no check `{text}`; docs/verify.md lists them")),
            Self::Word if text.contains(|c: char| c.is_whitespace() || c.is_control()) => {
                Err("it has a blank or a control character in it".to_owned())
            }
            Self::Word => Ok(()),
        }
    }

    /// Checks an entry of a mapping; the first of the result is about the name, the second about the value.
    pub(super) fn check_entry(self, name: &str, text: &str) -> (Result<(), String>, Result<(), String>) {
        match self {
            Self::PostfixParameters => (check_parameter_name(name), check_parameter(name, text)),
            Self::SenderMap => (sender_pattern(name), mail_address(text)),
            _ => (Ok(()), self.check(text)),
        }
    }

    /// What the mapping itself could name without its being one of Postfix's own: `smtpd_restriction_classes`, and what
    /// another value refers to as `$name` (postconf(5)).
    pub(super) fn defined_by(self, name: &str, values: &[&str]) -> bool {
        let refers = |value: &&str| {
            ["$", "${", "$("].iter().any(|open| {
                value.match_indices(&format!("{open}{name}")).any(|(at, found)| {
                    let next = value[at + found.len()..].chars().next();
                    next.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_')
                })
            })
        };
        let is_class = |value: &&str| value.split([' ', ',']).any(|word| word == name);
        self == Self::PostfixParameters && (values.iter().any(refers) || values.iter().any(is_class))
    }
}

fn labels(name: &str) -> Result<usize, String> {
    let bad = name.split('.').find(|label| {
        label.is_empty()
            || label.len() > 63
            || label.starts_with('-')
            || label.ends_with('-')
            || !label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    });
    match bad {
        Some(label) => Err(format!("`{name}` is no domain name: `{label}` cannot be a part of one")),
        None if name.len() > 253 => Err(format!("`{name}` is longer than a domain name can be")),
        None => Ok(name.split('.').count()),
    }
}

fn host_name(name: &str) -> Result<(), String> {
    let count = labels(name)?;
    if name.parse::<std::net::IpAddr>().is_ok() {
        return Err(format!("`{name}` is an address, not a host name"));
    }
    if count < 2 {
        return Err(format!("`{name}` is no full host name: it has no domain, as in mail.example.net"));
    }
    if name.ends_with(".localdomain") {
        return Err(format!("`{name}` ends with .localdomain, which other servers refuse"));
    }
    Ok(())
}

fn domain(name: &str) -> Result<(), String> {
    labels(name).map(drop)
}

fn mail_address(text: &str) -> Result<(), String> {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return Err(format!("`{text}` is no mail address: it has no @"));
    };
    let good = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if local.is_empty() || local.len() > 64 || !local.chars().all(good) {
        return Err(format!("`{text}` is no mail address: `{local}` cannot stand before the @"));
    }
    labels(domain).map(drop).map_err(|why| format!("`{text}` is no mail address: {why}"))
}

/// As in aliases(5): addresses and users, but no commands, files or lists.
fn recipient(text: &str) -> Result<(), String> {
    if text.contains('@') {
        return mail_address(text);
    }
    let good = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if !text.is_empty() && text.chars().all(good) {
        return Ok(());
    }
    Err(format!("`{text}` is neither a mail address nor the name of a user"))
}

/// `user@domain`, `@domain` or, for all, `*`.
fn sender_pattern(text: &str) -> Result<(), String> {
    match text.strip_prefix('@') {
        Some(domain) => labels(domain).map(drop),
        None if text == "*" => Ok(()),
        None => mail_address(text).map_err(|why| format!("{why} (nor is it @domain, nor * for all others)")),
    }
}

/// Postfix and `OpenDKIM` would take what stands behind a blank for something else, and `$` for a parameter.
fn file_path(text: &str) -> Result<(), String> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '$' | '#' | ',' | '"');
    match text.chars().find(|&c| bad(c)) {
        _ if !text.starts_with('/') => Err(format!("`{text}` is no absolute path")),
        _ if text.ends_with('/') => Err(format!("`{text}` ends with a slash")),
        Some(c) => Err(format!("`{}` cannot stand in this path", c.escape_debug())),
        None => Ok(()),
    }
}

/// `mail.example.net`, `*.example.net`, `192.0.2.1`, either with `DNS:` or `IP:` before it.
fn certificate_name(text: &str) -> Result<(), String> {
    let (kind, name) = match text.split_once(':') {
        Some((kind, name)) if kind.eq_ignore_ascii_case("dns") || kind.eq_ignore_ascii_case("ip") => (kind, name),
        _ => ("", text),
    };
    if name.parse::<std::net::IpAddr>().is_ok() && !kind.eq_ignore_ascii_case("dns") {
        return Ok(());
    }
    if kind.eq_ignore_ascii_case("ip") {
        return Err(format!("`{name}` is no IP address"));
    }
    labels(name.strip_prefix("*.").unwrap_or(name)).map(drop)
}

fn transport(text: &str) -> Result<(), String> {
    let Some((name, hop)) = text.split_once(':').filter(|(name, _)| !name.starts_with('[')) else {
        return Err(format!("`{text}` is no transport: write smtp:[host]"));
    };
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) {
        return Err(format!("`{text}` is no transport: `{name}` is no service of master.cf"));
    }
    if hop.is_empty() { Ok(()) } else { next_hop(hop) }
}

fn next_hop(text: &str) -> Result<(), String> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, rest)) => (host, rest.strip_prefix(':').or((!rest.is_empty()).then_some("?"))),
            None => return Err(format!("`{text}` lacks its closing bracket")),
        },
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let is_port =
        |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0) || ["smtp", "smtps", "submission"].contains(&port);
    if port.is_some_and(|port| !is_port(port)) {
        return Err(format!("`{text}` has no port behind its colon"));
    }
    let address = host.strip_prefix("IPv6:").or_else(|| host.strip_prefix("ipv6:")).unwrap_or(host);
    if address.parse::<std::net::IpAddr>().is_ok() {
        let bracketed = text.starts_with('[');
        return if bracketed { Ok(()) } else { Err(format!("`{text}` needs brackets around the address: [{host}]")) };
    }
    labels(host).map(drop).map_err(|why| format!("`{text}` is no next hop: {why}"))
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn each_format_takes_what_it_should() {
        for (format, good, bad) in [
            (
                Format::HostName,
                &["mail.example.net", "a-b.c.de"][..],
                &["mail", "mail.localdomain", "192.0.2.1", "-a.b", "a..b", "a_b.c", "", "mail.example.net # x"][..],
            ),
            (Format::Domain, &["example.net", "local"], &["", "a b", ".net"]),
            (
                Format::MailAddress,
                &["mail@example.net", "a+b@local"],
                &["mail", "@x.y", "a b@x.y", "<a@b.c>", "a@b@", "a@b,c@d"],
            ),
            (Format::Recipient, &["root", "a@b.c"], &["|cmd", "/dev/null", ":include:x", "a, b", ""]),
            (Format::IpAddress, &["192.0.2.1", "::1"], &["192.0.2", "x", "192.0.2.0/24"]),
            (
                Format::Transport,
                &["smtp:[mailbox.example.net]", "relay:example.net:2525", "local:"],
                &["example.net", "[h]", "a b:c", ":x"],
            ),
            (
                Format::NextHop,
                &["[smtp.example.net]:587", "example.net", "example.net:smtp", "[192.0.2.1]", "[::1]:25"],
                &["[a.b", "a.b:", "a.b:0", "192.0.2.1", "[a.b]587", "a b", ""],
            ),
            (Format::FilePath, &["/etc/postfix/ssl/a.crt"], &["a.crt", "~/a", "/a b", "/a#b", "/$x", "/etc/", ""]),
            (
                Format::CertificateName,
                &["a.b", "*.b.c", "DNS:a.b", "IP:192.0.2.1", "192.0.2.1", "2001:db8::1"],
                &["a_b", "*", "IP:a.b", "email:a@b", "a b", ""],
            ),
            (
                Format::Interfaces,
                &["all", "loopback-only", "127.0.0.1, 192.0.2.1", "[::1]", "$myhostname, localhost", "mx.example.net"],
                &["eth0", "192.0.2.999", "127.0.0.1; all", "all # x"],
            ),
            (Format::Check, &["dns.pointer"], &["dns.pointr", "", "dns"]),
            (Format::PostfixValue, &["$mail_name ESMTP", ""], &["may # x", "$", "a\u{1}"]),
            (Format::Word, &["x", ""], &["a b", "a\n"]),
        ] {
            for text in good {
                assert_eq!(format.check(text), Ok(()), "{format:?} {text}");
            }
            for text in bad {
                assert!(format.check(text).is_err(), "{format:?} {text}");
            }
        }
        for (name, value, good) in [
            ("a@b.c", "m@b.c", true),
            ("@b.c", "m@b.c", true),
            ("*", "m@b.c", true),
            ("root", "m@b.c", false),
            ("a@b.c", "m", false),
        ] {
            let (first, second) = Format::SenderMap.check_entry(name, value);
            assert_eq!(first.is_ok() && second.is_ok(), good, "{name}: {value}");
        }
    }

    #[test]
    fn a_mapping_of_parameters_may_define_its_own_names() {
        let format = Format::PostfixParameters;
        assert!(format.defined_by("lan", &["permit_mynetworks, $lan", "x"]));
        assert!(format.defined_by("lan", &["${lan}"]));
        assert!(format.defined_by("strict", &["strict, loose"]));
        assert!(!format.defined_by("lan", &["$lang"]));
    }
}
