//! A real browser without a window: Chromium, where it is installed (`tests/run` installs it).

#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::disallowed_methods, reason = "a test starts programs")]

use std::path::Path;
use std::process::Command;

use crate::world::skipped;

/// The names that it goes by.
const NAMES: [&str; 4] = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

/// Chromium's program; `None`, and a line that says so, where there is none.
fn program() -> Option<&'static str> {
    let found = NAMES
        .into_iter()
        .find(|name| ["/usr/bin", "/usr/local/bin"].iter().any(|at| Path::new(at).join(name).exists()));
    if found.is_none() {
        skipped("pages are not opened in Chromium, since it is not installed");
    }
    found
}

fn chromium(folder: &Path, more: &[&str]) -> Option<Vec<u8>> {
    let mut command = Command::new(program()?);
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--allow-file-access-from-files",
        "--hide-scrollbars",
    ]);
    command.arg(format!("--user-data-dir={}", folder.join("browser").display())).args(more);
    let output =
        command.current_dir(folder).env_clear().env("HOME", folder).env("PATH", "/usr/bin:/bin").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout)
}

/// What a script finds on a page of the folder when its window has this width. The script is the body of a function of
/// `page`, the document.
pub fn find(folder: &Path, page: &str, width: u32, script: &str) -> Option<serde_json::Value> {
    let looker = format!(
        "<!DOCTYPE html><body><iframe src=\"{page}\" style=\"border:0;width:{width}px;height:2000px\"></iframe><script>
         addEventListener('load', () => {{
           const page = document.querySelector('iframe').contentDocument;
           document.title = JSON.stringify((() => {{ {script} }})());
         }});</script>"
    );
    std::fs::write(folder.join("looker.html"), looker).unwrap();
    let address = format!("file://{}", folder.join("looker.html").display());
    let dom = chromium(folder, &["--window-size=1600,2000", "--dump-dom", &address])?;
    let dom = String::from_utf8(dom).unwrap();
    let found = dom.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).map(|(title, _)| title);
    assert!(found.is_some(), "the script found nothing:\n{dom}");
    Some(serde_json::from_str(&found.unwrap().replace("&amp;", "&")).unwrap())
}

/// How many pages of paper a page of the folder takes.
pub fn printed(folder: &Path, page: &str) -> Option<usize> {
    let (paper, address) = (folder.join("paper.pdf"), format!("file://{}", folder.join(page).display()));
    chromium(folder, &["--no-pdf-header-footer", &format!("--print-to-pdf={}", paper.display()), &address])?;
    let paper = std::fs::read(paper).unwrap();
    Some(String::from_utf8_lossy(&paper).matches("/Type /Page\n").count())
}
