//! An overlay in memory over the real host.
