//! Lookup tables: that each can be opened and asked. Postfix itself finds out with the first mail, and defers it.

use super::{Look, line};
use crate::probe::{Finding, catalogue as c};

/// The parameters that name tables.
const PARAMETERS: [&str; 20] = [
    "alias_maps",
    "canonical_maps",
    "header_checks",
    "body_checks",
    "local_recipient_maps",
    "mime_header_checks",
    "mynetworks",
    "nested_header_checks",
    "recipient_canonical_maps",
    "relay_recipient_maps",
    "relocated_maps",
    "sender_canonical_maps",
    "smtp_generic_maps",
    "smtp_header_checks",
    "smtp_sasl_password_maps",
    "smtp_tls_policy_maps",
    "smtpd_sender_login_maps",
    "transport_maps",
    "virtual_alias_maps",
    "virtual_mailbox_maps",
];

/// Types that only the daemons open.
const NOT_ASKED: [&str; 2] = ["unix", "fail"];

pub(super) fn look(look: &mut Look<'_>) {
    let (mut asked, mut wrong, mut old) = (0, Vec::new(), Vec::new());
    for parameter in PARAMETERS {
        for table in tables(&look.parameter(parameter)) {
            let kind = table.split(':').next().unwrap_or_default();
            if NOT_ASKED.contains(&kind) {
                continue;
            }
            asked += 1;
            match look.ask(&["postmap", "-q", "mailprov-verify@mailprov.invalid", &table]) {
                Ok(output) if !output.stderr.is_empty() => {
                    wrong.push(format!("{parameter}: {}", line(&output.stderr_text())));
                }
                Ok(_) => {}
                Err(error) => wrong.push(format!("{parameter}: {error}")),
            }
            if let Some(path) = table.strip_prefix("hash:")
                && look.host.is_newer(path, &format!("{path}.db")).unwrap_or(false)
            {
                old.push(path.to_owned());
            }
        }
    }
    let finding = if !wrong.is_empty() {
        Finding::bad(wrong.join("; "), "make the table again: its text, then `postmap` for hash: tables")
    } else if !old.is_empty() {
        Finding::doubtful(
            format!("newer than their databases: {}", old.join(", ")),
            "run `postmap` (for aliases: `newaliases`)",
        )
    } else {
        Finding::good(if asked == 1 { "1 table asked".to_owned() } else { format!("{asked} tables asked") })
    };
    look.checks.add(&c::CONFIG_MAPS, finding);
}

/// `type:name` of each table in a value; `proxy:` in front of it is taken off, and what stands in braces stays whole.
pub(super) fn tables(value: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut depth = 0_u32;
    for char in value.chars() {
        match char {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && (char == ',' || char.is_whitespace()) {
            words.push(String::new());
        } else if let Some(word) = words.last_mut() {
            word.push(char);
        }
    }
    let tables = words.iter().map(|word| word.strip_prefix("proxy:").unwrap_or(word));
    let is_table = |word: &&str| {
        word.split_once(':').is_some_and(|(kind, _)| {
            !kind.is_empty() && kind.chars().all(|c| c.is_ascii_lowercase()) && !word.starts_with('[')
        })
    };
    tables.filter(is_table).map(str::to_owned).collect()
}

impl Look<'_> {
    /// What the tables of a parameter give for a key, the first that knows it.
    pub(super) fn lookup(&mut self, parameter: &str, key: &str) -> Result<Option<String>, String> {
        for table in tables(&self.parameter(parameter)) {
            let output = self.ask(&["postmap", "-q", key, &table])?;
            if !output.stderr.is_empty() {
                return Err(line(&output.stderr_text()));
            }
            if output.status == 0 {
                return Ok(Some(output.stdout_text()));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_found_in_values() {
        for (value, expected) in [
            ("", vec![]),
            ("hash:/etc/aliases", vec!["hash:/etc/aliases"]),
            ("proxy:unix:passwd.byname $alias_maps", vec!["unix:passwd.byname"]),
            ("inline:{ a=b, c=d }, hash:/x", vec!["inline:{ a=b, c=d }", "hash:/x"]),
            ("127.0.0.0/8, [::1]/128 cidr:/etc/nets", vec!["cidr:/etc/nets"]),
        ] {
            assert_eq!(tables(value), expected, "{value}");
        }
    }
}
