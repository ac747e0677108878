//! Packages through rpm and dnf.
