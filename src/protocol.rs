//! Frames and messages between controller and agent.

pub mod base64_bytes;
pub mod frame;
pub mod messages;
pub mod plan;
pub mod preamble;

pub use messages::{Holder, HostStatus, PING_SECONDS, PROTOCOL_VERSION, Reply, Request, RollbackSpec, RunSummary};
pub use plan::{Expectation, HostPlan, PlanKey, PlannedResource};
