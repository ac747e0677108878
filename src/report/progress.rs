//! Puts lines on a terminal and, below them, the rows of the [`Board`](super::board::Board), which are written over in place.
//!
//! A frame is one text, so that nothing of it is seen half-done. After it the cursor stands on the line below the rows, and
//! no mode of the terminal is changed: however the program ends, whole lines are left, and there is nothing to restore.

use std::fmt::Write as _;

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
        let before = self.lines(look.width);
        let mut text = if before > 0 { format!("\r\u{1b}[{before}A") } else { String::new() };
        let mut stale = before;
        if !lines.is_empty() && before > 0 {
            // A line that is wider than the terminal would leave some of a row beside its end.
            text.push_str(&erase(before));
            stale = 0;
        }
        for line in lines {
            text.push_str(line);
            text.push('\n');
        }
        for row in &rows {
            let time = look.paint(Tone::Skip, &format!("{:>TIME_COLUMNS$}", elapsed(row.seconds)));
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{time} {}\u{1b}[K", row.text);
        }
        if before > 0 {
            text.push_str(&erase(stale.saturating_sub(rows.len())));
        }
        self.shown = rows;
        text
    }

    /// Lines of the terminal that the rows take: one that has become narrower has broken them.
    fn lines(&self, columns: usize) -> usize {
        let taken = |row: &Row| (TIME_COLUMNS + 1 + width(&row.text)).div_ceil(columns.max(1));
        self.shown.iter().map(taken).sum()
    }
}

/// Empties so many lines and the one below, which has what was typed. Not "all below" (ED), for which some terminals keep
/// what they erase among the lines that have left the screen.
fn erase(lines: usize) -> String {
    let back = if lines > 0 { format!("\u{1b}[{lines}A") } else { String::new() };
    format!("{}\u{1b}[K{back}", "\u{1b}[K\u{1b}[B".repeat(lines))
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
