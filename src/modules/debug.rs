//! `debug`: shows a text or a variable.

use serde_json::{Map, Value};

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("msg", ArgKind::Any, "What to show; \"Hello world!\" when neither msg nor var is given."),
        ArgSpec::new("var", ArgKind::Expression, "A variable or expression to show, without braces."),
    ],
    returns: &[("msg", "what was shown, when msg was given; with var, a value under the expression's own text")],
    example: "- name: Show the address\n  debug:\n    var: ansible_default_ipv4.address\n",
    ..ModuleSpec::new("debug", "ansible.builtin", "Show a text or the value of a variable.")
};

pub(super) fn run(args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let (name, value) = match (args.raw("msg"), args.expression("var")) {
        (Some(_), Some(_)) => {
            let message = "exactly one of these must be given".to_owned();
            return Err(ModuleError::Argument { name: "msg, var".to_owned(), message });
        }
        (None, Some((expression, value))) => (expression, value.clone()),
        (Some(message), None) => ("msg", message.clone()),
        (None, None) => ("msg", Value::from("Hello world!")),
    };
    let text = match &value {
        Value::String(text) => text.clone(),
        // An indented form cannot fail for a value that is JSON already.
        other => serde_json::to_string_pretty(other).unwrap_or_else(|_| other.to_string()),
    };
    let message = if name == "msg" { text } else { format!("{name}: {text}") };
    let values = Map::from_iter([(name.to_owned(), value)]);
    Ok(Outcome { changed: Some(false), message: Some(message), values, ..Outcome::default() })
}
