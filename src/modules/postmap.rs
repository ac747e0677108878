//! `postmap`: the database that Postfix reads in the place of a text.

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("path", ArgKind::Path, "The text; the database is made beside it, with .db at the end.")
            .required(),
        ArgSpec::new(
            "type",
            ArgKind::Choice(&["hash", "btree"]),
            "The kind of database. Maps of type regexp, pcre, cidr \
                                                                   and texthash are read as text and need none.",
        )
        .default("hash"),
        ArgSpec::new("aliases", ArgKind::Bool, "The text is in the form of aliases(5), as /etc/aliases (newaliases).")
            .default("no"),
    ],
    returns: &[("database", "the database file"), ("entries", "how many entries it has")],
    example: "- name: Make the database of virtual aliases\n  postmap:\n    path: /etc/postfix/virtual\n",
    ..ModuleSpec::new("postmap", "mailprov", "Keep the database of a Postfix map or alias file up to date.")
};

pub(super) fn run(_args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    Err(ModuleError::failed("not built yet"))
}
