//! `--report` and `--junit`: files that a run is written to when it is over.

use std::path::Path;

use super::args::PagesArgs;
use super::failure::Failure;
use super::whole_file::{WholeFile, distinct};
use crate::event::HostEvent;
use crate::report::{Record, RunInfo};

/// The files that were asked for, and the run that they will tell of.
#[derive(Debug)]
pub(super) struct Pages {
    /// There only if somebody wants it.
    record: Option<Record>,
    page: Option<WholeFile>,
    junit: Option<WholeFile>,
}

impl Pages {
    /// Makes sure of the files' places. `plan` is the one that the run writes besides.
    pub(super) fn begin(args: &PagesArgs, plan: Option<&Path>, run: &RunInfo) -> Result<Self, Failure> {
        let (report, junit) = (args.report.as_deref(), args.junit.as_deref());
        distinct(&[("--report", report), ("--junit", junit), ("--out", plan)])?;
        let page = report.map(WholeFile::begin).transpose()?;
        let junit = junit.map(WholeFile::begin).transpose()?;
        let record = (page.is_some() || junit.is_some()).then(|| Record::new(run.clone()));
        Ok(Self { record, page, junit })
    }

    pub(super) fn add(&mut self, event: &HostEvent) {
        if let Some(record) = &mut self.record {
            record.add(event);
        }
    }

    /// Writes them; that one cannot be written is told when the other is.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let Some(record) = self.record else { return Ok(()) };
        let page = self.page.map_or(Ok(()), |page| page.save(record.page().as_bytes()));
        let junit = self.junit.map_or(Ok(()), |junit| junit.save(record.junit().as_bytes()));
        page.and(junit)
    }
}
