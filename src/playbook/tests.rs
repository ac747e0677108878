//! Playbooks on disk, as a user has them.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, reason = "a test")]

mod errors;
mod meaning;
mod mutated;
mod outside;
mod robust;

use std::path::PathBuf;

use super::*;
use crate::hostplay::{HostPlay, Step, Task};

const INVENTORY: &str = "mail:\n  hosts:\n    mail[1:3]:\n  vars:\n    mail_domain: example.com\n";

/// A folder with files; error texts name it `DIR`.
struct Folder(tempfile::TempDir);

impl Folder {
    /// `hosts.yaml` is [`INVENTORY`] unless it is given.
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("hosts.yaml", INVENTORY)].iter().chain(files) {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn load(&self, options: &Options) -> Result<Compiled, String> {
        let mut sources = Sources::new();
        let inventory = Inventory::load(&[self.path("hosts.yaml")], &mut sources);
        let compiled =
            inventory.and_then(|inventory| load(Some(&self.path("site.yaml")), inventory, options, &mut sources));
        let shown = |problems: Diagnostics| problems.render(&sources, false);
        compiled.map_err(|problems| shown(problems).replace(self.0.path().to_str().unwrap(), "DIR"))
    }
}

/// A playbook and other files, compiled.
fn compile(playbook: &str, files: &[(&str, &str)], options: &Options) -> Compiled {
    let mut all = vec![("site.yaml", playbook)];
    all.extend(files);
    Folder::new(&all).load(options).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The first play for the first host.
fn host_play(playbook: &str, files: &[(&str, &str)]) -> HostPlay {
    compile(playbook, files, &Options::default()).plays[0].host_play("mail1")
}

/// All tasks in order, also those inside blocks.
fn tasks(steps: &[Step]) -> Vec<Task> {
    let mut tasks = Vec::new();
    handlers::each_task(steps, &mut |task| tasks.push(task.clone()));
    tasks
}

fn names(steps: &[Step]) -> Vec<String> {
    tasks(steps).into_iter().map(|task| task.name.source).collect()
}
