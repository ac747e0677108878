//! Running a part of a playbook's tasks.

use std::sync::Arc;

use super::Compiled;
use crate::hostplay::{Block, Step, Task};

impl Compiled {
    /// Takes away the tasks for which `keep` says no; it is asked for each in their order. Plays that lose all their
    /// tasks go, too. Handlers stay: they run when they are notified.
    pub fn keep_tasks(&mut self, keep: &mut dyn FnMut(&Task) -> bool) {
        self.plays.retain_mut(|play| {
            let before = play.tasks().len();
            let common = Arc::make_mut(&mut play.common);
            let steps = std::mem::take(&mut common.steps);
            common.steps = kept(steps, keep);
            before == 0 || !play.tasks().is_empty()
        });
    }
}

fn kept(steps: Vec<Step>, keep: &mut dyn FnMut(&Task) -> bool) -> Vec<Step> {
    let mut left = Vec::new();
    for step in steps {
        match step {
            Step::Task(task) => {
                if keep(&task) {
                    left.push(Step::Task(task));
                }
            }
            Step::Block(block) => {
                let Block { block: tasks, rescue, always, .. } = *block.clone();
                let block = Block {
                    block: kept(tasks, keep),
                    rescue: kept(rescue, keep),
                    always: kept(always, keep),
                    ..*block
                };
                left.push(Step::Block(Box::new(block)));
            }
            other @ Step::FlushHandlers(_) => left.push(other),
        }
    }
    left
}
