//! `dnf`: packages.

use serde_json::{Map, Value};

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};
use crate::host::{Change, Key, PackageState, State, Version, Want};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    aliases: &["package", "yum"],
    args: &[
        ArgSpec::new("name", ArgKind::StrList, "Package names. All go into one transaction.")
            .aliases(&["pkg"])
            .required(),
        ArgSpec::new(
            "state",
            ArgKind::Choice(&["present", "installed", "latest", "absent", "removed"]),
            "present and installed: any version will do; latest: the newest that the repositories offer; absent and \
             removed: not installed.",
        )
        .default("present"),
    ],
    returns: &[("results", "one line a package that was changed")],
    example: "- name: Install Postfix\n  dnf:\n    name:\n      - postfix\n      - openssl\n    state: present\n",
    ..ModuleSpec::new("dnf", "ansible.builtin", "Install, update or remove packages.")
};

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let names = args.list("name");
    if names.is_empty() {
        return Err(ModuleError::argument("name", "names no package"));
    }
    let state = match args.need_str("state")? {
        "absent" | "removed" => PackageState::Absent,
        "latest" => PackageState::Installed(Version::Latest),
        _ => PackageState::Installed(Version::Any),
    };
    let mut wants = Vec::new();
    for name in names {
        check(&name).map_err(|why| ModuleError::argument("name", why))?;
        let want = Want::new(Key::Package(name), State::Package(state.clone()));
        if !wants.contains(&want) {
            wants.push(want);
        }
    }
    let before = context.host.changes().len();
    context.host.put_all(wants)?;
    let results: Vec<Value> = context.host.changes()[before..].iter().map(|change| line(change).into()).collect();
    Ok(Outcome { values: Map::from_iter([("results".to_owned(), results.into())]), ..Outcome::default() })
}

fn line(change: &Change) -> String {
    let verb = match (&change.before, &change.after) {
        (_, State::Package(PackageState::Absent)) => "Removed",
        (State::Package(PackageState::Absent), _) => "Installed",
        _ => "Updated",
    };
    format!("{verb}: {}", change.key.name())
}

/// A plain package name: what `rpm -q` finds again after the installation.
fn check(name: &str) -> Result<(), String> {
    let refuse = |what: &str| Err(format!("\"{name}\" is {what}; give the plain name of a package"));
    let mut parts = name.rsplit('-');
    let (last, before) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let version = |text: &str| digit(text) && text.contains('.');
    if name.starts_with('@') {
        refuse("a group of packages")
    } else if name.contains(['/', ':']) || name.rsplit_once('.').is_some_and(|(_, end)| end == "rpm") {
        refuse("a file or an address")
    } else if name.contains(['*', '?', '[']) {
        refuse("a pattern")
    } else if name.contains(['<', '>', '=', ' ']) || version(last) || (version(before) && digit(last)) {
        refuse("a package with its version")
    } else if !name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-'))
    {
        refuse("no package name")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn only_plain_names_are_packages() {
        for name in
            ["postfix", "libstdc++-devel", "java-1.8.0-openjdk", "xorg-x11-fonts-75dpi", "compat-libgfortran-48"]
        {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for (name, what) in [
            ("postfix-3.5.8", "version"),
            ("postfix-3.5.8-7.el8", "version"),
            ("postfix>=3.5", "version"),
            ("postfix = 3.5", "version"),
            ("@development", "group"),
            ("postfix*", "pattern"),
            ("/tmp/x.rpm", "file"),
            ("https://example.com/x.rpm", "address"),
            ("-y", "no package name"),
            ("", "no package name"),
        ] {
            assert!(check(name).is_err_and(|why| why.contains(what)), "{name}");
        }
    }
}
