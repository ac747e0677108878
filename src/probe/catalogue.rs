//! Every check by name. docs/verify.md lists them for people.

use super::Definition;

macro_rules! catalogue {
    ($($name:ident = $id:literal, $need:ident, $title:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $title, ".")]
            pub const $name: Definition =
                Definition { id: $id, title: $title, required: catalogue!(@ $need) };
        )*
        /// All of them, in the order in which they are documented.
        pub const ALL: &[Definition] = &[$($name),*];
    };
    (@ required) => { true };
    (@ advisory) => { false };
}

catalogue! {
    SERVICE_RUNNING = "service.running", required, "Postfix runs";
    SERVICE_ENABLED = "service.enabled", required, "Postfix starts at boot";

    HOST_NAME = "host.name", advisory, "The host has the server's name";
    HOST_CLOUD = "host.cloud", advisory, "cloud-init leaves the host's name alone";
    HOST_CLOCK = "host.clock", advisory, "The clock is kept right";
    HOST_LABELS = "host.labels", advisory, "Postfix's files have the labels that SELinux wants";

    PACKAGE_VERSION = "package.version", advisory, "Postfix has the distribution's security fixes";
    PACKAGE_FILES = "package.files", advisory, "Postfix's programs are as the package brought them";
    PACKAGE_SENDMAIL = "package.sendmail", advisory, "The program sendmail is Postfix's";
    PACKAGE_RIVALS = "package.rivals", advisory, "No other mail server runs";

    CONFIG_LINT = "config.lint", required, "Postfix reads its configuration without a complaint";
    CONFIG_COMMENTS = "config.comments", required, "No value in main.cf ends in a comment";
    CONFIG_DUPLICATES = "config.duplicates", advisory, "No parameter is set twice";
    CONFIG_TLS = "config.tls", required, "TLS levels and protocols are words that Postfix 3.5 knows";
    CONFIG_NAME = "config.name", required, "Postfix has the server's name and domain";
    CONFIG_NETWORKS = "config.networks", required, "Only the networks that may send are trusted";
    CONFIG_MAPS = "config.maps", required, "Every lookup table can be opened and asked";
    CONFIG_SIZE = "config.size", required, "A message of the greatest size fits into a mailbox";
    CONFIG_LEFTOVERS = "config.leftovers", advisory, "No other version of a configuration file waits for a decision";
    CONFIG_MODES = "config.modes", required, "Only root can write what Postfix is configured by";

    SMTP_BANNER = "smtp.banner", required, "Port 25 greets with the server's name";
    SMTP_EHLO = "smtp.ehlo", required, "EHLO is answered within 5 s";
    SMTP_AUTH = "smtp.auth", required, "AUTH is not offered before TLS";
    SMTP_HELO = "smtp.helo", advisory, "A client has to greet";
    SMTP_SIZE = "smtp.size", advisory, "A message that is too large is refused before it is sent";
    SMTP_VRFY = "smtp.vrfy", advisory, "VRFY tells nobody who has a mailbox";
    SMTP_ACCEPTS = "smtp.accepts", required, "The host's own mail to elsewhere is accepted";
    SMTP_SMUGGLING = "smtp.smuggling", required, "SMTP smuggling is refused";

    TLS_STARTTLS = "tls.starttls", required, "STARTTLS ends in an encrypted session";
    TLS_VERSIONS = "tls.versions", advisory, "TLS 1.2 and 1.3 are both taken";
    TLS_OLD = "tls.old", required, "TLS 1.0 and 1.1 are refused";
    TLS_SERVED = "tls.served", required, "The certificate served is the one in the file";

    CERTIFICATE_FILE = "certificate.file", required, "The certificate's file can be read";
    CERTIFICATE_KEY = "certificate.key", required, "The key belongs to the certificate";
    CERTIFICATE_SECRET = "certificate.secret", required, "Only root can read the key";
    CERTIFICATE_NAMES = "certificate.names", required, "The certificate is for the server's name";
    CERTIFICATE_VALID = "certificate.valid", required, "The certificate is valid today";
    CERTIFICATE_DAYS = "certificate.days", advisory, "The certificate is valid for some time yet";
    CERTIFICATE_STRENGTH = "certificate.strength", advisory, "The key is long enough for every client";
    CERTIFICATE_USE = "certificate.use", advisory, "The certificate is one for a server";

    SUBMISSION_BANNER = "submission.banner", required, "Port 587 greets with the server's name";
    SUBMISSION_PLAIN = "submission.plain", required, "Port 587 refuses mail without TLS";
    SUBMISSION_AUTH = "submission.auth", required, "AUTH is not offered on port 587 before TLS";
    SUBMISSION_TLS = "submission.tls", required, "Port 587 takes mail over TLS";
    SUBMISSION_SERVED = "submission.served", required, "Port 587 serves the certificate in the file";
    SUBMISSION_OLD = "submission.old", required, "Port 587 refuses TLS 1.0 and 1.1";
    SUBMISSION_LOGIN = "submission.login", required, "Clients can log in on port 587 over TLS";
    SUBMISSION_CLOSED = "submission.closed", advisory, "Port 587 is closed, as nobody shall use it";

    SMTPS_TLS = "smtps.tls", required, "Port 465 takes mail over TLS from the start";
    SMTPS_SERVED = "smtps.served", required, "Port 465 serves the certificate in the file";
    SMTPS_OLD = "smtps.old", required, "Port 465 refuses TLS 1.0 and 1.1";
    SMTPS_LOGIN = "smtps.login", required, "Clients can log in on port 465";
    SMTPS_CLOSED = "smtps.closed", advisory, "Port 465 is closed, as nobody shall use it";

    REWRITING_SENDER = "rewriting.sender", required, "Envelope senders become the one sender";
    REWRITING_NULL = "rewriting.null", required, "The null sender stays null";
    REWRITING_DOUBLE_BOUNCE = "rewriting.double-bounce", required, "Postfix's own sender double-bounce stays as it is";
    REWRITING_HEADERS = "rewriting.headers", required, "From headers become the one sender and keep the display name";
    REWRITING_OTHERS = "rewriting.others", required, "Reply-To stays as it is";
    REWRITING_BOUNCES = "rewriting.bounces", advisory, "What comes back to the one sender reaches somebody";

    FLOW_DELIVERED = "flow.delivered", required, "A message goes through the queue and arrives";
    FLOW_SENDER = "flow.sender", required, "It arrives from the one sender, with display name and Reply-To as they were";
    FLOW_NULL = "flow.null", required, "A message without a sender arrives without one";
    FLOW_MISSING = "flow.missing", advisory, "From, Date and Message-ID are added where they are missing";
    FLOW_SENT = "flow.sent", required, "The message to the address asked for was sent";

    RELAY_RESTRICTIONS = "relay.restrictions", required, "The restrictions refuse to relay, whoever is asked from where";
    RELAY_OUTSIDER = "relay.outsider", required, "Nobody outside the networks can send to elsewhere";

    FIREWALL_OPEN = "firewall.open", required, "The firewall lets mail in, now and after a boot";
    FIREWALL_CLOSED = "firewall.closed", advisory, "The firewall has no port open for mail on which nobody listens";

    QUEUE_AGE = "queue.age", advisory, "Nothing waits in the queue for long";
    QUEUE_SPACE = "queue.space", required, "There is room for the queue";

    DNS_SERVERS = "dns.servers", advisory, "Every name server answers within 2 s";
    DNS_ADDRESS = "dns.address", advisory, "The server's name has its address";
    DNS_POINTER = "dns.pointer", advisory, "The address points back to the name";
    DNS_CONFIRMED = "dns.confirmed", advisory, "Every name that the address points to has the address";
    DNS_EXCHANGER = "dns.exchanger", advisory, "The domain's MX fits the domain mode";

    DKIM_RUNNING = "dkim.running", required, "OpenDKIM runs";
    DKIM_ASKED = "dkim.asked", required, "Postfix has every message signed";
    DKIM_KEY = "dkim.key", required, "Only OpenDKIM can read its key";
    DKIM_SIGNED = "dkim.signed", required, "A message arrives signed for the domain";
    DKIM_RECORD = "dkim.record", required, "The record in DNS is that of the key";

    OUTBOUND_REACHED = "outbound.reached", advisory, "The server that mail is handed to can be reached";
    OUTBOUND_TLS = "outbound.tls", advisory, "Mail is handed on over TLS";
    OUTBOUND_LOGIN = "outbound.login", required, "The relay host takes our login";

    LOG_CLEAN = "log.clean", required, "Postfix has logged no fatal error";

    OUTSIDE_PORT = "outside.port", required, "Port 25 can be reached over the network";
    OUTSIDE_BANNER = "outside.banner", required, "Port 25 greets with the server's name";
    OUTSIDE_TLS = "outside.tls", required, "STARTTLS ends in an encrypted session";
    OUTSIDE_SERVED = "outside.served", required, "The certificate served is the one in the file";
    OUTSIDE_SUBMISSION = "outside.submission", required, "Port 587 takes clients over TLS";
    OUTSIDE_SMTPS = "outside.smtps", required, "Port 465 takes clients over TLS";
    OUTSIDE_RELAY = "outside.relay", required, "An outsider cannot send to elsewhere";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_id_means_one_check() {
        let ids: BTreeSet<&str> = ALL.iter().map(|definition| definition.id).collect();
        assert_eq!(ids.len(), ALL.len());
        assert!(ids.iter().all(|id| id.split('.').count() == 2));
    }

    #[test]
    fn the_manual_lists_every_check_as_it_is() {
        let manual = include_str!("../../docs/verify.md");
        let listed: Vec<&str> = manual.lines().filter(|line| line.starts_with("| `")).collect();
        let expected: Vec<String> = ALL
            .iter()
            .map(|check| {
                let need = if check.required { "required" } else { "advisory" };
                format!("| `{}` | {need} | {} |", check.id, check.title)
            })
            .collect();
        assert_eq!(listed, expected);
    }
}
