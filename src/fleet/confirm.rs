//! Coming in once more, for a run that changed the way in: `docs/confirm.md`.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::events::millis;
use super::host::{End, Told, World, converse};
use super::reach::Connector;
use crate::event::{Event, Failure, HostOutcome};
use crate::protocol::Request;
use crate::transport::LostHost;

/// How long the host may take to put back what shuts us out, once the time is over. Then it can say so itself.
const TAKING_BACK: Duration = Duration::from_secs(60);

/// Between two attempts to come in.
const PAUSE: Duration = Duration::from_millis(500);

/// A run that waits for its confirmation.
#[derive(Debug)]
pub(super) struct Unconfirmed {
    pub run_id: String,
    pub nonce: String,
    /// In seconds, from `since`.
    pub within: u32,
    /// When the host said so.
    pub since: Instant,
}

impl Unconfirmed {
    /// Confirms the run over a connection of its own, as long as that may help; the answer is how the run ended if it
    /// is not to stay.
    pub async fn confirm<C: Connector>(&self, world: &World<'_, C>, host: &str) -> Option<HostOutcome> {
        let event = Event::Confirming { run_id: self.run_id.clone(), within: self.within };
        world.events.tell(host, event).await;
        let mut shut_out: Option<Failure> = None;
        let limit = Duration::from_secs(self.within.into()) + TAKING_BACK;
        loop {
            let left = limit.saturating_sub(self.since.elapsed());
            let attempt = timeout(left, self.attempt(world, host)).await;
            let failure = match attempt {
                Ok(Ok(outcome)) => {
                    if let (Some(_), Some(failure)) = (&outcome, shut_out) {
                        let message = format!("nobody could come in anew until then: {}", failure.message);
                        world.events.tell(host, Event::Warning { message }).await;
                    }
                    return outcome;
                }
                Ok(Err(failure)) => failure,
                Err(_) => Failure { message: "the host did not answer in time".to_owned(), ..Failure::default() },
            };
            let is_over = left <= PAUSE || world.interrupt.requested();
            if is_over || tokio::select! { () = sleep(PAUSE) => false, () = world.interrupt.times(1) => true } {
                return Some(HostOutcome::Unreachable { failure: self.given_up(failure) });
            }
            shut_out = Some(failure);
        }
    }

    async fn attempt<C: Connector>(&self, world: &World<'_, C>, host: &str) -> Result<Option<HostOutcome>, Failure> {
        let mut agent = world.connector.agent(host, world.events).await?;
        let request = Request::Confirm { run_id: self.run_id.clone(), nonce: self.nonce.clone() };
        agent.send(&request).await.map_err(|lost| lost.to_failure())?;
        match converse(&mut agent, host, world, &mut Told::default(), "the confirmation").await {
            End::Bye { outcome: Some(HostOutcome::Succeeded), .. } => {
                agent.close().await;
                world.events.tell(host, Event::Confirmed { ms: millis(self.since.elapsed()) }).await;
                Ok(None)
            }
            End::Bye { outcome: Some(outcome), .. } => Ok(Some(outcome)),
            End::Refused(failure) => Ok(Some(HostOutcome::Refused { failure })),
            End::Lost(lost) => Err(lost.to_failure()),
            End::Bye { .. } | End::Done { .. } | End::Answer(_) => {
                Err(Failure { message: "the agent did not answer".to_owned(), ..Failure::default() })
            }
        }
    }

    fn given_up(&self, cause: Failure) -> Failure {
        Failure {
            message: format!("the run {} could not be confirmed over a new connection", self.run_id),
            causes: std::iter::once(cause.message).chain(cause.causes).collect(),
            stderr: cause.stderr,
            hints: vec![
                format!(
                    "the host takes the run back by itself {} s after the end of it; `mailprov status` tells",
                    self.within
                ),
                LostHost::HINT.to_owned(),
            ],
            ..Failure::default()
        }
    }
}
