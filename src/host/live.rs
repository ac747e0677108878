//! The host itself: undo record first, then the change.
