//! `--report` and `--junit`: files that are written when the run is over.

#![expect(clippy::disallowed_methods, reason = "files of the user's own on the controller, not on a managed host")]

use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::args::PagesArgs;
use super::failure::{Failure, Kind};
use crate::event::HostEvent;
use crate::report::{Record, RunInfo};

/// The files that were asked for, and the run that they will tell of.
#[derive(Debug)]
pub(super) struct Pages {
    /// There only if somebody wants it.
    record: Option<Record>,
    page: Option<Page>,
    junit: Option<Page>,
}

/// A file that is not complete yet. It is there already under another name, so that a folder that is not ours is noticed
/// before any host is asked.
#[derive(Debug)]
struct Page {
    path: PathBuf,
    file: NamedTempFile,
}

impl Pages {
    /// Makes sure of the files' places.
    pub(super) fn begin(args: &PagesArgs, run: &RunInfo) -> Result<Self, Failure> {
        let page = args.report.as_deref().map(Page::begin).transpose()?;
        let junit = args.junit.as_deref().map(Page::begin).transpose()?;
        let record = (page.is_some() || junit.is_some()).then(|| Record::new(run.clone()));
        Ok(Self { record, page, junit })
    }

    pub(super) fn add(&mut self, event: &HostEvent) {
        if let Some(record) = &mut self.record {
            record.add(event);
        }
    }

    /// Writes them; each is whole, or not there.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let Some(record) = self.record else { return Ok(()) };
        if let Some(page) = self.page {
            page.save(&record.page())?;
        }
        if let Some(junit) = self.junit {
            junit.save(&record.junit())?;
        }
        Ok(())
    }
}

impl Page {
    fn begin(path: &Path) -> Result<Self, Failure> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            let problem = format!("cannot write {}", path.display());
            return Err(Failure::new(Kind::Input, problem).hint(format!("{} is no folder", folder.display())));
        }
        let file = NamedTempFile::new_in(folder).map_err(|error| unwritten(Kind::Input, path, &error))?;
        Ok(Self { path: path.to_owned(), file })
    }

    fn save(mut self, text: &str) -> Result<(), Failure> {
        self.file.write_all(text.as_bytes()).map_err(|error| unwritten(Kind::Machine, &self.path, &error))?;
        self.file.persist(&self.path).map_err(|error| unwritten(Kind::Machine, &self.path, &error.error))?;
        Ok(())
    }
}

fn unwritten(kind: Kind, path: &Path, error: &std::io::Error) -> Failure {
    Failure::of(kind, format!("cannot write {}", path.display()), error)
}
