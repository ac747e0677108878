//! How errors look. Each is found before any host is contacted.

mod calls;
mod keywords;
mod structure;
mod templates;

use super::*;

/// The rendered errors of a playbook with other files.
fn errors_with(playbook: &str, files: &[(&str, &str)], options: &Options) -> String {
    let mut all = vec![("site.yaml", playbook)];
    all.extend(files);
    Folder::new(&all).load(options).map(|_| ()).expect_err("must be refused")
}

fn errors(playbook: &str) -> String {
    errors_with(playbook, &[], &Options::default())
}

/// The errors of one task.
fn task(text: &str) -> String {
    errors(&format!("- hosts: all\n  tasks:\n    - {}\n", text.replace('\n', "\n      ")))
}
