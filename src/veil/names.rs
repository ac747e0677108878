//! Which values are secret because of the name that they have.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::{MASK, Veil};

/// A regular expression for a part of such a name, in any case.
pub(crate) const SECRET_NAME: &str = r"(?:pass(?:word|wd|phrase)?|secret|token|api_?key|private_?key)";

static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!("(?i){SECRET_NAME}")).ok());

/// The value of a variable as it may be shown: what has a name that looks secret is masked, in mappings inside it too.
/// Templates stay, since they only name another variable, and so do the paths of files.
#[must_use]
pub fn masked(name: &str, value: &Value) -> Value {
    let secret = is_secret(name);
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::String(text) if text.contains("{{") => value.clone(),
        Value::Object(entries) if !secret => masked_all(entries),
        Value::Array(items) if !secret => items.iter().map(|item| masked(name, item)).collect(),
        _ if secret => Value::from(MASK),
        _ => value.clone(),
    }
}

/// All values of a mapping as they may be shown.
#[must_use]
pub fn masked_all(entries: &Map<String, Value>) -> Value {
    entries.iter().map(|(name, value)| (name.clone(), masked(name, value))).collect::<Map<_, _>>().into()
}

/// Hides from now on what [`masked_all`] would mask.
pub fn secret_values(entries: &Map<String, Value>, veil: &Veil) {
    for (name, value) in entries {
        secret_value(name, value, veil);
    }
}

fn secret_value(name: &str, value: &Value, veil: &Veil) {
    match value {
        Value::Object(entries) if !is_secret(name) => secret_values(entries, veil),
        Value::Array(items) if !is_secret(name) => items.iter().for_each(|item| secret_value(name, item, veil)),
        Value::String(text) if text.contains("{{") => {}
        value if is_secret(name) => veil.add_value(value),
        _ => {}
    }
}

/// Whether what has this name may not be shown.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let path = ["_file", "_path", "_dir"].iter().any(|end| name.ends_with(end));
    !path && NAME.as_ref().is_none_or(|regex| regex.is_match(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_masked_at_any_depth() {
        let vars = json!({
            "smtp_password": "hunter2", "pin_token": 12, "relay": [{"user": "u", "passwd": "p"}], "secrets": {"a": "b"},
            "db_password": "{{ vault_db_password }}", "ansible_ssh_private_key_file": "~/.ssh/id", "host": "mx1",
            "ask_pass": true,
        });
        let shown = vars.as_object().map(masked_all);
        assert_eq!(
            shown,
            Some(json!({
                "smtp_password": MASK, "pin_token": MASK, "relay": [{"user": "u", "passwd": MASK}], "secrets": MASK,
                "db_password": "{{ vault_db_password }}", "ansible_ssh_private_key_file": "~/.ssh/id", "host": "mx1",
                "ask_pass": true,
            }))
        );
    }
}
