//! Reading YAML files of a playbook, each once, with all problems collected.

use std::collections::HashMap;
use std::sync::Arc;

use super::tree::Location;
use crate::diagnostic::{Diagnostic, Diagnostics, Sources};
use crate::inventory::Variables;
use crate::yaml::{self, Node};

/// Extensions of a role's `main` file.
const EXTENSIONS: [&str; 3] = ["yml", "yaml", "json"];

pub(super) struct Loader<'s> {
    pub(super) sources: &'s mut Sources,
    pub(super) problems: Diagnostics,
    parsed: HashMap<Location, Option<Arc<Node>>>,
}

impl<'s> Loader<'s> {
    pub(super) fn new(sources: &'s mut Sources) -> Self {
        Self { sources, problems: Diagnostics::new(), parsed: HashMap::new() }
    }

    /// The tree of a file. Problems are reported once; `None` then, and when there is no such file.
    pub(super) fn yaml(&mut self, at: &Location) -> Option<Arc<Node>> {
        if let Some(parsed) = self.parsed.get(at) {
            return parsed.clone();
        }
        let node = self.read(at).and_then(|text| match yaml::load(&at.shown(), &text, self.sources) {
            Ok(node) => Some(Arc::new(node)),
            Err(problems) => {
                self.problems.extend(problems);
                None
            }
        });
        self.parsed.insert(at.clone(), node.clone());
        node
    }

    /// A text file, kept for diagnostics.
    pub(super) fn text(&mut self, at: &Location) -> Option<Arc<str>> {
        let text = self.read(at)?;
        Some(self.sources.add(&at.shown(), &text))
    }

    fn read(&mut self, at: &Location) -> Option<String> {
        let shown = at.shown();
        let bytes = match at.read() {
            Ok(bytes) => bytes?,
            Err(error) => {
                self.problems.push(Diagnostic::new(format!("cannot read {shown}: {error}")));
                return None;
            }
        };
        let text = String::from_utf8(bytes).ok();
        if text.is_none() {
            self.problems.push(Diagnostic::new(format!("{shown} is not UTF-8 text")));
        }
        text
    }

    /// Variables of a file.
    pub(super) fn variables(&mut self, at: &Location) -> Variables {
        let node = self.yaml(at);
        node.map(|node| Variables::read(&node, &mut self.problems)).unwrap_or_default()
    }

    /// `main.yml`, `main.yaml`, ... in a folder, under another name if one is given.
    pub(super) fn main_file(folder: &Location, name: &str) -> Option<Location> {
        let exact = folder.join(name);
        let with_extension = EXTENSIONS.iter().map(|extension| folder.join(&format!("{name}.{extension}")));
        with_extension.chain([exact]).find(Location::is_file)
    }

    /// The variables of a `main` file, or of all files in a folder of that name.
    pub(super) fn main_variables(&mut self, folder: &Location, name: &str) -> Option<Variables> {
        if let Some(file) = Self::main_file(folder, name) {
            return Some(self.variables(&file));
        }
        let folder = folder.join(name);
        let mut variables = folder.is_dir().then(Variables::default)?;
        let files = folder.files().into_iter().filter(|file| {
            let extension = file.name.rsplit_once('.').map(|(_, extension)| extension);
            extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
        });
        for file in files {
            variables.extend(&self.variables(&file.at));
        }
        Some(variables)
    }
}
