//! Puts lines on a terminal and, below them, the rows of the [`Board`](super::board::Board), which are written over in place.
//!
//! A frame is one text, so that nothing of it is seen half-done. After it the cursor stands on the line below the rows, and
//! no mode of the terminal is changed: however the program ends, whole lines are left, and there is nothing to restore.

use super::board::Row;
use super::look::{Look, Tone, truncate, width};

/// Columns of the time that stands before a row.
const TIME_COLUMNS: usize = 5;

/// The rows that stand on the terminal.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    shown: Vec<Row>,
}

impl Progress {
    /// What leads from the frame before to this one; nothing where they are the same.
    pub(crate) fn frame(&mut self, look: &Look, lines: &[String], mut rows: Vec<Row>) -> String {
        // One column stays free: at the last one, terminals differ in when they go to the next line.
        let room = look.width.saturating_sub(TIME_COLUMNS + 2);
        for row in &mut rows {
            row.text = truncate(&row.text, room).into_owned();
        }
        if lines.is_empty() && rows == self.shown {
            return String::new();
        }
        let mut text = self.back(look.width);
        if !lines.is_empty() && !self.shown.is_empty() {
            // A line that is wider than the terminal would leave some of a row beside its end.
            text.push_str("\u{1b}[J");
        }
        for line in lines {
            text.push_str(line);
            text.push('\n');
        }
        for row in &rows {
            let time = look.paint(Tone::Skip, &format!("{:>TIME_COLUMNS$}", elapsed(row.seconds)));
            text.push_str(&format!("\u{1b}[K{time} {}\n", row.text));
        }
        if !rows.is_empty() || !self.shown.is_empty() {
            text.push_str("\u{1b}[J");
        }
        self.shown = rows;
        text
    }

    /// To the beginning of the first row. A terminal that has become narrower has broken the rows.
    fn back(&self, columns: usize) -> String {
        let taken = |row: &Row| (TIME_COLUMNS + 1 + width(&row.text)).div_ceil(columns.max(1));
        match self.shown.iter().map(taken).sum() {
            0 => String::new(),
            up => format!("\r\u{1b}[{up}A"),
        }
    }
}

/// `7s`, `3m07`
fn elapsed(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        _ => format!("{}m{:02}", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::num::NonZero;

    use super::*;

    fn rows(texts: &[&str]) -> Vec<Row> {
        texts.iter().map(|&text| Row { seconds: 7, text: text.to_owned() }).collect()
    }

    #[test]
    fn rows_are_written_over_and_lines_stand_above_them() {
        let look = Look::plain(20);
        let mut terminal = vt100::Parser::new(NonZero::new(6).unwrap(), NonZero::new(20).unwrap(), 100);
        let mut progress = Progress::default();
        let mut show = |lines: &[&str], shown: &[&str]| {
            let lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
            terminal.process(progress.frame(&look, &lines, rows(shown)).replace('\n', "\r\n").as_bytes());
            (terminal.screen().contents(), terminal.screen().cursor_position())
        };
        assert_eq!(show(&[], &["mx1  install", "mx2  install"]).0, "   7s mx1  install\n   7s mx2  install");
        // Wider than the terminal; the rows below it are cut instead.
        let (screen, cursor) = show(&["a line that needs two of them"], &["mx1  install a long one"]);
        assert_eq!(screen, "a line that needs two of them\n   7s mx1  install…");
        assert_eq!(cursor, (3, 0));
        assert_eq!(show(&["done"], &[]).0, "a line that needs two of them\ndone");
        assert_eq!(progress.frame(&look, &[], Vec::new()), "");
    }

    #[test]
    fn a_terminal_that_became_narrower_keeps_no_remnant() {
        let mut progress = Progress::default();
        progress.frame(&Look::plain(40), &[], rows(&["mx1  postfix : Install the packages"]));
        assert!(progress.frame(&Look::plain(20), &[], rows(&["mx1"])).starts_with("\r\u{1b}[2A"));
    }

    #[test]
    fn times_are_short() {
        assert_eq!([elapsed(0), elapsed(59), elapsed(67), elapsed(3600)], ["0s", "59s", "1m07", "60m00"]);
    }
}
