//! `lookup` and `query`: Ansible's plugins that need nothing but their terms and the variables.

mod sequence;

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind, State};

use super::TemplateError;
use super::filters::{Arguments, entries_of, invalid, items_of, product, subelements, text_of};
use super::{json, unsupported};

/// The plugins there are.
pub(super) const KNOWN: [&str; 11] =
    ["dict", "env", "file", "indexed_items", "items", "list", "nested", "sequence", "subelements", "together", "vars"];

/// `lookup`: one value, or several joined with commas as in Ansible; a list if `wantlist` says so.
pub(super) fn lookup(arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let want_list = arguments.named_flag("wantlist")?;
    let (found, joins) = found(arguments)?;
    if want_list {
        return Ok(Value::from(found));
    }
    match <[Value; 1]>::try_from(found) {
        Ok([one]) => Ok(one),
        Err(several) if joins && several.iter().all(|value| value.kind() == ValueKind::String) => {
            let texts = several.iter().map(text_of).collect::<Result<Vec<_>, _>>()?;
            Ok(Value::from(texts.join(",")))
        }
        Err(several) => Ok(Value::from(several)),
    }
}

/// `query` and `q`: always a list.
pub(super) fn query(arguments: &mut Arguments<'_>) -> Result<Vec<Value>, Error> {
    arguments.named_flag("wantlist")?;
    found(arguments).map(|(found, _)| found)
}

/// What the plugin finds, and whether several texts become one.
fn found(arguments: &mut Arguments<'_>) -> Result<(Vec<Value>, bool), Error> {
    let plugin = arguments.need_text("plugin")?;
    let name = plugin.strip_prefix("ansible.builtin.").unwrap_or(&plugin);
    let found = match name {
        "vars" => {
            let names = arguments.rest();
            let default = arguments.value("default")?;
            arguments.end()?;
            names.iter().map(|name| variable(arguments.state(), &text_of(name)?, default.as_ref())).collect()
        }
        "dict" => {
            let terms = terms(arguments)?;
            let entries = terms.iter().map(entries_of).collect::<Result<Vec<_>, _>>()?;
            Ok(entries
                .into_iter()
                .flatten()
                .map(|(key, value)| Value::from_pairs([("key", key), ("value", value)]))
                .collect())
        }
        "list" => terms(arguments),
        "items" => Ok(flattened(terms(arguments)?)?),
        "indexed_items" => {
            let items = flattened(terms(arguments)?)?;
            Ok(items.into_iter().enumerate().map(|(at, item)| Value::from(vec![Value::from(at), item])).collect())
        }
        "nested" => {
            let lists = terms(arguments)?.iter().map(items_of).collect::<Result<Vec<_>, _>>()?;
            Ok(product(&lists, arguments)?.into_iter().map(Value::from).collect())
        }
        "together" => together(arguments),
        "subelements" => {
            let terms = terms(arguments)?;
            match terms.as_slice() {
                [list, key] => without(subelements(list, key, false, arguments)?, key),
                _ => Err(invalid("lookup('subelements', ...) needs a list and the name of an element")),
            }
        }
        "env" | "file" => {
            let terms = terms(arguments)?;
            terms.iter().map(|term| on_controller(arguments.state(), name, &text_of(term)?)).collect()
        }
        "sequence" => sequence::numbers(arguments),
        _ => Err(json::to_error(unsupported::explain("lookup", name).unwrap_or_else(|| {
            // Its name may be the value of a variable.
            TemplateError::new("there is no lookup of this name").hint(format!("known are {}", KNOWN.join(", ")))
        }))),
    };
    Ok((found?, matches!(name, "items" | "sequence" | "env" | "file")))
}

fn terms(arguments: &mut Arguments<'_>) -> Result<Vec<Value>, Error> {
    let terms = arguments.rest();
    arguments.end()?;
    if terms.iter().any(Value::is_undefined) { Err(Error::from(ErrorKind::UndefinedError)) } else { Ok(terms) }
}

/// Lists among the terms stand for their items.
fn flattened(terms: Vec<Value>) -> Result<Vec<Value>, Error> {
    let mut flat = Vec::new();
    for term in terms {
        match term.kind() {
            ValueKind::Seq | ValueKind::Iterable => flat.extend(items_of(&term)?),
            _ => flat.push(term),
        }
    }
    Ok(flat)
}

/// As Ansible's lookup does, and its filter does not: the items come without the element.
fn without(pairs: Vec<Value>, key: &Value) -> Result<Vec<Value>, Error> {
    let strip = |pair: Value| match items_of(&pair)?.as_slice() {
        [item, element] if item.kind() == ValueKind::Map => {
            let rest = entries_of(item)?.into_iter().filter(|(name, _)| name != key);
            Ok(Value::from(vec![Value::from_pairs(rest.collect::<Vec<_>>()), element.clone()]))
        }
        _ => Ok(pair),
    };
    pairs.into_iter().map(strip).collect()
}

/// The lists side by side; shorter ones are filled up with nothing.
fn together(arguments: &mut Arguments<'_>) -> Result<Vec<Value>, Error> {
    let lists = terms(arguments)?.iter().map(items_of).collect::<Result<Vec<_>, _>>()?;
    let length = lists.iter().map(Vec::len).max().unwrap_or(0);
    arguments.charge(length.saturating_mul(lists.len()))?;
    let cell = |list: &Vec<Value>, row: usize| list.get(row).cloned().unwrap_or_else(|| Value::from(()));
    Ok((0..length).map(|row| lists.iter().map(|list| cell(list, row)).collect()).collect())
}

/// The variable under which the answers of the controller travel: a mapping for each plugin.
pub const ON_CONTROLLER: &str = "(controller)";

/// What the controller has read: only that which the template spells out.
fn on_controller(state: &State, plugin: &str, term: &str) -> Result<Value, Error> {
    let vars = state.lookup("vars").unwrap_or_default();
    let answers = vars.get_attr(ON_CONTROLLER)?;
    let answer = if answers.is_undefined() { answers } else { answers.get_attr(plugin)?.get_attr(term)? };
    if answer.is_undefined() {
        let error =
            TemplateError::new(format!("lookup('{plugin}', ...) is read on the controller, and this one was not"));
        return Err(json::to_error(error.hint("spell out what is read: lookup('file', 'name')")));
    }
    Ok(answer)
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
