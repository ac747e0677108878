//! Files that a run is also written to.

use std::path::PathBuf;

use clap::Args;

/// What is kept of a run.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct PagesArgs {
    /// Also write the run as one page (HTML, readable by its owner alone).
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Also write the run for CI systems (JUnit XML): a suite for each host.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}
