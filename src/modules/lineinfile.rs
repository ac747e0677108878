//! `lineinfile`: one line in a text file.

use super::attributes::{GROUP, MODE, OWNER};
use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("path", ArgKind::Path, "The file.").aliases(&["dest", "destfile", "name"]).required(),
        ArgSpec::new("line", ArgKind::Str, "The line that shall be there; with state absent, the line to remove.")
            .aliases(&["value"]),
        ArgSpec::new(
            "regexp",
            ArgKind::Str,
            "Which line to replace (the last match) or remove (all matches). Python's syntax without look-around and \
             back references; matched against a line without its line end.",
        )
        .aliases(&["regex"]),
        ArgSpec::new("search_string", ArgKind::Str, "As regexp, but a plain text anywhere in the line."),
        ArgSpec::new("state", ArgKind::Choice(&["present", "absent"]), "Whether the line shall be there.")
            .default("present"),
        ArgSpec::new(
            "insertafter",
            ArgKind::Str,
            "Where to add the line when nothing matches: after the last match of this regular expression, or EOF (the \
             default).",
        ),
        ArgSpec::new("insertbefore", ArgKind::Str, "Likewise before the last match, or BOF for the file's beginning."),
        ArgSpec::new(
            "backrefs",
            ArgKind::Bool,
            "\\1 and \\g<name> in line stand for groups of regexp; when nothing matches the file is left as it is.",
        )
        .default("no"),
        ArgSpec::new("firstmatch", ArgKind::Bool, "The first match counts instead of the last.").default("no"),
        ArgSpec::new("create", ArgKind::Bool, "Make the file if there is none.").default("no"),
        MODE,
        OWNER,
        GROUP,
    ],
    returns: &[("msg", "line added, line replaced, N line(s) removed"), ("found", "how many lines were removed")],
    example: "- name: Mail for root goes to a person\n  lineinfile:\n    path: /etc/aliases\n    regexp: '^root:'\n    \
              line: 'root: admin@example.com'\n",
    ..ModuleSpec::new("lineinfile", "ansible.builtin", "Make sure that a line is in a text file, or is not.")
};

pub(super) fn run(_args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    Err(ModuleError::failed("not built yet"))
}
