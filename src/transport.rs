//! A channel to the agent: ssh or local.
