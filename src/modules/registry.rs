//! The closed list of modules.

use super::{Args, Context, ModuleError, ModuleSpec, Outcome};
use crate::host::Action;

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
    Debug => debug,
    Dnf => dnf,
    Fail => fail,
    File => file,
    Firewalld => firewalld,
    Hostname => hostname,
    Lineinfile => lineinfile,
    MailVerify => mail_verify,
    OpensslPrivatekey => openssl_privatekey,
    Ping => ping,
    Postconf => postconf,
    PostfixService => postfix_service,
    Postmap => postmap,
    Service => service,
    SetFact => set_fact,
    Setup => setup,
    Stat => stat,
    Sysctl => sysctl,
    Template => template,
    WaitFor => wait_for,
}

impl Module {
    /// What a call with these arguments is going to run, as far as that can be told without the host.
    #[must_use]
    pub fn expected_action(self, args: &Args) -> Option<Action> {
        match self {
            Self::Service => service::expected_action(args),
            _ => None,
        }
    }

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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::{Map, Value};

    use super::Module;
    use crate::modules::args::check_literal;
    use crate::modules::{ArgKind, Args};

    #[test]
    fn every_name_means_one_module() {
        let names = Module::all_names();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
        for name in names {
            let module = Module::from_name(&name).map(Module::spec);
            let full = module.map(|spec| format!("{}.{name}", spec.collection));
            assert!(module.is_some_and(|spec| spec.name == name || spec.aliases.contains(&name.as_str())), "{name}");
            assert_eq!(full.and_then(|full| Module::from_name(&full)), Module::from_name(&name), "{name}");
        }
        assert_eq!(Module::from_name("ansible.posix.copy"), None);
        assert_eq!(Module::from_name("ansible.legacy.copy"), Some(Module::Copy));
    }

    #[test]
    fn every_module_is_documented() {
        for module in Module::ALL {
            let spec = module.spec();
            assert!(spec.summary.ends_with('.') && spec.summary.len() > 10, "{}: summary", spec.name);
            assert!(spec.example.starts_with("- name: ") && spec.example.ends_with('\n'), "{}: example", spec.name);
            assert!(spec.example.contains(&format!("\n  {}:", spec.name)), "{}: the example is of another", spec.name);
            for (name, doc) in spec.returns {
                assert!(!name.is_empty() && !doc.is_empty(), "{}: returns {name}", spec.name);
            }
            let mut names = HashSet::new();
            for arg in spec.args {
                let label = format!("{}.{}", spec.name, arg.name);
                assert!(arg.doc.len() > 5 && (arg.doc.ends_with('.') || arg.doc.ends_with(')')), "{label}: doc");
                assert!(
                    std::iter::once(&arg.name).chain(arg.aliases).all(|name| names.insert(*name)),
                    "{label}: twice"
                );
                assert!(!(arg.required && arg.default.is_some()), "{label}: required, yet with a default");
                if let Some(default) = arg.default {
                    assert_eq!(check_literal(arg, &Value::from(default)), Ok(()), "{label}: default");
                }
            }
            let known = |name: &&str| spec.arg(name).is_some();
            let groups = spec.exactly_one_of.iter().flat_map(|group| group.iter());
            assert!(groups.chain(spec.free_form.iter()).all(known), "{}: names an unknown argument", spec.name);
        }
    }

    #[test]
    fn examples_use_arguments_that_exist() {
        for module in Module::ALL.iter().filter(|module| !module.spec().accepts_any) {
            let spec = module.spec();
            // Arguments stand four blanks deep; deeper lines belong to their values.
            let arguments = spec.example.lines().filter_map(|line| line.strip_prefix("    "));
            for line in arguments.filter(|line| !line.starts_with(' ') && !line.starts_with('-')) {
                let name = line.split(':').next().unwrap_or_default();
                assert!(spec.arg(name).is_some(), "{}: {name}", spec.name);
            }
        }
    }

    #[test]
    fn a_call_without_required_arguments_is_refused() {
        for module in Module::ALL {
            let spec = module.spec();
            let needs = spec.args.iter().any(|arg| arg.required) || !spec.exactly_one_of.is_empty();
            assert_eq!(Args::decode(spec, &Map::new()).is_err(), needs, "{}", spec.name);
            let unknown = Map::from_iter([("no_such_argument".to_owned(), Value::from("x"))]);
            assert_eq!(Args::decode(spec, &unknown).is_err(), needs || !spec.accepts_any, "{}", spec.name);
        }
    }

    #[test]
    fn literals_of_every_kind_are_checked() {
        let kinds = Module::ALL.iter().flat_map(|module| module.spec().args);
        for arg in kinds.filter(|arg| !matches!(arg.kind, ArgKind::Any)) {
            let nested = serde_json::json!([{"a": []}]);
            assert!(check_literal(arg, &nested).is_err(), "{} takes {nested}", arg.name);
        }
    }
}
