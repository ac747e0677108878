//! From a host's name to its agent.

use std::time::Instant;

use super::Fleet;
use super::events::{Events, millis};
use crate::event::{Event, Failure};
use crate::hostplay::Mode;
use crate::transport::{self, Agent, Binaries, Method};

/// What gives an agent for a host. A trait so that tests can do without hosts.
pub(super) trait Connector {
    /// Connects and starts the agent.
    async fn agent(&self, host: &str, events: &Events) -> Result<Agent, Failure>;

    /// The seconds within which a run that changed the way in must be confirmed; `None` where it need not be.
    fn confirm_within(&self, host: &str) -> Option<u32>;
}

/// The real one.
pub(super) struct Ssh<'a> {
    pub fleet: &'a Fleet,
    pub binaries: &'a Binaries,
    /// In check mode not even the agent is written to a disk.
    pub mode: Mode,
}

impl Connector for Ssh<'_> {
    async fn agent(&self, host: &str, events: &Events) -> Result<Agent, Failure> {
        let Some(spec) = self.fleet.connections.get(host) else {
            let message = "nothing says how to reach this host".to_owned();
            return Err(Failure { message, ..Failure::default() });
        };
        let began = Instant::now();
        let connection = transport::reach(spec, self.binaries).await.map_err(|error| error.to_failure())?;
        events.tell(host, Event::Connected { ms: millis(began.elapsed()) }).await;
        let began = Instant::now();
        let started = connection.start_agent(self.binaries, self.mode, self.fleet.patience).await;
        let agent = started.map_err(|error| error.to_failure())?;
        events.tell(host, Event::AgentReady { uploaded: agent.uploaded, ms: millis(began.elapsed()) }).await;
        Ok(agent)
    }

    fn confirm_within(&self, host: &str) -> Option<u32> {
        let spec = self.fleet.connections.get(host)?;
        // Nobody is shut out of the machine that he works on; and a check changes nothing.
        let is_at_stake = self.mode == Mode::Apply && matches!(spec.method, Method::Ssh(_));
        self.fleet.confirm_within.filter(|_| is_at_stake)
    }
}
