//! Plan files: what `check --out` keeps and `up --plan` follows.
//!
//! A plan holds neither states nor variables, only keyed digests of them, so that it gives no secret away. It is
//! followed where it was made, since the key stays there ([`key`]).
#![expect(clippy::disallowed_methods, reason = "a file of the controller's, not of a host")]

mod key;

use std::collections::BTreeMap;
use std::path::Path;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::failure::{Failure, Kind};
use super::whole_file::WholeFile;
use crate::fleet::Planning;
use crate::hostplay::HostPlay;
use crate::protocol::{HostPlan, PlanKey, base64_bytes};

/// The format that is written, and the only one that is read: a plan does not outlive its version anyway.
const FORMAT: u32 = 1;
const SALT_LENGTH: usize = 16;

/// Variables that depend on `--limit` alone. A host's part of a plan may be followed without the other hosts; where
/// they make a difference, it is seen in what would be done.
const OF_THE_SELECTION: [&str; 4] =
    ["ansible_play_batch", "ansible_play_hosts", "ansible_play_hosts_all", "play_hosts"];

/// Gives the plays of a host, in order.
pub(super) type PlaysOf<'a> = &'a dyn Fn(&str) -> Vec<HostPlay>;

#[derive(Debug, Serialize, Deserialize)]
struct PlanFile {
    mailprov_plan: Body,
    /// Digest of all of it.
    seal: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Body {
    format: u32,
    /// Of mailprov.
    version: String,
    /// When.
    made: String,
    /// `user@machine`.
    by: String,
    /// With which command line.
    command: String,
    #[serde(with = "base64_bytes")]
    salt: Vec<u8>,
    hosts: BTreeMap<String, Part>,
}

/// A host's part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Part {
    /// Digest of its compiled plays.
    plays: String,
    host: HostPlan,
}

/// A plan that is being made.
#[derive(Debug)]
pub(super) struct Draft {
    file: WholeFile,
    key: PlanKey,
    body: Body,
}

impl Draft {
    pub(super) fn begin(path: &Path, by: String, command: String) -> Result<Self, Failure> {
        let file = WholeFile::begin(path)?;
        let salt = key::random::<SALT_LENGTH>()?.to_vec();
        let key = PlanKey::derive(&key::load_or_make(&key::path()?)?, &salt);
        let made = OffsetDateTime::now_utc().replace_nanosecond(0).map_or_else(|_| String::new(), rfc3339);
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let body = Body { format: FORMAT, version, made, by, command, salt, hosts: BTreeMap::new() };
        Ok(Self { file, key, body })
    }

    pub(super) fn key(&self) -> PlanKey {
        self.key.clone()
    }

    /// Writes the file.
    pub(super) fn save(mut self, plans: BTreeMap<String, HostPlan>, plays_of: PlaysOf<'_>) -> Result<(), Failure> {
        for (name, host) in plans {
            let part = Part { plays: digest_of(&self.key, plays_of(&name))?, host };
            self.body.hosts.insert(name, part);
        }
        let seal = seal(&self.key, &self.body)?;
        let mut text = json(&PlanFile { mailprov_plan: self.body, seal })?;
        text.push(b'\n');
        self.file.save(&text)
    }
}

/// Reads a plan and makes sure that these plays are those that it was made of.
pub(super) fn follow(path: &Path, hosts: &[String], plays_of: PlaysOf<'_>) -> Result<Planning, Failure> {
    let shown = path.display();
    let text = std::fs::read(path).map_err(|error| Failure::of(Kind::Input, format!("cannot read {shown}"), &error))?;
    let PlanFile { mailprov_plan: body, seal: sealed } = serde_json::from_slice(&text)
        .map_err(|error| Failure::of(Kind::Input, format!("{shown} is no plan"), &error).hint(NEW_PLAN))?;
    let own = env!("CARGO_PKG_VERSION");
    if body.format != FORMAT || body.version != own {
        let message = format!("{shown} was made by mailprov {}, and this is {own}", body.version);
        return Err(Failure::new(Kind::Input, message).hint(NEW_PLAN));
    }
    let key_path = key::path()?;
    let key = PlanKey::derive(&key::load(&key_path)?, &body.salt);
    if verify_slices_are_equal(seal(&key, &body)?.as_bytes(), sealed.as_bytes()).is_err() {
        let message = format!("{shown} was changed, or not made with the key in {}", key_path.display());
        let hint = format!("a plan is followed by the user, and on the machine, that made it ({})", body.by);
        return Err(Failure::new(Kind::Input, message).hint(hint));
    }
    let mut parts = BTreeMap::new();
    let mut others = Vec::new();
    for host in hosts {
        let Some(part) = body.hosts.get(host) else { continue };
        if digest_of(&key, plays_of(host))? != part.plays {
            others.push(host.as_str());
        }
        parts.insert(host.clone(), part.host.clone());
    }
    if !others.is_empty() {
        let message = format!("{shown} was made of another play for {}", others.join(", "));
        let made = format!("it was made {} by {} with `{}`", body.made, body.by, body.command);
        return Err(Failure::new(Kind::Input, message)
            .hint(format!("{made}: playbook, inventory and options have to be the same"))
            .hint(NEW_PLAN));
    }
    Ok(Planning::Follow { key, hosts: parts })
}

const NEW_PLAN: &str = "`mailprov check --out FILE` makes a new one";

fn rfc3339(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

fn digest_of(key: &PlanKey, mut plays: Vec<HostPlay>) -> Result<String, Failure> {
    for play in &mut plays {
        play.magic.retain(|name, _| !OF_THE_SELECTION.contains(&name.as_str()));
    }
    Ok(key.digest(&["plays"], &json(&plays)?))
}

fn seal(key: &PlanKey, body: &Body) -> Result<String, Failure> {
    Ok(key.digest(&["plan"], &json(body)?))
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(value).map_err(|error| Failure::of(Kind::Bug, "cannot write a plan as JSON", &error))
}
