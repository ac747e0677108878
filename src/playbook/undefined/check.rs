//! The templates of one task.

use super::super::call::Call;
use super::super::tree::Location;
use super::super::values::{field, is_template};
use crate::hostplay::{Origin, Task, Template, VarLayer};
use crate::modules::ArgKind;
use crate::template::Kind;
use crate::yaml::{Key, Node, NodeValue};

/// What is looked at for one task.
pub(in crate::playbook) struct Check {
    pub(super) task: String,
    pub(super) origin: Origin,
    pub(super) layers: Vec<VarLayer>,
    /// Whether there is a `role_name`.
    pub(super) in_role: bool,
    /// Loop variables.
    pub(super) locals: Vec<String>,
    pub(super) uses: Vec<Use>,
}

/// One template.
pub(super) struct Use {
    pub(super) text: Text,
    pub(super) kind: Kind,
    /// Whether it sees the loop variables.
    pub(super) in_loop: bool,
    /// What it guards need not be defined anywhere in the task.
    pub(super) is_condition: bool,
}

pub(super) enum Text {
    Inline(Template),
    File(Location),
}

impl Check {
    pub(in crate::playbook) fn of(
        task: &Task,
        call: &Call,
        entries: &[(Key, Node)],
        template_file: Option<Location>,
    ) -> Self {
        let mut uses = Vec::new();
        let mut add = |template: &Template, kind, is_condition| {
            uses.push(Use { text: Text::Inline(template.clone()), kind, in_loop: true, is_condition });
        };
        for condition in &task.when {
            add(condition, Kind::Expression, true);
        }
        add(&task.name, Kind::Text, false);
        task.notify.iter().for_each(|notify| add(notify, Kind::Text, false));
        let later = task.changed_when.iter().chain(&task.failed_when).flatten();
        for condition in later.chain(task.until.iter().flat_map(|until| &until.conditions)) {
            add(condition, Kind::Expression, false);
        }
        if let Some(label) = task.loop_.as_ref().and_then(|loop_| loop_.label.as_ref()) {
            add(label, Kind::Text, false);
        }
        for given in &call.given {
            match given.spec.map(|spec| spec.kind) {
                Some(ArgKind::Conditions | ArgKind::Expression) => {
                    each_text(&given.value, &mut |template| add(&template, Kind::Expression, false));
                }
                _ => each_template(&given.value, &mut |template| add(&template, Kind::Text, false)),
            }
        }
        let items = field(entries, "loop").or_else(|| field(entries, "with_items"));
        each_template_of(items, &mut |template| {
            uses.push(Use { text: Text::Inline(template), kind: Kind::Text, in_loop: false, is_condition: false });
        });
        uses.extend(template_file.map(|file| Use {
            text: Text::File(file),
            kind: Kind::Text,
            in_loop: true,
            is_condition: false,
        }));
        let locals = task.loop_.iter().flat_map(|loop_| [Some(loop_.loop_var.clone()), loop_.index_var.clone()]);
        Self {
            task: task.name.source.clone(),
            origin: task.origin.clone(),
            layers: task.layers.clone(),
            in_role: task.role.is_some(),
            locals: locals.flatten().collect(),
            uses,
        }
    }
}

fn each_template_of(node: Option<&Node>, call: &mut impl FnMut(Template)) {
    if let Some(node) = node {
        each_template(node, call);
    }
}

/// Every string in a tree that must be rendered.
pub(super) fn each_template(node: &Node, call: &mut impl FnMut(Template)) {
    each_text(node, &mut |template| {
        if is_template(&template.source) {
            call(template);
        }
    });
}

fn each_text(node: &Node, call: &mut impl FnMut(Template)) {
    match &node.value {
        NodeValue::Str(_) => {
            if let Some(template) = node.template() {
                call(template);
            }
        }
        NodeValue::Seq(items) => {
            for item in items {
                each_text(item, call);
            }
        }
        NodeValue::Map(entries) => {
            for (key, value) in entries {
                // Keys of arguments may be templates, too.
                if is_template(&key.name) {
                    call(Template { source: key.name.clone(), origin: key.span.origin() });
                }
                each_text(value, call);
            }
        }
        NodeValue::Null | NodeValue::Bool(_) | NodeValue::Int(_) | NodeValue::Float(_) => {}
    }
}
