#![expect(clippy::unwrap_used, reason = "a test")]

use proptest::prelude::*;

use super::lines::{canonical, edited};
use crate::modules::Module;
use crate::modules::cases::hold;

#[test]
fn cases() {
    hold(Module::Sysctl, include_str!("cases.json"));
}

#[test]
fn names_are_one_however_they_are_written() {
    for (written, name) in [
        ("net.core.somaxconn", "net.core.somaxconn"),
        ("net/core/somaxconn", "net.core.somaxconn"),
        ("net/ipv4/conf/eth0.100/forwarding", "net.ipv4.conf.eth0/100.forwarding"),
        ("net.ipv4.conf.eth0/100.forwarding", "net.ipv4.conf.eth0/100.forwarding"),
        (" vm.swappiness ", "vm.swappiness"),
    ] {
        assert_eq!(canonical(written), name, "{written}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn other_lines_stay_and_a_second_edit_changes_nothing(
        text in "((a[./]b|a\\.c|#a\\.b|-a\\.b|x)( = |=|)(1|2|)(\n|\r\n)){0,6}(a\\.b=1)?",
        value in prop::option::of("[12]"),
    ) {
        let once = edited(text.as_bytes(), "a.b", value.as_deref());
        prop_assert_eq!(&edited(&once, "a.b", value.as_deref()), &once);
        let ours = |line: &&str| {
            let name = line.split('=').next().unwrap().trim().trim_start_matches('-');
            line.contains('=') && matches!(name, "a.b" | "a/b")
        };
        let (once, value) = (String::from_utf8(once).unwrap(), value.map(|value| format!("a.b = {value}")));
        let others = |text: &str| text.lines().filter(|line| !ours(line)).map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(others(&once), others(&text));
        let last = once.lines().rfind(ours).map(|line| line.replace(' ', "").replace(['-'], "").replace('/', "."));
        prop_assert_eq!(last, value.map(|value| value.replace(' ', "")));
    }
}
