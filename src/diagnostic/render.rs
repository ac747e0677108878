//! Diagnostics as rustc shows them.

use std::ops::Range;

use super::secrets::mask_line;
use super::{Diagnostic, Sources};
use crate::hostplay::Origin;
use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Origin as SnippetOrigin, Renderer, Snippet,
};

/// What stands before the message.
#[derive(Clone, Copy)]
pub(super) enum Severity {
    Error,
    Warning,
}

pub(super) fn render(diagnostic: &Diagnostic, severity: Severity, sources: &Sources, colour: bool) -> String {
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()));
    if let Some(origin) = &diagnostic.origin {
        let label = diagnostic.label.as_deref();
        group = group.element(place(sources, origin, diagnostic.length, label, AnnotationKind::Primary));
    }
    for (origin, label) in &diagnostic.related {
        group = group.element(place(sources, origin, 1, Some(label), AnnotationKind::Context));
    }
    group = group.elements(diagnostic.notes.iter().map(|note| Level::NOTE.message(note.as_str())));
    group = group.elements(diagnostic.hints.iter().map(|hint| Level::HELP.message(hint.as_str())));
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut text = renderer.term_width(DEFAULT_TERM_WIDTH).render(&[group]);
    text.push('\n');
    text
}

/// The line with its caret; only the place when the text is not at hand.
fn place<'a>(
    sources: &Sources,
    origin: &'a Origin,
    length: u32,
    label: Option<&'a str>,
    kind: AnnotationKind,
) -> Element<'a> {
    let line_number = usize::try_from(origin.line).unwrap_or(usize::MAX);
    let Some(line) = sources.line(&origin.file, origin.line) else {
        let column = usize::try_from(origin.column).unwrap_or(usize::MAX);
        return SnippetOrigin::path(origin.file.as_str()).line(line_number).char_column(column).into();
    };
    let line = mask_line(line);
    let annotation: Annotation<'a> = kind.span(byte_span(&line, origin.column, length)).label(label);
    Snippet::source(line).line_start(line_number).path(origin.file.as_str()).annotation(annotation).into()
}

/// Columns count characters, the renderer bytes. A place past the end of the line is its end.
fn byte_span(line: &str, column: u32, length: u32) -> Range<usize> {
    let at = |characters: u32| {
        let nth = usize::try_from(characters).ok().and_then(|n| line.char_indices().nth(n));
        nth.map_or(line.len(), |(offset, _)| offset)
    };
    let first = column.saturating_sub(1);
    at(first)..at(first.saturating_add(length.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(line: u32, column: u32) -> Origin {
        Origin { file: "site.yaml".to_owned(), line, column }
    }

    #[test]
    fn a_diagnostic_shows_line_caret_notes_and_hints() {
        let mut sources = Sources::new();
        sources.add("site.yaml", "- hosts: all\n  taks: []\r\n");
        let diagnostic = Diagnostic::new("unknown keyword `taks`")
            .at(origin(2, 3), 4)
            .label("not a keyword of a play")
            .related(origin(1, 1), "in this play")
            .note("a play has these keywords: hosts, tasks")
            .hint("did you mean `tasks`?");
        insta::assert_snapshot!(diagnostic.render(&sources, false), @r"
        error: unknown keyword `taks`
         --> site.yaml:2:3
          |
        2 |   taks: []
          |   ^^^^ not a keyword of a play
          |
         ::: site.yaml:1:1
          |
        1 | - hosts: all
          | - in this play
          |
          = note: a play has these keywords: hosts, tasks
          = help: did you mean `tasks`?
        ");
    }

    #[test]
    fn a_place_beyond_the_text_is_no_panic() {
        let mut sources = Sources::new();
        sources.add("site.yaml", "ä: 1");
        for (line, column, length) in [(0, 0, 0), (1, 2, 1), (1, 99, 9), (9, 1, 1), (1, u32::MAX, u32::MAX)] {
            let text = Diagnostic::new("wrong").at(origin(line, column), length).render(&sources, false);
            assert!(text.contains("site.yaml"), "{text}");
        }
        let unknown = Diagnostic::new("wrong").at(Origin { file: "gone".to_owned(), line: 3, column: 4 }, 1);
        insta::assert_snapshot!(unknown.render(&sources, false), @r"
        error: wrong
        --> gone:3:4
        ");
    }
}
