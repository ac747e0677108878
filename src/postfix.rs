//! Postfix's own file formats, as pure text: read, edited in place, written back.
//!
//! Nothing here touches a host. Editing keeps comments, order and every line that it is not asked about, byte
//! for byte.

pub mod known;
pub mod main_cf;
pub mod master_cf;
pub mod meaning;
pub mod value;

mod logical;

#[cfg(test)]
mod laws;

pub use main_cf::{MainCf, MainCfError};
pub use master_cf::{MasterCf, Service};
pub use value::ValueError;
