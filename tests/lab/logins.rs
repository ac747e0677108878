//! Every way to reach a host gives the same result.

use crate::support::{assert_same, binary, inventory, mailprov, mailprov_with, manifest, on, reset};

const LIMIT: &[&str] = &["--limit", "mail1.mydomain.local"];

/// What every login must lead to; the certificate is another one each time.
fn result() -> String {
    let text = manifest("mail1");
    let lines =
        text.lines().filter(|line| !["postfix/ssl/", "pki/tls/", "ssh/"].iter().any(|part| line.contains(part)));
    lines.map(|line| line.to_owned() + "\n").collect()
}

#[test]
fn root_sudo_users_and_local_runs_reach_the_same_state() {
    reset(&["mail1"]);
    mailprov(&[&["up", &inventory("root")], LIMIT].concat()).succeeded();
    let as_root = result();

    reset(&["mail1"]);
    mailprov(&[&["up", &inventory("admin")], LIMIT].concat()).succeeded();
    assert_same(&as_root, &result(), "a sudo user without a password");

    reset(&["mail1"]);
    mailprov_with(&[&["up", &inventory("ops"), "--ask-become-pass"], LIMIT].concat(), "lab-secret-ops\n").succeeded();
    assert_same(&as_root, &result(), "a sudo user with a password");

    reset(&["mail1"]);
    let root = crate::support::lab(&["path", "--root", "mail1"]).succeeded().stdout.trim().to_owned();
    let there = format!("{root}/root/mailprov");
    std::fs::copy(binary(), &there).expect("the binary is copied");
    on("mail1", "hostnamectl set-hostname mail1.mydomain.local && /root/mailprov up --local && rm /root/mailprov");
    assert_same(&as_root, &result(), "on the host itself");
}

#[test]
fn sudo_without_the_password_says_what_to_do() {
    reset(&["mail1"]);
    let ran = mailprov(&[&["up", &inventory("ops")], LIMIT].concat());
    assert_ne!(ran.status, 0);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("--ask-become-pass") || said.contains("-K"), "{said}");
    let wrong = mailprov_with(&[&["up", &inventory("ops"), "-K"], LIMIT].concat(), "wrong\n");
    assert_ne!(wrong.status, 0);
    assert!(!format!("{}{}", wrong.stdout, wrong.stderr).contains("lab-secret"));
}
