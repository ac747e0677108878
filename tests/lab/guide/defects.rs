//! The guide's mistakes, by the numbers of docs/guide-coverage.md.

use super::Site;
use crate::support::received;

/// One of them: how it is seen, and what is seen.
pub struct Defect {
    pub number: u8,
    pub what: &'static str,
    /// When it can be seen: of the stages in guide.sh.
    pub stage: &'static str,
    pub guide: fn(&Site) -> String,
    /// What the guide's form gives.
    pub fails: &'static str,
    /// What is asked after `up`.
    pub ours: fn(&Site) -> String,
    pub works: &'static str,
}

/// Asked alike before and after.
const fn alike(
    (number, what): (u8, &'static str),
    stage: &'static str,
    probe: fn(&Site) -> String,
    fails: &'static str,
    works: &'static str,
) -> Defect {
    Defect { number, what, stage, guide: probe, fails, ours: probe, works }
}

pub const DEFECTS: &[Defect] = &[
    alike((22, "start is no restart"), "started", listens, "127.0.0.1:25", "0.0.0.0:25"),
    alike((21, "--reload drops what others opened"), "started", others_port, "no", "yes"),
    alike((28, "done twice"), "started", twice, "File exists", "File exists").ours(second_run, "changed=0"),
    alike((27, "certificate"), "started", certificate, "CA:TRUE", "CA:FALSE serverAuth named"),
    alike((29, "/etc/hosts"), "started", hosts_file, "0 lines", "1 lines"),
    alike((39, "parameters set twice"), "started", complaints, "overriding earlier entry", "no complaint"),
    alike((17, "obsolete parameters"), "started", obsolete, "smtpd_use_tls = yes", "none"),
    alike((18, "a client's certificate"), "started", client_certificate, "smtp_tls_cert_file = /", "none"),
    alike((26, "programs that are not there"), "started", programs, "neither mail nor telnet", "")
        .ours(send_to, "sent (250"),
    alike((33, "root's mail"), "started", root_alias, "nobody", "").ours(root_mail, "Subject: to root"),
    alike((1, "a comment behind smtpd's TLS level"), "restarted", greets, "silent", "greets"),
    alike((2, "a comment behind smtp's TLS level"), "restarted", delivery, "fatal: Invalid TLS level", "status=sent"),
    alike((23, "active is no success"), "restarted", active, "active silent", "active greets"),
    alike((3, "a comment behind mynetworks"), "levels", networks, "words of a comment", "only networks"),
    alike(
        (4, "a comment behind smtp_header_checks"),
        "levels",
        delivery,
        "expecting \"type:name\" form",
        "status=sent",
    ),
    alike((5, "a pattern in a hash table"), "comments", sender, "as it is", "mail@mydomain.local"),
    alike((7, "bare users in a table"), "comments", user, "as it is", "mail@mydomain.local"),
    alike((9, "pcre without its package"), "comments", delivery, "status=deferred", "status=sent"),
    alike(
        (13, "a check of the syntax that checks nothing"),
        "comments",
        syntax_check,
        "a broken table gets the same answer",
        "",
    )
    .ours(table_asked, "REPLACE From: mail@mydomain.local"),
    alike((15, "mail that loops"), "comments", loops, "loops back to myself", "").ours(local_domain, "status=sent"),
    alike((15, "a source of backscatter"), "comments", backscatter, "250 2.1.5", "554 5.7.1"),
    alike((19, "TLS 1.0"), "comments", old_tls, "taken", "refused"),
    alike((20, "a port that is open in vain"), "comments", submission, "open, and no answer", "open, and greets"),
    alike((24, "STARTTLS by telnet"), "comments", telnet, "no message", "").ours(swaks_tls, "queued as"),
    alike((34, "smuggling"), "comments", smuggling, "2 messages", "1 messages"),
    alike((36, "VRFY"), "comments", vrfy, "252 2.0.0", "502 5.5.1"),
    alike((36, "no greeting"), "comments", ungreeted, "250 2.1.0", "503 5.5.1"),
    alike((6, "the null sender"), "regexp", null_sender, "mail@mydomain.local", "as it is"),
    alike((6, "double-bounce"), "regexp", double_bounce, "mail@mydomain.local", "double-bounce@"),
    alike((8, "a LAN client's From"), "regexp", lan_from, "From: app@web.local", "From: mail@mydomain.local"),
    alike(
        (8, "Reply-To of local mail"),
        "regexp",
        reply_to,
        "Reply-To: mail@mydomain.local",
        "Reply-To: help@web.local",
    ),
    alike((14, "postmap for a table that needs none"), "regexp", useless_database, "a database that nobody reads", "")
        .ours(table_type, "regexp:"),
    alike(
        (25, "a comment in a header"),
        "regexp",
        here_document,
        "From: mail@mydomain.local, mail@",
        "\nFrom: mail@mydomain.local\n",
    ),
    alike((10, "the From of bounces"), "pcre", bounce, "From: mail@mydomain.local", "")
        .ours(bounce_to_root, "MAILER-DAEMON"),
    alike((32, "bounces that reach nobody here"), "pcre", root_has_no_bounce, "no bounce", "")
        .ours(bounce_to_root, "MAILER-DAEMON"),
    alike(
        (11, "the display name"),
        "pcre",
        display_name,
        "\nFrom: mail@mydomain.local",
        "\nFrom: Shop <mail@mydomain.local>",
    ),
    alike((11, "a missing From"), "pcre", missing_from, "no From", "a From"),
    alike((12, "Sender"), "pcre", sender_header, "Sender: daemon@web.local", "no Sender"),
    alike((41, "TLS seen at the receiver"), "pcre", tls_of_hops, "client without TLS: 1", "client with TLS: 2"),
    alike((40, "no maillog"), "pcre", no_maillog, "No such file", "")
        .ours(log_from_journal, "lines in the journal, none of them fatal"),
];

impl Defect {
    const fn ours(self, ours: fn(&Site) -> String, works: &'static str) -> Self {
        Self { ours, works, ..self }
    }
}

fn listens(site: &Site) -> String {
    site.on_host("ss -Hltn 'sport = :25'")
}

fn others_port(site: &Site) -> String {
    site.on_host("firewall-cmd --query-port=8025/tcp")
}

fn twice(site: &Site) -> String {
    site.on_host("mkdir /etc/postfix/ssl")
}

fn second_run(site: &Site) -> String {
    site.up(&[]).stdout
}

fn certificate(site: &Site) -> String {
    site.on_host(
        "openssl x509 -noout -text -in /etc/postfix/ssl/postfix.crt >/root/text
         grep -o 'CA:[A-Z]*' /root/text | tr '\\n' ' '
         grep -q 'TLS Web Server Authentication' /root/text && printf 'serverAuth '
         grep -q \"DNS:$fqdn\" /root/text && echo named",
    )
}

fn hosts_file(site: &Site) -> String {
    site.on_host("echo \"$(grep -c \"$fqdn\" /etc/hosts) lines\"")
}

fn complaints(site: &Site) -> String {
    site.on_host("postconf -n 2>&1 >/dev/null | grep . || echo no complaint")
}

fn obsolete(site: &Site) -> String {
    site.on_host("postconf -n | grep _use_tls || echo none")
}

fn client_certificate(site: &Site) -> String {
    site.on_host("postconf -n | grep smtp_tls_cert_file || echo none")
}

fn programs(site: &Site) -> String {
    site.on_host("command -v mail || command -v telnet || echo neither mail nor telnet")
}

fn send_to(site: &Site) -> String {
    site.verify(&["--send-to", &site.recipient("foreign.example.net")])
}

fn root_alias(site: &Site) -> String {
    site.on_host("newaliases; postmap -q root hash:/etc/aliases || echo nobody")
}

fn root_mail(site: &Site) -> String {
    let person = site.recipient("foreign.example.net");
    site.up(&["-e", &format!("mail_root_alias={person}")]).succeeded();
    site.on_host("printf 'Subject: to root\\n\\nx\\n' | sendmail root");
    let mail = received(&person, "to root");
    site.up(&[]).succeeded();
    mail
}

fn greets(site: &Site) -> String {
    site.on("client", "printf 'QUIT\\r\\n' | timeout 8 nc -w 6 $fqdn 25 | grep -q '^220' && echo greets || echo silent")
}

fn delivery(site: &Site) -> String {
    let recipient = site.recipient("foreign.example.net");
    site.on_host(&format!("deliver {recipient}"))
}

fn active(site: &Site) -> String {
    format!("{} {}", site.on_host("systemctl is-active postfix").trim(), greets(site))
}

fn networks(site: &Site) -> String {
    site.on_host("postconf -h mynetworks | grep -q '#' && echo words of a comment || echo only networks")
}

/// What the table of senders makes of an address.
fn canonical(site: &Site, address: &str) -> String {
    site.on_host(&format!("postmap -q '{address}' \"$(postconf -h sender_canonical_maps)\" || echo as it is"))
}

fn sender(site: &Site) -> String {
    canonical(site, "app@web.local")
}

fn user(site: &Site) -> String {
    canonical(site, "user1@web.local")
}

fn null_sender(site: &Site) -> String {
    canonical(site, "\"\"")
}

fn double_bounce(site: &Site) -> String {
    canonical(site, &format!("double-bounce@{}", site.fqdn))
}

fn syntax_check(site: &Site) -> String {
    site.on_host(
        "check() { postmap -q - \"$1\" </dev/null 2>&1 | sed \"s|$1||g\"; echo \"${PIPESTATUS[0]}\"; }
         echo '/^From:(/ REPLACE x' >/etc/postfix/broken.pcre
         [[ $(check /etc/postfix/header_checks.pcre) == \"$(check /etc/postfix/broken.pcre)\" ]] \
         && echo a broken table gets the same answer",
    )
}

fn table_asked(site: &Site) -> String {
    site.on_host("postmap -q 'From: app@web.local' \"$(postconf -h header_checks)\"")
}

/// The domain's MX becomes the server itself.
fn own_mx(site: &Site) {
    site.on_host(
        "cp /etc/resolv.conf /root/resolv.conf
         python3 /root/stub.py dns mydomain.local MX $fqdn
         echo 'nameserver 127.0.0.1' >/etc/resolv.conf",
    );
}

fn no_own_mx(site: &Site) {
    site.on_host("cat /root/resolv.conf >/etc/resolv.conf; kill $(cat /run/lab-stub.pid)");
}

fn loops(site: &Site) -> String {
    // The way there must not be barred by the header checks of this stage.
    own_mx(site);
    let recipient = site.recipient("mydomain.local");
    let saw = site.on_host(&format!(
        "checks=$(postconf -h smtp_header_checks); postconf -X smtp_header_checks; restart; deliver {recipient}
         postconf -e \"smtp_header_checks=$checks\"; restart"
    ));
    no_own_mx(site);
    saw
}

fn local_domain(site: &Site) -> String {
    own_mx(site);
    site.up(&["-e", "mail_domain_mode=local"]).succeeded();
    let saw = site.on_host("deliver root@mydomain.local");
    no_own_mx(site);
    site.up(&[]).succeeded();
    saw
}

fn backscatter(site: &Site) -> String {
    site.on(
        "outsider",
        "swaks --server $fqdn --timeout 20 --from a@example.net --to nobody@mydomain.local --quit-after RCPT",
    )
}

fn old_tls(site: &Site) -> String {
    site.on(
        "client",
        "echo QUIT | timeout 10 openssl s_client -tls1 -cipher ALL:@SECLEVEL=0 -starttls smtp -connect $fqdn:25 2>&1 \
         | grep -q 'BEGIN CERTIFICATE' && echo taken || echo refused",
    )
}

fn submission(site: &Site) -> String {
    site.on(
        "client",
        "printf 'QUIT\\r\\n' | timeout 8 nc -w 6 $fqdn 587 | grep -q '^220' && echo open, and greets || echo open, and no answer",
    )
}

fn telnet(site: &Site) -> String {
    let said = site.on(
        "client",
        "talk 25 'EHLO yourclient.local' STARTTLS 'MAIL FROM:<testuser@yourclient.local>' 'RCPT TO:<recipient@mydomain.local>'",
    );
    if said.contains("Ready to start TLS") && !said.contains("2.1.5") { format!("no message: {said}") } else { said }
}

fn swaks_tls(site: &Site) -> String {
    let recipient = site.recipient("mydomain.local");
    site.swaks(&format!("--tls --from testuser@yourclient.local --to {recipient}"))
}

/// One message in which another one is hidden behind a bare newline.
fn smuggling(site: &Site) -> String {
    let said = site.on(
        "client",
        "talk 25 'EHLO c.local' 'MAIL FROM:<a@web.local>' \"RCPT TO:<root@$fqdn>\" DATA \
         \"Subject: one\\r\\n\\r\\nx\\n.\\r\\nMAIL FROM:<b@web.local>\\r\\nRCPT TO:<root@$fqdn>\\r\\nDATA\\r\\nSubject: two\\r\\n\\r\\ny\\r\\n.\" \
         NOOP NOOP NOOP NOOP",
    );
    format!("{} messages: {said}", said.matches("queued as").count())
}

fn vrfy(site: &Site) -> String {
    site.on("client", "talk 25 'EHLO c.local' 'VRFY root'")
}

fn ungreeted(site: &Site) -> String {
    site.on("client", "talk 25 'MAIL FROM:<a@web.local>'")
}

/// A message from the LAN as it arrived.
fn from_lan(site: &Site, more: &str) -> String {
    let recipient = site.recipient("mydomain.local");
    let said = site.swaks(&format!("--from app@web.local --to {recipient} {more}"));
    let arrived = received(&recipient, "");
    if arrived.starts_with("nothing") { arrived + &said } else { arrived }
}

fn lan_from(site: &Site) -> String {
    from_lan(site, "")
}

fn reply_to(site: &Site) -> String {
    let recipient = site.recipient("mydomain.local");
    site.on_host(&format!(
        "printf 'From: app@web.local\\nReply-To: help@web.local\\nSubject: x\\n\\nx\\n' | sendmail {recipient}"
    ));
    received(&recipient, "")
}

fn useless_database(site: &Site) -> String {
    site.on_host(
        "postmap /etc/postfix/sender_canonical 2>/dev/null
         [ -e /etc/postfix/sender_canonical.db ] && [[ $(postconf -h sender_canonical_maps) == regexp:* ]] \
         && echo a database that nobody reads",
    )
}

fn table_type(site: &Site) -> String {
    site.on_host("postconf -h sender_canonical_maps")
}

fn here_document(site: &Site) -> String {
    let recipient = site.recipient("mydomain.local");
    site.on_host(&format!(
        "sendmail {recipient} <<EOF
From: testuser@yourclient.local # これもmail@mydomain.localに書き換えられるはず
Subject: Test from Postfix via sendmail
This is another test email.
.
EOF"
    ));
    received(&recipient, "")
}

/// A message to nowhere comes back to its sender.
fn bounced(site: &Site) -> String {
    let recipient = site.recipient("nowhere.invalid");
    site.swaks(&format!("--from app@web.local --to {recipient}"));
    recipient
}

fn bounce(site: &Site) -> String {
    let about = bounced(site);
    received("mail@mydomain.local", &about)
}

fn bounce_to_root(site: &Site) -> String {
    let about = bounced(site);
    site.on_host(&format!("poll grep -qs '{about}' /var/mail/root; grep -A 12 MAILER-DAEMON /var/mail/root"))
}

fn root_has_no_bounce(site: &Site) -> String {
    let about = bounced(site);
    received("mail@mydomain.local", &about);
    site.on_host(&format!("grep -qs '{about}' /var/mail/root && echo a bounce || echo no bounce"))
}

fn display_name(site: &Site) -> String {
    from_lan(site, "--h-From 'Shop <app@web.local>'")
}

fn missing_from(site: &Site) -> String {
    let mail = from_lan(site, "--data 'Subject: no from\\n\\nbody\\n'");
    let has = mail.lines().any(|line| line.starts_with("From: "));
    format!("{}: {mail}", if has { "a From" } else { "no From" })
}

fn sender_header(site: &Site) -> String {
    let mail = from_lan(site, "--header 'Sender: daemon@web.local'");
    let line = mail.lines().find(|line| line.starts_with("Sender:") || line.starts_with("nothing"));
    line.unwrap_or("no Sender").to_owned()
}

/// The receiver's own line has TLS whatever the first hop had.
fn tls_of_hops(site: &Site) -> String {
    let count = |more: &str| from_lan(site, more).matches("using TLSv1").count();
    format!("client without TLS: {}, client with TLS: {}", count(""), count("--tls"))
}

/// rsyslog may not be there.
fn without_maillog(site: &Site, then: impl FnOnce(&Site) -> String) -> String {
    site.on_host("systemctl stop rsyslog; mv /var/log/maillog /root/");
    let saw = then(site);
    site.on_host("mv /root/maillog /var/log/; systemctl start rsyslog");
    saw
}

fn no_maillog(site: &Site) -> String {
    without_maillog(site, |site| site.on_host("tail /var/log/maillog"))
}

fn log_from_journal(site: &Site) -> String {
    without_maillog(site, |site| site.verify(&[]))
}
