//! Plans: what a check has seen and foretold, and whether a host is still as it was then.

mod database;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::{Map, Value, json};

use super::interpreter::{PlayEnd, Setup, Sink, pay, run_play};
use super::variables::Remembered;
use crate::event::{Event, Failure};
use crate::host::backend::Backend;
use crate::host::{
    Content, FileState, FirewallState, Key, Meta, PackageState, Preview, Principal, State, SysctlState, UnitState,
};
use crate::host::{Version, Witness, ZoneSettings};
use crate::hostplay::HostPlay;
use crate::protocol::{Expectation, HostPlan, PlanKey, PlannedResource};
use crate::template::Engine;
use crate::veil::{MASK, Veil};

/// What a play needs to know beside itself.
pub(super) struct Setting<'a> {
    pub(super) facts: &'a Map<String, Value>,
    pub(super) now: i64,
    /// Handlers that an earlier run left unpaid.
    pub(super) owed: &'a [String],
    /// Learns what may not be shown.
    pub(super) veil: &'a Veil,
    /// Set when the controller is gone.
    pub(super) stop: Arc<AtomicBool>,
}

/// Runs the plays in a preview of their own, and says why they must not be applied, if so.
pub(super) fn refuse<B: Backend>(machine: B, expected: &Expectation, setting: &Setting<'_>) -> Option<Failure> {
    let mut preview = Preview::over(Witness::of(machine));
    let foreseen = foresee(&mut preview, &expected.plays, setting);
    let found = describe(&expected.key, setting.veil, &mut preview);
    let seen = preview.backend().seen();
    let moved: Vec<String> =
        expected.plan.resources.iter().filter_map(|planned| moved(planned, &found, seen)).collect();
    if !moved.is_empty() {
        return Some(failure("this host has moved since the plan was made", moved));
    }
    if let Err(failure) = foreseen {
        return Some(*failure);
    }
    let otherwise = otherwise(&expected.plan, &found);
    (!otherwise.is_empty()).then(|| failure("the play would not do here what was planned", otherwise))
}

/// What was seen and foretold so far. A name with a secret in it is told apart by its digest.
pub(super) fn describe<B: Backend>(key: &PlanKey, veil: &Veil, preview: &mut Preview<Witness<B>>) -> HostPlan {
    let actions = json!(preview.acted()).to_string();
    let after = preview.states().clone();
    let seen = preview.backend().seen();
    let all: BTreeSet<&Key> = seen.keys().chain(after.keys()).collect();
    let resources = all.into_iter().map(|resource| {
        let digest = |property, bytes: &[u8]| key.digest(&[resource.kind(), resource.name(), property], bytes);
        let before = seen.get(resource).map(properties).unwrap_or_default().into_iter();
        let after = after.get(resource).map(|state| json!(properties(state)).to_string());
        PlannedResource {
            kind: resource.kind().to_owned(),
            name: match resource.name() {
                secret if veil.hides(secret) => format!("{MASK} {}", digest("name", secret.as_bytes())),
                name => name.to_owned(),
            },
            before: before.map(|(property, bytes)| (property.to_owned(), digest(property, &bytes))).collect(),
            after: after.map(|text| digest("after", text.as_bytes())),
        }
    });
    HostPlan { resources: resources.collect(), actions: key.digest(&["actions"], actions.as_bytes()) }
}

fn foresee<B: Backend>(
    preview: &mut Preview<Witness<B>>,
    plays: &[HostPlay],
    setting: &Setting<'_>,
) -> Result<(), Box<Failure>> {
    let (engine, mut remembered) = (Engine::new(), Remembered::default());
    let mut sink = Silent { failed: None, stop: Arc::clone(&setting.stop) };
    let now = setting.now;
    let mut owed = setting.owed.to_vec();
    let none = Map::new();
    let mut facts = &none;
    for play in plays {
        if play.gather_facts {
            facts = setting.facts;
        }
        play.secrets.iter().for_each(|secret| setting.veil.add(secret));
        let setup = Setup {
            host: &mut *preview,
            engine: &engine,
            play,
            facts,
            now,
            owed: &owed,
            veil: setting.veil.clone(),
            sink: &mut sink,
        };
        let (end, kept) = run_play(setup, remembered);
        remembered = kept;
        match end {
            PlayEnd::Done => pay(&mut owed, play),
            PlayEnd::Failed(task) | PlayEnd::Condemned(task) => {
                let cause = sink.failed.take().unwrap_or_default();
                let causes = std::iter::once(format!("{task}: {}", cause.message)).chain(cause.causes).collect();
                return Err(Box::new(failure("the plan cannot be followed here", causes)));
            }
            PlayEnd::Stopped => return Err(Box::new(failure("the controller is gone", Vec::new()))),
        }
    }
    Ok(())
}

/// The tasks of a preview are nobody's news; only why one failed is kept.
struct Silent {
    failed: Option<Failure>,
    stop: Arc<AtomicBool>,
}

impl Sink for Silent {
    fn emit(&mut self, event: Event) {
        if let Event::TaskFinished(result) = event
            && result.failure.is_some()
        {
            self.failed = result.failure;
        }
    }

    fn stop(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }
}

fn failure(message: &str, causes: Vec<String>) -> Failure {
    Failure {
        message: message.to_owned(),
        causes,
        hints: vec!["nothing was changed; `mailprov check --out FILE` makes a new plan".to_owned()],
        ..Failure::default()
    }
}

/// In which way a resource is not as it was; `None` when it is, or was not looked at this time.
fn moved(planned: &PlannedResource, found: &HostPlan, seen: &BTreeMap<Key, State>) -> Option<String> {
    let same = |found: &&PlannedResource| found.kind == planned.kind && found.name == planned.name;
    let found = found.resources.iter().find(same)?;
    let names: BTreeSet<&String> = planned.before.keys().chain(found.before.keys()).collect();
    let differs = |name: &&&String| planned.before.get(**name) != found.before.get(**name);
    let mut differing: Vec<&str> = names.iter().filter(differs).map(|name| name.as_str()).collect();
    if differing.contains(&KIND) {
        // The rest follows from it.
        differing = vec![KIND];
    }
    if differing.is_empty() {
        return None;
    }
    let key = |key: &&Key| key.kind() == planned.kind && key.name() == planned.name;
    let now = seen.keys().find(key).and_then(|key| seen.get(key)).and_then(shown);
    let now = now.map(|now| format!(" (now {now})")).unwrap_or_default();
    Some(format!(
        "{} {}: another {} than when the plan was made{now}",
        planned.kind,
        planned.name,
        differing.join(", ")
    ))
}

/// What would be done otherwise, though nothing has moved that was looked at then.
fn otherwise(planned: &HostPlan, found: &HostPlan) -> Vec<String> {
    let name = |resource: &PlannedResource| format!("{} {}", resource.kind, resource.name);
    let index = |plan: &HostPlan| -> BTreeMap<String, PlannedResource> {
        plan.resources.iter().map(|resource| (name(resource), resource.clone())).collect()
    };
    let (then, now) = (index(planned), index(found));
    let names: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    let mut differing: Vec<String> = names
        .into_iter()
        .filter(|name| then.get(*name) != now.get(*name))
        .map(|name| format!("{name} would be looked at or changed otherwise"))
        .collect();
    if planned.actions != found.actions {
        differing.push("other restarts, reloads or commands would be run".to_owned());
    }
    differing
}

const KIND: &str = "kind of file";

/// A state in parts that can be told apart.
fn properties(state: &State) -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    match state {
        State::File(file) => {
            let mut parts = vec![(KIND, text(kind_of(file)))];
            match file {
                FileState::Regular { content: Content::Bytes(bytes), .. } => {
                    parts.push(("content", database::unmarked(bytes).into_owned()));
                }
                FileState::Symlink { target, .. } => parts.push(("target", text(target))),
                _ => {}
            }
            parts.extend(file.meta().map(|meta| ("owner, mode or attributes", meta_bytes(meta))));
            parts
        }
        State::Package(package) => vec![("version", text(version_of(package)))],
        State::Unit(UnitState::Loaded { enablement, active }) => {
            vec![("enablement", text(enablement.as_str())), ("activity", text(&active.to_string()))]
        }
        State::Unit(UnitState::Absent) => vec![("enablement", text("absent"))],
        State::Unit(UnitState::Unknown) => vec![("enablement", text("unknown"))],
        State::Hostname(hostname) => vec![("name", text(&hostname.name))],
        State::Sysctl(value) => vec![("value", text(value_of(value)))],
        State::Firewall(FirewallState::Absent) => vec![("settings", text("absent"))],
        State::Firewall(FirewallState::Unknown) => vec![("settings", text("unknown"))],
        State::Firewall(FirewallState::Zone { permanent, runtime }) => {
            vec![
                ("permanent settings", zone_bytes(permanent.as_ref())),
                ("runtime settings", zone_bytes(runtime.as_ref())),
            ]
        }
    }
}

fn kind_of(file: &FileState) -> &str {
    match file {
        FileState::Absent => "absent",
        FileState::Unknown => "unknown",
        FileState::Regular { content: Content::Bytes(_), .. } => "file",
        FileState::Regular { content: Content::Unknown, .. } => "file of unknown content",
        FileState::Directory { .. } => "directory",
        FileState::Symlink { .. } => "symbolic link",
        odd @ (FileState::Large { .. } | FileState::Other { .. }) => odd.kind(),
    }
}

fn version_of(package: &PackageState) -> &str {
    match package {
        PackageState::Absent => "absent",
        PackageState::Installed(Version::Evr(evr)) => evr,
        PackageState::Installed(Version::Any) => "any",
        PackageState::Installed(Version::Latest) => "latest",
    }
}

fn value_of(parameter: &SysctlState) -> &str {
    match parameter {
        SysctlState::Absent => "absent",
        SysctlState::Value(value) => value,
    }
}

fn meta_bytes(meta: &Meta) -> Vec<u8> {
    let principal = |who: &Principal| who.id.map_or_else(|| json!(who.name), |id| json!(id));
    json!([meta.mode, principal(&meta.owner), principal(&meta.group), meta.xattrs]).to_string().into_bytes()
}

fn zone_bytes(zone: Option<&ZoneSettings>) -> Vec<u8> {
    let parts = zone.map(|zone| (&zone.services, &zone.ports, &zone.rich_rules));
    json!(parts).to_string().into_bytes()
}

/// A state in a few words, where that gives no content away.
fn shown(state: &State) -> Option<String> {
    match state {
        State::File(FileState::Regular { .. } | FileState::Unknown) | State::Firewall(_) => None,
        State::File(file) => Some(kind_of(file).to_owned()),
        State::Package(package) => Some(version_of(package).to_owned()),
        State::Unit(UnitState::Loaded { enablement, active }) => {
            Some(format!("{}, {}", enablement.as_str(), if *active { "active" } else { "inactive" }))
        }
        State::Unit(UnitState::Absent | UnitState::Unknown) => Some("absent".to_owned()),
        State::Hostname(hostname) => Some(hostname.name.clone()),
        State::Sysctl(value) => Some(value_of(value).to_owned()),
    }
}
