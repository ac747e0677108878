//! What a run is, for the journals.

use std::hash::{BuildHasher, RandomState};

use time::OffsetDateTime;
use time::macros::format_description;

use crate::hostplay::{Mode, RunSpec};

/// The run that begins now; the fleet fills in each host.
pub(super) fn new(mode: Mode, command: String, rollback_on_failure: bool) -> RunSpec {
    // Seeded by the system for each process; runs of one second are told apart by it.
    let random = RandomState::new().hash_one(std::process::id());
    RunSpec {
        run_id: run_id(OffsetDateTime::now_utc(), random),
        mode,
        host: String::new(),
        controller: controller(),
        command,
        rollback_on_failure,
    }
}

/// `20261124T031500Z-1a2b3c4d`: sorts by time.
fn run_id(now: OffsetDateTime, random: u64) -> String {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    // The format has no part that a time of our calendar lacks.
    let time = now.format(format).unwrap_or_else(|_| now.unix_timestamp().to_string());
    format!("{time}-{:08x}", random & 0xffff_ffff)
}

/// `user@machine`.
fn controller() -> String {
    let user = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let user = user.unwrap_or_else(|| rustix::process::getuid().as_raw().to_string());
    format!("{user}@{}", super::hosts::machine_name())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn run_ids_sort_by_time() {
        let earlier = run_id(datetime!(2026-11-24 03:15:00 UTC), u64::MAX);
        let later = run_id(datetime!(2026-11-24 03:15:01 UTC), 0);
        assert_eq!(earlier, "20261124T031500Z-ffffffff");
        assert_eq!(later, "20261124T031501Z-00000000");
        assert!(earlier < later);
    }
}
