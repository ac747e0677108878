//! Functions and constants that templates can use: `lookup`, `query`, `dict` and `omit`, beside the
//! engine's `range` and `namespace`.

use minijinja::value::{Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, State};

use super::filters::{Arguments, entries_of, invalid, items_of};
use super::{lookups, omit};

/// Adds them to the environment.
pub(super) fn register(environment: &mut Environment<'static>) {
    environment.add_global("omit", omit::value());
    add(environment, "lookup", lookups::lookup);
    add(environment, "query", lookups::query);
    add(environment, "q", lookups::query);
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
