//! Templates and files that travel with a play.

use std::collections::BTreeMap;

use super::builder::PlayBuilder;
use super::call::Call;
use super::role::RoleInstance;
use super::scope::Scope;
use super::tree::Location;
use super::values::is_template;
use crate::diagnostic::{Diagnostic, Sources, did_you_mean};
use crate::hostplay::FileBody;
use crate::vault;

/// What may travel with one play; each host gets all of it.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Modules that read a file of the controller's, their argument for it, and its folder.
const READERS: [(&str, &str, &str); 2] = [("template", "src", "templates"), ("copy", "src", "files")];

/// Where files may come from.
#[derive(Debug)]
pub(super) struct Files {
    playbook: Location,
    roles: BTreeMap<String, Location>,
    /// Files that tasks name in other places, under the name by which the host looks for them.
    named: BTreeMap<String, Location>,
}

impl Files {
    pub(super) fn new(playbook: Location) -> Self {
        Self { playbook, roles: BTreeMap::new(), named: BTreeMap::new() }
    }

    pub(super) fn add_role(&mut self, role: &RoleInstance) {
        self.roles.insert(role.name.clone(), role.folder.clone());
    }

    /// A file as the host will look for it: in the role, then beside the playbook.
    fn find(&mut self, folder: &str, name: &str, role: Option<&RoleInstance>) -> Result<Location, Vec<Location>> {
        let mut places = Vec::new();
        if let Some(role) = role {
            places.push((format!("roles/{}/{folder}/{name}", role.name), role.folder.join(folder).join(name)));
            places.push((format!("roles/{}/{folder}/{name}", role.name), role.folder.join(name)));
        }
        places.push((format!("playbook/{folder}/{name}"), self.playbook.join(folder).join(name)));
        places.push((format!("playbook/{name}"), self.playbook.join(name)));
        match places.iter().find(|(_, place)| place.is_file()) {
            Some((logical, found)) => {
                self.named.insert(logical.clone(), found.clone());
                Ok(found.clone())
            }
            None => Err(places.into_iter().map(|(_, place)| place).collect()),
        }
    }

    /// Reads everything.
    pub(super) fn pack(&self, sources: &Sources) -> Result<BTreeMap<String, FileBody>, Box<Diagnostic>> {
        let mut all = self.named.clone();
        let roles = self.roles.iter().map(|(name, folder)| (format!("roles/{name}"), folder));
        for (prefix, folder) in roles.chain([("playbook".to_owned(), &self.playbook)]) {
            for part in ["templates", "files"] {
                let found = folder.join(part).files().into_iter();
                all.extend(found.map(|file| (format!("{prefix}/{part}/{}", file.name), file.at)));
            }
        }
        let mut bodies = BTreeMap::new();
        let mut total = 0_u64;
        for (logical, at) in all {
            let Some((length, mode)) = at.metadata() else { continue };
            total = total.saturating_add(length);
            if total > MAX_BYTES {
                return Err(Box::new(too_large(&at)));
            }
            let bytes = at.read().map_err(|error| Box::new(unreadable(&at, &error)))?;
            let bytes = decrypted(bytes.unwrap_or_default(), &at, sources)?;
            bodies.insert(logical, FileBody { bytes, mode, shown_as: at.shown() });
        }
        Ok(bodies)
    }
}

/// As in Ansible, a file that is a vault arrives decrypted. All in it is secret.
fn decrypted(bytes: Vec<u8>, at: &Location, sources: &Sources) -> Result<Vec<u8>, Box<Diagnostic>> {
    let Some(text) = std::str::from_utf8(&bytes).ok().filter(|text| vault::is_vault(text)) else { return Ok(bytes) };
    let opened = sources.keyring().open(text).map_err(|error| {
        let problem = Diagnostic::new(format!("the vault {} cannot be used: failed to {error}", at.shown()));
        Box::new(problem.maybe_hint(error.hint().map(str::to_owned)))
    })?;
    sources.veil().add(&String::from_utf8_lossy(&opened));
    Ok(opened)
}

fn too_large(at: &Location) -> Diagnostic {
    let limit = MAX_BYTES / 1024 / 1024;
    let problem = Diagnostic::new(format!("the play's templates and files are more than {limit} MiB"));
    problem
        .note(format!("the limit was reached at {}", at.shown()))
        .hint("everything in templates/ and files/ travels to each host; put large files into a package")
}

fn unreadable(at: &Location, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(format!("cannot read {}: {error}", at.shown()))
}

impl PlayBuilder<'_, '_> {
    /// The file that a task names, if it names one literally; one that is nowhere is a problem. Only
    /// templates are given back: the others are not looked into.
    pub(super) fn source_file(&mut self, call: &Call, scope: &Scope) -> Option<Location> {
        let module = call.module.name();
        let (_, argument, folder) = READERS.iter().find(|(name, _, _)| *name == module)?;
        let node = call.argument(argument)?;
        let name = node.as_str().filter(|name| !is_template(name))?;
        match self.files.find(folder, name, scope.role().map(AsRef::as_ref)) {
            Ok(found) => (module == "template").then_some(found),
            Err(places) => {
                let shown: Vec<_> = places.iter().map(Location::shown).collect();
                let siblings: Vec<_> = places.iter().flat_map(|place| place.parent().entries()).collect();
                let problem = node.problem(format!("there is no file `{name}`"));
                let problem = problem.note(format!("looked for {}", shown.join(", ")));
                self.problem(problem.maybe_hint(did_you_mean(name, siblings.iter().map(String::as_str))));
                None
            }
        }
    }
}
