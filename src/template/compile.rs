//! From source text to a value: parse, compile, evaluate.

use std::collections::BTreeMap;

use minijinja::machinery::ast::{Expr, Stmt};
use minijinja::machinery::{CodeGenerator, eval, make_string_output};
use minijinja::{AutoEscape, Error, ErrorKind, Value};

use super::place::Source;
use super::survey::Survey;
use super::syntax::Tree;
use super::{TemplateError, Vars, environment, explain, lazy, strict, syntax};

/// What the result shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Text, or the value itself if all output comes from one `{{ ... }}`.
    Native,
    /// Text.
    Text,
    /// The value of a bare expression.
    Expression,
}

/// Evaluates a template.
pub(super) fn run(source: Source<'_>, vars: &Vars, mode: Mode) -> Result<Value, TemplateError> {
    let parsed = match mode {
        Mode::Native | Mode::Text => syntax::parse_text(source.text),
        Mode::Expression => syntax::parse_expression(source.text),
    };
    let tree = parsed.map_err(|error| explain::syntax(&error, source))?;
    let survey = Survey::of(&tree);
    if let Some(refused) = survey.refused.first() {
        return Err(explain::refused(refused, source));
    }
    execute(source.text, &tree, &survey, vars, mode).map_err(|error| explain::failure(&error, source, &survey, vars))
}

fn execute(text: &str, tree: &Tree<'_>, survey: &Survey, vars: &Vars, mode: Mode) -> Result<Value, Error> {
    let environment = environment::shared();
    let (expression, newline) = match mode {
        Mode::Expression => (tree.only_expression(), false),
        Mode::Native => tree.native_expression().map_or((None, false), |(only, newline)| (Some(only), newline)),
        Mode::Text => (None, false),
    };
    let mut generator = CodeGenerator::new("template", text);
    match (expression, tree) {
        (Some(expression), _) => generator.compile_expr(expression),
        (None, Tree::Text(statement)) => generator.compile_stmt(statement),
        (None, Tree::Expression(_)) => return Err(Error::from(ErrorKind::SyntaxError)),
    }
    let (instructions, _) = generator.finish();
    let instructions = strict::harden(&instructions, &survey.tolerated, expression.map(Expr::span));
    let mut output = String::new();
    let blocks = BTreeMap::new();
    let (value, state) = lazy::bounded(|| {
        let mut output = make_string_output(&mut output);
        eval(environment, &instructions, vars.root(), &blocks, &mut output, AutoEscape::None)
    })?;
    if expression.is_some() {
        let value = value.unwrap_or_default();
        return Ok(match value.as_str() {
            Some(text) if newline => Value::from(format!("{text}\n")),
            _ => value,
        });
    }
    let emitted = state.get_extension::<Emitted>().and_then(|emitted| emitted.only.clone());
    Ok(match emitted {
        Some(only) if mode == Mode::Native && is_all_of(&only, &output, ends_with_newline(tree)) => only,
        _ => Value::from(output),
    })
}

/// What a template wrote with `{{ ... }}`.
#[derive(Default)]
pub(super) struct Emitted {
    only: Option<Value>,
    more: bool,
}

impl Emitted {
    /// Notes one value.
    pub(super) fn note(&mut self, value: &Value) {
        self.only = if self.more { None } else { Some(value.clone()) };
        self.more = true;
    }
}

/// Whether the whole output is this value, which is not text: Ansible then keeps its type, also when the
/// `{{ ... }}` stands in a branch.
fn is_all_of(value: &Value, output: &str, newline: bool) -> bool {
    let output = if newline { output.strip_suffix('\n').unwrap_or(output) } else { output };
    value.as_str().is_none() && value.to_string() == output
}

fn ends_with_newline(tree: &Tree<'_>) -> bool {
    let Tree::Text(Stmt::Template(template)) = tree else { return false };
    matches!(template.children.last(), Some(Stmt::EmitRaw(raw)) if raw.raw.ends_with('\n'))
}
