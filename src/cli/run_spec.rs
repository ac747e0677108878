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

/// `user@machine`. Who it was is not left to the environment, which anybody can set.
fn controller() -> String {
    let uid = rustix::process::getuid().as_raw().to_string();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    format!("{}@{}", name_of(&uid, &accounts).unwrap_or(&uid), super::hosts::machine_name())
}

/// The name of a user id in passwd(5); a static binary has no NSS to ask.
fn name_of<'a>(uid: &str, accounts: &'a str) -> Option<&'a str> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn users_have_names() {
        let accounts = "root:x:0:0:root:/root:/bin/bash\nbroken\nops:x:1000:1000::/home/ops:/bin/sh\n";
        assert_eq!(name_of("0", accounts), Some("root"));
        assert_eq!(name_of("1000", accounts), Some("ops"));
        assert_eq!(name_of("x", accounts), None);
    }

    #[test]
    fn run_ids_sort_by_time() {
        let earlier = run_id(datetime!(2026-11-24 03:15:00 UTC), u64::MAX);
        let later = run_id(datetime!(2026-11-24 03:15:01 UTC), 0);
        assert_eq!(earlier, "20261124T031500Z-ffffffff");
        assert_eq!(later, "20261124T031501Z-00000000");
        assert!(earlier < later);
    }
}
