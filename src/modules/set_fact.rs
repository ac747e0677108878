//! `set_fact`: gives names to values for the rest of the play.

use serde_json::{Map, Value};

use super::{Args, Context, ModuleError, ModuleSpec, Outcome};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    accepts_any: true,
    returns: &[("ansible_facts", "the names with their values; they become variables of this host")],
    example: "- name: Name the relay\n  set_fact:\n    relay: \"smtp.{{ ansible_domain }}\"\n",
    ..ModuleSpec::new("set_fact", "ansible.builtin", "Set variables of this host for the rest of the run.")
};

pub(super) fn run(args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let facts = args.extra();
    if facts.is_empty() {
        return Err(ModuleError::failed("set_fact needs at least one name with a value"));
    }
    for name in facts.keys() {
        let why = match name.as_str() {
            // Taking it for a variable would hide that nothing is cached.
            "cacheable" => "is not supported: facts are not kept between runs",
            name if !is_variable_name(name) => "is not a variable name: letters, digits and _, no digit first",
            _ => continue,
        };
        return Err(ModuleError::Argument { name: name.clone(), message: why.to_owned() });
    }
    let values = Map::from_iter([("ansible_facts".to_owned(), Value::Object(facts.clone()))]);
    Ok(Outcome { changed: Some(false), values, ..Outcome::default() })
}

fn is_variable_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
