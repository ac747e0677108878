//! From the engine's errors to ours: the place in the user's file, the variable's name, what to try.
//!
//! The engine's texts name types, not values, with one exception that is replaced here.

use minijinja::{Error, ErrorKind, Value};

use super::place::Source;
use super::survey::{Bound, Named, Survey, Usage};
use super::{TemplateError, Vars, environment, unsupported};

/// A text that cannot be parsed.
pub(super) fn syntax(error: &Error, source: Source<'_>) -> TemplateError {
    let detail = error.detail().unwrap_or("bad escape in a string").to_owned();
    let failure = TemplateError::new(format!("template syntax: {detail}")).at(source.place_of(error.range()));
    if detail.contains("#jinja2:") {
        failure.hint("remove the line, and write `{%-` and `-%}` where white space shall go")
    } else if detail.contains("end of input") || detail.contains("end of string") {
        failure.hint("close every `{{` with `}}`, every `{% if %}` with `{% endif %}`, every quote and bracket")
    } else if detail.starts_with("unknown statement end") || detail.starts_with("unknown statement el") {
        failure.hint("no block is open here that this could close")
    } else if source.text.contains("{{") && !detail.contains("variable block") {
        failure.hint("an expression stands without `{{ }}` in conditions and within another `{{ }}`")
    } else {
        failure
    }
}

/// A statement that needs other templates.
pub(super) fn refused(statement: &Named, source: Source<'_>) -> TemplateError {
    TemplateError::new(format!("`{{% {} %}}` is not supported", statement.name))
        .at(source.place(statement.offset))
        .hint("a template is one file: put the text in a variable, or use a macro within the file")
}

/// A template that failed while it was rendered.
pub(super) fn failure(error: &Error, source: Source<'_>, survey: &Survey, vars: &Vars) -> TemplateError {
    if let Some(inner) = inner(error) {
        return inner.at(source.place_of(error.range()));
    }
    let undefined = error.detail().and_then(undefined_path);
    if let Some(path) = undefined {
        return undefined_error(&path, error, source, survey, vars);
    }
    if error.kind() == ErrorKind::UndefinedError
        && let Some(usage) = undefined_usage(error, source, survey, vars)
    {
        return undefined_error(&usage.path, error, source, survey, vars);
    }
    let failure = TemplateError::new(message(error)).at(source.place_of(error.range()));
    match error.kind() {
        ErrorKind::OutOfFuel => failure.hint("is there a loop over a very long list, or a text that grows in a loop?"),
        ErrorKind::UnknownFilter => with_nearest(failure, error, environment::filters()),
        ErrorKind::UnknownTest => with_nearest(failure, error, environment::tests()),
        _ => failure,
    }
}

/// An error of ours that came through the engine: a variable's template, or a filter.
pub(super) fn inner(error: &Error) -> Option<TemplateError> {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(found) = cause.downcast_ref::<TemplateError>() {
            return Some(found.clone());
        }
        source = cause.source();
    }
    None
}

fn message(error: &Error) -> String {
    let detail = error.detail().unwrap_or_default();
    match error.kind() {
        ErrorKind::OutOfFuel => "the template is too much work".to_owned(),
        ErrorKind::UndefinedError if detail.is_empty() => "a value is undefined".to_owned(),
        // This one shows the operands.
        _ if detail.starts_with("unable to calculate") => "the numbers cannot be calculated with".to_owned(),
        kind if detail.is_empty() => kind.to_string(),
        _ => detail.to_owned(),
    }
}

/// The last word of "filter x is unknown" and the like, compared with what there is.
fn with_nearest(failure: TemplateError, error: &Error, known: &[String]) -> TemplateError {
    let mut words = error.detail().unwrap_or_default().split_whitespace();
    let (kind, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if let Some(mut unsupported) = unsupported::explain(kind, name) {
        unsupported.origin = failure.origin;
        return unsupported;
    }
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure,
    }
}

/// The engine says "`a.b` is undefined", alone or in brackets after something else.
fn undefined_path(detail: &str) -> Option<String> {
    let end = detail.rfind("` is undefined")?;
    let start = detail[..end].rfind('`')?;
    Some(detail[start + 1..end].to_owned())
}

fn undefined_error(path: &str, error: &Error, source: Source<'_>, survey: &Survey, vars: &Vars) -> TemplateError {
    let range = error.range().unwrap_or_default();
    let is_use = |usage: &&Usage| {
        usage.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let within = survey.usages.iter().filter(is_use).find(|usage| range.contains(&usage.offset));
    let before = || survey.usages.iter().filter(is_use).rfind(|usage| usage.offset < range.end);
    let usage = within.or_else(before);
    let place = usage.map_or_else(|| source.place_of(error.range()), |usage| source.place(usage.offset));
    let local = usage.is_some_and(|usage| usage.bound == Bound::Yes);
    // A variable that is there and whose own template failed: that failure tells more.
    if !local && let Some(failure) = vars.failure(path) {
        return failure.at(place);
    }
    let mut failure = TemplateError::new(format!("`{path}` is undefined")).at(place);
    failure.undefined = Some(path.to_owned());
    if let Some(near) = nearest_sibling(path, vars).filter(|_| !local) {
        failure = failure.hint(format!("did you mean `{near}`?"));
    }
    failure.hint(format!("where it may be missing, write `{path} | default(...)` or test `{path} is defined`"))
}

/// For errors that do not say which value was undefined: the nearest use of a variable of this tag that is.
fn undefined_usage<'a>(error: &Error, source: Source<'_>, survey: &'a Survey, vars: &Vars) -> Option<&'a Usage> {
    let range = error.range()?;
    let before = source.text.get(..range.start).unwrap_or_default();
    let tag = before.rfind("{{").max(before.rfind("{%")).unwrap_or(0);
    survey.usages.iter().find(|usage| {
        (tag..range.end).contains(&usage.offset)
            && usage.bound == Bound::No
            && !usage.tolerated
            && resolve(&usage.path, vars).is_none_or(|value| value.is_undefined())
    })
}

/// The name next to the last part of a path among its siblings, as a whole path.
fn nearest_sibling(path: &str, vars: &Vars) -> Option<String> {
    let Some((parent, name)) = path.rsplit_once('.') else {
        return nearest(path, vars.names().iter().map(String::as_str)).map(str::to_owned);
    };
    let siblings: Vec<Value> = resolve(parent, vars)?.try_iter().ok()?.collect();
    let near = nearest(name, siblings.iter().filter_map(Value::as_str))?;
    Some(format!("{parent}.{near}"))
}

/// The value of a path of plain attributes.
fn resolve(path: &str, vars: &Vars) -> Option<Value> {
    let mut parts = path.split('.');
    let root = vars.root().get_attr(parts.next()?).ok()?;
    parts.try_fold(root, |value, part| value.get_attr(part).ok())
}

/// The most similar name, if one is similar enough to be a slip.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const SIMILAR: f64 = 0.6;
    let scored = candidates
        .filter(|candidate| *candidate != name)
        .map(|candidate| (strsim::normalized_damerau_levenshtein(name, candidate), candidate));
    scored.filter(|(score, _)| *score >= SIMILAR).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, candidate)| candidate)
}
