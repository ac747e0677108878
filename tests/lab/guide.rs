//! The hand-made guide, followed to the letter on a bare host: each of its mistakes is seen, then `up` is run on what the
//! guide has left, and each is gone. docs/guide-coverage.md lists those that cannot be seen here.

mod defects;

use std::cell::Cell;

use self::defects::DEFECTS;
use crate::support::{Ran, address, fqdn, inventory, mailprov, on, one_host, reset, try_on};

/// The states through which the guide's server is mended by hand: functions of guide.sh.
const STAGES: [&str; 6] = ["started", "restarted", "levels", "comments", "regexp", "pcre"];

#[test]
#[expect(clippy::print_stderr, reason = "the count is for whoever reads the log")]
fn each_mistake_of_the_guide_is_seen_and_up_puts_it_right() {
    let site = Site::bare();
    let mut wrong = Vec::new();
    site.on_host("before >/dev/null 2>&1");
    for stage in STAGES {
        site.on_host(&format!("{stage} >/dev/null 2>&1"));
        for defect in DEFECTS.iter().filter(|defect| defect.stage == stage) {
            let saw = (defect.guide)(&site);
            if !saw.contains(defect.fails) {
                wrong.push(format!("{}, {}: the guide's form gave {saw:?}", defect.number, defect.what));
            }
        }
    }
    site.on_host("before_up");
    site.up(&[]).succeeded();
    for defect in DEFECTS {
        let saw = (defect.ours)(&site);
        if !saw.contains(defect.works) {
            wrong.push(format!("{}, {}: ours gave {saw:?}", defect.number, defect.what));
        }
    }
    // An empty text is in every other.
    assert!(DEFECTS.iter().all(|defect| !defect.fails.is_empty() && !defect.works.is_empty()));
    eprintln!("mistakes of the guide that were seen to fail and to work after up: {}", DEFECTS.len());
    reset(&[&site.host]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The host with the guide's server, and who talks to it.
pub struct Site {
    host: String,
    fqdn: String,
    prelude: String,
    token: Cell<u32>,
}

impl Site {
    fn bare() -> Self {
        let host = one_host();
        reset(&[&host]);
        let (fqdn, address) = (fqdn(&host), address(&host));
        let network = format!("{}.0/24", address.rsplit_once('.').expect("an address").0);
        let prelude = format!("fqdn={fqdn} network={network}\n{}", include_str!("guide/guide.sh"));
        on(&host, &format!("cat > /root/stub.py <<'PY'\n{}PY", include_str!("sabotage/stub.py")));
        Self { host, fqdn, prelude, token: Cell::new(0) }
    }

    /// What a command says on the server, with the functions of guide.sh.
    fn on_host(&self, command: &str) -> String {
        both(try_on(&self.host, &format!("{}\n{command}", self.prelude)))
    }

    /// The same on another host.
    fn on(&self, other: &str, command: &str) -> String {
        both(try_on(other, &format!("{}\n{command}", self.prelude)))
    }

    /// Sends with swaks from the client in the LAN.
    fn swaks(&self, args: &str) -> String {
        self.on("client", &format!("swaks --server {} --timeout 20 {args}", self.fqdn))
    }

    fn up(&self, more: &[&str]) -> Ran {
        mailprov(&[&["up", &inventory("root"), "--limit", &self.fqdn], more].concat())
    }

    fn verify(&self, more: &[&str]) -> String {
        both(mailprov(&[&["verify", &inventory("root"), "--limit", &self.fqdn], more].concat()))
    }

    /// A recipient whom nobody has written to yet.
    fn recipient(&self, domain: &str) -> String {
        let token = self.token.get() + 1;
        self.token.set(token);
        format!("guide-{}-{}-{token}@{domain}", self.host, std::process::id())
    }
}

fn both(ran: Ran) -> String {
    ran.stdout + &ran.stderr
}
