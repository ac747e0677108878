//! Functions and constants that templates can use: `lookup`, `query`, `dict` and `omit`, beside the
//! engine's `range` and `namespace`.

use minijinja::value::{Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State};

use super::TemplateError;
use super::filters::{Arguments, entries_of, invalid, items_of, text_of};
use super::{json, omit};

/// Adds them to the environment.
pub(super) fn register(environment: &mut Environment<'static>) {
    environment.add_global("omit", omit::value());
    add(environment, "lookup", lookup);
    add(environment, "query", find);
    add(environment, "q", find);
    add(environment, "dict", dict);
    // The engine's own dumps all variables, secrets included.
    environment.remove_global("debug");
}

fn add<R: Into<Value> + 'static>(
    environment: &mut Environment<'static>,
    name: &'static str,
    function: fn(&mut Arguments<'_>) -> Result<R, Error>,
) {
    environment.add_function(name, move |state: &State<'_, '_>, arguments: Rest<ValueOrKwargs>| {
        let arguments = arguments.into_values();
        function(&mut Arguments::new(state, &arguments)?).map(Into::into)
    });
}

/// Python's: from a mapping or a list of pairs, and from names.
fn dict(arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let mut entries = match arguments.positional() {
        None => Vec::new(),
        Some(from) if from.kind() == ValueKind::Map => entries_of(&from)?,
        Some(from) => items_of(&from)?.iter().map(pair).collect::<Result<_, _>>()?,
    };
    entries.extend(arguments.all_named()?);
    arguments.end()?;
    Ok(Value::from_pairs(entries))
}

fn pair(value: &Value) -> Result<(Value, Value), Error> {
    let mut pair = items_of(value)?.into_iter();
    match (pair.next(), pair.next(), pair.next()) {
        (Some(key), Some(value), None) => Ok((key, value)),
        _ => Err(invalid("each item must be a pair of a key and a value")),
    }
}

/// One term, one value; several make a list.
fn lookup(arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let mut found = find(arguments)?;
    Ok(if found.len() == 1 { found.swap_remove(0) } else { Value::from(found) })
}

fn find(arguments: &mut Arguments<'_>) -> Result<Vec<Value>, Error> {
    let plugin = arguments.need_text("plugin")?;
    match plugin.strip_prefix("ansible.builtin.").unwrap_or(&plugin) {
        "vars" => {
            let names = arguments.rest();
            let default = arguments.value("default")?;
            arguments.end()?;
            names.iter().map(|name| variable(arguments.state(), &text_of(name)?, default.as_ref())).collect()
        }
        "env" | "file" | "template" | "pipe" | "password" | "fileglob" | "first_found" | "lines" | "csvfile"
        | "url" => {
            let message = format!("lookup('{plugin}', ...) would have to run on the controller");
            let error = TemplateError::new(message)
                .hint("pass the value in with --extra-vars, or keep it in an inventory variable")
                .hint("the content of a file gets to a host with the modules copy and template");
            Err(json::to_error(error))
        }
        _ => Err(invalid("of Ansible's lookups only `vars` is known")),
    }
}

fn variable(state: &State, name: &str, default: Option<&Value>) -> Result<Value, Error> {
    // Through `vars`, which no local variable of the template can hide a variable from.
    let vars = state.lookup("vars").unwrap_or_default();
    match (vars.get_attr(name)?, default) {
        (value, Some(default)) if value.is_undefined() => Ok(default.clone()),
        // The name may be the value of a variable: the explanation shows it only if the template spells it out.
        (value, None) if value.is_undefined() => {
            Err(Error::new(ErrorKind::UndefinedError, "there is no variable of the name that `lookup` is given"))
        }
        (value, _) => Ok(value),
    }
}
