//! Draws the rows of the [`Board`](super::board::Board) below the report. The only file that names indicatif.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::board::Row;

/// How often the spinners turn.
const TICK: Duration = Duration::from_millis(120);

/// The rows on the terminal (stderr), redrawn in place.
pub(crate) struct Progress {
    multi: MultiProgress,
    style: ProgressStyle,
    bars: Vec<(Row, ProgressBar)>,
}

impl Progress {
    pub(crate) fn new(colour: bool) -> Self {
        let template =
            if colour { "{spinner:.cyan} {elapsed:>4} {wide_msg}" } else { "{spinner} {elapsed:>4} {wide_msg}" };
        // The template is fixed and valid; the plain spinner is what would be seen otherwise.
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
        Self { multi: MultiProgress::with_draw_target(ProgressDrawTarget::stderr()), style, bars: Vec::new() }
    }

    /// Shows these rows in place of the ones before.
    pub(crate) fn show(&mut self, rows: Vec<Row>) {
        let multi = &self.multi;
        self.bars.retain(|(shown, bar)| {
            let stays = rows.iter().any(|row| row.key == shown.key);
            if !stays {
                bar.finish_and_clear();
                multi.remove(bar);
            }
            stays
        });
        for (index, row) in rows.into_iter().enumerate() {
            match self.bars.iter_mut().find(|(shown, _)| shown.key == row.key) {
                Some((shown, _)) if *shown == row => {}
                Some((shown, bar)) => {
                    bar.set_message(row.text.clone());
                    *shown = row;
                }
                None => self.insert(index, row),
            }
        }
    }

    fn insert(&mut self, index: usize, row: Row) {
        let index = index.min(self.bars.len());
        let bar = self.multi.insert(index, ProgressBar::new_spinner());
        bar.set_style(self.style.clone());
        bar.set_message(row.text.clone());
        bar.enable_steady_tick(TICK);
        self.bars.insert(index, (row, bar));
    }

    /// Runs `write` while the rows are off the screen.
    pub(crate) fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        self.multi.suspend(write)
    }

    /// Takes the rows away for good.
    pub(crate) fn close(mut self) {
        self.show(Vec::new());
    }
}
