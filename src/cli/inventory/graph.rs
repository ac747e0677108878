//! The groups as `ansible-inventory --graph` draws them.

use crate::inventory::Inventory;
use crate::report::clean;

/// Lines of a drawing at most: groups that share their children many times over are drawn in full.
const MAX_LINES: usize = 200_000;

/// The drawing below a group.
pub(super) fn text(inventory: &Inventory, group: &str) -> String {
    let mut lines = Vec::new();
    draw(inventory, group, 0, &mut lines);
    lines.push(String::new());
    lines.join("\n")
}

fn draw(inventory: &Inventory, group: &str, depth: usize, lines: &mut Vec<String>) {
    if lines.len() >= MAX_LINES {
        return;
    }
    lines.push(named(&format!("@{group}:"), depth));
    for child in inventory.children(group) {
        draw(inventory, child, depth + 1, lines);
    }
    if group != "all" {
        lines.extend(inventory.own_hosts(group).into_iter().map(|host| named(host, depth + 1)));
    }
}

fn named(name: &str, depth: usize) -> String {
    let name = clean(name);
    if depth == 0 { name.into_owned() } else { format!("{}--{name}", "  |".repeat(depth)) }
}
