//! Hosts, groups, variables and `--limit`.
