//! What the role does with Postfix's own files.

use std::sync::Once;

use crate::support::{Ran, inventory, mailprov, on, one_host, reset_once};

static BARE: Once = Once::new();

/// The host of these tests.
fn host() -> String {
    let host = one_host();
    reset_once(&BARE, &host);
    host
}

fn run(command: &str, variables: &str) -> Ran {
    let limit = format!("{}.mydomain.local", host());
    mailprov(&[command, &inventory("root"), "--limit", &limit, "-e", variables])
}

#[test]
fn what_is_dropped_from_the_playbook_goes_back_to_what_it_was() {
    let host = host();
    run("up", "{}").succeeded();
    on(&host, "postconf -e delay_warning_time=7h; postfix reload");
    let files = "cd /etc/postfix; sha256sum main.cf master.cf main.cf.mailprov master.cf.mailprov";
    let before = on(&host, files);
    let more = "{mail_postfix_parameters: {delay_warning_time: 1h, smtpd_banner: $myhostname ESMTP}, mail_smtps: true, \
                mail_relayhost: '[mx.mydomain.local]:25', mail_rate_messages: 100, mail_root_alias: ops@example.net, \
                mail_postfix_services: [{name: '10025', command: smtpd, options: {smtpd_milters: ''}}]}";
    run("up", more).succeeded();
    assert_eq!(
        on(&host, "postmap -q root hash:/etc/postfix/root_aliases; postconf -h alias_maps"),
        "ops@example.net\nhash:/etc/postfix/root_aliases, hash:/etc/aliases\n"
    );
    assert_eq!(on(&host, "postconf -h delay_warning_time relayhost"), "1h\n[mx.mydomain.local]:25\n");
    let ports = on(&host, "ss -ltnH | awk '{print $4}' | grep -oE '(465|10025)$' | sort -u | xargs");
    assert_eq!(ports, "10025 465\n");
    run("up", "{}").succeeded();
    assert_eq!(before, on(&host, files));
    assert_eq!(on(&host, "postconf -h alias_maps; grep -c '^root:' /etc/aliases || true"), "hash:/etc/aliases\n0\n");
    on(&host, "postconf -X delay_warning_time; postfix reload");
}

#[test]
fn a_configuration_that_does_not_hold_is_never_switched_to() {
    let host = host();
    run("up", "{}").succeeded();
    let inode = "stat -c '%i %Y' /etc/postfix/main.cf /etc/postfix/master.cf; systemctl show -p MainPID postfix";
    let before = on(&host, inode);
    // No such address, a map type that is not installed, a map that is not there, a broken expression.
    on(&host, "printf '/(/ x\\n' > /etc/postfix/broken.regexp; echo 'a b' > /etc/postfix/some");
    for (variables, why) in [
        ("{mail_inet_interfaces: 10.9.9.9}", "no local interface found for 10.9.9.9"),
        ("{mail_postfix_parameters: {canonical_maps: 'pcre:/etc/postfix/some'}}", "unsupported dictionary type: pcre"),
        ("{mail_postfix_parameters: {canonical_maps: 'hash:/etc/postfix/some'}}", "there is no /etc/postfix/some.db"),
        (
            "{mail_postfix_parameters: {canonical_maps: 'regexp:/etc/postfix/broken.regexp'}}",
            "regexp:/etc/postfix/broken",
        ),
    ] {
        // A check finds it, too.
        let ran = run(if why.contains("pcre") { "check" } else { "up" }, variables).with_status(4);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(said.contains(why) && said.contains("does not hold"), "{variables}: {said}");
    }
    assert_eq!(before, on(&host, inode), "the configuration was switched");
    on(&host, "rm /etc/postfix/broken.regexp /etc/postfix/some");
}

#[test]
fn clients_can_trust_the_local_authority() {
    let host = host();
    run("up", "{mail_certificate_source: local_ca}").succeeded();
    let authority = on(&host, "cat /etc/postfix/ssl/ca.crt");
    let name = format!("{host}.mydomain.local");
    let verified = on(
        "client",
        &format!(
            "ca=$(mktemp); printf '%s' '{authority}' > $ca; echo QUIT | timeout 10 openssl s_client -starttls smtp -connect {name}:25 \
             -CAfile $ca -verify_hostname {name} -verify_return_error 2>&1; rm $ca"
        ),
    );
    assert!(verified.contains("Verify return code: 0 (ok)"), "{verified}");
    // A chain that does not hold is not given to Postfix.
    on(&host, "cat /etc/postfix/ssl/postfix.crt /etc/pki/tls/certs/postfix.pem > /root/wrong.pem");
    let own = "{mail_certificate_source: own, mail_certificate_file: /root/wrong.pem}";
    let failed = run("up", own).with_status(4);
    assert!(failed.stdout.contains("certificate 1 of the file is not signed by the one after it"), "{}", failed.stdout);
    run("up", "{}").succeeded();
}
