//! Hosts played within this process.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, split};
use tokio_util::codec::{FramedRead, FramedWrite};

use super::spec;
use crate::event::{ChangeView, Event, Failure, HostOutcome, TaskRef};
use crate::fleet::events::Events;
use crate::fleet::reach::Connector;
use crate::hostplay::Origin;
use crate::protocol::frame::{FrameDecoder, FrameEncoder, MAX_TO_AGENT, MAX_TO_CONTROLLER};
use crate::protocol::{Reply, Request};
use crate::transport::Agent;

/// What a host does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Does {
    Well,
    /// Fails the play of this name, and takes its changes back.
    Fail(&'static str),
    /// Breaks the channel in the first play.
    Die,
    Refuse,
    /// Cannot be reached.
    Away,
    /// Works until its input ends, then stops by its policy.
    Forever,
    /// Works until its input ends, and hears nothing even then.
    Deaf,
    /// Begins a task, and goes on as [`Does::Forever`].
    Slow,
    /// Begins a task, and goes on as [`Does::Deaf`].
    Stuck,
    /// Begins a task, and ends the play well when its input ends.
    Late,
    /// Answers nothing before it knows that the play is the last.
    Curious,
    /// Fails the play, and takes long to take its changes back, a step at a time.
    SlowRollback,
    /// Never answers the connection.
    Silent,
    /// Changes the way in, and is reached over a new connection at this attempt; 0: never in time, and then it has
    /// taken the run back.
    ShutsOut(usize),
}

pub(super) struct Stage {
    pub(super) hosts: BTreeMap<String, Does>,
    /// Connections, in order.
    pub(super) reached: RefCell<Vec<String>>,
    /// Agents at work now, and the most there were.
    pub(super) busy: std::rc::Rc<(Cell<usize>, Cell<usize>)>,
}

impl Connector for Stage {
    async fn agent(&self, host: &str, events: &Events) -> Result<Agent, Failure> {
        let does = self.hosts.get(host).copied().unwrap_or(Does::Well);
        self.reached.borrow_mut().push(host.to_owned());
        match does {
            Does::Away => return Err(Failure { message: "no answer".to_owned(), ..Failure::default() }),
            Does::Silent => std::future::pending::<()>().await,
            Does::ShutsOut(attempt) => {
                let attempts = self.reached.borrow().iter().filter(|reached| *reached == host).count() - 1;
                if (1..attempt).contains(&attempts) {
                    return Err(Failure { message: "no answer".to_owned(), ..Failure::default() });
                }
            }
            _ => {}
        }
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (their_input, their_output) = split(theirs);
        let busy = std::rc::Rc::clone(&self.busy);
        tokio::task::spawn_local(async move { stand_in(does, their_input, their_output, busy).await });
        events.tell(host, Event::AgentReady { uploaded: false, ms: 0 }).await;
        let (stdout, stdin) = split(ours);
        Ok(Agent::within(Box::new(stdin), Box::new(stdout)))
    }

    fn confirm_within(&self, _host: &str) -> Option<u32> {
        Some(60)
    }
}

/// Plays the agent; `None` when the controller is gone.
async fn stand_in(
    does: Does,
    input: impl AsyncRead + Unpin,
    output: impl AsyncWrite + Unpin,
    busy: std::rc::Rc<(Cell<usize>, Cell<usize>)>,
) -> Option<()> {
    let mut requests = FramedRead::new(input, FrameDecoder::<Request>::new(MAX_TO_AGENT));
    let mut replies = FramedWrite::new(output, FrameEncoder::new(MAX_TO_CONTROLLER));
    let rollback = Reply::Event(Event::RollbackStarted { reason: "it failed".to_owned() });
    while let Some(request) = requests.next().await {
        match request.unwrap() {
            Request::Begin { .. } if does == Does::Refuse => {
                let failure = Failure { message: "another run holds the host".to_owned(), ..Failure::default() };
                replies.send(&Reply::Refused(failure)).await.ok()?;
            }
            Request::Begin { .. } | Request::Ping | Request::Plan(_) | Request::Expect(_) => {}
            Request::Play(_) if does == Does::Die => return None,
            Request::Play(play) => {
                busy.0.set(busy.0.get() + 1);
                busy.1.set(busy.1.get().max(busy.0.get()));
                replies.send(&Reply::Event(Event::PlayStarted { name: play.name.clone() })).await.ok()?;
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                busy.0.set(busy.0.get() - 1);
                if does == Does::SlowRollback {
                    replies.send(&rollback).await.ok()?;
                    for _ in 0..3 {
                        tokio::time::sleep(super::TASK_LIMIT * 2 / 3).await;
                        replies.send(&Reply::Event(put_back())).await.ok()?;
                    }
                    replies.send(&Reply::PlayDone { failed: true }).await.ok()?;
                    continue;
                }
                if matches!(does, Does::Slow | Does::Stuck | Does::Late) {
                    replies.send(&Reply::Event(Event::TaskStarted(task()))).await.ok()?;
                }
                if matches!(does, Does::Forever | Does::Deaf | Does::Slow | Does::Stuck | Does::Late) {
                    while let Some(request) = requests.next().await {
                        let request = request.unwrap();
                        let is_due = matches!(request, Request::Ping | Request::Finish);
                        assert!(is_due, "the input ends and brings no {request:?}");
                    }
                    if matches!(does, Does::Deaf | Does::Stuck) {
                        std::future::pending::<()>().await;
                    }
                    if does == Does::Late {
                        replies.send(&Reply::PlayDone { failed: false }).await.ok()?;
                    } else {
                        replies.send(&rollback).await.ok()?;
                    }
                    replies.send(&Reply::Bye).await.ok()?;
                    return Some(());
                }
                if does == Does::Curious {
                    assert_eq!(requests.next().await?.unwrap(), Request::Finish);
                    replies.send(&Reply::PlayDone { failed: false }).await.ok()?;
                    replies.send(&Reply::Bye).await.ok()?;
                    return Some(());
                }
                let failed = does == Does::Fail(play.name.clone().leak());
                if failed {
                    replies.send(&rollback).await.ok()?;
                }
                replies.send(&Reply::PlayDone { failed }).await.ok()?;
            }
            Request::History => {
                replies.send(&Reply::History(Vec::new())).await.ok()?;
                replies.send(&Reply::Bye).await.ok()?;
            }
            Request::Status => {
                replies.send(&Reply::Status(Box::default())).await.ok()?;
                replies.send(&Reply::Bye).await.ok()?;
            }
            Request::Rollback(_) => {
                replies.send(&rollback).await.ok()?;
                replies.send(&Reply::Bye).await.ok()?;
            }
            Request::Finish | Request::Condemn { .. } => {
                if matches!(does, Does::ShutsOut(_)) {
                    let (run_id, nonce) = (spec().run_id, "n".to_owned());
                    replies.send(&Reply::Unconfirmed { run_id, nonce, within: 5 }).await.ok()?;
                }
                replies.send(&Reply::Bye).await.ok()?;
            }
            Request::Confirm { run_id, nonce } => {
                assert_eq!((run_id, nonce), (spec().run_id, "n".to_owned()));
                let outcome = match does {
                    Does::ShutsOut(0) => HostOutcome::Failed { rolled_back: true },
                    _ => HostOutcome::Succeeded,
                };
                replies.send(&Reply::Event(Event::HostFinished { outcome })).await.ok()?;
                replies.send(&Reply::Bye).await.ok()?;
            }
        }
    }
    replies.send(&Reply::Bye).await.ok()
}

fn task() -> TaskRef {
    TaskRef {
        id: 1,
        name: "Install it".to_owned(),
        role: None,
        module: "dnf".to_owned(),
        handler: false,
        origin: Origin { file: "play.yaml".to_owned(), line: 1, column: 1 },
    }
}

fn put_back() -> Event {
    let change = ChangeView {
        kind: "package".to_owned(),
        name: "postfix".to_owned(),
        verb: "remove".to_owned(),
        properties: Vec::new(),
        text: None,
        sensitive: false,
    };
    Event::RolledBack { change, kept: None }
}

pub(super) fn stage(hosts: &[(&str, Does)]) -> Stage {
    let hosts = hosts.iter().map(|&(name, does)| (name.to_owned(), does)).collect();
    Stage { hosts, reached: RefCell::default(), busy: std::rc::Rc::default() }
}
