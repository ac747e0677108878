//! Which handler a name means, and names that mean none.

use std::collections::BTreeSet;

use super::values::is_template;
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::hostplay::{Step, Task};

/// Of handlers with one name the last counts, as in Ansible. An earlier one of a role stays reachable as
/// `role : name`, and so does every other one of a role.
pub(super) fn settle_names(handlers: Vec<Task>) -> Vec<Task> {
    let mut settled: Vec<Task> = Vec::new();
    for handler in handlers.into_iter().rev() {
        let mut handler = handler;
        let taken = |name: &str| settled.iter().any(|known| answers_to(known, name));
        let qualified = handler.role.as_ref().map(|role| format!("{role} : {}", handler.name.source));
        let name_taken = taken(&handler.name.source);
        match qualified {
            Some(qualified) if taken(&qualified) => continue,
            Some(qualified) if name_taken => handler.name.source = qualified,
            Some(qualified) => handler.listen.push(qualified),
            None if name_taken => continue,
            None => {}
        }
        settled.push(handler);
    }
    settled.reverse();
    settled
}

fn answers_to(handler: &Task, name: &str) -> bool {
    handler.name.source == name || handler.listen.iter().any(|topic| topic == name)
}

/// Refuses a `notify` that no handler answers to. Ansible finds out when the task has changed something.
pub(super) fn check_notify(steps: &[Step], handlers: &[Task], problems: &mut Diagnostics) {
    if handlers.iter().any(|handler| is_template(&handler.name.source)) {
        return;
    }
    let names = handlers.iter().flat_map(|handler| std::iter::once(&handler.name.source).chain(&handler.listen));
    let names: BTreeSet<&str> = names.map(String::as_str).collect();
    let mut check = |task: &Task| {
        for notify in task.notify.iter().filter(|notify| !is_template(&notify.source)) {
            if !names.contains(notify.source.as_str()) {
                problems.push(
                    unknown(&notify.source, &names)
                        .at(notify.origin.clone(), u32::try_from(notify.source.chars().count()).unwrap_or(1)),
                );
            }
        }
    };
    each_task(steps, &mut check);
    handlers.iter().for_each(check);
}

fn unknown(name: &str, names: &BTreeSet<&str>) -> Diagnostic {
    let problem = Diagnostic::new(format!("no handler is called `{name}`"));
    match did_you_mean(name, names.iter().copied()) {
        Some(hint) => problem.hint(hint),
        None if names.is_empty() => problem.note("the play has no handlers"),
        None => problem.note(format!("the handlers are: {}", names.iter().copied().collect::<Vec<_>>().join(", "))),
    }
}

/// Calls something for every task, also inside blocks.
pub(super) fn each_task(steps: &[Step], call: &mut impl FnMut(&Task)) {
    for step in steps {
        match step {
            Step::Task(task) => call(task),
            Step::Block(block) => {
                for part in [&block.block, &block.rescue, &block.always] {
                    each_task(part, call);
                }
            }
            Step::FlushHandlers(_) => {}
        }
    }
}

/// Numbers the tasks in order, and the handlers after them.
pub(super) fn number(steps: &mut [Step], handlers: &mut [Task]) {
    let mut next = 0;
    number_steps(steps, &mut next);
    for handler in handlers {
        handler.id = next;
        next = next.saturating_add(1);
    }
}

fn number_steps(steps: &mut [Step], next: &mut u32) {
    for step in steps {
        match step {
            Step::Task(task) => {
                task.id = *next;
                *next = next.saturating_add(1);
            }
            Step::Block(block) => {
                for part in [&mut block.block, &mut block.rescue, &mut block.always] {
                    number_steps(part, next);
                }
            }
            Step::FlushHandlers(_) => {}
        }
    }
}
