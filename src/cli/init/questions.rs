//! What `init` asks when no server is named.

use std::io;

use super::inventory::{Host, Settings};
use crate::cli::failure::{Failure, Kind};

/// Asks a question and gives the answer; `None` at the end of the input.
type Ask<'a> = dyn FnMut(&str) -> Result<Option<String>, Failure> + 'a;

/// Fills in what no option said.
pub(super) fn ask(mut settings: Settings, ask: &mut Ask<'_>) -> Result<Settings, Failure> {
    let mut question = "Full name of the mail server, as mail.example.net: ";
    while let Some(name) = ask(question)? {
        if name.is_empty() && !settings.hosts.is_empty() {
            break;
        }
        match Host::parse(&name) {
            Ok(mut host) => {
                host.address = address(&host, ask)?;
                settings.hosts.push(host);
                question = "Another server (nothing: no more): ";
            }
            // A slip of the pen is no reason to begin anew.
            Err(failure) => question = if failed(&failure, ask)? { "Full name: " } else { break },
        }
    }
    if settings.hosts.is_empty() {
        return Err(Failure::new(Kind::Usage, "no server is named")
            .hint("name it: `mailprov init mail.example.net=192.168.1.20`"));
    }
    if settings.user.is_none() {
        settings.user = answer(ask, "User to log in as (nothing: what ssh takes by itself): ")?;
    }
    if settings.sender.is_none() {
        let domain = settings.hosts.first().map_or("", Host::domain);
        settings.sender = answer(ask, &format!("Address that all mail is sent from (nothing: mail@{domain}): "))?;
    }
    Ok(settings)
}

fn address(host: &Host, ask: &mut Ask<'_>) -> Result<Option<String>, Failure> {
    let question = format!("Address of {} (nothing: its name leads there): ", host.name);
    while let Some(address) = answer(ask, &question)? {
        match Host::parse(&format!("{}={address}", host.name)) {
            Ok(_) => return Ok(Some(address)),
            Err(failure) if failed(&failure, ask)? => {}
            Err(_) => break,
        }
    }
    Ok(None)
}

/// Says what is wrong with an answer; whether there is someone to say it to.
fn failed(failure: &Failure, ask: &mut Ask<'_>) -> Result<bool, Failure> {
    let text = failure.render(false);
    ask(&format!("{text}Press Enter to try again. ")).map(|answer| answer.is_some())
}

fn answer(ask: &mut Ask<'_>, question: &str) -> Result<Option<String>, Failure> {
    Ok(ask(question)?.filter(|answer| !answer.is_empty()))
}

pub(super) fn unreadable(error: &io::Error) -> Failure {
    Failure::of(Kind::Machine, "cannot read the answer", error)
}
