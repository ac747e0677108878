//! Plays, roles and tasks as written, and their compilation to a HostPlay.
