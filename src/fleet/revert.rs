//! `--revert-fleet`: when the run failed somewhere, it is taken back everywhere.

use super::host::World;
use super::query::{ask_all, rollback_outcome};
use super::reach::Connector;
use super::{FleetOutcome, FleetRun};
use crate::event::{Event, HostOutcome};
use crate::hostplay::{RunSpec, UndoTarget};
use crate::protocol::{Request, RollbackSpec};

/// Takes the run back on the hosts that keep its changes, when others did not make it. Asked to leave (a second interruption),
/// it leaves them as they are.
pub(super) async fn revert<C: Connector>(
    world: &World<'_, C>,
    forks: usize,
    run: &FleetRun,
    outcome: &mut FleetOutcome,
) {
    let hosts: Vec<String> = outcome.applied.iter().cloned().collect();
    let succeeded = |outcome: &HostOutcome| *outcome == HostOutcome::Succeeded;
    let ended = outcome.hosts.iter();
    let failed: Vec<&str> = ended.filter(|(_, end)| !succeeded(end)).map(|(name, _)| name.as_str()).collect();
    if failed.is_empty() || hosts.is_empty() || world.interrupt.count() > 1 {
        return;
    }
    // The interruption that ended the run is one more reason to take it back.
    let world = &World { interrupt: &world.interrupt.anew(), ..*world };
    let reason = match failed[..] {
        [host] => format!("{host} did not make it"),
        [host, ..] => format!("{host} and {} more did not make it", failed.len() - 1),
        [] => String::new(),
    };
    for host in &hosts {
        world.events.tell(host, Event::RollbackStarted { reason: reason.clone() }).await;
    }
    let request = |host: &str| {
        let run_id = format!("{}-revert", run.spec.run_id);
        let target = UndoTarget::Only(run.spec.run_id.clone());
        let spec = RunSpec { run_id, host: host.to_owned(), ..run.spec.clone() };
        let confirm_within = world.connector.confirm_within(host);
        Request::Rollback(RollbackSpec { run: spec, target, force: false, confirm_within })
    };
    let finish = async |host: &str, end| {
        let outcome = match rollback_outcome(end) {
            HostOutcome::Succeeded => HostOutcome::Reverted,
            // It is as the run has left it; why is told.
            outcome => outcome,
        };
        world.events.tell(host, Event::HostFinished { outcome: outcome.clone() }).await;
        outcome
    };
    outcome.hosts.extend(ask_all(world, forks, &hosts, request, finish).await);
}
