//! Values of the mail role that cannot work are told with variable, place and reason, before any host is contacted.

use crate::world::World;

fn ran(vars: &str, options: &str) -> (World, crate::world::Outcome) {
    let vars: Vec<_> = vars.lines().map(|line| format!("    {line}\n")).collect();
    let vars = vars.concat();
    let world = World::new().program("ssh", "touch contacted; exit 255").file(
        "inventory.yaml",
        &format!("all:\n  hosts:\n    mx1.example.net:\n  vars:\n    ansible_ssh_executable: ./ssh\n{vars}"),
    );
    let ran = world.run(&format!("check {options}"));
    (world, ran)
}

#[test]
fn what_cannot_work_is_refused_where_it_stands() {
    for (vars, said, place) in [
        ("mail_networks: [127.0.0.0/8, 192.168.1.1/24]", "mail_networks: `192.168.1.1/24` has host bits", "6:34"),
        ("mail_networks: [0.0.0.0/0]", "mail_networks: `0.0.0.0/0` is the whole Internet", "6:21"),
        ("mail_networks:\n- '192.168.1.0/24 # LAN'", "`192.168.1.0/24 # LAN` is no network", "7:7"),
        ("mail_networks: 127.0.0.0/8", "mail_networks: a list is needed, and this is text", "6:20"),
        ("mail_networks: [\"{{ ansible_default_ipv4.network }}/24\", ::/0]", "`::/0` is the whole Internet", "6:62"),
        ("mail_tls_in: 'may # or encrypt'", "mail_tls_in: `may # or encrypt` is none of none, may, encrypt", "6:18"),
        ("mail_tls_protocols: '>=TLSv1.2'", "is the notation of Postfix 3.6", "6:25"),
        (
            "mail_postfix_parameters: {smtpd_banner: 'x # y'}",
            "mail_postfix_parameters: the value of smtpd_banner holds a comment",
            "6:45",
        ),
        (
            "mail_postfix_parameters:\n  smtpd_forbid_bare_newline: yes",
            "`smtpd_forbid_bare_newline` is of Postfix 3.9; Enterprise Linux 8 has 3.5",
            "7:7",
        ),
        ("mail_postfix_parameters: {myhostnam: x}", "`myhostnam` is no parameter of Postfix 3.5", "6:31"),
        ("mail_postfix_parameters: {mynetworks: 10.0.0.1/8}", "the network is 10.0.0.0/8", "6:43"),
        ("mail_sender: mail", "mail_sender: `mail` is no mail address: it has no @", "6:18"),
        ("mail_sender: {root: a@b.c}", "mail_sender: `root` is no mail address", "6:19"),
        ("mail_root_alias: root", "mail_root_alias: root's mail cannot be sent to root", "6:22"),
        ("mail_fqdn: mail", "mail_fqdn: `mail` is no full host name", "6:16"),
        ("mail_message_size_limit: 10M", "mail_message_size_limit: a whole number is needed, and this is text", "6:30"),
        (
            "mail_certificate_days: 10",
            "mail_certificate_renew_before: it must be less",
            "<built-in>/roles/postfix/defaults",
        ),
        ("mail_certificate_key_size: 1024", "mail_certificate_key_size: `1024` is none of 2048", "6:32"),
        ("mail_domain_mode: relais", "did you mean `relay`?", "6:23"),
        ("mail_relayhost_user: me", "mail_relayhost_user: it needs mail_relayhost_password", "6:26"),
        ("mail_submission_auth: dovecot", "mail_submission_users: with dovecot it names who may log in", "<built-in>"),
        (
            "mail_submission_users: {app: geheim}",
            "mail_submission_users: a password is given as a hash with its scheme",
            "6:28",
        ),
        ("mail_submission_users: {app: '{PLAIN}geheim'}", "not in the clear", "6:28"),
        ("mail_submission: maybe", "mail_submission: yes or no is needed, and this is text", "6:22"),
    ] {
        let (world, ran) = ran(vars, "");
        assert_eq!(ran.code, Some(3), "{vars}: {ran}");
        assert!(ran.stderr.contains(said), "{vars}: `{said}` is not said\n{ran}");
        let place = if place.starts_with('<') { place.to_owned() } else { format!("inventory.yaml:{place}") };
        assert!(ran.stderr.contains(&place), "{vars}: {place} is not named\n{ran}");
        assert!(!world.path().join("contacted").exists(), "{vars}: a host was contacted\n{ran}");
        assert!(!ran.stderr.contains("geheim"), "{vars}: a password is shown\n{ran}");
    }
}

/// A wrong value of every variable that the table above has not, as `(variable, value, why)`.
const WRONG: &[(&str, &str, &str)] = &[
    ("mail_domain", "example..net", "`example..net` is no domain name"),
    ("mail_address", "192.168.1", "`192.168.1` is no IP address"),
    ("mail_manage_hosts_file", "perhaps", "yes or no is needed"),
    ("mail_root_alias", "postmaster", "postmaster's mail goes to root"),
    ("mail_root_alias", "'|/bin/sh'", "neither a mail address nor the name of a user"),
    ("mail_postmaster_alias", "postmaster", "postmaster's mail cannot be sent to postmaster"),
    ("mail_rate_connections", "-1", "-1 is less than 0"),
    ("mail_rate_messages", "many", "a whole number is needed"),
    ("mail_rate_recipients", "1.5", "a whole number is needed"),
    ("mail_rate_exceptions", "[192.168.1.7/24]", "has host bits"),
    ("mail_relay_transport", "'[mailbox.example.net]'", "is no transport: write smtp:[host]"),
    ("mail_relay_transport", "'smtp:[mailbox'", "lacks its closing bracket"),
    ("mail_relayhost", "192.0.2.1", "needs brackets around the address"),
    ("mail_relayhost_user", "'a:b'", "a colon ends it"),
    ("mail_relayhost_password", "geheim", "it needs mail_relayhost_user"),
    ("mail_relayhost_tls", "always", "`always` is none of may, encrypt, verify, secure"),
    ("mail_tls_out", "must", "`must` is none of none, may, encrypt"),
    ("mail_certificate_source", "letsencrypt", "is none of self_signed, local_ca, own"),
    ("mail_certificate_ca_file", "ca.crt", "an absolute path is needed"),
    ("mail_certificate_ca_key_file", "'/etc/my ca.key'", "` ` cannot stand in this path"),
    ("mail_certificate_own_ca_file", "/etc/ca.crt", "it is for mail_certificate_source own"),
    ("mail_certificate_directory", "/etc/postfix/ssl/", "ends with a slash"),
    ("mail_certificate_file", "'~/postfix.crt'", "is no absolute path"),
    ("mail_certificate_file", "'/etc/a.crt # own'", "cannot stand in this path"),
    ("mail_certificate_key_file", "/etc/postfix/ssl/postfix.crt", "it is the file of the certificate"),
    ("mail_certificate_key_type", "dsa", "`dsa` is none of rsa, ecdsa"),
    ("mail_certificate_days", "0", "0 is less than 1"),
    ("mail_certificate_renew_before", "365", "it must be less than mail_certificate_days"),
    ("mail_certificate_names", "[smtp_1.example.net]", "`smtp_1` cannot be a part of one"),
    ("mail_smtps", "perhaps", "yes or no is needed"),
    ("mail_submission_auth", "ldap", "`ldap` is none of none, dovecot, cyrus"),
    ("mail_dkim", "perhaps", "yes or no is needed"),
    ("mail_dkim_domain", "'@example.net'", "is no domain name"),
    ("mail_dkim_selector", "'2026 a'", "is no domain name"),
    ("mail_dkim_key_file", "mail.private", "an absolute path is needed"),
    ("mail_inet_interfaces", "eth0", "`eth0` is no address to listen on"),
    ("mail_inet_protocols", "ipv5", "`ipv5` is none of ipv4, ipv6, all"),
    ("mail_message_size_limit", "60000000", "it is more than mailbox_size_limit"),
    ("mail_postfix_parameters_absent", "[smtpd_baner]", "`smtpd_baner` is no parameter of Postfix 3.5"),
    ("mail_postfix_services", "[{name: x, type: udp}]", "`udp` is none of inet, unix"),
    ("mail_postfix_services", "[{name: x, options: {smtpd_baner: y}}]", "`smtpd_baner` is no parameter"),
    ("mail_postfix_services", "[{type: inet}]", "`name` is missing"),
    ("mail_verify_transport", "'x # y'", "holds a comment"),
    ("mail_verify_send_to", "admin", "it has no @"),
    ("mail_verify_days_left", "-1", "-1 is less than 0"),
    ("mail_verify_required", "[dns.pointr]", "there is no check `dns.pointr`"),
    ("mail_verify_advisory", "[dns]", "there is no check `dns`"),
    ("mail_manage_firewall", "perhaps", "yes or no is needed"),
];

#[test]
fn a_wrong_value_of_each_variable_is_told_by_its_name() {
    let source = include_str!("mail_values.rs");
    let readme = include_str!("../../roles/postfix/README.md");
    let documented = readme.lines().filter_map(|line| line.strip_prefix("| `mail_")?.split('`').next());
    for name in documented {
        let tried = [format!("\"mail_{name}: "), format!("\"mail_{name}:\\n"), format!("(\"mail_{name}\", ")];
        let tried = tried.iter().any(|row| source.contains(row));
        assert!(tried, "no wrong value of mail_{name} is tried");
    }
    for (name, value, said) in WRONG {
        let (world, ran) = ran(&format!("{name}: {value}"), "");
        assert_eq!(ran.code, Some(3), "{name}: {value}: {ran}");
        let line = ran.stderr.lines().find(|line| line.contains(&format!("{name}: ")) && line.contains(said));
        assert!(line.is_some(), "{name}: {value}: `{said}` is not said\n{ran}");
        assert!(ran.stderr.contains("inventory.yaml:6:"), "{name}: its place is not named\n{ran}");
        assert!(!world.path().join("contacted").exists(), "{name}: a host was contacted\n{ran}");
        assert!(!ran.stderr.contains("geheim"), "{name}: a password is shown\n{ran}");
    }
}

#[test]
fn what_works_is_let_through_and_a_password_is_not_shown() {
    for vars in [
        "mail_networks: [127.0.0.0/8, '{{ ansible_default_ipv4.network }}/24', 2001:db8::/64]",
        "mail_sender: ''",
        "mail_sender: {app@web.local: app@example.net, '@web.local': web@example.net, '*': mail@example.net}",
        "mail_postfix_parameters: {smtpd_restriction_classes: strict, strict: reject, lan: x, smtpd_banner: $lan}",
    ] {
        let (world, ran) = ran(vars, "");
        assert!(world.path().join("contacted").exists(), "{vars}: refused\n{ran}");
    }
    let (_, ran) =
        ran("mail_relayhost: '[a.example.net]'\nmail_relayhost_user: u\nmail_relayhost_password: 'secret one'", "");
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(ran.stderr.contains("mail_relayhost_password: it has a blank"), "{ran}");
    assert!(!format!("{ran}").contains("secret one"), "{ran}");
    let (_, ran) = self::ran("", "-e mail_tls_in=mai");
    assert!(ran.stderr.contains("given with --extra-vars"), "{ran}");
}
