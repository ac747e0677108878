//! What a module's arguments are: one table for checking, for documentation and for completion.

/// A module with its arguments.
#[derive(Debug, Clone, Copy)]
pub struct ModuleSpec {
    /// Canonical name (`dnf`).
    pub name: &'static str,
    /// Other names (`package`, `yum`); every name is also accepted after its collection's prefix.
    pub aliases: &'static [&'static str],
    /// `ansible.builtin`, `ansible.posix`, or `mailprov` for our own.
    pub collection: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// The arguments.
    pub args: &'static [ArgSpec],
    /// The argument that a plain string stands for (`command: /bin/true`), if any.
    pub free_form: Option<&'static str>,
    /// Names beyond the table are allowed, and their values are taken as they are (`set_fact`).
    pub accepts_any: bool,
    /// Groups of arguments of which exactly one must be given.
    pub exactly_one_of: &'static [&'static [&'static str]],
    /// What a task can use from the registered result, beside the common values.
    pub returns: &'static [(&'static str, &'static str)],
    /// A complete task in YAML.
    pub example: &'static str,
}

/// One argument.
#[derive(Debug, Clone, Copy)]
pub struct ArgSpec {
    /// Canonical name.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// What it takes.
    pub kind: ArgKind,
    /// Must be given.
    pub required: bool,
    /// The default, as a user would write it.
    pub default: Option<&'static str>,
    /// One sentence; units where there are any.
    pub doc: &'static str,
}

/// What an argument takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgKind {
    /// Text; numbers and booleans are taken as text.
    Str,
    /// An absolute path.
    Path,
    /// A boolean in any of Ansible's spellings.
    Bool,
    /// A whole number.
    Int,
    /// File permissions: `'0644'`, `0644`, or symbolic (`u=rw,g=r,o=r`).
    Mode,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of text; a single text (comma-separated, as Ansible splits it) is taken as a list.
    StrList,
    /// A mapping of text to text, numbers and booleans.
    StrMap,
    /// A list of Jinja conditions (`assert`): evaluated by the interpreter, not rendered. [`super::Args`]
    /// takes `[{"condition": TEXT, "holds": BOOL}, ...]`.
    Conditions,
    /// A bare Jinja expression (`debug: var=`): evaluated by the interpreter, not rendered. [`super::Args`]
    /// takes `{"expression": TEXT, "value": ANYTHING}`.
    Expression,
    /// Anything.
    Any,
}

impl ArgSpec {
    /// A starting point for tables.
    #[must_use]
    pub const fn new(name: &'static str, kind: ArgKind, doc: &'static str) -> Self {
        Self { name, aliases: &[], kind, required: false, default: None, doc }
    }

    /// Must be given.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Has this default.
    #[must_use]
    pub const fn default(mut self, value: &'static str) -> Self {
        self.default = Some(value);
        self
    }

    /// Has other names.
    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }
}

impl ModuleSpec {
    /// A starting point for tables.
    #[must_use]
    pub const fn new(name: &'static str, collection: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            collection,
            summary,
            args: &[],
            free_form: None,
            accepts_any: false,
            exactly_one_of: &[],
            returns: &[],
            example: "",
        }
    }

    /// Why an argument that Ansible's module has is missing here; `None` if that has none of this name either.
    #[must_use]
    pub fn unsupported(&self, argument: &str) -> Option<&'static str> {
        super::unsupported::why(self.name, argument)
    }

    /// The argument of this name or alias.
    #[must_use]
    pub fn arg(&self, name: &str) -> Option<&'static ArgSpec> {
        self.args.iter().find(|arg| arg.name == name || arg.aliases.contains(&name))
    }
}
