//! `setup`: facts are gathered by the play itself, so there is nothing left to do.

use serde_json::{Map, Value};

use super::{Args, Context, ModuleError, ModuleSpec, Outcome};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    returns: &[("ansible_facts", "the facts as the play gathered them at its start")],
    example: "- name: Keep the facts under a name\n  setup:\n  register: gathered\n",
    ..ModuleSpec::new("setup", "ansible.builtin", "Return the facts that were gathered at the start of the play.")
};

#[expect(clippy::unnecessary_wraps, reason = "every module has this signature")]
pub(super) fn run(_args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let values = Map::from_iter([("ansible_facts".to_owned(), Value::Object(context.facts.clone()))]);
    Ok(Outcome { changed: Some(false), values, ..Outcome::default() })
}
