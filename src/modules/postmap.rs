//! `postmap`: the database that Postfix reads in the place of a text.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Map;

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome, paths};
use crate::event::Failure;
use crate::host::{CommandSpec, Content, FileState, HostError, Meta, Scratch, Scratched};

/// Map types that Postfix reads as text (Postfix's `DATABASE_README`).
const TEXT_MAPS: &[&str] = &["regexp", "pcre", "cidr", "texthash", "static", "inline"];

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("path", ArgKind::Path, "The text; the database is made beside it, with .db at the end.")
            .required(),
        ArgSpec::new(
            "type",
            ArgKind::Str,
            "The kind of database, hash or btree. Maps of type regexp, pcre, cidr and texthash are read as text and need \
             none.",
        )
        .default("hash"),
        ArgSpec::new("aliases", ArgKind::Bool, "The text is in the form of aliases(5), as /etc/aliases (newaliases).")
            .default("no"),
    ],
    returns: &[("database", "the database file"), ("entries", "how many entries it has")],
    example: "- name: Make the database of virtual aliases\n  postmap:\n    path: /etc/postfix/virtual\n",
    ..ModuleSpec::new("postmap", "mailprov", "Keep the database of a Postfix map or alias file up to date.")
};

/// The configuration under which the databases are made: not the host's own, which an earlier task may be about
/// to mend, and whose faults are not those of the map. (With IPv6 off in the kernel, EL8's default main.cf makes
/// every program of Postfix's fail.)
const MAIN_CF: &str = "compatibility_level = 2\nmyhostname = localhost.localdomain\ninet_interfaces = \
                       127.0.0.1\ninet_protocols = ipv4\n";

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let path = paths::required(args, "path")?;
    let maker = maker(args, &path)?;
    let database = format!("{path}.db");
    let source = context.file(&path)?;
    let before = context.file(&database)?;
    let meta = metadata(&path, &source, &before)?;
    let mut values = Map::from_iter([("database".to_owned(), database.clone().into())]);
    let built = match &source {
        FileState::Regular { content: Content::Bytes(bytes), .. } => build(context, &maker, bytes)?,
        _ => None,
    };
    let Some(built) = built else {
        context.put_file(&database, &before, FileState::Regular { content: Content::Unknown, meta })?;
        return Ok(Outcome { changed: Some(true), values, unknown: true, ..Outcome::default() });
    };
    values.insert("entries".to_owned(), built.entries.len().into());
    // Two builds of one text differ in their bytes, so databases are compared by what is in them. One that is older
    // than its text is made again all the same: Postfix warns about it at every lookup.
    let current = match &before {
        FileState::Regular { content: Content::Bytes(bytes), .. } if !context.host.is_newer(&path, &database)? => {
            maker.entries(context, bytes)?.filter(|entries| *entries == built.entries).map(|_| bytes.clone())
        }
        _ => None,
    };
    let new = Content::Bytes(current.unwrap_or_else(|| built.bytes.into()));
    context.put_file(&database, &before, FileState::Regular { content: new, meta })?;
    Ok(Outcome { values, unknown: before == FileState::Unknown, ..Outcome::default() })
}

/// The program that makes and reads a database.
struct Maker {
    program: &'static str,
    kind: String,
    /// The text's plain name, which warnings mention.
    name: String,
}

fn maker(args: &Args, path: &str) -> Result<Maker, ModuleError> {
    let kind = args.need_str("type")?;
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    if let Some(kind) = [kind, extension].into_iter().find(|kind| TEXT_MAPS.contains(kind)) {
        return Err(ModuleError::hinted(
            format!("a map of type {kind} is read as text: Postfix uses no database for it"),
            "leave the task out; a changed map of this type needs a reload of Postfix",
        ));
    }
    if !matches!(kind, "hash" | "btree") {
        return Err(ModuleError::argument("type", format!("expected hash or btree, got \"{kind}\"")));
    }
    let program = if args.flag("aliases") { "postalias" } else { "postmap" };
    let name = path.rsplit('/').next().unwrap_or(path).to_owned();
    if name == "main.cf" {
        return Err(ModuleError::argument("path", "main.cf is no map"));
    }
    Ok(Maker { program, kind: kind.to_owned(), name })
}

/// The metadata that the database shall have: readable by nobody who may not read the text.
fn metadata(path: &str, source: &FileState, before: &FileState) -> Result<Meta, ModuleError> {
    let text = match source {
        FileState::Regular { meta, .. } => meta.clone(),
        FileState::Unknown => Meta::root(0o644),
        FileState::Absent => return Err(ModuleError::failed(format!("{path} does not exist"))),
        _ => return Err(ModuleError::failed(format!("{path} is not a regular file"))),
    };
    match before {
        FileState::Regular { meta, .. } => Ok(Meta { mode: meta.mode & (text.mode | 0o700), ..meta.clone() }),
        FileState::Absent | FileState::Unknown => Ok(Meta { mode: text.mode & 0o666, xattrs: BTreeMap::new(), ..text }),
        _ => Err(ModuleError::failed(format!("{path}.db is not a regular file"))),
    }
}

/// A database that was made, and what is in it.
struct Built {
    bytes: Vec<u8>,
    entries: Vec<String>,
}

/// `None` where the program comes with a package that is still to be installed.
fn build(context: &mut Context<'_>, maker: &Maker, text: &[u8]) -> Result<Option<Built>, ModuleError> {
    let made = match maker.run(context, &[], &maker.name, text, Some(format!("{}.db", maker.name))) {
        Err(HostError::NoSuchProgram(_)) if context.host.packages_pending() => return Ok(None),
        Err(HostError::NoSuchProgram(program)) => {
            return Err(ModuleError::hinted(
                format!("{program} is not installed"),
                "install the package postfix first",
            ));
        }
        made => made?,
    };
    // A duplicate entry or a line without a value is only a warning to the program, and mail lost to the user.
    if made.output.status != 0 || !made.output.stderr.is_empty() {
        return Err(maker.failed(&made));
    }
    let bytes = made.result.clone().ok_or_else(|| maker.failed(&made))?;
    let entries = maker.entries(context, &bytes)?.ok_or_else(|| maker.failed(&made))?;
    Ok(Some(Built { bytes, entries }))
}

impl Maker {
    fn run(
        &self,
        context: &mut Context<'_>,
        options: &[&str],
        name: &str,
        bytes: &[u8],
        result: Option<String>,
    ) -> Result<Scratched, HostError> {
        let map = format!("{}:{}", self.kind, self.name);
        let argv = [&[self.program, "-c", "."], options, &[map.as_str()]].concat();
        let files = vec![("main.cf".to_owned(), MAIN_CF.as_bytes().to_vec()), (name.to_owned(), bytes.to_vec())];
        context.host.scratch(&Scratch { command: CommandSpec::new(&argv), files, result })
    }

    /// The entries of a database in a fixed order; `None` when it cannot be read as one.
    fn entries(&self, context: &mut Context<'_>, database: &[u8]) -> Result<Option<Vec<String>>, ModuleError> {
        let dumped = self.run(context, &["-s"], &format!("{}.db", self.name), database, None)?;
        if dumped.output.status != 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&dumped.output.stdout);
        // postalias adds the time and the host for NIS, and the pair that tells sendmail that it is complete.
        let added = ["@:\t", "YP_LAST_MODIFIED:\t", "YP_MASTER_NAME:\t"];
        let is_entry = |line: &&str| self.program == "postmap" || !added.iter().any(|start| line.starts_with(start));
        let mut entries: Vec<_> = text.lines().filter(is_entry).map(str::to_owned).collect();
        entries.sort();
        Ok(Some(entries))
    }

    fn failed(&self, made: &Scratched) -> ModuleError {
        let stderr = made.output.stderr_text();
        let warnings = stderr.lines().map(|line| line.strip_prefix(&format!("{}: ", self.program)).unwrap_or(line));
        let failure = Failure {
            message: format!("make the database of {}", self.name),
            causes: warnings.map(str::to_owned).collect(),
            exit_status: Some(made.output.status),
            ..Failure::default()
        };
        ModuleError::Failed { failure: Box::new(failure), values: Map::new() }
    }
}
