//! The one place that starts programs on the managed host.
