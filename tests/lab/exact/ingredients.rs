//! What a host may be found with: one name and one script each, in the order in which they are applied.

/// How an ingredient comes about.
#[derive(Debug, Clone, Copy)]
pub enum Make {
    /// A script, after `prelude.sh`.
    Shell(&'static str),
    /// mailprov itself with these options, and then a script.
    Up(&'static [&'static str], &'static str),
}

/// One thing that is there, or wrong, on a host before the first run.
#[derive(Debug, Clone, Copy)]
pub struct Ingredient {
    /// What it is about: of one part a state has one ingredient at most.
    pub part: &'static str,
    /// What is told of it.
    pub name: &'static str,
    /// mailprov may refuse it: of these a mixture has one at most.
    pub refused: bool,
    /// How it is made.
    pub make: Make,
}

const fn sh(part: &'static str, name: &'static str, script: &'static str) -> Ingredient {
    Ingredient { part, name, refused: false, make: Make::Shell(script) }
}

const fn refused(part: &'static str, name: &'static str, script: &'static str) -> Ingredient {
    Ingredient { part, name, refused: true, make: Make::Shell(script) }
}

const fn up(name: &'static str, options: &'static [&'static str], script: &'static str) -> Ingredient {
    Ingredient { part: PACKAGE, name, refused: false, make: Make::Up(options, script) }
}

/// The part that comes first in every mixture.
pub const PACKAGE: &str = "package";

pub const INGREDIENTS: &[Ingredient] = &[
    sh(PACKAGE, "postfix installed", "postfix_installed"),
    sh(PACKAGE, "postfix running", "postfix_installed; systemctl enable --now postfix 2>/dev/null"),
    sh(PACKAGE, "postfix enabled and stopped", "postfix_installed; systemctl enable postfix 2>/dev/null"),
    sh(PACKAGE, "postfix running and disabled", "postfix_installed; systemctl start postfix"),
    refused(PACKAGE, "postfix masked", "postfix_installed; systemctl mask postfix 2>/dev/null"),
    refused(PACKAGE, "postfix masked before it is installed", "systemctl mask postfix 2>/dev/null"),
    sh(PACKAGE, "an older postfix", "postfix_installed postfix-3.5.8-7.el8"),
    sh(PACKAGE, "only openssl", "dnf -qy install openssl >/dev/null 2>&1"),
    sh(
        PACKAGE,
        "postfix removed, its edited files left",
        "postfix_installed; echo '# mine' >>/etc/postfix/main.cf; dnf -qy remove postfix >/dev/null 2>&1",
    ),
    up("provisioned", &[], ""),
    up("provisioned, then stopped and disabled", &[], "systemctl disable --now postfix 2>/dev/null"),
    up("provisioned as far as the certificate", &["--tags", "packages,certificate"], ""),
    up("provisioned without the service", &["--skip-tags", "service,firewall,verify"], ""),
    up(
        "provisioned, then files lost and damaged",
        &[],
        "cd /etc/postfix; rm virtual.db sender_canonical ssl/postfix.crt; chmod 0666 header_checks.regexp
         sed -i '/^smtpd_relay/d; s/^myhostname.*/myhostname = other.example/' main.cf",
    ),
    // The directory of everything.
    sh("directory", "/etc/postfix with another mode and owner", "mkdir -p /etc/postfix; chmod 0700 /etc/postfix; chown nobody /etc/postfix"),
    sh(
        "directory",
        "/etc/postfix is a link to a directory",
        "mkdir -p /etc/postfix; mv /etc/postfix /srv/postfix; ln -s /srv/postfix /etc/postfix",
    ),
    // main.cf.
    sh(
        "main.cf",
        "main.cf by hand: comments, continuation lines, duplicates",
        "main_cf <<'CF'
# A comment, and a parameter that is off:
#myhostname = off.example
myhostname = first.example
mynetworks = 127.0.0.0/8,
# in between

    192.0.2.0/24,
\t198.51.100.7
myhostname = second.example
smtpd_use_tls = yes
inet_interfaces=localhost
smtpd_relay_restrictions =
  permit_mynetworks
  reject
CF",
    ),
    sh("main.cf", "main.cf without a newline at its end", "printf 'myhostname = x.example' | main_cf"),
    sh("main.cf", "main.cf with CR LF", r"main_cf </dev/null; echo 'myhostname = x.example' >>/etc/postfix/main.cf; sed -i 's/$/\r/' /etc/postfix/main.cf"),
    sh("main.cf", "main.cf with other bytes than UTF-8", r"printf '# \344\366\374\nmyhostname = x.example\n' | main_cf"),
    sh("main.cf", "main.cf with nothing but what it needs", "main_cf </dev/null"),
    sh("main.cf", "main.cf of another mode and owner", "[ -e /etc/postfix/main.cf ] || main_cf </dev/null; chmod 0600 /etc/postfix/main.cf; chown nobody:mail /etc/postfix/main.cf"),
    sh("main.cf", "main.cf begins with a continuation line", "main_cf </dev/null; sed -i '1i \\  x = y' /etc/postfix/main.cf"),
    refused("main.cf", "main.cf has a line without =", "main_cf <<<'myhostname z.example'"),
    refused("main.cf", "main.cf is missing", "rm -f /etc/postfix/main.cf"),
    refused("main.cf", "main.cf is a directory", "directory /etc/postfix/main.cf"),
    refused("main.cf", "main.cf is a link", "link_aside /etc/postfix/main.cf"),
    // master.cf.
    sh(
        "master.cf",
        "master.cf with a submission service of its own",
        "if [ ! -e /etc/postfix/master.cf ]; then postfix_installed; fi
         printf '# by hand\\nsubmission inet n - y - 5 smtpd\\n\\n  -o syslog_name=mine\\n# note\\n  -o smtpd_tls_security_level=may\\n' >>/etc/postfix/master.cf",
    ),
    sh(
        "master.cf",
        "master.cf with two submission services",
        "if [ ! -e /etc/postfix/master.cf ]; then postfix_installed; fi
         printf 'submission inet n - n - - smtpd\\nsubmission inet n - n - - smtpd -o a=b\\n' >>/etc/postfix/master.cf",
    ),
    sh("master.cf", "master.cf of another mode", "mkdir -p /etc/postfix; [ ! -e /etc/postfix/master.cf ] || chmod 0640 /etc/postfix/master.cf"),
    refused("master.cf", "master.cf is a directory", "directory /etc/postfix/master.cf"),
    // The certificate's directory.
    sh("ssl", "the certificate's directory of another mode", "ssl_directory; chmod 0755 $ssl"),
    sh("ssl", "the certificate's directory of another owner", "ssl_directory; chown nobody:mail $ssl"),
    refused("ssl", "the certificate's directory is a file", "[ -e $ssl ] && mv $ssl $ssl.aside; file $ssl <<<hello"),
    refused("ssl", "the certificate's directory is a link", "ssl_directory; mv $ssl /srv/ssl; ln -s /srv/ssl $ssl"),
    refused("ssl", "the certificate's directory is a link to nowhere", "[ -e $ssl ] && mv $ssl $ssl.aside; mkdir -p /etc/postfix; ln -s /srv/nowhere $ssl"),
    // The certificate.
    sh("certificate", "a fitting certificate", "rsa_key; certificate $fqdn '-1 day' '+200 days'"),
    sh("certificate", "an expired certificate", "rsa_key; certificate $fqdn '-400 days' '-35 days'"),
    sh("certificate", "a certificate that ends soon", "rsa_key; certificate $fqdn '-340 days' '+20 days'"),
    sh("certificate", "a certificate of the future", "rsa_key; certificate $fqdn '+5 days' '+200 days'"),
    sh("certificate", "a certificate for another name", "rsa_key; certificate other.example '-1 day' '+200 days'"),
    sh("certificate", "a certificate of another key", "rsa_key; certificate $fqdn '-1 day' '+200 days'; rsa_key"),
    sh("certificate", "a fitting certificate by an authority", "rsa_key; certificate $fqdn '-1 day' '+200 days' foreign"),
    refused("certificate", "an expired certificate by an authority", "rsa_key; certificate $fqdn '-400 days' '-35 days' foreign"),
    refused("certificate", "an authority's certificate for another name", "rsa_key; certificate other.example '-1 day' '+200 days' foreign"),
    sh("certificate", "a key without a certificate, readable by all", "rsa_key; chmod 0644 $ssl/postfix.key"),
    sh("certificate", "a short key", "rsa_key 1024; certificate $fqdn '-1 day' '+200 days'"),
    sh("certificate", "a long key of nobody's", "rsa_key 3072; certificate $fqdn '-1 day' '+200 days'; chown nobody $ssl/postfix.*"),
    sh(
        "certificate",
        "an elliptic key",
        "ssl_directory; openssl ecparam -genkey -name prime256v1 -noout -out $ssl/postfix.key; certificate $fqdn '-1 day' '+200 days'",
    ),
    sh("certificate", "a certificate without its key", "rsa_key; certificate $fqdn '-1 day' '+200 days'; rm $ssl/postfix.key"),
    sh("certificate", "no certificate and no key, but files", "ssl_directory; echo x >$ssl/postfix.crt; echo y >$ssl/postfix.key"),
    sh(
        "certificate",
        "a key with a passphrase",
        "ssl_directory; openssl genrsa -aes256 -passout pass:x -out $ssl/postfix.key 2048 2>/dev/null; chmod 0600 $ssl/postfix.key",
    ),
    refused("certificate", "the certificate is a directory", "ssl_directory; directory $ssl/postfix.crt"),
    refused("certificate", "the key is a link", "rsa_key; link_aside $ssl/postfix.key"),
    // Maps.
    sh("senders", "sender_canonical by hand, 0600", "file /etc/postfix/sender_canonical <<<'a b'; chmod 0600 /etc/postfix/sender_canonical"),
    sh("senders", "sender_canonical is a link", "file /srv/senders <<<'a b'; aside /etc/postfix/sender_canonical; ln -s /srv/senders /etc/postfix/sender_canonical"),
    refused("senders", "sender_canonical is a directory", "directory /etc/postfix/sender_canonical"),
    sh("headers", "header_checks.regexp is a link to nowhere", "aside /etc/postfix/header_checks.regexp; ln -s /srv/nowhere /etc/postfix/header_checks.regexp"),
    refused("headers", "header_checks.regexp is a directory with a file", "directory /etc/postfix/header_checks.regexp; echo x >/etc/postfix/header_checks.regexp/y"),
    refused("headers", "header_checks.regexp is a pipe", "aside /etc/postfix/header_checks.regexp; mkfifo /etc/postfix/header_checks.regexp"),
    sh("virtual", "virtual by hand", "file /etc/postfix/virtual <<<'x@y.example z'"),
    sh("virtual", "virtual.db is no database", "file /etc/postfix/virtual.db <<<hello"),
    sh("virtual", "virtual.db of another text and mode", "if [ ! -e /usr/sbin/postmap ]; then postfix_installed; fi; echo 'x@y.example z' >/etc/postfix/virtual; database postmap /etc/postfix/virtual; chmod 0600 /etc/postfix/virtual.db"),
    sh("virtual", "virtual.db older than its text", "if [ -e /etc/postfix/virtual.db ]; then touch -d '-1 day' /etc/postfix/virtual.db; fi"),
    refused("virtual", "virtual.db is a directory", "directory /etc/postfix/virtual.db"),
    sh("aliases", "aliases without a newline at its end", "printf 'x: root' >>/etc/aliases"),
    sh("aliases", "aliases of another mode", "chmod 0640 /etc/aliases"),
    sh("aliases", "aliases with its database", "if [ ! -e /usr/sbin/postalias ]; then postfix_installed; fi; database postalias hash:/etc/aliases"),
    sh("aliases", "aliases newer than its database", "if [ ! -e /usr/sbin/postalias ]; then postfix_installed; fi; database postalias hash:/etc/aliases; touch -d '-1 day' /etc/aliases.db"),
    refused("aliases", "aliases is missing", "rm /etc/aliases"),
    refused("aliases", "aliases is a link", "link_aside /etc/aliases"),
    // Names.
    sh("hostname", "the host name is set", "hostnamectl set-hostname $fqdn"),
    sh("hostname", "a short host name", "hostnamectl set-hostname ${fqdn%%.*}"),
    sh("hostname", "no host name", ": >/etc/hostname"),
    sh("hosts", "the hosts file has the line", "echo \"$address $fqdn ${fqdn%%.*}\" >>/etc/hosts"),
    sh("hosts", "the hosts file has another line, twice", "printf \"$address old.example\\n$address  older.example\\n\" >>/etc/hosts"),
    sh("hosts", "the hosts file without a newline at its end, 0600", "printf '192.0.2.1 x' >>/etc/hosts; chmod 0600 /etc/hosts"),
    sh("hosts", "the hosts file with CR LF", r"sed -i 's/$/\r/' /etc/hosts"),
    refused("hosts", "the hosts file is a link", "cp /etc/hosts /etc/hosts.real; ln -sf /etc/hosts.real /etc/hosts"),
    // The firewall.
    sh("firewall", "firewalld stopped", "systemctl stop firewalld"),
    sh("firewall", "firewalld disabled and masked", "systemctl disable --now firewalld 2>/dev/null; systemctl mask firewalld 2>/dev/null"),
    sh("firewall", "firewalld absent", "dnf -qy remove firewalld >/dev/null 2>&1; systemctl stop firewalld 2>/dev/null; rm -f /usr/sbin/firewalld /usr/bin/firewall-cmd"),
    sh("firewall", "another default zone", "firewall-cmd -q --set-default-zone=internal"),
    sh("firewall", "the default zone is drop", "firewall-cmd -q --permanent --zone=drop --add-service=ssh; firewall-cmd -q --reload; firewall-cmd -q --set-default-zone=drop"),
    sh("firewall", "SMTP is open", "firewall-cmd -q --add-service=smtp; firewall-cmd -q --permanent --add-service=smtp"),
    sh("firewall", "SMTP is open until the next start", "firewall-cmd -q --add-service=smtp"),
    sh("firewall", "SMTP is open from the next start", "firewall-cmd -q --permanent --add-service=smtp --add-service=smtp-submission"),
];

/// What leaves no room for anything else.
pub const ALONE: &[Ingredient] = &[sh("directory", "/etc/postfix is a file", "echo x >/etc/postfix")];
