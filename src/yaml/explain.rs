//! Syntax errors in words that help, above all with the traps that every Ansible user knows.

use serde_yaml::granit_parser::{ErrorKind, ScanError};

use super::build::position;
use crate::diagnostic::Diagnostic;
use crate::hostplay::Origin;

const QUOTE_TEMPLATE: &str = "a value that starts with `{{` must be quoted: \"{{ ... }}\"";

pub(super) fn syntax_error(file: &str, text: &str, error: &ScanError) -> Diagnostic {
    let (line, column) = position(error.marker());
    let at = |line, column| Origin { file: file.to_owned(), line, column };
    let source = text.lines().nth(line as usize - 1).unwrap_or_default();
    let (message, hint) = match error.kind() {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => return tab(file, text, (line, column)),
        ErrorKind::UnclosedQuotedScalar => ("this quote is never closed".to_owned(), None),
        ErrorKind::UnclosedFlowCollection { open } => (format!("this `{open}` is never closed"), None),
        ErrorKind::SimpleKeyExpected => (
            "this line has no `:`".to_owned(),
            Some("every line of a mapping is `key: value`; indent text that continues the line above"),
        ),
        ErrorKind::MappingValueNotAllowed => ("a `:` is not allowed here".to_owned(), Some(colon_hint(text, line))),
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry => {
            let what = if matches!(error.kind(), ErrorKind::ExpectedBlockMappingKey) { "key: value" } else { "- item" };
            let hint = Some("lines of one list or mapping start in the same column");
            (format!("expected another `{what}` of the block above"), hint)
        }
        ErrorKind::UnexpectedCharacter { character } => {
            (format!("a value cannot start with `{character}`"), Some("put the value in quotes"))
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar => (
            "text after the closing quote".to_owned(),
            Some("inside single quotes an apostrophe is written twice: 'it''s'"),
        ),
        ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            "text after the closing quote".to_owned(),
            Some("put the whole value in quotes: \"{{ dir }}/file\", not \"{{ dir }}\"/file"),
        ),
        ErrorKind::UnknownQuotedScalarEscape => (
            "an unknown escape in a double-quoted text".to_owned(),
            Some("in double quotes a backslash is written twice; in single quotes it stands for itself"),
        ),
        ErrorKind::UnknownAnchor => {
            ("an alias without its anchor".to_owned(), Some("a text that starts with `*` must be quoted"))
        }
        kind => (kind.to_string(), None),
    };
    let problem = Diagnostic::new(message).at(at(line, column), 1);
    if starts_with_braces(source) && !matches!(error.kind(), ErrorKind::UnclosedQuotedScalar) {
        return problem.hint(QUOTE_TEMPLATE);
    }
    problem.maybe_hint(hint.map(str::to_owned))
}

/// For a list or mapping as key: `name: {{ x }}` reads as a mapping with a mapping as its key.
pub(super) fn braces(problem: Diagnostic, text: &str) -> Diagnostic {
    let line = problem.origin.as_ref().and_then(|origin| text.lines().nth(origin.line as usize - 1));
    match (&problem.origin, line) {
        (Some(origin), Some(line)) if starts_with_braces(line) => {
            // The outer brace stands one column to the left of the inner one.
            let outer = Origin { column: origin.column.saturating_sub(1).max(1), ..origin.clone() };
            Diagnostic::new("an unquoted template").at(outer, 2).hint(QUOTE_TEMPLATE)
        }
        _ => problem,
    }
}

/// Whether the value on this line starts with `{{`.
fn starts_with_braces(line: &str) -> bool {
    let value = line.trim_start().trim_start_matches("- ").trim_start();
    value.starts_with("{{") || value.split_once(": ").is_some_and(|(_, value)| value.trim_start().starts_with("{{"))
}

/// Points at the tab itself, which is on the reported line or the one below.
fn tab(file: &str, text: &str, (line, column): (u32, u32)) -> Diagnostic {
    let indented = |text: &str| text.chars().position(|c| !c.is_whitespace() || c == '\t');
    let candidates = (line..).zip(text.lines().skip(line as usize - 1)).take(2);
    let found = candidates.into_iter().find_map(|(line, text)| {
        let index = indented(text).filter(|&index| text.chars().nth(index) == Some('\t'))?;
        Some((line, u32::try_from(index).ok()? + 1))
    });
    let (line, column) = found.unwrap_or((line, column));
    Diagnostic::new("a tab is used for indentation")
        .at(Origin { file: file.to_owned(), line, column }, 1)
        .hint("YAML allows only spaces there")
}

/// A second `: ` on the line, or a line that is indented too far so that it continues the one above.
fn colon_hint(text: &str, line: u32) -> &'static str {
    let source = text.lines().nth(line as usize - 1).unwrap_or_default();
    let above = (line as usize).checked_sub(2).and_then(|above| text.lines().nth(above)).unwrap_or_default();
    let indent = |line: &str| line.len() - line.trim_start().trim_start_matches("- ").len();
    if source.matches(": ").count() > 1 {
        "a text that contains `: ` must be quoted"
    } else if !above.trim().is_empty() && !above.contains(':') {
        "a `:` is missing in the line above"
    } else if above.split_once(':').is_some_and(|(_, value)| !value.is_empty() && !value.starts_with(' ')) {
        "a space is missing after the `:` of the line above"
    } else if indent(source) != indent(above) {
        "is this line indented as its neighbours are?"
    } else {
        "a text that contains `:` must be quoted"
    }
}
