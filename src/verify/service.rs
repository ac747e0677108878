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

#[cfg(test)]
mod tests {
    use crate::event::CheckVerdict;
    use crate::host::CommandOutput;
    use crate::host::fake::Fake;
    use crate::hostplay::Mode;
    use crate::verify::tests::spec;
    use crate::verify::{NO_POSTFIX, Spec, look};

    /// What is not Postfix's own can be looked at all the same.
    const ELSEWHERE: [&str; 4] = ["host.", "dns.", "firewall.", "package.rivals"];

    #[test]
    fn where_there_is_no_postfix_nothing_of_it_passes_and_one_check_says_so() {
        let mut fake = Fake::new(Mode::Apply);
        let bare = Spec { address: None, addresses: Vec::new(), ..spec() };
        let checks = look(&mut fake, &bare).checks;
        let of_postfix = checks.iter().filter(|check| !ELSEWHERE.iter().any(|start| check.id.starts_with(start)));
        let (untested, tested): (Vec<_>, Vec<_>) =
            of_postfix.partition(|check| check.verdict == CheckVerdict::NotTestable);
        let tested: Vec<_> = tested.iter().map(|check| (check.id.as_str(), check.verdict)).collect();
        assert_eq!(tested, [("service.running", CheckVerdict::Fail)]);
        assert!(untested.len() > 30, "{untested:?}");
        assert!(checks.iter().filter(|check| check.evidence == NO_POSTFIX).count() > untested.len());
    }

    #[test]
    fn where_main_cf_cannot_be_read_nothing_that_it_sets_passes() {
        const SETS: [&str; 10] = [
            "config.tls",
            "config.name",
            "config.networks",
            "config.size",
            "config.maps",
            "relay.restrictions",
            "rewriting.",
            "flow.",
            "outbound.",
            "config.lint",
        ];
        let mut fake = Fake::new(Mode::Apply);
        fake.script().package("postfix", "2:3.5.8-8.el8_10.x86_64");
        let fatal = "postconf: fatal: /etc/postfix/main.cf, line 1: missing '=' after attribute name";
        for argv in [&["postconf", "-h", "myhostname"][..], &["postconf", "-n"]] {
            let output = CommandOutput { status: 1, stderr: fatal.as_bytes().to_vec(), ..CommandOutput::default() };
            fake.script().answer_with(argv, output);
        }
        let bare = Spec { address: None, addresses: Vec::new(), ..spec() };
        let checks = look(&mut fake, &bare).checks;
        let of_settings = checks.iter().filter(|check| SETS.iter().any(|start| check.id.starts_with(start)));
        let tested: Vec<_> = of_settings.clone().filter(|check| check.verdict != CheckVerdict::NotTestable).collect();
        assert_eq!(tested.iter().map(|check| check.id.as_str()).collect::<Vec<_>>(), ["config.lint"]);
        assert_eq!(tested[0].verdict, CheckVerdict::Fail);
        assert!(of_settings.clone().count() > 15 && of_settings.skip(1).all(|check| check.evidence.contains(fatal)));
    }
}
