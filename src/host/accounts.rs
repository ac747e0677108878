//! Users and groups of the host, without NSS: the binary is static.
//!
//! `/etc/passwd` and `/etc/group` first; `getent` for what other sources (sssd, LDAP) know.

use std::fs;
use std::str;

use super::{CommandSpec, HostError, Principal, process};

/// Users or groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accounts {
    /// `passwd(5)`.
    Users,
    /// `group(5)`.
    Groups,
}

impl Accounts {
    fn database(self) -> &'static str {
        match self {
            Self::Users => "passwd",
            Self::Groups => "group",
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Users => "user",
            Self::Groups => "group",
        }
    }

    /// Who has this id; without a name when nobody knows one.
    pub(super) fn by_id(self, id: u32) -> Principal {
        let known =
            if id == 0 { Some("root".to_owned()) } else { self.look_up(&id.to_string(), |_, other| other == id) };
        Principal { name: known, id: Some(id) }
    }

    /// The id of a principal.
    pub(super) fn id_of(self, principal: &Principal) -> Result<u32, HostError> {
        if let Some(id) = principal.id {
            return Ok(id);
        }
        let name = principal.name.as_deref().unwrap_or_default();
        let found = self.find(name, |line, _| line == name);
        found.map(|(_, id)| id).ok_or_else(|| HostError::Refused {
            message: format!("find the {} {name:?}: this host has none", self.noun()),
            hint: Some("does a package that is not installed make it?".to_owned()),
        })
    }

    fn look_up(self, key: &str, matches: impl Fn(&str, u32) -> bool) -> Option<String> {
        self.find(key, matches).map(|(name, _)| name)
    }

    fn find(self, key: &str, matches: impl Fn(&str, u32) -> bool) -> Option<(String, u32)> {
        let file = fs::read_to_string(format!("/etc/{}", self.database())).unwrap_or_default();
        let local = entries(&file).find(|&(name, id)| matches(name, id)).map(|(name, id)| (name.to_owned(), id));
        local.or_else(|| {
            let output = process::run(&CommandSpec::new(&["getent", self.database(), key])).ok()?;
            let text = output.stdout_text();
            entries(&text).find(|&(name, id)| matches(name, id)).map(|(name, id)| (name.to_owned(), id))
        })
    }
}

/// All files that a package's scripts change when they make a user or group, with the copies that shadow-utils
/// keeps of them.
pub(super) fn files() -> impl Iterator<Item = String> {
    let names = ["passwd", "group", "shadow", "gshadow", "subuid", "subgid"];
    names.into_iter().flat_map(|name| ["", "-"].map(|suffix| format!("/etc/{name}{suffix}")))
}

/// Name and id of each line; both files have them in the first and third field.
fn entries(text: &str) -> impl Iterator<Item = (&str, u32)> {
    text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty() && !name.starts_with('#'))?;
        Some((name, fields.nth(1)?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::entries;

    #[test]
    fn lines_that_are_no_accounts_are_left_out() {
        let text =
            "root:x:0:0:root:/root:/bin/bash\n#x:y:7:\n\nbad\npostfix:x:89:89::/:/sbin/nologin\nneg:x:-1:\n+::::::\n";
        assert_eq!(entries(text).collect::<Vec<_>>(), [("root", 0), ("postfix", 89)]);
    }
}
