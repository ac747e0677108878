//! The table of `docs/guarantees.md`: what was tried, and how often it went wrong.

use std::path::PathBuf;

/// Prints a row: `tried` of `what`, `bad` of them `wrong`, which has to be none, and how to try the same again. With
/// `MAILPROV_GUARANTEES` it is also put into that folder, for `tests/run` to print the whole table.
#[expect(clippy::print_stderr, reason = "for whoever runs the test")]
pub fn tell(what: &str, tried: usize, wrong: &str, bad: usize, again: &str) {
    assert!(tried > 0, "{what}: none");
    eprintln!("{what}: {tried} / {wrong}: {bad} ({again})");
    let Some(folder) = std::env::var_os("MAILPROV_GUARANTEES").map(PathBuf::from) else { return };
    let row = format!("| {what} | {tried} | {wrong} | {bad} | `{again}` |\n");
    std::fs::write(folder.join(what.replace(' ', "-")), row).expect("written");
}
