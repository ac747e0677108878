//! Filters that combine the items of lists with each other.

use minijinja::Error;
use minijinja::value::{Value, ValueKind};

use super::super::environment::Registry;
use super::{Arguments, entries_of, invalid, items_of, text_of};

pub(super) fn register(registry: &mut Registry) {
    registry.filter("zip", |value, arguments| rows(value, arguments, false));
    registry.filter("zip_longest", |value, arguments| rows(value, arguments, true));
    registry.filter("product", |value, arguments| {
        let lists = lists(value, arguments)?;
        arguments.end()?;
        let product = product(&lists, arguments)?;
        Ok(product.into_iter().map(Value::from).collect::<Value>())
    });
    registry.filter("permutations", |value, arguments| choices(value, arguments, false));
    registry.filter("combinations", |value, arguments| choices(value, arguments, true));
    registry.filter("subelements", |value, arguments| {
        let key = arguments.need("subelements")?;
        let skip_missing = arguments.flag("skip_missing", false)?;
        arguments.end()?;
        subelements(value, &key, skip_missing, arguments).map(Value::from)
    });
}

fn lists(value: &Value, arguments: &mut Arguments<'_>) -> Result<Vec<Vec<Value>>, Error> {
    let others = arguments.rest();
    std::iter::once(value).chain(&others).map(characters_or_items).collect()
}

/// As in Python, a text is a list of characters.
fn characters_or_items(value: &Value) -> Result<Vec<Value>, Error> {
    match value.as_str() {
        Some(text) => Ok(text.chars().map(Value::from).collect()),
        None => items_of(value),
    }
}

fn rows(value: &Value, arguments: &mut Arguments<'_>, longest: bool) -> Result<Value, Error> {
    let lists = lists(value, arguments)?;
    let fill =
        if longest { arguments.value("fillvalue")?.unwrap_or_else(|| Value::from(())) } else { Value::UNDEFINED };
    arguments.end()?;
    let lengths = lists.iter().map(Vec::len);
    let length = if longest { lengths.max() } else { lengths.min() }.unwrap_or(0);
    arguments.charge(length.saturating_mul(lists.len()))?;
    let cell = |list: &Vec<Value>, row: usize| list.get(row).cloned().unwrap_or_else(|| fill.clone());
    Ok((0..length).map(|row| lists.iter().map(|list| cell(list, row)).collect::<Value>()).collect())
}

/// Each item of the first list with each of the second, and so on; the last list turns fastest.
pub(in super::super) fn product(lists: &[Vec<Value>], work: &Arguments<'_>) -> Result<Vec<Vec<Value>>, Error> {
    let mut rows = vec![Vec::new()];
    for list in lists {
        work.charge(rows.len().saturating_mul(list.len()))?;
        rows = rows
            .iter()
            .flat_map(|row| list.iter().map(|item| [row.as_slice(), std::slice::from_ref(item)].concat()))
            .collect();
    }
    Ok(rows)
}

/// All ways to choose so many items by place: in every order, or in the order of the list alone.
fn choices(value: &Value, arguments: &mut Arguments<'_>, in_order: bool) -> Result<Value, Error> {
    let size = if in_order { Some(arguments.need("set_size")?) } else { arguments.value("set_size")? };
    arguments.end()?;
    let items = characters_or_items(value)?;
    let size = match size.filter(|size| !size.is_none()) {
        Some(size) => size.as_usize().ok_or_else(|| invalid("the size must be a whole number"))?,
        None => items.len(),
    };
    if size > items.len() {
        return Ok(Value::from(Vec::<Value>::new()));
    }
    let mut chosen: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..size {
        arguments.charge(chosen.len().saturating_mul(items.len()))?;
        let longer = chosen.iter().flat_map(|row| {
            let from = if in_order { row.last().map_or(0, |last| last + 1) } else { 0 };
            (from..items.len()).filter(|index| !row.contains(index)).map(|index| [row.as_slice(), &[index]].concat())
        });
        chosen = longer.collect();
    }
    let row = |row: &Vec<usize>| row.iter().filter_map(|index| items.get(*index).cloned()).collect::<Value>();
    Ok(chosen.iter().map(row).collect())
}

/// Each item with each element of the list that it has under a key, or a path of keys.
pub(in super::super) fn subelements(
    value: &Value,
    key: &Value,
    skip_missing: bool,
    work: &Arguments<'_>,
) -> Result<Vec<Value>, Error> {
    let items = match value.kind() {
        ValueKind::Map => entries_of(value)?.into_iter().map(|(_, item)| item).collect(),
        _ => items_of(value)?,
    };
    let path = match key.as_str() {
        Some(path) => path.split('.').map(str::to_owned).collect(),
        None => items_of(key)?.iter().map(text_of).collect::<Result<Vec<_>, _>>()?,
    };
    if path.is_empty() {
        return Err(invalid("the name of an element is needed"));
    }
    let mut pairs = Vec::new();
    for item in items {
        let found = path.iter().try_fold(item.clone(), |value, part| match value.kind() {
            ValueKind::Undefined => Ok(value),
            _ => value.get_attr(part),
        })?;
        match found.kind() {
            ValueKind::Undefined if skip_missing => {}
            ValueKind::Undefined => return Err(invalid("an item lacks the element; skip_missing=true skips it")),
            ValueKind::Seq | ValueKind::Iterable => {
                let elements = items_of(&found)?;
                work.charge(elements.len())?;
                pairs.extend(elements.into_iter().map(|element| Value::from(vec![item.clone(), element])));
            }
            kind => return Err(invalid(format!("the element must be a list, and it is a {kind}"))),
        }
    }
    Ok(pairs)
}
