//! Input that cannot be used is told before any host is contacted.
