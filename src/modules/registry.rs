//! The closed list of modules.

use super::{Args, Context, ModuleError, ModuleSpec, Outcome};

macro_rules! modules {
    ($($variant:ident => $file:ident),* $(,)?) => {
        $(use super::$file;)*

        /// A module that a task can name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Module {
            $(
                #[doc = concat!("See `modules/", stringify!($file), ".rs`.")]
                $variant,
            )*
        }

        impl Module {
            /// All of them, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The module's arguments and documentation.
            #[must_use]
            pub fn spec(self) -> &'static ModuleSpec {
                match self { $(Self::$variant => &$file::SPEC,)* }
            }

            /// Runs it.
            ///
            /// # Errors
            /// What went wrong, ready to be shown.
            pub fn run(self, args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
                match self { $(Self::$variant => $file::run(args, context),)* }
            }
        }
    };
}

modules! {
    Assert => assert,
    Certificate => certificate,
    Command => command,
    Copy => copy,
    Dnf => dnf,
    File => file,
    Firewalld => firewalld,
    Hostname => hostname,
    Lineinfile => lineinfile,
    Postconf => postconf,
    PostfixService => postfix_service,
    Postmap => postmap,
    Service => service,
    Template => template,
    WaitFor => wait_for,
}

impl Module {
    /// The canonical name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// The module of this name, alias or fully qualified name (`ansible.builtin.copy`, `mailprov.postconf`).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|module| {
            let spec = module.spec();
            let short = match name.rsplit_once('.') {
                Some((collection, short)) if collection == spec.collection || collection == "ansible.legacy" => short,
                Some(_) => return false,
                None => name,
            };
            spec.name == short || spec.aliases.contains(&short)
        })
    }

    /// Every name that a task may use, for "did you mean".
    #[must_use]
    pub fn all_names() -> Vec<String> {
        let names = Self::ALL.iter().flat_map(|module| {
            let spec = module.spec();
            std::iter::once(spec.name).chain(spec.aliases.iter().copied())
        });
        names.map(str::to_owned).collect()
    }
}
