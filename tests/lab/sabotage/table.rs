//! The ways in which a provisioned server is broken by hand.

use super::row::{Drift, Sabotage, by_hand, mended, warned};

const MAIN_CF: &str = "file /etc/postfix/main.cf";
const MASTER_CF: &str = "file /etc/postfix/master.cf";
const CERTIFICATE: &str = "file /etc/postfix/ssl/postfix.crt";
const KEY: &str = "file /etc/postfix/ssl/postfix.key";
const UNIT: &str = "unit postfix.service";
const FIREWALL: &str = "firewall public";

pub const SABOTAGE: &[Sabotage] = &[
    // Those that take longest come first.
    mended(
        "a dead smtpd on port 465",
        "postconf -P smtps/inet/smtpd_tls_wrappermode=maybe; reload",
        ("smtps.tls", "the TLS handshake failed: no answer in time"),
        MASTER_CF,
    )
    .given("{mail_smtps: true}"),
    mended(
        "a dead smtpd on port 587",
        "postconf -P submission/inet/smtpd_tls_security_level=maybe; reload",
        ("submission.banner", "no answer to the connection: 5 s"),
        MASTER_CF,
    ),
    mended(
        "a dead smtpd by a comment behind a TLS level",
        "sed -i 's/^smtpd_tls_security_level.*/smtpd_tls_security_level = may # or encrypt/' /etc/postfix/main.cf; reload",
        ("config.comments", "smtpd_tls_security_level = may # or encrypt"),
        MAIN_CF,
    ),
    mended(
        "a login service that is down",
        "postconf -e smtpd_sasl_auth_enable=yes smtpd_sasl_type=dovecot smtpd_sasl_path=inet:127.0.0.1:12345; reload",
        ("log.clean", "bad command startup -- throttling"),
        MAIN_CF,
    )
    .drifting(Drift::NotDescribed)
    .undone_by("postconf -X smtpd_sasl_auth_enable smtpd_sasl_type smtpd_sasl_path; restart"),
    by_hand(
        "a packet filter that firewalld knows nothing of",
        "wall input iifname != lo tcp dport 25 drop",
        ("outside.port", "fail", ":25: connection timed out"),
        "no_wall",
    ),
    by_hand(
        "a network that lets no mail out",
        "wall output oifname != lo tcp dport 25 ip daddr != $address drop",
        ("outbound.reached", "warn", "mx.mydomain.local: no connection"),
        "no_wall",
    ),
    by_hand(
        "name servers that do not answer",
        "keep_resolver; echo 'nameserver 198.51.100.250' > /etc/resolv.conf",
        ("dns.address", "warn", "no answer from 198.51.100.250"),
        "own_resolver",
    ),
    by_hand(
        "a first name server that does not answer",
        "keep_resolver; sed -i '1i nameserver 198.51.100.250' /etc/resolv.conf",
        ("dns.servers", "warn", "no answer from 198.51.100.250"),
        "own_resolver",
    ),
    by_hand(
        "a program of Postfix's that cannot be run",
        "chmod -x /usr/libexec/postfix/cleanup; reload",
        ("log.clean", "fail", "/usr/libexec/postfix/cleanup"),
        "chmod +x /usr/libexec/postfix/cleanup; restart",
    ),
    by_hand(
        "a disk that is full",
        "full_disk",
        ("queue.space", "fail", "MiB free in /var/spool/postfix, at least"),
        "empty_disk",
    )
    .said_by_up(),
    // DNS
    by_hand(
        "a name with another address",
        "dns $fqdn A 198.51.100.99",
        ("dns.address", "warn", " has 198.51.100.99"),
        "no_dns",
    ),
    by_hand("a name that is not there", "dns $fqdn A -", ("dns.address", "warn", " has nothing"), "no_dns"),
    by_hand(
        "an address with another name",
        "dns $(reversed) PTR other.example",
        ("dns.pointer", "warn", " points to other.example"),
        "no_dns",
    ),
    by_hand(
        "an address without a name",
        "dns $(reversed) PTR -",
        ("dns.pointer", "warn", " points to nothing"),
        "no_dns",
    ),
    by_hand(
        "an address with a second name that does not lead back",
        "dns $(reversed) PTR $fqdn $(reversed) PTR gone.mydomain.local",
        ("dns.confirmed", "warn", "gone.mydomain.local has nothing"),
        "no_dns",
    ),
    by_hand(
        "an MX that makes the domain's mail loop",
        "dns mydomain.local MX $fqdn",
        ("dns.exchanger", "warn", "the MX of mydomain.local is mail"),
        "no_dns",
    ),
    by_hand(
        "no MX at all",
        "dns mydomain.local MX -",
        ("dns.exchanger", "warn", "the MX of mydomain.local is nothing"),
        "no_dns",
    ),
    // TLS and certificates
    mended(
        "a level that Postfix does not know",
        "postconf -e smtp_tls_security_level=maybe; reload",
        ("config.tls", "smtp_tls_security_level = maybe"),
        MAIN_CF,
    ),
    mended(
        "the key of another certificate",
        "openssl genrsa -out /etc/postfix/ssl/postfix.key 2048; reload",
        ("certificate.key", "postfix.key is the key of another certificate"),
        CERTIFICATE,
    ),
    mended(
        "no certificate",
        "rm /etc/postfix/ssl/postfix.crt; reload",
        ("certificate.file", "postfix.crt holds no certificate"),
        CERTIFICATE,
    ),
    mended(
        "no key",
        "rm /etc/postfix/ssl/postfix.key; reload",
        ("certificate.key", "there is no key /etc/postfix/ssl/postfix.key"),
        KEY,
    ),
    mended("a certificate that is over", "expired; reload", ("certificate.valid", "ended "), CERTIFICATE),
    warned(
        "a certificate that is almost over",
        // In the second in which it was made it has ten days left.
        "self_signed $fqdn 10 DNS:$fqdn; sleep 1; reload",
        ("certificate.days", "9 days left"),
        CERTIFICATE,
    ),
    mended(
        "a certificate for another name",
        "self_signed other.example 300 DNS:other.example; reload",
        ("certificate.names", "for other.example"),
        CERTIFICATE,
    ),
    mended(
        "a key that all can read",
        "chmod 644 /etc/postfix/ssl/postfix.key",
        ("certificate.secret", "mode 0644, owner root"),
        KEY,
    ),
    mended(
        "TLS 1.0 on port 25",
        "legacy_openssl; postconf -e 'smtpd_tls_protocols=!SSLv2,!SSLv3'; restart",
        ("tls.old", "TLSv1.0 accepted"),
        MAIN_CF,
    )
    .cleared_by("own_openssl; restart"),
    mended(
        "TLS 1.0 on port 587",
        "legacy_openssl; postconf -e 'smtpd_tls_mandatory_protocols=!SSLv2,!SSLv3'; restart",
        ("submission.old", "TLSv1.0 accepted"),
        MAIN_CF,
    )
    .cleared_by("own_openssl; restart"),
    mended(
        "no TLS on port 25",
        "postconf -e smtpd_tls_security_level=none; reload",
        ("tls.starttls", "STARTTLS was answered 502"),
        MAIN_CF,
    ),
    mended(
        "port 587 without TLS",
        "postconf -P submission/inet/smtpd_tls_security_level=may; reload",
        ("submission.plain", "MAIL was answered 250"),
        MASTER_CF,
    ),
    mended(
        "another certificate on port 587",
        "postconf -P submission/inet/smtpd_tls_cert_file=/etc/pki/tls/certs/postfix.pem submission/inet/smtpd_tls_key_file=/etc/pki/tls/private/postfix.key; reload",
        ("submission.served", "served SHA-256 "),
        MASTER_CF,
    ),
    // Who may send, and how
    mended(
        "an open relay by its networks",
        "postconf -e mynetworks=0.0.0.0/0; reload",
        ("config.networks", "0.0.0.0/0: anybody may send"),
        MAIN_CF,
    ),
    mended(
        "an open relay by its restrictions",
        "postconf -e smtpd_client_restrictions= smtpd_relay_restrictions=permit; reload",
        ("relay.restrictions", "neither refuses: smtpd_relay_restrictions = permit"),
        MAIN_CF,
    ),
    mended(
        "an open relay by a table",
        "postconf -e 'smtpd_relay_restrictions=check_client_access static:OK, reject'; reload",
        ("relay.restrictions", "neither refuses: smtpd_relay_restrictions = check_client_access static:OK, reject"),
        MAIN_CF,
    ),
    warned(
        "a table of clients who may relay",
        "postconf -e 'smtpd_relay_restrictions=permit_mynetworks, check_client_access cidr:/etc/postfix/friends, reject'; reload",
        ("relay.restrictions", "`check_client_access cidr:/etc/postfix/friends` may let strangers in"),
        MAIN_CF,
    ),
    mended(
        "an open relay on port 587",
        "postconf -P submission/inet/smtpd_client_restrictions= submission/inet/smtpd_relay_restrictions=permit,reject; reload",
        ("relay.restrictions", "submission: none refuses: smtpd_relay_restrictions = permit reject"),
        MASTER_CF,
    ),
    by_hand(
        "an open relay on a port of the site's own",
        "postconf -M 10025/inet='10025 inet n - n - - smtpd -o smtpd_client_restrictions= -o smtpd_relay_restrictions=check_client_access,static:OK,reject'; reload",
        ("relay.restrictions", "fail", "10025: none refuses: smtpd_relay_restrictions = check_client_access static:OK reject"),
        "postconf -MX 10025/inet; reload",
    )
    .said_by_up(),
    mended(
        "a LAN that may not send",
        "postconf -e mynetworks=127.0.0.0/8; reload",
        ("config.networks", "mynetworks = 127.0.0.0/8"),
        MAIN_CF,
    ),
    by_hand(
        "passwords in the clear",
        "stub auth; postconf -e smtpd_sasl_auth_enable=yes smtpd_sasl_type=dovecot smtpd_sasl_path=inet:127.0.0.1:12345; reload",
        ("smtp.auth", "fail", "EHLO offers AUTH without TLS"),
        "postconf -X smtpd_sasl_auth_enable smtpd_sasl_type smtpd_sasl_path; restart; stop_stub",
    )
    .said_by_up(),
    mended(
        "SMTP smuggling",
        "postconf -X smtpd_data_restrictions; reload",
        ("smtp.smuggling", "pipelined DATA was answered 354"),
        MAIN_CF,
    ),
    warned(
        "clients that need not greet",
        "postconf -X smtpd_helo_required; reload",
        ("smtp.helo", "250 2.1.0 Ok"),
        MAIN_CF,
    ),
    warned("VRFY", "postconf -X disable_vrfy_command; reload", ("smtp.vrfy", "252 2.0.0 postmaster"), MAIN_CF),
    // Ports and the service
    mended(
        "no port 587",
        "postconf -MX submission/inet; reload",
        ("submission.banner", ":587: Connection refused"),
        MASTER_CF,
    ),
    by_hand(
        "no port 25",
        "postconf -MX smtp/inet; reload",
        ("smtp.banner", "fail", ":25: Connection refused"),
        "postconf -M smtp/inet='smtp inet n - n - - smtpd'; reload",
    ),
    mended(
        "a listener on the loopback alone",
        "postconf -e inet_interfaces=loopback-only; restart",
        ("smtp.banner", ":25: Connection refused"),
        MAIN_CF,
    ),
    mended(
        "IPv6 off, and a configuration that wants it",
        "sysctl -qw net.ipv6.conf.all.disable_ipv6=1; postconf -e inet_protocols=all inet_interfaces=localhost; restart",
        ("config.maps", "no local interface found for ::1"),
        MAIN_CF,
    )
    .cleared_by("sysctl -qw net.ipv6.conf.all.disable_ipv6=0"),
    mended(
        "a service that is not started at boot",
        "systemctl disable postfix",
        ("service.enabled", "postfix.service is disabled"),
        UNIT,
    ),
    mended(
        "a service that is stopped",
        "systemctl stop postfix",
        ("service.running", "postfix.service is not active"),
        UNIT,
    ),
    by_hand(
        "a service that is masked",
        "systemctl mask postfix",
        ("service.enabled", "fail", "postfix.service is masked"),
        "systemctl unmask postfix; systemctl enable postfix",
    )
    .drifting(Drift::Refused),
    by_hand(
        "another program on port 25",
        "systemctl stop postfix; stub rival",
        ("smtp.banner", "fail", "220 rival.example"),
        "stop_stub; restart",
    )
    .drifting(Drift::Shown(UNIT)),
    mended(
        "a firewall that is closed now",
        "firewall-cmd --remove-service=smtp",
        ("firewall.open", "smtp is closed now"),
        FIREWALL,
    ),
    mended(
        "a firewall that is closed after a boot",
        "firewall-cmd --permanent --remove-service=smtp-submission",
        ("firewall.open", "smtp-submission is closed after a boot"),
        FIREWALL,
    ),
    warned(
        "a port that is open in vain",
        "firewall-cmd --add-service=smtps",
        ("firewall.closed", "smtps is open now"),
        FIREWALL,
    ),
    // Tables and rewriting
    mended(
        "a table that is gone",
        "rm -f /etc/postfix/virtual.db",
        ("config.maps", "open database /etc/postfix/virtual.db: No such file"),
        "file /etc/postfix/virtual.db",
    ),
    mended(
        "aliases that are gone",
        "rm -f /etc/aliases.db",
        ("config.maps", "open database /etc/aliases.db: No such file"),
        "file /etc/aliases.db",
    ),
    mended(
        "a table of a type that is not installed",
        "postconf -e sender_canonical_maps=pcre:/etc/postfix/sender_canonical; reload",
        ("config.maps", "unsupported dictionary type: pcre"),
        MAIN_CF,
    ),
    mended(
        "a sender table that catches the null sender",
        "echo '/.*/ mail@mydomain.local' > /etc/postfix/sender_canonical; reload",
        ("rewriting.null", "<> becomes mail@mydomain.local"),
        "file /etc/postfix/sender_canonical",
    ),
    mended(
        "headers that stay as they are",
        "postconf -e header_checks=; reload",
        ("rewriting.headers", "gives (as it is)"),
        MAIN_CF,
    ),
    mended(
        "a Reply-To that is rewritten",
        "postconf -X sender_canonical_classes; reload",
        ("rewriting.others", "which rewrites Reply-To as well"),
        MAIN_CF,
    ),
    warned(
        "messages without a date",
        "postconf -X always_add_missing_headers; reload",
        ("flow.missing", "always_add_missing_headers = no"),
        MAIN_CF,
    ),
    Sabotage {
        verdict: "not_testable",
        ..mended(
            "no way to the self-test",
            "postconf -X transport_maps; reload",
            ("flow.delivered", "transport_maps leads mailprov-selftest.invalid to no port"),
            MAIN_CF,
        )
    },
    // The configuration's files
    mended(
        "another name",
        "postconf -e myhostname=other.example; reload",
        ("config.name", "myhostname other.example"),
        MAIN_CF,
    ),
    by_hand(
        "a syntax error in main.cf",
        "echo 'no equals sign' >> /etc/postfix/main.cf",
        ("config.lint", "fail", "missing '=' after attribute name: \"no equals sign\""),
        "sed -i '/^no equals sign/d' /etc/postfix/main.cf",
    )
    .drifting(Drift::Refused),
    by_hand(
        "a parameter set twice",
        "echo 'mailbox_size_limit = 51200000' >> /etc/postfix/main.cf; echo 'mailbox_size_limit = 51200000' >> /etc/postfix/main.cf",
        ("config.duplicates", "warn", "set more than once: mailbox_size_limit"),
        "sed -i '/^mailbox_size_limit/d' /etc/postfix/main.cf",
    ),
    by_hand(
        "messages that fit into no mailbox",
        "postconf -e mailbox_size_limit=1000; reload",
        ("config.size", "fail", "mailbox_size_limit 1000"),
        "postconf -X mailbox_size_limit; reload",
    )
    .said_by_up(),
    by_hand(
        "a configuration that all can write",
        "chmod 666 /etc/postfix/master.cf",
        ("config.modes", "fail", "/etc/postfix/master.cf has mode 0666"),
        "chmod 644 /etc/postfix/master.cf",
    )
    .said_by_up(),
    mended(
        "a table that all can write",
        "chmod 666 /etc/postfix/sender_canonical",
        ("config.modes", "/etc/postfix/sender_canonical has mode 0666"),
        "file /etc/postfix/sender_canonical",
    ),
    by_hand(
        "a configuration that an update brought",
        "cp /etc/postfix/main.cf /etc/postfix/main.cf.rpmnew",
        ("config.leftovers", "warn", "main.cf.rpmnew"),
        "rm /etc/postfix/main.cf.rpmnew",
    ),
    // The queue
    by_hand(
        "a message that is held",
        "postconf -e defer_transports=local; reload; printf 'Subject: x\\n\\nx\\n' | sendmail root; for i in $(seq 50); do postqueue -j | grep -q root && break; sleep 0.1; done; postsuper -h ALL",
        ("queue.age", "warn", "1 on hold"),
        "postsuper -d ALL; postconf -X defer_transports; reload",
    ),
    // The host and its packages
    warned(
        "a host with another name",
        "hostnamectl set-hostname other.example",
        ("host.name", "the host's name is other.example"),
        "hostname static",
    ),
    by_hand(
        "a host that calls itself by the loopback",
        "echo \"127.0.0.1 $fqdn\" >> /etc/hosts",
        ("host.name", "warn", "/etc/hosts has 127.0.0.1"),
        "sed -i '$d' /etc/hosts",
    ),
    by_hand(
        "a sendmail that is not Postfix's",
        "readlink /usr/sbin/sendmail > /root/sendmail; ln -sf /bin/true /usr/sbin/sendmail",
        ("package.sendmail", "warn", "/usr/sbin/sendmail is /usr/bin/true"),
        "ln -sf $(cat /root/sendmail) /usr/sbin/sendmail",
    ),
    by_hand(
        "a program that was changed",
        "cp -a /usr/sbin/postqueue /root/; echo >> /usr/sbin/postqueue",
        ("package.files", "warn", "/usr/sbin/postqueue"),
        "cp -a /root/postqueue /usr/sbin/postqueue",
    ),
];
