//! One value against what is said about it.

use serde_json::{Map, Value};

use super::{Kind, Opt};
use crate::diagnostic::did_you_mean;
use crate::modules::args::parse_bool;
use crate::postfix::known;
use crate::template::kind_of;

/// A step from a value into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Item(usize),
    /// The value under a key.
    Entry(String),
    /// The key itself.
    Key(String),
}

/// What is wrong with a value, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) path: Vec<Step>,
    /// Why.
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Wrong {
    fn new(path: &[Step], message: impl Into<String>) -> Self {
        Self { path: path.to_vec(), message: message.into(), hint: None }
    }
}

/// All that is wrong with a value.
pub(super) fn judge(option: &Opt, value: &Value) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    whole(option, value, &mut wrong);
    wrong
}

fn whole(option: &Opt, value: &Value, wrong: &mut Vec<Wrong>) {
    let empty = matches!(value, Value::Null) || value.as_str() == Some("");
    if empty && option.allow_empty {
        return;
    }
    match (option.kind, value) {
        (Kind::List, Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                element(option, item, &[Step::Item(index)], wrong);
            }
        }
        (Kind::List, _) => wrong.push(Wrong::new(&[], format!("a list is needed, and this is {}", kind_of(value)))),
        (Kind::Raw, Value::String(_)) if option.format.is_some() => scalar(option, Kind::Str, value, &[], wrong),
        (Kind::Dict | Kind::Raw, Value::Object(entries)) => inside(option, entries, &[], wrong),
        (kind, value) => scalar(option, kind, value, &[], wrong),
    }
}

fn element(option: &Opt, item: &Value, path: &[Step], wrong: &mut Vec<Wrong>) {
    match (option.elements.unwrap_or(Kind::Raw), item) {
        (Kind::Dict | Kind::Raw, Value::Object(entries)) => inside(option, entries, path, wrong),
        (kind, item) => scalar(option, kind, item, path, wrong),
    }
}

/// The entries of a mapping.
fn inside(option: &Opt, entries: &Map<String, Value>, path: &[Step], wrong: &mut Vec<Wrong>) {
    let at = |step: Step| [path, &[step]].concat();
    for inner in &option.options {
        match entries.get(&inner.name) {
            None | Some(Value::Null) if inner.required => {
                wrong.push(Wrong::new(path, format!("`{}` is missing", inner.name)));
            }
            None => {}
            Some(value) => {
                for mut found in judge(inner, value) {
                    found.path.splice(0..0, at(Step::Entry(inner.name.clone())));
                    wrong.push(found);
                }
            }
        }
    }
    if !option.options.is_empty() {
        for name in entries.keys().filter(|name| option.options.iter().all(|inner| inner.name != **name)) {
            let known = option.options.iter().map(|inner| inner.name.as_str());
            let hint = did_you_mean(name, known);
            let message = format!("`{name}` is not known here");
            wrong.push(Wrong { hint, ..Wrong::new(&at(Step::Key(name.clone())), message) });
        }
        return;
    }
    let Some(format) = option.format else { return };
    let texts: Vec<String> = entries.values().map(text).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for ((name, value), text) in entries.iter().zip(&texts) {
        let path = at(Step::Entry(name.clone()));
        if matches!(value, Value::Array(_) | Value::Object(_) | Value::Null) {
            wrong.push(Wrong::new(&path, format!("a text is needed for `{name}`, and this is {}", kind_of(value))));
            continue;
        }
        let (about_name, about_value) = format.check_entry(name, text);
        if let Err(message) = about_name
            && !format.defined_by(name, &texts)
        {
            let hint = did_you_mean(name, known::names());
            wrong.push(Wrong { hint, ..Wrong::new(&at(Step::Key(name.clone())), message) });
        }
        if let Err(message) = about_value {
            wrong.push(Wrong::new(&path, message));
        }
    }
}

fn scalar(option: &Opt, kind: Kind, value: &Value, path: &[Step], wrong: &mut Vec<Wrong>) {
    let text = text(value);
    let parses = |number: fn(&str) -> bool| value.as_str().is_some_and(|text| number(text.trim()));
    let fits = match kind {
        _ if value.is_null() && !option.required => return,
        Kind::Raw => true,
        Kind::Int => value.is_i64() || parses(|text| text.parse::<i64>().is_ok()),
        Kind::Float => value.is_number() || parses(|text| text.parse::<f64>().is_ok()),
        Kind::Bool => parse_bool(value).is_some(),
        Kind::Path => text.starts_with(['/', '~']),
        Kind::Dict => false,
        Kind::Str | Kind::List => !matches!(value, Value::Array(_) | Value::Object(_) | Value::Null),
    };
    if !fits {
        let needed = match kind {
            Kind::Int => "a whole number",
            Kind::Float => "a number",
            Kind::Bool => "yes or no",
            Kind::Path => "an absolute path",
            Kind::Dict => "a mapping",
            Kind::Str | Kind::List | Kind::Raw => "a text",
        };
        wrong.push(Wrong::new(path, format!("{needed} is needed, and this is {}", kind_of(value))));
        return;
    }
    if !option.choices.is_empty() && !option.choices.iter().any(|choice| same(choice, &text, value)) {
        let choices = option.choices.join(", ");
        let hint = did_you_mean(&text, option.choices.iter().map(String::as_str));
        wrong.push(Wrong { hint, ..Wrong::new(path, format!("`{text}` is none of {choices}")) });
        return;
    }
    let number = text.trim().parse::<i64>().ok();
    if let (Some(number), Some(least)) = (number, option.minimum)
        && number < least
    {
        wrong.push(Wrong::new(path, format!("{number} is less than {least}")));
    }
    if let (Some(number), Some(most)) = (number, option.maximum)
        && number > most
    {
        wrong.push(Wrong::new(path, format!("{number} is more than {most}")));
    }
    if let Some(Err(message)) = option.format.map(|format| format.check(&text)) {
        wrong.push(Wrong::new(path, message));
    }
}

/// `no` is a boolean to YAML, and a choice to whoever wrote it.
fn same(choice: &str, text: &str, value: &Value) -> bool {
    choice == text || (value.is_boolean() && parse_bool(&Value::from(choice)) == value.as_bool())
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        value => value.to_string(),
    }
}
