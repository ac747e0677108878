//! From source text to a value: parse, compile, evaluate.

use std::collections::BTreeMap;

use minijinja::machinery::{CodeGenerator, eval, make_string_output, parse, parse_expr};
use minijinja::{AutoEscape, Environment, Value};

use super::place::Source;
use super::{TemplateError, Vars};

/// What the result shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Text, or the value itself if the template is one `{{ ... }}`.
    Native,
    /// Text.
    Text,
    /// The value of a bare expression.
    Expression,
}

/// Evaluates a template.
pub(super) fn run(
    environment: &'static Environment<'static>,
    source: Source<'_>,
    vars: &Vars,
    mode: Mode,
) -> Result<Value, TemplateError> {
    execute(environment, source.text, vars, mode).map_err(|error| explain(&error, source))
}

fn execute<'a>(
    environment: &'a Environment<'a>,
    text: &'a str,
    vars: &Vars,
    mode: Mode,
) -> Result<Value, minijinja::Error> {
    let mut generator = CodeGenerator::new("template", text);
    if mode == Mode::Expression {
        generator.compile_expr(&parse_expr(text)?);
    } else {
        generator.compile_stmt(&parse(text, "template", environment.syntax().clone())?);
    }
    let (instructions, blocks) = generator.finish();
    let mut text = String::new();
    let blocks: BTreeMap<_, _> = blocks;
    let mut output = make_string_output(&mut text);
    let (value, _) = eval(environment, &instructions, vars.root(), &blocks, &mut output, AutoEscape::None)?;
    Ok(if mode == Mode::Expression { value.unwrap_or_default() } else { Value::from(text) })
}

fn explain(error: &minijinja::Error, source: Source<'_>) -> TemplateError {
    let message = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    TemplateError::new(message).at(source.place_of(error.range()))
}
