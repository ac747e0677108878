//! What a template asks for, without rendering it.

use super::place::Source;
use super::survey::{Bound, Named, Outside, Survey};
use super::{TemplateError, environment, explain, lookups, syntax, unsupported};
use crate::hostplay::{Origin, Template};

/// How a source text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text with `{{ ... }}` and `{% ... %}` in it.
    Text,
    /// A bare expression.
    Expression,
}

/// A variable that a template refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The variable's name, without attributes.
    pub name: String,
    /// The template copes with its absence: it tests for it, gives a default, or may set it itself.
    pub guarded: bool,
    /// Line in the user's file, from 1.
    pub line: u32,
    /// Column in the user's file, from 1.
    pub column: u32,
    /// What only the controller can tell, if that is asked for; then the name is no variable's.
    pub outside: Option<Outside>,
}

/// The variables that a template refers to, once for each place, in the order in which they are reached.
///
/// # Errors
/// A syntax error, an unknown filter, test or function, or a statement that is not supported.
pub fn analyse(template: &Template, kind: Kind) -> Result<Vec<Reference>, TemplateError> {
    let source = Source { text: &template.source, origin: &template.origin, inserted: &[] };
    let tree = match kind {
        Kind::Text => syntax::parse_text(source.text),
        Kind::Expression => syntax::parse_expression(source.text),
    };
    let survey = Survey::of(&tree.map_err(|error| explain::syntax(&error, source))?);
    if let Some(statement) = survey.refused.first() {
        return Err(explain::refused(statement, source));
    }
    check_names(&survey, source)?;
    let free = survey.usages.iter().filter(|usage| usage.bound != Bound::Yes);
    // `omit` and the functions, where they are not called, are no variables.
    let free = free.filter(|usage| usage.outside.is_some() || !environment::has_function(&usage.root));
    Ok(free
        .map(|usage| {
            let place = source.place(usage.offset);
            let guarded = usage.bound == Bound::Perhaps || survey.guards.contains(&usage.root);
            let outside = usage.outside.clone();
            Reference { name: usage.root.clone(), guarded, line: place.line, column: place.column, outside }
        })
        .collect())
}

/// As [`analyse`], for a template file.
///
/// # Errors
/// As [`analyse`].
pub fn analyse_file(text: &str, shown_as: &str) -> Result<Vec<Reference>, TemplateError> {
    let origin = Origin { file: shown_as.to_owned(), line: 1, column: 1 };
    analyse(&Template { source: text.to_owned(), origin }, Kind::Text)
}

fn check_names(survey: &Survey, source: Source<'_>) -> Result<(), TemplateError> {
    let unknown = |kind: &str, found: &Named, known: &[String]| {
        if let Some(error) = unsupported::explain(kind, &found.name) {
            return Err(error.at(source.place(found.offset)));
        }
        let error = TemplateError::new(format!("{kind} {} is unknown", found.name)).at(source.place(found.offset));
        Err(match explain::nearest(&found.name, known.iter().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        })
    };
    for filter in &survey.filters {
        if !environment::filters().contains(&filter.name) {
            return unknown("filter", filter, environment::filters());
        }
    }
    for test in &survey.tests {
        if !environment::tests().contains(&test.name) {
            return unknown("test", test, environment::tests());
        }
    }
    let strange = |lookup: &&Named| !lookups::KNOWN.contains(&lookup.name.as_str());
    if let Some(lookup) = survey.lookups.iter().find(strange) {
        return match unsupported::explain("lookup", &lookup.name) {
            Some(error) => Err(error.at(source.place(lookup.offset))),
            None => unknown("lookup", lookup, &lookups::KNOWN.map(str::to_owned)),
        };
    }
    for function in &survey.functions {
        if !environment::has_function(&function.name) {
            return unknown("function", function, &[]);
        }
    }
    Ok(())
}
