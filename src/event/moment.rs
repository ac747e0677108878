//! A point in time as people read it.

use time::OffsetDateTime;
use time::macros::format_description;

/// `2026-11-24 03:15:00 UTC`, from seconds since the epoch.
#[must_use]
pub fn moment(seconds: u64) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    let time = i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    time.and_then(|time| time.format(format).ok()).unwrap_or_else(|| "unknown time".to_owned())
}
