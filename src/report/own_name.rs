//! Texts of hosts that differ in nothing but the host's own name, made comparable.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::event::{ChangeView, TextChange};

/// What stands for a host's own name, in the words of its user's templates.
const NAME: &str = "{{inventory_hostname}}";
const SHORT_NAME: &str = "{{inventory_hostname_short}}";

/// The text with its host's own name replaced.
pub(crate) fn without(host: &str, text: &str) -> String {
    let text = replaced(text, host, NAME);
    match host.split_once('.') {
        Some((short, _)) if host.parse::<IpAddr>().is_err() => replaced(&text, short, SHORT_NAME).into_owned(),
        _ => text.into_owned(),
    }
}

/// The change with its host's own name replaced.
pub(crate) fn of_change(host: &str, change: &ChangeView) -> ChangeView {
    let mut change = change.clone();
    change.name = without(host, &change.name);
    for property in &mut change.properties {
        for value in [&mut property.before, &mut property.after].into_iter().flatten() {
            *value = without(host, value);
        }
    }
    if let Some(TextChange { before, after }) = &mut change.text {
        for text in [before, after].into_iter().flatten() {
            *text = without(host, text);
        }
    }
    change
}

/// A name within a longer word is not the name: `mail` in `sendmail`, or in `mail-log`.
fn replaced<'a>(text: &'a str, name: &str, with: &str) -> Cow<'a, str> {
    if name.is_empty() || !text.contains(name) {
        return Cow::Borrowed(text);
    }
    let in_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        out.push_str(before);
        // What was replaced just before ends in a brace, which is no part of a word either.
        let within = out.ends_with(in_word) || after.starts_with(in_word);
        out.push_str(if within { name } else { with });
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_s_own_name_is_told_from_words_that_hold_it() {
        for (host, text, expected) in [
            ("mail1.example.org", "name: mail1.example.org", "name: {{inventory_hostname}}"),
            (
                "mail1.example.org",
                "192.0.2.1 mail1.example.org mail1",
                "192.0.2.1 {{inventory_hostname}} {{inventory_hostname_short}}",
            ),
            ("mail1", "mail1.example.org", "{{inventory_hostname}}.example.org"),
            ("mail1", "mail10 mail1-log sendmail1 _mail1", "mail10 mail1-log sendmail1 _mail1"),
            ("192.0.2.1", "192.0.2.1 of 192", "{{inventory_hostname}} of 192"),
            ("mx", "mxmx mx", "mxmx {{inventory_hostname}}"),
        ] {
            assert_eq!(without(host, text), expected);
        }
    }
}
