//! No message that the server has accepted is lost or bounced while it is changed, fails to be changed, or is put back.
//!
//! A client sends throughout; what it was told was accepted is compared with what the receiver has.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::support::{address, inventory, lab, mailprov, on, one_host, reset, try_on};

/// Sends numbered messages until it is told to stop; notes each number after the server has taken the message over.
const SENDER: &str = r#"
import os, smtplib, sys, time
server, recipient, folder = sys.argv[1:]
number, end = 0, time.time() + 600
with open(folder + "/accepted", "w", buffering=1) as accepted:
    while not os.path.exists(folder + "/stop") and time.time() < end:
        number += 1
        try:
            with smtplib.SMTP(server, 25, timeout=20) as smtp:
                smtp.sendmail("app@web.local", [recipient], f"Subject: {number}\r\nX-Number: {number}\r\n\r\nbody\r\n")
        except (OSError, smtplib.SMTPException):
            time.sleep(0.05)
            continue
        accepted.write(f"{number}\n")
        time.sleep(0.03)
open(folder + "/done", "w").close()
"#;

/// Asks until it is so.
#[track_caller]
fn until(what: &str, seconds: u64, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not after {seconds} s");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn numbers(text: &str) -> BTreeSet<u32> {
    text.lines().filter_map(|line| line.trim().parse().ok()).collect()
}

/// The numbers of the messages that the receiver has for somebody.
fn received(recipient: &str) -> BTreeSet<u32> {
    let files = lab(&["mail", "--list", recipient]).succeeded().stdout;
    let number = |path: &str| {
        let text = std::fs::read_to_string(path).ok()?;
        text.lines().find_map(|line| line.strip_prefix("X-Number: ")?.trim().parse().ok())
    };
    files.lines().filter_map(number).collect()
}

/// A client that sends all the while.
struct Sender {
    folder: String,
}

impl Sender {
    fn start(host: &str, recipient: &str) -> Self {
        let folder = on("client", "mktemp -d").trim().to_owned();
        on("client", &format!("cat > {folder}/sender.py <<'PY'\n{SENDER}\nPY"));
        let server = format!("{host}.mydomain.local");
        let sender = Self { folder: folder.clone() };
        on(
            "client",
            &format!("nohup python3 {folder}/sender.py {server} {recipient} {folder} >{folder}/log 2>&1 </dev/null &"),
        );
        until("the first messages are accepted", 20, || sender.accepted().len() > 5);
        sender
    }

    fn accepted(&self) -> BTreeSet<u32> {
        numbers(&try_on("client", &format!("cat {}/accepted", self.folder)).stdout)
    }

    /// The numbers of all that was accepted.
    fn stop(self) -> BTreeSet<u32> {
        let folder = &self.folder;
        on("client", &format!("touch {folder}/stop"));
        until("the client has stopped", 30, || try_on("client", &format!("test -e {folder}/done")).status == 0);
        self.accepted()
    }
}

impl Drop for Sender {
    /// Also when the test has failed: nobody else would ever stop it.
    fn drop(&mut self) {
        let folder = &self.folder;
        try_on(
            "client",
            &format!(
                "touch {folder}/stop; timeout 30 sh -c 'until test -e {folder}/done; do sleep 0.2; done'; rm -r {folder}"
            ),
        );
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "the count is for whoever reads the log")]
fn changes_failures_and_rollbacks_lose_no_accepted_message_and_bounce_none() {
    let host = one_host();
    reset(&[&host]);
    let (inventory, limit) = (inventory("root"), format!("{host}.mydomain.local"));
    let run = |command: &str, variables: &[&str]| {
        let options = variables.iter().flat_map(|variable| ["-e", variable]);
        let arguments: Vec<_> = [command, &inventory, "--limit", &limit].into_iter().chain(options).collect();
        mailprov(&arguments)
    };
    run("up", &[]).succeeded();
    let recipient = format!("nolost-{}@mydomain.local", std::process::id());
    on(&host, "logger -p mail.info -t nolost begin");
    let certificate = || on(&host, "openssl x509 -noout -fingerprint -in /etc/postfix/ssl/postfix.crt");
    let (first, sender) = (certificate(), Sender::start(&host, &recipient));

    // Another configuration and a renewed certificate, which is then the one that is served.
    run("up", &["{mail_message_size_limit: 20000000, mail_certificate_names: [spare.mydomain.local]}"]).succeeded();
    assert_ne!(first, certificate(), "the certificate was not renewed");
    let served = on(
        "client",
        &format!(
            "echo QUIT | timeout 10 openssl s_client -starttls smtp -connect {limit}:25 2>/dev/null | openssl x509 -noout -fingerprint"
        ),
    );
    assert_eq!(served, certificate(), "the old certificate is still served");

    // Other interfaces, which want a restart.
    let interfaces = format!("mail_inet_interfaces='127.0.0.1, {}'", address(&host));
    run("up", &[&interfaces]).succeeded();

    // One that fails when all is changed: what is verified does not hold, and all is taken back.
    let smuggling = "{mail_postfix_parameters: {smtpd_data_restrictions: permit}, mail_inet_interfaces: all}";
    let failed = run("up", &[smuggling]).with_status(4);
    assert!(failed.stdout.contains("taken back"), "{}", failed.stdout);

    run("rollback", &[]).succeeded();
    assert_eq!(on(&host, "postconf -h inet_interfaces"), "all\n");

    let so_far = sender.accepted().len();
    until("messages still go out", 20, || sender.accepted().len() > so_far);
    let accepted = sender.stop();
    assert!(accepted.len() > 50, "the client hardly sent anything: {}", accepted.len());
    until("the queue is empty", 60, || on(&host, "postqueue -f; postqueue -p").contains("queue is empty"));
    until("all has arrived", 20, || received(&recipient).is_superset(&accepted));
    let arrived = received(&recipient).intersection(&accepted).count();
    let log = on(&host, "sed '1,/nolost.*begin/d' /var/log/maillog; true");
    let of_them = |status: &str| {
        let is_one = |line: &&str| line.contains(status) && line.contains(&recipient);
        log.lines().filter(is_one).collect::<Vec<_>>()
    };
    assert!(!of_them("status=sent").is_empty(), "the log was not seen: {log}");
    let bounced = of_them("status=bounced");
    eprintln!("messages accepted: {}, received: {arrived}, bounced: {}", accepted.len(), bounced.len());
    assert!(bounced.is_empty(), "{bounced:#?}");
}
