//! firewalld over D-Bus when it runs, its files when not.
