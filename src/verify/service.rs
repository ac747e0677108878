//! systemd's view.

use super::{Look, NO_POSTFIX};
use crate::host::{Enablement, Key, State, UnitState};
use crate::probe::{Finding, catalogue as c};

pub(super) fn look(look: &mut Look<'_>) {
    let (enablement, active) = match look.host.read(&Key::Unit("postfix.service".to_owned())) {
        Ok(State::Unit(UnitState::Loaded { enablement, active })) => (enablement, active),
        Ok(_) => {
            let why = if look.has_postfix { "there is no unit postfix.service" } else { NO_POSTFIX };
            look.checks.add(&c::SERVICE_RUNNING, Finding::bad(why, "run `mailprov up`, or install postfix"));
            return look.checks.add(&c::SERVICE_ENABLED, Finding::not_testable(why));
        }
        Err(error) => {
            look.checks.add(&c::SERVICE_RUNNING, Finding::not_testable(error.to_string()));
            return look.checks.add(&c::SERVICE_ENABLED, Finding::not_testable(error.to_string()));
        }
    };
    let word = if active { "postfix.service is active" } else { "postfix.service is not active" };
    let remedy = "start it: `systemctl start postfix`; `journalctl -u postfix` says why it stopped";
    look.checks.add(&c::SERVICE_RUNNING, Finding::when(active, word, remedy));
    let enabled = enablement == Enablement::Enabled;
    let word = format!("postfix.service is {}", enablement.as_str());
    let remedy = if enablement == Enablement::Masked {
        "unmask and enable it: `systemctl unmask postfix; systemctl enable postfix`"
    } else {
        "enable it: `systemctl enable postfix`"
    };
    look.checks.add(&c::SERVICE_ENABLED, Finding::when(enabled, word, remedy));
}
