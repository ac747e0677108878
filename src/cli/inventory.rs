//! `inventory`: what the inventory says, without contacting a host.

mod explain;
mod graph;
mod list;

use super::args::{InventoryCommand, InventorySource};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::{locate, vault_passwords};
use crate::diagnostic::{Diagnostic, Diagnostics, Sources, did_you_mean};
use crate::inventory::Inventory;

pub(super) fn run(command: &InventoryCommand, console: &Console) -> Result<Exit, Failure> {
    let text = match command {
        InventoryCommand::List(args) => {
            let loaded = Loaded::new(&args.source, console)?;
            let selected = loaded.select(args.limit.as_deref().unwrap_or("all"))?;
            list::json(&loaded.inventory, &selected, args.show_secrets)
        }
        InventoryCommand::Graph(args) => {
            let loaded = Loaded::new(&args.source, console)?;
            loaded.check_name("group", &args.group, loaded.inventory.groups())?;
            graph::text(&loaded.inventory, &args.group)
        }
        InventoryCommand::Explain(args) => {
            let loaded = Loaded::new(&args.source, console)?;
            loaded.check_name("host", &args.host, loaded.inventory.hosts())?;
            let told = explain::Told::of(&loaded.inventory, &args.host, args.show_secrets);
            let told = match &args.variable {
                None => told,
                Some(name) => {
                    loaded.check_name("variable", name, told.names())?;
                    told.only(name)
                }
            };
            if console.is_json() { told.json() } else { told.text() }
        }
    };
    if command.shows_secrets() {
        Console::print_openly(&text)?;
    } else {
        console.print(&text)?;
    }
    Ok(Exit::Ok)
}

/// An inventory with what was read for it.
struct Loaded {
    inventory: Inventory,
    sources: Sources,
}

impl Loaded {
    fn new(source: &InventorySource, console: &Console) -> Result<Self, Failure> {
        let paths = locate::sources(source)?;
        let keyring = vault_passwords::keyring(&source.vault)?;
        let mut sources = Sources::secret(keyring.into(), console.veil().clone());
        let loaded = Inventory::load(&paths, &mut sources).and_then(|mut inventory| {
            if let Some(playbook) = &source.playbook {
                let folder = playbook.parent().unwrap_or(playbook);
                inventory.add_playbook_folder(folder, &mut sources)?;
            }
            Ok(inventory)
        });
        match loaded {
            Ok(inventory) => Ok(Self { inventory, sources }),
            Err(diagnostics) => Err(Failure::diagnostics(diagnostics, sources)),
        }
    }

    fn select(&self, pattern: &str) -> Result<Vec<String>, Failure> {
        self.inventory.limit(pattern).map_err(|problems| self.failure(problems))
    }

    fn failure(&self, problems: Diagnostics) -> Failure {
        Failure::diagnostics(problems, self.sources.clone())
    }

    fn check_name<'n>(&self, what: &str, name: &str, known: impl Iterator<Item = &'n str>) -> Result<(), Failure> {
        let known: Vec<&str> = known.collect();
        if known.contains(&name) {
            return Ok(());
        }
        let problem = Diagnostic::new(format!("there is no {what} `{name}` in the inventory"));
        Err(self.failure(problem.maybe_hint(did_you_mean(name, known)).into()))
    }
}
