//! Texts that may not be shown, and what stands in their place.
//!
//! A secret is known by its text: wherever the text turns up in what is to be shown, it is hidden, whatever way it took.
//! docs/secrets.md says which texts these are.

mod names;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, RwLock};

use serde_json::Value;

pub(crate) use names::SECRET_NAME;
pub use names::{is_secret, masked, masked_all, secret_values};

/// What stands for a secret.
pub const MASK: &str = "********";
/// A shorter text is hidden only where it stands alone: `no` and `25` are parts of too many others.
const MIN_INSIDE: usize = 6;

/// The secrets of a run; clones share them.
#[derive(Clone, Default)]
pub struct Veil(Arc<RwLock<Secrets>>);

#[derive(Default)]
struct Secrets {
    all: BTreeSet<String>,
    /// Those that are also hidden inside other texts, the longest first.
    inside: Vec<String>,
}

impl std::fmt::Debug for Veil {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Veil(hidden)")
    }
}

impl Veil {
    /// A veil over these texts.
    pub fn over(secrets: impl IntoIterator<Item = String>) -> Self {
        let veil = Self::default();
        for secret in secrets {
            veil.add(&secret);
        }
        veil
    }

    /// Hides a text from now on, the lines of a longer one too, as they are and as shells and JSON write them.
    pub fn add(&self, secret: &str) {
        let Ok(mut secrets) = self.0.write() else { return };
        let lines = secret.lines().filter(|line| line.trim().chars().count() >= MIN_INSIDE).map(str::trim);
        for text in std::iter::once(secret).chain(std::iter::once(secret.trim())).chain(lines) {
            secrets.add(text);
            secrets.add(&text.replace('\'', r"'\''"));
            let json = Value::from(text).to_string();
            secrets.add(json.trim_matches('"'));
        }
    }

    /// Hides all texts and numbers in a value.
    pub fn add_value(&self, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => self.add(&number.to_string()),
            Value::String(text) => self.add(text),
            Value::Array(items) => items.iter().for_each(|item| self.add_value(item)),
            Value::Object(entries) => entries.values().for_each(|item| self.add_value(item)),
        }
    }

    /// All texts that are hidden.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        self.0.read().map(|secrets| secrets.all.iter().cloned().collect()).unwrap_or_default()
    }

    /// The text as it may be shown.
    #[must_use]
    pub fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Ok(secrets) = self.0.read() else { return Cow::Borrowed(MASK) };
        if secrets.all.contains(text) {
            return Cow::Borrowed(MASK);
        }
        let mut shown = Cow::Borrowed(text);
        for secret in secrets.inside.iter().filter(|secret| text.contains(secret.as_str())) {
            if shown.contains(secret.as_str()) {
                shown = Cow::Owned(shown.replace(secret.as_str(), MASK));
            }
        }
        shown
    }

    /// Whether a text may not be shown as it is.
    #[must_use]
    pub fn hides(&self, text: &str) -> bool {
        matches!(self.hide(text), Cow::Owned(_)) || self.0.read().is_ok_and(|secrets| secrets.all.contains(text))
    }

    /// Hides secrets in a text, in place.
    pub fn hide_in(&self, text: &mut String) {
        if self.hides(text) {
            *text = self.hide(text).into_owned();
        }
    }

    /// Hides secrets in all texts of a value, its keys included, in place.
    pub fn hide_value(&self, value: &mut Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => {
                if self.hides(&number.to_string()) {
                    *value = Value::from(MASK);
                }
            }
            Value::String(text) => self.hide_in(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_value(item)),
            Value::Object(entries) => {
                for (key, mut item) in std::mem::take(entries) {
                    self.hide_value(&mut item);
                    let key = self.hide(&key).into_owned();
                    entries.insert(key, item);
                }
            }
        }
    }
}

impl Secrets {
    fn add(&mut self, text: &str) {
        if text.is_empty() || !self.all.insert(text.to_owned()) || text.chars().count() < MIN_INSIDE {
            return;
        }
        let at = self.inside.partition_point(|known| known.len() >= text.len());
        self.inside.insert(at, text.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_hidden_wherever_they_turn_up() {
        let veil = Veil::over(["hunter2", "that's it\n  two lines", "25", "hunter22"].map(str::to_owned));
        for (text, expected) in [
            ("hunter2", MASK),
            ("relay user:hunter2@mx", "relay user:********@mx"),
            ("hunter22", MASK),
            ("a hunter22", "a ********"),
            ("  two lines of", "  ******** of"),
            ("x that's it\n  two lines", "x ********"),
            (r"'that'\''s it'", r"'********'"),
            (r#""that's it\n  two lines""#, r#""********""#),
            ("25", MASK),
            ("port 25", "port 25"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(veil.hide(text), expected, "{text}");
            assert_eq!(veil.hides(text), text != expected, "{text}");
        }
    }

    #[test]
    fn values_are_hidden_at_any_depth() {
        let veil = Veil::default();
        veil.add_value(&json!({"a": ["hunter2"], "pin": 123_456, "on": true, "none": null}));
        let mut value = json!({"x": ["hunter2", 1, true], "hunter2": {"pin": 123_456}});
        veil.hide_value(&mut value);
        assert_eq!(value, json!({"x": [MASK, 1, true], MASK: {"pin": MASK}}));
    }
}
