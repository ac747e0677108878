//! Logical lines: what `main.cf` and `master.cf` have in common.
//!
//! As Postfix reads them (`readllines` in `src/util/readlline.c`): a logical line begins with text that is not
//! white space; a line that begins with white space continues it, also across comments and blank lines in
//! between. A comment is a line whose first visible character is `#`. Text that begins with white space with no
//! logical line before it is skipped with a warning.

/// A file as a list of what it holds, in order. Written back unedited it is the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    items: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    /// A comment or blank line between logical lines.
    Comment(Vec<u8>),
    /// A continuation of nothing, which Postfix skips.
    Stray(Vec<u8>),
    /// The physical lines of a logical one, with the comments and blank lines inside it.
    Entry(Vec<Vec<u8>>),
}

impl Document {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut items = Vec::new();
        // Comments after an entry are inside it only if a continuation follows.
        let mut pending: Vec<Vec<u8>> = Vec::new();
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let line = line.to_vec();
            match items.last_mut() {
                _ if is_comment(&line) => pending.push(line),
                Some(Item::Entry(lines)) if is_space(line[0]) => {
                    lines.append(&mut pending);
                    lines.push(line);
                }
                _ => {
                    items.extend(pending.drain(..).map(Item::Comment));
                    items.push(if is_space(line[0]) { Item::Stray(line) } else { Item::Entry(vec![line]) });
                }
            }
        }
        items.extend(pending.into_iter().map(Item::Comment));
        Self { items }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let lines = self.items.iter().flat_map(|item| match item {
            Item::Comment(line) | Item::Stray(line) => std::slice::from_ref(line),
            Item::Entry(lines) => lines,
        });
        lines.flatten().copied().collect()
    }

    /// Every logical line with its index and its text, continuations joined as Postfix joins them.
    pub(super) fn entries(&self) -> impl DoubleEndedIterator<Item = (usize, Vec<u8>)> {
        self.items.iter().enumerate().filter_map(|(index, item)| match item {
            Item::Entry(lines) => {
                let text = lines.iter().filter(|line| !is_comment(line)).map(|line| without_newline(line));
                Some((index, text.flatten().copied().collect()))
            }
            Item::Comment(_) | Item::Stray(_) => None,
        })
    }

    /// The number of the line (from 1) at which an item begins.
    pub(super) fn line_number(&self, index: usize) -> usize {
        let lines = self.items.iter().take(index).map(|item| match item {
            Item::Comment(_) | Item::Stray(_) => 1,
            Item::Entry(lines) => lines.len(),
        });
        1 + lines.sum::<usize>()
    }

    /// Puts a line in the place of a logical line; comments that stood inside it stay, before the new line.
    pub(super) fn replace(&mut self, index: usize, line: &str) {
        let comments = self.take_comments(index);
        let count = comments.len();
        self.items.splice(index..=index, comments);
        self.items.insert(index + count, Item::Entry(physical(line)));
        self.end_lines();
    }

    /// Removes a logical line; comments that stood inside it stay.
    pub(super) fn remove(&mut self, index: usize) {
        let comments = self.take_comments(index);
        self.items.splice(index..=index, comments);
    }

    /// Adds a line after the item at `after`, or at the end. A place where the new line would take up stray
    /// text as its continuation is not used.
    pub(super) fn insert(&mut self, after: Option<usize>, line: &str) {
        let first_safe = self.items.iter().rposition(|item| matches!(item, Item::Stray(_)));
        let place = match after {
            Some(after) if first_safe.is_none_or(|stray| after > stray) => after + 1,
            _ => self.items.len(),
        };
        self.items.insert(place, Item::Entry(physical(line)));
        self.end_lines();
    }

    /// The last comment line between entries that fits.
    pub(super) fn last_comment(&self, fits: impl Fn(&[u8]) -> bool) -> Option<usize> {
        self.items.iter().rposition(|item| matches!(item, Item::Comment(line) if fits(without_newline(line))))
    }

    /// The last of the comment lines that follow the one at `index` without a gap, as long as they fit.
    pub(super) fn comments_from(&self, index: usize, fits: impl Fn(&[u8]) -> bool) -> usize {
        let following = self.items.iter().skip(index + 1);
        let run = following.take_while(|item| {
            matches!(item, Item::Comment(line) if !line.iter().all(|&byte| is_space(byte)) && fits(without_newline(line)))
        });
        index + run.count()
    }

    fn take_comments(&self, index: usize) -> Vec<Item> {
        let Some(Item::Entry(lines)) = self.items.get(index) else { return Vec::new() };
        let comments = lines.iter().filter(|line| is_comment(line) && !line.iter().all(|&byte| is_space(byte)));
        comments.cloned().map(Item::Comment).collect()
    }

    /// Only the last line of a file may lack its newline.
    fn end_lines(&mut self) {
        let last = self.items.len().saturating_sub(1);
        for (index, item) in self.items.iter_mut().enumerate() {
            let line = match item {
                Item::Comment(line) | Item::Stray(line) => line,
                Item::Entry(lines) => match lines.last_mut() {
                    Some(line) => line,
                    None => continue,
                },
            };
            if index < last && line.last() != Some(&b'\n') {
                line.push(b'\n');
            }
        }
    }
}

/// A text of one logical line as physical lines, each with its newline.
fn physical(line: &str) -> Vec<Vec<u8>> {
    line.lines().map(|line| format!("{line}\n").into_bytes()).collect()
}

/// A comment or a blank line.
fn is_comment(line: &[u8]) -> bool {
    line.iter().find(|&&byte| !is_space(byte)).is_none_or(|&byte| byte == b'#')
}

/// `ISSPACE` of Postfix: the C locale's white space.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

fn without_newline(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}
