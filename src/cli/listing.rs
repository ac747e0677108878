//! `--list-hosts`, `--list-tasks` and `--list-tags`: what a run would be, without contacting a host.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::args::ListArgs;
use crate::hostplay::Task;
use crate::playbook::{Compiled, CompiledPlay};
use crate::report::{clean, json};

/// The list for people, as ansible-playbook writes it.
pub(super) fn text(compiled: &Compiled, playbook: Option<&Path>, args: &ListArgs) -> String {
    let playbook = playbook.map_or("<built-in>".into(), |path| path.to_string_lossy());
    let mut lines = vec![format!("playbook: {}", clean(&playbook))];
    for (number, play) in compiled.plays.iter().enumerate() {
        lines.push(String::new());
        let (pattern, name) = (clean(&play.pattern), clean(&play.name));
        lines.push(format!("  play #{} ({pattern}): {name}  TAGS: [{}]", number + 1, clean(&play.tags.join(", "))));
        if args.list_hosts {
            lines.push(format!("    hosts ({}):", play.hosts.len()));
            lines.extend(play.hosts.iter().map(|host| format!("      {}", clean(host))));
        }
        let tasks = play.tasks();
        if args.list_tasks {
            lines.push("    tasks:".to_owned());
            lines.extend(
                tasks.iter().map(|task| format!("      {}  TAGS: [{}]", clean(&title(task)), clean(&tags(task)))),
            );
        }
        if args.list_tags {
            let tags: BTreeSet<&str> = tasks.iter().flat_map(|task| &task.tags).map(String::as_str).collect();
            lines.push(format!("    TASK TAGS: [{}]", clean(&tags.into_iter().collect::<Vec<_>>().join(", "))));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

/// For programs: a line a play.
pub(super) fn json_lines(compiled: &Compiled) -> String {
    let line = |play: &CompiledPlay| {
        let tasks = play.tasks().into_iter().map(|task| {
            json!({"name": task.name.source, "role": task.role, "module": task.module, "tags": task.tags,
                   "origin": task.origin})
        });
        let fields = [
            ("name", json!(play.name)),
            ("pattern", json!(play.pattern)),
            ("tags", json!(play.tags)),
            ("hosts", json!(play.hosts)),
            ("tasks", tasks.collect::<Value>()),
        ];
        json::line("play", fields) + "\n"
    };
    compiled.plays.iter().map(line).collect()
}

fn title(task: &Task) -> String {
    let role = task.role.as_ref().map(|role| format!("{role} : ")).unwrap_or_default();
    format!("{role}{}", task.name.source)
}

fn tags(task: &Task) -> String {
    task.tags.iter().map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
}
