//! Rendered arguments, checked against a module's [`ModuleSpec`].

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::ModuleError;
use super::spec::{ArgKind, ArgSpec, ModuleSpec};

/// The arguments of one call: canonical names, defaults filled in, every value of its kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Args {
    values: BTreeMap<&'static str, Value>,
    extra: Map<String, Value>,
}

/// A condition of an `assert`, after the interpreter has evaluated it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// As the user wrote it.
    pub text: String,
    /// What came out.
    pub holds: bool,
}

impl Args {
    /// Checks rendered values against the specification.
    ///
    /// # Errors
    /// An argument that is unknown, missing, or of the wrong kind.
    pub fn decode(spec: &'static ModuleSpec, given: &Map<String, Value>) -> Result<Self, ModuleError> {
        let mut values = BTreeMap::new();
        let mut extra = Map::new();
        for (name, value) in given {
            let Some(arg) = spec.arg(name) else {
                if !spec.accepts_any {
                    return Err(argument(name, "is not known to this module"));
                }
                extra.insert(name.clone(), value.clone());
                continue;
            };
            // As in Ansible, `null` and an omitted argument are the same.
            if !value.is_null() && values.insert(arg.name, coerce(arg, value)?).is_some() {
                return Err(argument(arg.name, "is given twice, once under another of its names"));
            }
        }
        for arg in spec.args {
            if values.contains_key(arg.name) {
                continue;
            }
            if let Some(default) = arg.default {
                values.insert(arg.name, coerce(arg, &Value::String(default.to_owned()))?);
            } else if arg.required {
                return Err(argument(arg.name, "is required"));
            }
        }
        for group in spec.exactly_one_of {
            let count = group.iter().filter(|name| values.contains_key(**name)).count();
            if count != 1 {
                return Err(argument(&group.join(", "), "exactly one of these must be given"));
            }
        }
        Ok(Self { values, extra })
    }

    /// Whether the argument was given or has a default.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A text, path or choice.
    #[must_use]
    pub fn str(&self, name: &str) -> Option<&str> {
        self.values.get(name).and_then(Value::as_str)
    }

    /// A text that the specification requires or gives a default.
    ///
    /// # Errors
    /// When it is missing all the same.
    pub fn need_str(&self, name: &str) -> Result<&str, ModuleError> {
        self.str(name).ok_or_else(|| argument(name, "is required"))
    }

    /// A boolean.
    #[must_use]
    pub fn bool(&self, name: &str) -> Option<bool> {
        self.values.get(name).and_then(Value::as_bool)
    }

    /// A boolean that is false when not given.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.bool(name).unwrap_or(false)
    }

    /// A whole number.
    #[must_use]
    pub fn int(&self, name: &str) -> Option<i64> {
        self.values.get(name).and_then(Value::as_i64)
    }

    /// A list of text; empty when not given.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        let items = self.values.get(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// A mapping, in the order in which it was written; empty when not given.
    #[must_use]
    pub fn map(&self, name: &str) -> Vec<(String, String)> {
        let entries = self.values.get(name).and_then(Value::as_object);
        let entries = entries.into_iter().flatten();
        entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
    }

    /// Permissions, applied to what a file has now (symbolic modes are relative to it).
    ///
    /// # Errors
    /// When a symbolic mode cannot be read.
    pub fn mode(&self, name: &str, current: u32, directory: bool) -> Result<Option<u32>, ModuleError> {
        self.str(name).map(|text| parse_mode(text, current, directory).map_err(|why| argument(name, &why))).transpose()
    }

    /// Evaluated conditions; empty when not given.
    #[must_use]
    pub fn conditions(&self, name: &str) -> Vec<Condition> {
        let items = self.values.get(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(condition).collect()
    }

    /// The text of an expression and the value that the interpreter found for it.
    #[must_use]
    pub fn expression(&self, name: &str) -> Option<(&str, &Value)> {
        expression(self.values.get(name)?)
    }

    /// Values of names that are not in the table, for modules that accept any.
    #[must_use]
    pub fn extra(&self) -> &Map<String, Value> {
        &self.extra
    }

    /// The value as it is, for what fits no getter.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }
}

/// Whether a literal (not a template) fits an argument: the controller's check before any host is contacted.
///
/// # Errors
/// Why it does not.
pub fn check_literal(arg: &ArgSpec, value: &Value) -> Result<(), String> {
    // What the interpreter evaluates reaches a module in another form than that in which it is written.
    match arg.kind {
        ArgKind::Conditions if text_list(value).is_some() => return Ok(()),
        ArgKind::Conditions => return Err("expected a condition or a list of conditions".to_owned()),
        ArgKind::Expression if value.is_string() => return Ok(()),
        ArgKind::Expression => return Err("expected the name of a variable or an expression".to_owned()),
        _ => {}
    }
    coerce(arg, value).map(|_| ()).map_err(|error| match error {
        ModuleError::Argument { message, .. } => message,
        other => other.to_string(),
    })
}

/// A boolean in Ansible's spellings.
#[must_use]
pub fn parse_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Number(number) => match number.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Value::String(text) => match text.to_lowercase().as_str() {
            "yes" | "true" | "on" | "y" | "t" | "1" => Some(true),
            "no" | "false" | "off" | "n" | "f" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn argument(name: &str, message: &str) -> ModuleError {
    ModuleError::Argument { name: name.to_owned(), message: message.to_owned() }
}

fn coerce(arg: &ArgSpec, value: &Value) -> Result<Value, ModuleError> {
    let wrong = |expected: &str| argument(arg.name, &format!("expected {expected}, got {}", describe(value)));
    match arg.kind {
        ArgKind::Str => scalar_text(value).map(Value::String).ok_or_else(|| wrong("text")),
        ArgKind::Path => {
            let text = value.as_str().ok_or_else(|| wrong("a path"))?;
            if text.contains('\0') || !text.starts_with('/') {
                return Err(wrong("an absolute path"));
            }
            Ok(Value::String(text.to_owned()))
        }
        ArgKind::Bool => parse_bool(value).map(Value::Bool).ok_or_else(|| wrong("yes or no")),
        ArgKind::Int => match value {
            Value::Number(number) if number.is_i64() || number.is_u64() => Ok(value.clone()),
            Value::String(text) => text.trim().parse::<i64>().map(Value::from).map_err(|_| wrong("a whole number")),
            _ => Err(wrong("a whole number")),
        },
        ArgKind::Mode => mode_text(value)
            .filter(|text| parse_mode(text, 0, false).is_ok() || text == "preserve")
            .map(Value::String)
            .ok_or_else(|| wrong("a mode such as '0644' or u=rw,g=r,o=r")),
        ArgKind::Choice(words) => {
            let text = scalar_text(value).ok_or_else(|| wrong(&words.join(", ")))?;
            if words.contains(&text.as_str()) {
                Ok(Value::String(text))
            } else {
                Err(wrong(&format!("one of {}", words.join(", "))))
            }
        }
        ArgKind::StrList => match value {
            Value::String(text) => Ok(split_commas(text)),
            other => text_list(other).ok_or_else(|| wrong("a list of text")),
        },
        ArgKind::StrMap => text_map(arg.name, value),
        ArgKind::Conditions => match value.as_array() {
            Some(items) if items.iter().all(|item| condition(item).is_some()) => Ok(value.clone()),
            _ => Err(wrong("evaluated conditions")),
        },
        ArgKind::Expression => expression(value).map(|_| value.clone()).ok_or_else(|| wrong("an evaluated expression")),
        ArgKind::Any => Ok(value.clone()),
    }
}

fn condition(value: &Value) -> Option<Condition> {
    let text = value.get("condition")?.as_str()?.to_owned();
    Some(Condition { text, holds: value.get("holds")?.as_bool()? })
}

fn expression(value: &Value) -> Option<(&str, &Value)> {
    Some((value.get("expression")?.as_str()?, value.get("value")?))
}

/// A text where a list is expected is split at commas, as Ansible does.
fn split_commas(text: &str) -> Value {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn text_list(value: &Value) -> Option<Value> {
    match value {
        Value::Array(items) => items.iter().map(scalar_text).map(|item| item.map(Value::String)).collect(),
        other => scalar_text(other).map(|text| Value::Array(vec![Value::String(text)])),
    }
}

fn text_map(name: &str, value: &Value) -> Result<Value, ModuleError> {
    let wrong = |expected: &str, got: &Value| argument(name, &format!("expected {expected}, got {}", describe(got)));
    let entries = value.as_object().ok_or_else(|| wrong("a mapping of names to text", value))?;
    let mut texts = Map::new();
    for (key, value) in entries {
        let text = scalar_text(value).ok_or_else(|| wrong(&format!("text for \"{key}\""), value))?;
        texts.insert(key.clone(), Value::String(text));
    }
    Ok(Value::Object(texts))
}

/// A scalar as text. Booleans read as YAML people write them in Postfix files: `yes` and `no`.
fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(true) => Some("yes".to_owned()),
        Value::Bool(false) => Some("no".to_owned()),
        _ => None,
    }
}

/// `mode: 0644` reaches us as the number 420 (YAML 1.1 octal), `mode: '0644'` as text.
fn mode_text(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => number.as_u64().filter(|&bits| bits <= 0o7777).map(|bits| format!("{bits:04o}")),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn describe(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("\"{text}\""),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}

/// chmod(1)'s octal and symbolic modes.
fn parse_mode(text: &str, current: u32, directory: bool) -> Result<u32, String> {
    if !text.is_empty() && text.chars().all(|c| c.is_digit(8)) {
        let bits = u32::from_str_radix(text, 8).map_err(|_| "is too long for a mode".to_owned())?;
        return if bits <= 0o7777 { Ok(bits) } else { Err(format!("{text} is more than 7777")) };
    }
    text.split(',').try_fold(current, |mode, clause| apply_clause(clause, mode, directory))
}

fn apply_clause(clause: &str, current: u32, directory: bool) -> Result<u32, String> {
    let bad = || format!("cannot read the mode \"{clause}\"");
    let op_at = clause.find(['=', '+', '-']).ok_or_else(bad)?;
    let (who, rest) = clause.split_at(op_at);
    let who = if who.is_empty() || who.contains('a') { "ugo" } else { who };
    let mut bits = 0;
    let mut mask = 0;
    for class in who.chars() {
        let shift = match class {
            'u' => 6,
            'g' => 3,
            'o' => 0,
            _ => return Err(bad()),
        };
        mask |= 0o7 << shift
            | match class {
                'u' => 0o4000,
                'g' => 0o2000,
                _ => 0o1000,
            };
        for permission in rest[1..].chars() {
            bits |= match permission {
                'r' => 4 << shift,
                'w' => 2 << shift,
                'x' => 1 << shift,
                'X' if directory || current & 0o111 != 0 => 1 << shift,
                's' if class == 'u' => 0o4000,
                's' if class == 'g' => 0o2000,
                't' => 0o1000,
                'X' | 's' => 0,
                _ => return Err(bad()),
            };
        }
    }
    Ok(match &rest[..1] {
        "=" => current & !mask | bits,
        "+" => current | bits,
        _ => current & !bits,
    })
}

#[cfg(test)]
mod tests {
    use super::parse_mode;

    #[test]
    fn modes_read_as_chmod_reads_them() {
        for (text, current, directory, expected) in [
            ("0644", 0, false, 0o644),
            ("u=rw,g=r,o=r", 0o777, false, 0o644),
            ("u+x", 0o644, false, 0o744),
            ("go-rwx", 0o755, true, 0o700),
            ("a+X", 0o644, false, 0o644),
            ("a+X", 0o644, true, 0o755),
            ("g+s", 0o755, true, 0o2755),
            ("=r", 0o777, false, 0o444),
        ] {
            assert_eq!(parse_mode(text, current, directory), Ok(expected), "{text}");
        }
        for text in ["", "rwx", "u~x", "99", "77777", "z=r"] {
            assert!(parse_mode(text, 0, false).is_err(), "{text}");
        }
    }
}
