//! A recorded change, and how it is shown.

use super::{Key, State};

/// One resource that was brought from one state to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which resource.
    pub key: Key,
    /// Its state before.
    pub before: State,
    /// Its state after.
    pub after: State,
    /// The content may not be shown.
    pub sensitive: bool,
}
