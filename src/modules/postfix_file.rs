//! Postfix's configuration files as modules meet them: there, or to come with the package.

use super::{Context, ModuleError};
use crate::host::{Content, FileState, Meta};

/// A configuration file before it is edited.
pub(super) struct Configuration {
    state: FileState,
    /// Its bytes, unknown while the package that brings it is still to be installed.
    pub(super) content: Content,
    meta: Meta,
}

/// Reads a configuration file; one that is missing is an error, since a file with a few lines is no
/// configuration.
pub(super) fn configuration(context: &mut Context<'_>, path: &str) -> Result<Configuration, ModuleError> {
    let state = context.file(path)?;
    let (bytes, meta) = match &state {
        FileState::Regular { content, meta } => (content.clone(), meta.clone()),
        FileState::Unknown => (Content::Unknown, Meta::root(0o644)),
        FileState::Absent => {
            return Err(ModuleError::hinted(format!("{path} does not exist"), "install the package postfix first"));
        }
        FileState::Symlink { target, .. } => {
            let message = format!("{path} is a symbolic link to {target}");
            return Err(ModuleError::hinted(message, "give path: the file itself; links are not followed"));
        }
        FileState::Directory { .. } => return Err(ModuleError::failed(format!("{path} is a directory"))),
        odd @ (FileState::Large { .. } | FileState::Other { .. }) => {
            return Err(ModuleError::failed(format!("{path} is a {}", odd.kind())));
        }
    };
    Ok(Configuration { state, content: bytes, meta })
}

impl Configuration {
    /// Puts new content under the metadata that the file has.
    pub(super) fn put(&self, context: &mut Context<'_>, path: &str, new: Content) -> Result<bool, ModuleError> {
        context.put_file(path, &self.state, FileState::Regular { content: new, meta: self.meta.clone() })
    }

    /// Whether only applying can tell what is in it.
    pub(super) fn is_unknown(&self) -> bool {
        self.content == Content::Unknown
    }
}
