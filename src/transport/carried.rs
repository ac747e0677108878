//! The agent inside this program: release/build makes the agent first and gives it to the build of the controller. It is half
//! the size of the whole, and packed already.

/// A packed agent.
pub(super) struct Carried {
    /// A gzip stream (RFC 1952).
    pub packed: &'static [u8],
    /// SHA-256 of what it unpacks to, in hexadecimal.
    pub digest: &'static str,
    /// Its length in bytes.
    pub size: &'static str,
}

/// The one for the platform of this program.
#[cfg(feature = "carries-agent")]
pub(super) const CARRIED: Option<Carried> = Some(Carried {
    packed: include_bytes!(env!("MAILPROV_AGENT")),
    digest: env!("MAILPROV_AGENT_DIGEST"),
    size: env!("MAILPROV_AGENT_SIZE"),
});

/// A build by hand has none, and is its own agent.
#[cfg(not(feature = "carries-agent"))]
pub(super) const CARRIED: Option<Carried> = None;
