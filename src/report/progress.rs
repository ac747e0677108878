//! Puts lines on a terminal and, below them, the rows of the [`Board`](super::board::Board), which indicatif draws over in
//! place. The only file that names indicatif.
//!
//! A frame is one text, so that nothing of it is seen half-done. After it the cursor stands on the line below the rows, and
//! no mode of the terminal is changed: however the program ends, whole lines are left, and there is nothing to restore.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::board::Row;
use super::look::{Look, Tone, truncate, width};

/// Columns of the time that stands before a row.
const TIME_COLUMNS: usize = 5;

/// The rows that stand on the terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    shown: Vec<Row>,
    canvas: Canvas,
    bar: ProgressBar,
}

impl Default for Progress {
    fn default() -> Self {
        let canvas = Canvas::default();
        Self { shown: Vec::new(), bar: canvas.bar(), canvas }
    }
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
        self.fit(look.width);
        if !lines.is_empty() {
            let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
            self.bar.suspend(|| self.canvas.paper().text.push_str(&text));
        }
        if rows != self.shown {
            self.draw(look, &rows);
            self.shown = rows;
        }
        std::mem::take(&mut self.canvas.paper().text)
    }

    fn draw(&self, look: &Look, rows: &[Row]) {
        if rows.is_empty() {
            self.bar.finish_and_clear();
            return;
        }
        let line = |row: &Row| {
            let time = look.paint(Tone::Skip, &format!("{:>TIME_COLUMNS$}", elapsed(row.seconds)));
            format!("{time} {}", row.text)
        };
        self.bar.set_message(rows.iter().map(line).collect::<Vec<_>>().join("\n"));
        if self.bar.is_finished() {
            self.bar.reset();
        }
    }

    /// Begins anew where the terminal has got another width: one that has become narrower has broken the rows.
    fn fit(&mut self, columns: usize) {
        if self.canvas.paper().columns == columns {
            return;
        }
        let taken = |row: &Row| (TIME_COLUMNS + 1 + width(&row.text)).div_ceil(columns.max(1));
        let lines: usize = self.shown.drain(..).map(|row| taken(&row)).sum();
        self.bar = self.canvas.bar();
        // With what the bar before drew as it went: it goes by the width that was.
        let text = if lines > 0 { erase(lines) } else { String::new() };
        *self.canvas.paper() = Paper { text, columns, is_below: false };
    }
}

/// What indicatif takes for a terminal.
#[derive(Debug, Clone, Default)]
struct Canvas(Arc<Mutex<Paper>>);

#[derive(Debug, Default)]
struct Paper {
    text: String,
    columns: usize,
    /// The cursor stands on the line below the rows, where indicatif has it at the end of the last one.
    is_below: bool,
}

impl Canvas {
    /// A bar that is not seen yet, and has a line for each row of its message.
    fn bar(&self) -> ProgressBar {
        let target = ProgressDrawTarget::term_like(Box::new(self.clone()));
        // The template is fixed and valid; the plain spinner is what would be seen otherwise.
        let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::with_draw_target(None, target).with_style(style);
        bar.finish_and_clear();
        bar
    }

    fn paper(&self) -> MutexGuard<'_, Paper> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, text: &str) {
        self.paper().text.push_str(text);
    }

    fn go(&self, cells: usize, direction: char) {
        if cells > 0 {
            self.put(&format!("\u{1b}[{cells}{direction}"));
        }
    }
}

impl TermLike for Canvas {
    fn width(&self) -> u16 {
        u16::try_from(self.paper().columns).unwrap_or(u16::MAX)
    }

    /// How many rows there may be is the board's to say.
    fn height(&self) -> u16 {
        u16::MAX
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        let is_below = std::mem::take(&mut self.paper().is_below);
        if is_below {
            // What was typed stands there.
            self.put("\r\u{1b}[K");
        }
        self.go(lines + usize::from(is_below), 'A');
        Ok(())
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.go(lines, 'B');
        Ok(())
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.go(columns, 'C');
        Ok(())
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.go(columns, 'D');
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.put(text);
        self.put("\n");
        Ok(())
    }

    /// indicatif fills lines with blanks up to the last column. They are ended instead: a terminal that becomes wider would
    /// join full lines.
    fn write_str(&self, text: &str) -> io::Result<()> {
        if text.trim_matches(' ').is_empty() {
            self.put("\u{1b}[K\n");
            self.paper().is_below = true;
        } else {
            self.put(text);
        }
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.put("\r\u{1b}[2K");
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Goes up by so many lines and empties them, and the one below, which has what was typed. Not "all below" (ED), for which
/// some terminals keep what they erase among the lines that have left the screen.
fn erase(lines: usize) -> String {
    let up = format!("\u{1b}[{lines}A");
    format!("\r{up}{}\u{1b}[K{up}", "\u{1b}[K\u{1b}[B".repeat(lines))
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
