//! `ping`: proves that the agent runs tasks.

use serde_json::Map;

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[ArgSpec::new("data", ArgKind::Str, "What to answer.").default("pong")],
    returns: &[("ping", "the value of data")],
    example: "- name: See whether the host answers\n  ping:\n",
    ..ModuleSpec::new("ping", "ansible.builtin", "Answer, which shows that tasks can run on the host.")
};

pub(super) fn run(args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let values = Map::from_iter([("ping".to_owned(), args.need_str("data")?.into())]);
    Ok(Outcome { changed: Some(false), values, ..Outcome::default() })
}
