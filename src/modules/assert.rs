//! `assert`: fails unless conditions hold. The interpreter has evaluated them.

use serde_json::Map;

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};
use crate::event::Failure;

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("that", ArgKind::Conditions, "Conditions that must all hold, without braces.").required(),
        ArgSpec::new("fail_msg", ArgKind::Str, "What to say when one does not hold.").aliases(&["msg"]),
        ArgSpec::new("success_msg", ArgKind::Str, "What to say when all hold.").default("All assertions passed"),
        ArgSpec::new("quiet", ArgKind::Bool, "Say nothing when all hold.").default("no"),
    ],
    returns: &[("assertion", "the first condition that did not hold"), ("evaluated_to", "false, if there is one")],
    example: "- name: Enterprise Linux 8 only\n  assert:\n    that:\n      - ansible_os_family == 'RedHat'\n      \
              - ansible_distribution_major_version == '8'\n    fail_msg: This role is for Enterprise Linux 8\n",
    ..ModuleSpec::new("assert", "ansible.builtin", "Fail unless all conditions hold.")
};

pub(super) fn run(args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let conditions = args.conditions("that");
    let broken: Vec<_> = conditions.iter().filter(|condition| !condition.holds).collect();
    let Some(first) = broken.first() else {
        let message = (!args.flag("quiet")).then(|| args.str("success_msg").map(str::to_owned)).flatten();
        return Ok(Outcome { changed: Some(false), message, ..Outcome::default() });
    };
    let failure = Failure {
        message: args.str("fail_msg").unwrap_or("assertion failed").to_owned(),
        causes: broken.iter().map(|condition| format!("this does not hold: {}", condition.text)).collect(),
        ..Failure::default()
    };
    let values = Map::from_iter([
        ("assertion".to_owned(), first.text.clone().into()),
        ("evaluated_to".to_owned(), false.into()),
    ]);
    Err(ModuleError::Failed { failure: Box::new(failure), values })
}
