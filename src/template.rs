//! The strict Jinja environment: rendering on the host, static checks on the controller.
//!
//! An undefined variable is always an error that names the variable and the place. Values of facts and
//! registered results are data and never rendered. Fuel bounds what one template may cost, so that a
//! hostile one ends in an error.

mod analyse;
mod compile;
mod environment;
mod error;
mod escape;
mod explain;
mod filters;
mod functions;
mod json;
mod lazy;
mod lookups;
mod methods;
mod omit;
mod place;
mod predicates;
mod strict;
mod survey;
mod syntax;
#[cfg(test)]
mod tests;
mod unsupported;
mod vars;

pub use analyse::{Kind, Reference, analyse, analyse_file};
pub use error::TemplateError;
pub use lookups::ON_CONTROLLER;
pub use survey::Outside;
pub use vars::{Layer, Vars};

use serde_json::{Map, Value};

use crate::hostplay::{Origin, Template};
use compile::Mode;
use place::Source;

/// Renders templates and evaluates expressions. Cheap to make: all engines share one environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Engine(());

impl Engine {
    /// An engine.
    #[must_use]
    pub fn new() -> Self {
        Self(())
    }

    /// Renders a string of a playbook. As in Ansible, the value keeps its type if all of the output comes
    /// from a single `{{ ... }}`; otherwise it is text. A value of `omit` comes out as null.
    ///
    /// # Errors
    /// A syntax error, an undefined variable, a failing filter, or too much work.
    pub fn render(&self, template: &Template, vars: &Vars) -> Result<Value, TemplateError> {
        if !has_delimiters(&template.source) {
            return Ok(Value::String(template.source.clone()));
        }
        Ok(native(&template.source, &template.origin, vars)?.unwrap_or_default())
    }

    /// Renders a string of a playbook to text.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn render_string(&self, template: &Template, vars: &Vars) -> Result<String, TemplateError> {
        if !has_delimiters(&template.source) {
            return Ok(template.source.clone());
        }
        let escaped = escape::literal_backslashes(&template.source);
        let source = Source { text: &escaped.text, origin: &template.origin, inserted: &escaped.inserted };
        Ok(compile::run(source, vars, Mode::Text)?.to_string())
    }

    /// Renders a template file: block tags swallow the newline after them, the last newline is kept.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn render_file(&self, text: &str, shown_as: &str, vars: &Vars) -> Result<String, TemplateError> {
        let origin = Origin { file: shown_as.to_owned(), line: 1, column: 1 };
        Ok(compile::run(Source { text, origin: &origin, inserted: &[] }, vars, Mode::Text)?.to_string())
    }

    /// Renders every string inside a value. Entries of mappings and lists that render to `omit` are
    /// dropped; a value that is `omit` as a whole becomes null, which arguments treat as not given.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn render_tree(&self, value: &Value, origin: &Origin, vars: &Vars) -> Result<Value, TemplateError> {
        Ok(tree(value, origin, vars)?.unwrap_or_default())
    }

    /// Evaluates a bare expression (`when`, `until`). One in `{{ ... }}` is accepted too.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn eval(&self, expression: &Template, vars: &Vars) -> Result<Value, TemplateError> {
        let source = Source { text: &expression.source, origin: &expression.origin, inserted: &[] };
        let value = compile::run(source, vars, Mode::Expression)?;
        Ok(json::from_engine(&value).map_err(|error| error.at(expression.origin.clone()))?.unwrap_or_default())
    }

    /// Whether a condition holds. It must come to a boolean, a number, or one of Ansible's words for
    /// booleans; an empty text and null are false.
    ///
    /// # Errors
    /// As [`Self::render`], and when the value is none of these.
    pub fn truthy(&self, expression: &Template, vars: &Vars) -> Result<bool, TemplateError> {
        let kind = match self.eval(expression, vars)? {
            Value::Null => return Ok(false),
            Value::Bool(value) => return Ok(value),
            Value::Number(number) => return Ok(number.as_f64() != Some(0.0)),
            Value::String(text) => match text.trim().to_lowercase().as_str() {
                "" | "false" | "no" | "off" | "n" | "f" | "0" => return Ok(false),
                "true" | "yes" | "on" | "y" | "t" | "1" => return Ok(true),
                _ => kind_of(&Value::String(text)),
            },
            other => kind_of(&other),
        };
        Err(TemplateError::new(format!("the condition must be true or false, and it is {kind}"))
            .at(expression.origin.clone())
            .hint("compare it (`== 'x'`), or ask for its length: `... | length > 0`"))
    }
}

/// What a value is, as an error says it.
#[must_use]
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// Renders a string of a playbook; `None` for `omit`.
fn native(text: &str, origin: &Origin, vars: &Vars) -> Result<Option<Value>, TemplateError> {
    let escaped = escape::literal_backslashes(text);
    let source = Source { text: &escaped.text, origin, inserted: &escaped.inserted };
    let value = compile::run(source, vars, Mode::Native)?;
    json::from_engine(&value).map_err(|error| error.at(origin.clone()))
}

fn tree(value: &Value, origin: &Origin, vars: &Vars) -> Result<Option<Value>, TemplateError> {
    Ok(Some(match value {
        Value::String(text) if has_delimiters(text) => return native(text, origin, vars),
        Value::Array(items) => Value::Array(
            items.iter().filter_map(|item| tree(item, origin, vars).transpose()).collect::<Result<_, _>>()?,
        ),
        Value::Object(entries) => {
            let mut rendered = Map::with_capacity(entries.len());
            for (name, value) in entries {
                if let Some(value) = tree(value, origin, vars)? {
                    rendered.insert(name.clone(), value);
                }
            }
            Value::Object(rendered)
        }
        plain => plain.clone(),
    }))
}

/// Whether a string is worth giving to the engine.
pub(crate) fn has_delimiters(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}
