//! The table of docs/guarantees.md: what was tried, and how often it went wrong.
//!
//! Each test writes its line into a folder of cargo's; `tests/run` prints them all at the end.

use std::path::Path;

/// A line: `tried` of what, and `bad` of what, which has to be 0; how to repeat it.
#[expect(clippy::print_stderr, reason = "for whoever runs the test alone")]
pub fn tell(what: &str, tried: usize, wrong: &str, bad: usize, again: &str) {
    let line = format!("| {what} | {tried} | {wrong} | {bad} | `{again}` |");
    eprintln!("{line}");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guarantees");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(what.replace(' ', "-")), line + "\n").expect("written");
}
