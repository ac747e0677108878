//! What a rollback works on: the live host, or a preview of it.

use crate::host::backend::Backend;
use crate::host::{Host, HostError, Live, Preview, Want};

/// A host on which states can be put back.
pub(super) trait Target: Host {
    /// [`Backend::canonical`].
    fn canonical(&mut self, path: &str) -> Result<String, HostError>;

    /// The machine behind it, to be asked.
    fn machine(&mut self) -> &mut dyn Backend;

    /// [`Backend::clear_scratch`]; a preview leaves the file where it is.
    fn clear_scratch(&mut self, path: &str, scratch: &str) -> Result<(), HostError>;

    /// Puts states back; packages by taking back the transaction that ran under the label `undone`.
    fn restore(&mut self, wants: Vec<Want>, undone: Option<&str>) -> Result<(), HostError>;
}

impl<B: Backend> Target for Live<B> {
    fn canonical(&mut self, path: &str) -> Result<String, HostError> {
        self.backend().canonical(path)
    }

    fn machine(&mut self) -> &mut dyn Backend {
        self.backend()
    }

    fn clear_scratch(&mut self, path: &str, scratch: &str) -> Result<(), HostError> {
        self.backend().clear_scratch(path, scratch)
    }

    fn restore(&mut self, wants: Vec<Want>, undone: Option<&str>) -> Result<(), HostError> {
        Self::restore(self, wants, undone)
    }
}

impl<B: Backend> Target for Preview<B> {
    fn canonical(&mut self, path: &str) -> Result<String, HostError> {
        self.backend().canonical(path)
    }

    fn machine(&mut self) -> &mut dyn Backend {
        self.backend()
    }

    fn clear_scratch(&mut self, _path: &str, _scratch: &str) -> Result<(), HostError> {
        Ok(())
    }

    fn restore(&mut self, wants: Vec<Want>, undone: Option<&str>) -> Result<(), HostError> {
        Self::restore(self, wants, undone)
    }
}
