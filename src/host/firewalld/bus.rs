//! A running firewalld, over D-Bus. Only what firewalld 0.9 (EL8) has.

use std::path::Path;
use std::thread;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::ser::Serialize;
use zbus::zvariant::{DynamicType, Type};
use zbus::{Connection, Error, OwnedObjectPath};

use super::{Setting, hint, zone};
use crate::host::{FirewallState, HostError, ZoneSettings};

/// How long firewalld may take for one change or answer. After its start it answers only when all its rules are loaded.
const PATIENCE: Duration = Duration::from_secs(120);

const SOCKET: &str = "/run/dbus/system_bus_socket";
const SERVICE: &str = "org.fedoraproject.FirewallD1";
const ROOT: &str = "/org/fedoraproject/FirewallD1";
const CONFIG: &str = "/org/fedoraproject/FirewallD1/config";

/// An object with one of its interfaces.
struct Object<'a> {
    bus: &'a Connection,
    path: &'a str,
    interface: &'static str,
}

impl Object<'_> {
    async fn call<B, R>(&self, method: &str, body: &B) -> zbus::Result<R>
    where
        B: Serialize + DynamicType,
        R: DeserializeOwned + Type,
    {
        let answer = self.bus.call_method(Some(SERVICE), self.path, Some(self.interface), method, body).await?;
        answer.body().deserialize()
    }

    /// A call whose answer says nothing.
    async fn tell<B: Serialize + DynamicType>(&self, method: &str, body: &B) -> zbus::Result<()> {
        match self.bus.call_method(Some(SERVICE), self.path, Some(self.interface), method, body).await {
            Ok(_) => Ok(()),
            // Someone else was faster: it is as wanted.
            Err(error) if ["ALREADY_ENABLED", "NOT_ENABLED"].iter().any(|code| words(&error).starts_with(code)) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// The settings of a zone; `None` when firewalld does not run.
pub(super) fn read(name: &str) -> Result<Option<FirewallState>, HostError> {
    ask(async |bus| {
        let runtime = Object { bus, path: ROOT, interface: "org.fedoraproject.FirewallD1.zone" };
        let state = async {
            let services: Vec<String> = runtime.call("getServices", &(name,)).await?;
            let ports: Vec<Vec<String>> = runtime.call("getPorts", &(name,)).await?;
            let rules: Vec<String> = runtime.call("getRichRules", &(name,)).await?;
            let pair = |port: Vec<String>| <[String; 2]>::try_from(port).ok().map(|[port, protocol]| (port, protocol));
            Ok(zone(services, ports.into_iter().filter_map(pair).collect(), rules))
        };
        let runtime = unless_no_zone(state.await)?;
        let permanent = match config_zone(bus, name).await? {
            Some(path) => Some(read_permanent(bus, &path).await?),
            None => None,
        };
        Ok(FirewallState::Zone { permanent, runtime })
    })
}

async fn read_permanent(bus: &Connection, path: &OwnedObjectPath) -> zbus::Result<ZoneSettings> {
    let config = Object { bus, path: path.as_str(), interface: "org.fedoraproject.FirewallD1.config.zone" };
    let services: Vec<String> = config.call("getServices", &()).await?;
    let ports: Vec<(String, String)> = config.call("getPorts", &()).await?;
    let rules: Vec<String> = config.call("getRichRules", &()).await?;
    Ok(zone(services, ports, rules))
}

/// Adds (`true`) and removes settings, in order.
pub(super) fn change(name: &str, permanent: &[(bool, Setting)], runtime: &[(bool, Setting)]) -> Result<(), HostError> {
    let done = ask(async |bus| {
        if let Some(path) = config_zone(bus, name).await? {
            let config = Object { bus, path: path.as_str(), interface: "org.fedoraproject.FirewallD1.config.zone" };
            for (add, setting) in permanent {
                change_permanent(&config, *add, setting).await?;
            }
        }
        let object = Object { bus, path: ROOT, interface: "org.fedoraproject.FirewallD1.zone" };
        for (add, setting) in runtime {
            change_runtime(&object, name, *add, setting).await?;
        }
        Ok(())
    })?;
    done.ok_or_else(|| HostError::refused(format!("change the zone {name}: firewalld was stopped meanwhile")))
}

async fn change_permanent(config: &Object<'_>, add: bool, setting: &Setting) -> zbus::Result<()> {
    let verb = if add { "add" } else { "remove" };
    match setting {
        Setting::Service(service) => config.tell(&format!("{verb}Service"), &(service,)).await,
        Setting::Port(port, protocol) => config.tell(&format!("{verb}Port"), &(port, protocol)).await,
        Setting::RichRule(rule) => config.tell(&format!("{verb}RichRule"), &(rule,)).await,
    }
}

async fn change_runtime(zones: &Object<'_>, zone: &str, add: bool, setting: &Setting) -> zbus::Result<()> {
    // For ever, as far as the runtime goes.
    const NO_TIMEOUT: i32 = 0;
    match (add, setting) {
        (true, Setting::Service(service)) => zones.tell("addService", &(zone, service, NO_TIMEOUT)).await,
        (false, Setting::Service(service)) => zones.tell("removeService", &(zone, service)).await,
        (true, Setting::Port(port, protocol)) => zones.tell("addPort", &(zone, port, protocol, NO_TIMEOUT)).await,
        (false, Setting::Port(port, protocol)) => zones.tell("removePort", &(zone, port, protocol)).await,
        (true, Setting::RichRule(rule)) => zones.tell("addRichRule", &(zone, rule, NO_TIMEOUT)).await,
        (false, Setting::RichRule(rule)) => zones.tell("removeRichRule", &(zone, rule)).await,
    }
}

/// The zone for interfaces without one of their own; `None` when firewalld does not run.
pub(super) fn default_zone() -> Result<Option<String>, HostError> {
    ask(async |bus| {
        Object { bus, path: ROOT, interface: "org.fedoraproject.FirewallD1" }.call("getDefaultZone", &()).await
    })
}

async fn config_zone(bus: &Connection, name: &str) -> zbus::Result<Option<OwnedObjectPath>> {
    let config = Object { bus, path: CONFIG, interface: "org.fedoraproject.FirewallD1.config" };
    unless_no_zone(config.call("getZoneByName", &(name,)).await)
}

fn unless_no_zone<T>(result: zbus::Result<T>) -> zbus::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if words(&error).starts_with("INVALID_ZONE") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Asks firewalld on a connection of its own; `None` when it does not run (a call would start it).
fn ask<T: Send>(question: impl AsyncFnOnce(&Connection) -> zbus::Result<T> + Send) -> Result<Option<T>, HostError> {
    if !Path::new(SOCKET).exists() {
        return Ok(None);
    }
    let failed = |message: String| HostError::Bus { service: "firewalld", message };
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        let answer = runtime.block_on(in_time(PATIENCE, async {
            let bus = Connection::system().await?;
            let owned = bus.call_method(
                Some("org.freedesktop.DBus"),
                "/org/freedesktop/DBus",
                Some("org.freedesktop.DBus"),
                "NameHasOwner",
                &(SERVICE,),
            );
            if !owned.await?.body().deserialize::<bool>()? {
                return Ok(None);
            }
            question(&bus).await.map(Some)
        }));
        let Some(answer) = answer else { return Err(silent()) };
        answer.map_err(|error: Error| {
            let message = words(&error);
            match hint(&message) {
                Some(hint) => HostError::Refused { message: format!("change firewalld: {message}"), hint: Some(hint) },
                None => failed(message),
            }
        })
    };
    // A thread of its own: the caller may be inside another runtime, where blocking is not allowed.
    thread::scope(|scope| scope.spawn(work).join()).unwrap_or_else(|_| Err(failed("the call broke off".to_owned())))
}

/// What comes of it, unless it takes too long: who hangs on the bus holds up the host, its lock and its guard.
async fn in_time<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, work).await.ok()
}

fn silent() -> HostError {
    HostError::Refused {
        message: format!("ask firewalld: it runs, and has not answered for {} s", PATIENCE.as_secs()),
        hint: Some("`systemctl status firewalld` says more; `systemctl restart firewalld` may end it".to_owned()),
    }
}

/// What firewalld itself said, where it said something.
fn words(error: &Error) -> String {
    match error {
        Error::MethodError(_, Some(message), _) => message.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever_for_an_answer() {
        assert_eq!(in_time(PATIENCE, std::future::ready(1)).await, Some(1));
        assert_eq!(in_time(PATIENCE, std::future::pending::<()>()).await, None);
    }
}
