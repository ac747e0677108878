//! The names that a certificate is valid for.

use std::fmt;
use std::net::IpAddr;

/// An entry of the subject alternative name (RFC 5280, 4.2.1.6).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    /// A host name, in lower case; the first part may be `*`.
    Dns(String),
    /// An address.
    Ip(IpAddr),
}

impl Name {
    /// `DNS:mail.example.com`, `IP:192.0.2.1`, or either without its prefix.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (kind, value) = match text.split_once(':') {
            Some((kind, value)) if kind.eq_ignore_ascii_case("dns") => (Some("DNS"), value),
            Some((kind, value)) if kind.eq_ignore_ascii_case("ip") => (Some("IP"), value),
            _ => (None, text),
        };
        let address = value.parse().ok().map(Self::Ip);
        match kind {
            Some("IP") => address.ok_or_else(|| format!("\"{value}\" is no IP address")),
            Some(_) => Self::dns(value),
            None => address.map_or_else(|| Self::dns(value), Ok),
        }
    }

    /// Whether this is a `*.` name that stands for the other (RFC 6125, 6.4.3: for one part, the first).
    pub(super) fn covers(&self, other: &Self) -> bool {
        let (Self::Dns(pattern), Self::Dns(name)) = (self, other) else { return false };
        let domain = pattern.strip_prefix("*.");
        domain
            .is_some_and(|domain| name.split_once('.').is_some_and(|(first, rest)| !first.is_empty() && rest == domain))
    }

    fn dns(text: &str) -> Result<Self, String> {
        let name = text.to_ascii_lowercase();
        let plain = name.strip_prefix("*.").unwrap_or(&name);
        let label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        if name.len() > 253 || !plain.split('.').all(label) {
            return Err(format!("\"{text}\" is no host name"));
        }
        Ok(Self::Dns(name))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "DNS:{name}"),
            Self::Ip(address) => write!(f, "IP:{address}"),
        }
    }
}

/// Names as one text.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a Name>) -> String {
    let names: Vec<_> = names.into_iter().map(ToString::to_string).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn names_are_read_with_and_without_prefix() {
        for (text, expected) in [
            ("DNS:Mail.example.com", Some("DNS:mail.example.com")),
            ("mail.example.com", Some("DNS:mail.example.com")),
            ("*.example.com", Some("DNS:*.example.com")),
            ("IP:192.0.2.1", Some("IP:192.0.2.1")),
            ("192.0.2.1", Some("IP:192.0.2.1")),
            ("ip:2001:db8::1", Some("IP:2001:db8::1")),
            ("2001:db8::1", Some("IP:2001:db8::1")),
            ("IP:mail", None),
            ("DNS:", None),
            ("a..b", None),
            ("-a.example.com", None),
            ("a_b", None),
            ("email:x@example.com", None),
        ] {
            assert_eq!(Name::parse(text).ok().map(|name| name.to_string()).as_deref(), expected, "{text}");
        }
    }
}
