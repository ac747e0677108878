//! From a byte offset in a template to the line and column in the user's file.

use std::ops::Range;

use crate::hostplay::Origin;

/// A template as the engine reads it, and where it begins.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) origin: &'a Origin,
    /// Offsets in `text` of single bytes that the user did not write, ascending.
    pub(super) inserted: &'a [usize],
}

impl Source<'_> {
    /// The place of the character at `offset`. On the template's first line columns count from the
    /// template's own column. On later lines (block scalars, template files) the indentation that YAML
    /// took away is unknown, so columns count within the template.
    pub(super) fn place(&self, offset: usize) -> Origin {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let lines = count(before.bytes().filter(|&byte| byte == b'\n').count());
        let inserted = self.inserted.iter().filter(|&&at| (line_start..end).contains(&at)).count();
        let columns = count(before[line_start..].chars().count() - inserted);
        let first_column = if lines == 0 { self.origin.column } else { 1 };
        Origin {
            file: self.origin.file.clone(),
            line: self.origin.line.saturating_add(lines),
            column: first_column.saturating_add(columns),
        }
    }

    /// The place where a range begins; the template's own beginning when nothing is known.
    pub(super) fn place_of(&self, range: Option<Range<usize>>) -> Origin {
        range.map_or_else(|| self.origin.clone(), |range| self.place(range.start))
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::Source;
    use crate::hostplay::Origin;

    #[test]
    fn offsets_become_lines_and_columns_of_the_file() {
        let origin = Origin { file: "site.yaml".into(), line: 7, column: 11 };
        let source = Source { text: "ab\nçd\n\ne", origin: &origin, inserted: &[] };
        for (offset, line, column) in
            [(0, 7, 11), (1, 7, 12), (2, 7, 13), (3, 8, 1), (4, 8, 1), (5, 8, 2), (7, 9, 1), (8, 10, 1), (99, 10, 2)]
        {
            let place = source.place(offset);
            assert_eq!((place.line, place.column), (line, column), "offset {offset}");
        }
    }
}
