//! Filters on lists and mappings.

use std::collections::BTreeSet;

use minijinja::Error;
use minijinja::value::{Value, ValueKind};
use serde_json::{Map, Value as Json};

use super::super::environment::Registry;
use super::super::json;
use super::{Arguments, entries_of, invalid, items_of};

pub(super) fn register(registry: &mut Registry) {
    registry.filter("combine", combine);
    registry.filter("dict2items", dict2items);
    registry.filter("items2dict", items2dict);
    registry.filter("rekey_on_member", rekey_on_member);
    registry.filter("flatten", flatten);
    registry.filter("extract", extract);
    registry.filter("dictsort", dictsort);
    registry.filter("difference", difference);
    registry.filter("intersect", intersect);
    registry.filter("union", union);
    registry.filter("symmetric_difference", symmetric_difference);
}

/// How two lists under the same key come together.
#[derive(Clone, Copy, PartialEq)]
enum ListMerge {
    Replace,
    Keep,
    Append,
    Prepend,
    AppendNew,
    PrependNew,
}

impl ListMerge {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "replace" => Self::Replace,
            "keep" => Self::Keep,
            "append" => Self::Append,
            "prepend" => Self::Prepend,
            "append_rp" => Self::AppendNew,
            "prepend_rp" => Self::PrependNew,
            _ => return None,
        })
    }

    fn merge(self, low: &[Json], high: &[Json]) -> Vec<Json> {
        // With `_rp` ("remove present") what the higher list has is taken from the lower one.
        let kept = low.iter().filter(|item| !high.contains(item)).cloned();
        match self {
            Self::Replace => high.to_vec(),
            Self::Keep => low.to_vec(),
            Self::Append => [low, high].concat(),
            Self::Prepend => [high, low].concat(),
            Self::AppendNew => kept.chain(high.iter().cloned()).collect(),
            Self::PrependNew => high.iter().cloned().chain(kept).collect(),
        }
    }
}

fn combine(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let mut terms = vec![value.clone()];
    terms.extend(arguments.rest());
    let recursive = arguments.flag("recursive", false)?;
    let lists = match arguments.text("list_merge")? {
        None => ListMerge::Replace,
        Some(word) => ListMerge::parse(&word)
            .ok_or_else(|| invalid("list_merge must be replace, keep, append, prepend, append_rp or prepend_rp"))?,
    };
    arguments.end()?;
    let mut combined = Map::new();
    for term in terms {
        let mappings = if term.kind() == ValueKind::Map { vec![term] } else { items_of(&term)? };
        for mapping in mappings {
            let Json::Object(entries) = json::argument(&mapping)? else {
                return Err(invalid("only mappings, and lists of them, can be combined"));
            };
            arguments.charge(entries.len())?;
            merge(&mut combined, entries, recursive, lists);
        }
    }
    Ok(json::to_engine(&Json::Object(combined)))
}

fn merge(low: &mut Map<String, Json>, high: Map<String, Json>, recursive: bool, lists: ListMerge) {
    for (key, value) in high {
        match (low.get_mut(&key), value) {
            (Some(Json::Object(low)), Json::Object(high)) if recursive => merge(low, high, recursive, lists),
            (Some(Json::Array(low)), Json::Array(high)) => *low = lists.merge(low, &high),
            (Some(slot), value) => *slot = value,
            (None, value) => {
                low.insert(key, value);
            }
        }
    }
}

fn dict2items(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let key_name = arguments.text("key_name")?.unwrap_or_else(|| "key".to_owned());
    let value_name = arguments.text("value_name")?.unwrap_or_else(|| "value".to_owned());
    arguments.end()?;
    let entries = entries_of(value)?.into_iter();
    Ok(entries.map(|(key, value)| Value::from_pairs([(key_name.clone(), key), (value_name.clone(), value)])).collect())
}

fn items2dict(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let key_name = arguments.text("key_name")?.unwrap_or_else(|| "key".to_owned());
    let value_name = arguments.text("value_name")?.unwrap_or_else(|| "value".to_owned());
    arguments.end()?;
    let mut pairs = Vec::new();
    for item in items_of(value)? {
        let (key, value) = (item.get_attr(&key_name)?, item.get_attr(&value_name)?);
        if key.is_undefined() || value.is_undefined() {
            return Err(invalid(format!("each item must be a mapping with `{key_name}` and `{value_name}`")));
        }
        pairs.push((key, value));
    }
    Ok(Value::from_pairs(pairs))
}

/// A mapping of the items by the value that each has under a key.
fn rekey_on_member(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let key = arguments.need_text("key")?;
    let duplicates = arguments.text("duplicates")?.unwrap_or_else(|| "error".to_owned());
    arguments.end()?;
    let items = match value.kind() {
        ValueKind::Map => entries_of(value)?.into_iter().map(|(_, item)| item).collect(),
        _ => items_of(value)?,
    };
    let mut found = BTreeSet::new();
    let mut pairs = Vec::new();
    for item in items {
        let name = item.get_attr(&key)?;
        if name.is_undefined() {
            return Err(invalid(format!("an item has no `{key}`")));
        }
        if !found.insert(name.clone()) && duplicates != "overwrite" {
            return Err(invalid(format!("two items have the same `{key}`; duplicates='overwrite' keeps the last")));
        }
        pairs.push((name, item));
    }
    Ok(Value::from_pairs(pairs))
}

fn flatten(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let levels = arguments.integer("levels")?.unwrap_or(i64::MAX);
    let skip_nulls = arguments.flag("skip_nulls", true)?;
    arguments.end()?;
    let mut flat = Vec::new();
    flatten_into(&mut flat, value, levels, skip_nulls, arguments)?;
    Ok(Value::from(flat))
}

fn flatten_into(
    flat: &mut Vec<Value>,
    value: &Value,
    levels: i64,
    skip_nulls: bool,
    work: &Arguments<'_>,
) -> Result<(), Error> {
    for item in items_of(value)? {
        work.charge(1)?;
        match item.kind() {
            ValueKind::None if skip_nulls => {}
            ValueKind::Seq | ValueKind::Iterable if levels > 0 => {
                flatten_into(flat, &item, levels - 1, skip_nulls, work)?;
            }
            _ => flat.push(item),
        }
    }
    Ok(())
}

/// The item of a container under a key: `names | map('extract', hosts, 'address')`.
fn extract(key: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let container = arguments.need("container")?;
    let more = match arguments.value("morekeys")?.filter(|more| !more.is_none()) {
        None => Vec::new(),
        Some(keys) if matches!(keys.kind(), ValueKind::Seq | ValueKind::Iterable) => items_of(&keys)?,
        Some(key) => vec![key],
    };
    arguments.end()?;
    more.iter().try_fold(container.get_item(key)?, |value, key| value.get_item(key))
}

/// Pairs in the order of their keys, or of their values.
fn dictsort(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let case_sensitive = arguments.flag("case_sensitive", false)?;
    let by = arguments.text("by")?.unwrap_or_else(|| "key".to_owned());
    let reverse = arguments.flag("reverse", false)?;
    arguments.end()?;
    if by != "key" && by != "value" {
        return Err(invalid("a mapping is sorted by `key` or by `value`"));
    }
    let mut entries = entries_of(value)?;
    arguments.charge(entries.len())?;
    let folded = |value: &Value| match value.as_str() {
        Some(text) if !case_sensitive => Value::from(text.to_lowercase()),
        _ => value.clone(),
    };
    entries.sort_by_cached_key(|(key, value)| folded(if by == "key" { key } else { value }));
    if reverse {
        entries.reverse();
    }
    Ok(entries.into_iter().map(|(key, value)| Value::from(vec![key, value])).collect())
}

/// A list without repetition, and the set of its items.
struct Distinct {
    items: Vec<Value>,
    set: BTreeSet<Value>,
}

impl Distinct {
    fn of(value: &Value, work: &Arguments<'_>) -> Result<Self, Error> {
        let items = items_of(value)?;
        work.charge(items.len())?;
        let mut set = BTreeSet::new();
        let items = items.into_iter().filter(|item| set.insert(item.clone())).collect();
        Ok(Self { items, set })
    }

    fn both(value: &Value, arguments: &mut Arguments<'_>) -> Result<(Self, Self), Error> {
        let other = arguments.need("other")?;
        arguments.end()?;
        Ok((Self::of(value, arguments)?, Self::of(&other, arguments)?))
    }

    fn without(self, other: &Self) -> impl Iterator<Item = Value> {
        self.items.into_iter().filter(|item| !other.set.contains(item))
    }
}

fn difference(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let (mine, theirs) = Distinct::both(value, arguments)?;
    Ok(mine.without(&theirs).collect())
}

fn intersect(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let (mine, theirs) = Distinct::both(value, arguments)?;
    Ok(mine.items.into_iter().filter(|item| theirs.set.contains(item)).collect())
}

fn union(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let (mine, theirs) = Distinct::both(value, arguments)?;
    let known = Distinct { items: Vec::new(), set: mine.set };
    Ok(mine.items.into_iter().chain(theirs.without(&known)).collect())
}

fn symmetric_difference(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let (mine, theirs) = Distinct::both(value, arguments)?;
    let own = Distinct { items: Vec::new(), set: mine.set.clone() };
    let mine: Vec<Value> = mine.without(&theirs).collect();
    Ok(mine.into_iter().chain(theirs.without(&own)).collect())
}
