//! `command`: a program of the user's.

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new(
            "cmd",
            ArgKind::Str,
            "The program with its arguments, split at blanks outside of quotes. No shell.",
        ),
        ArgSpec::new("argv", ArgKind::StrList, "The same as a list of words, in the place of cmd."),
        ArgSpec::new("chdir", ArgKind::Path, "The directory to run in."),
        ArgSpec::new("creates", ArgKind::Path, "Do not run when this is there."),
        ArgSpec::new("removes", ArgKind::Path, "Run only when this is there."),
        ArgSpec::new("stdin", ArgKind::Str, "Text for its standard input."),
        ArgSpec::new("stdin_add_newline", ArgKind::Bool, "End the standard input with a newline.").default("yes"),
    ],
    free_form: Some("cmd"),
    exactly_one_of: &[&["cmd", "argv"]],
    returns: &[
        ("cmd", "the words of the command"),
        ("rc", "its exit status; 128 + n for signal n"),
        ("stdout", "its standard output, without newlines at the end"),
        ("stderr", "its standard error, likewise"),
        ("stdout_lines", "stdout as a list of lines"),
        ("stderr_lines", "stderr as a list of lines"),
    ],
    example: "- name: See what Postfix thinks of its configuration\n  command: postfix check\n  changed_when: false\n",
    ..ModuleSpec::new("command", "ansible.builtin", "Run a program. In check mode it is only shown.")
};

pub(super) fn run(_args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    Err(ModuleError::failed("not built yet"))
}
