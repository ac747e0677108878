//! Every way to reach a host gives the same result.

use crate::support::{
    assert_same, binary, fqdn, inventory, lab, mailprov, mailprov_with, manifest, on, one_host, reset,
};

/// What every login must lead to; the certificate is another one each time.
fn result(host: &str) -> String {
    let text = manifest(host);
    let lines =
        text.lines().filter(|line| !["postfix/ssl/", "pki/tls/", "ssh/"].iter().any(|part| line.contains(part)));
    lines.map(|line| line.to_owned() + "\n").collect()
}

#[test]
fn root_sudo_users_and_local_runs_reach_the_same_state() {
    let host = &one_host();
    let limit: &[&str] = &["--limit", &fqdn(host)];
    reset(&[host]);
    mailprov(&[&["up", &inventory("root")], limit].concat()).succeeded();
    let as_root = result(host);

    reset(&[host]);
    mailprov(&[&["up", &inventory("admin")], limit].concat()).succeeded();
    assert_same(&as_root, &result(host), "a sudo user without a password");

    reset(&[host]);
    mailprov_with(&[&["up", &inventory("ops"), "--ask-become-pass"], limit].concat(), "lab-secret-ops\n").succeeded();
    assert_same(&as_root, &result(host), "a sudo user with a password");

    reset(&[host]);
    let root = lab(&["path", "--root", host]).succeeded().stdout.trim().to_owned();
    let there = format!("{root}/root/mailprov");
    std::fs::copy(binary(), &there).expect("the binary is copied");
    on(host, &format!("hostnamectl set-hostname {} && /root/mailprov up --local && rm /root/mailprov", fqdn(host)));
    assert_same(&as_root, &result(host), "on the host itself");
}

#[test]
fn sudo_without_the_password_says_what_to_do() {
    let host = &one_host();
    let limit: &[&str] = &["--limit", &fqdn(host)];
    reset(&[host]);
    let ran = mailprov(&[&["up", &inventory("ops")], limit].concat());
    assert_ne!(ran.status, 0);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("--ask-become-pass") || said.contains("-K"), "{said}");
    let wrong = mailprov_with(&[&["up", &inventory("ops"), "-K"], limit].concat(), "wrong\n");
    assert_ne!(wrong.status, 0);
    assert!(!format!("{}{}", wrong.stdout, wrong.stderr).contains("lab-secret"));
}
