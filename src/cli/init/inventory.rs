//! The inventory that `init` writes.

use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde_json::Value;

use crate::cli::failure::{Failure, Kind};

/// A server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) address: Option<String>,
}

impl Host {
    /// `NAME` or `NAME=ADDRESS`.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let (name, address) = text.split_once('=').map_or((text, None), |(name, address)| (name, Some(address)));
        let wrong = |what: &str, text: &str| Failure::new(Kind::Usage, format!("`{text}` is no {what}"));
        if !is_name(name) {
            return Err(wrong("name of a host", name).hint("a server is named as in DNS: mail.example.net"));
        }
        if !name.contains('.') {
            let failure = wrong("full name of a host", name);
            return Err(failure.hint(format!("the mail domain is what follows the first dot: {name}.example.net")));
        }
        if let Some(address) = address
            && address.parse::<IpAddr>().is_err()
            && !is_name(address)
        {
            return Err(wrong("address", address).hint("an address is as 192.168.1.20, or a name that ssh knows"));
        }
        Ok(Self { name: name.to_owned(), address: address.map(str::to_owned) })
    }

    /// What follows the first dot of its name.
    pub(super) fn domain(&self) -> &str {
        self.name.split_once('.').map_or("", |(_, domain)| domain)
    }
}

/// RFC 952 and RFC 1123: labels of letters, digits and hyphens.
fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// What the inventory says.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    pub(super) hosts: Vec<Host>,
    pub(super) user: Option<String>,
    pub(super) private_key: Option<PathBuf>,
    pub(super) ssh_args: Option<String>,
    pub(super) sender: Option<String>,
    pub(super) networks: Vec<String>,
    pub(super) relayhost: Option<String>,
}

impl Settings {
    /// What would be found wrong later is told now.
    pub(super) fn check(&self) -> Result<(), Failure> {
        for (index, host) in self.hosts.iter().enumerate() {
            if self.hosts.iter().take(index).any(|other| other.name == host.name) {
                return Err(Failure::new(Kind::Usage, format!("{} is named twice", host.name)));
            }
        }
        if let Some(sender) = &self.sender
            && !is_address(sender)
        {
            return Err(Failure::new(Kind::Usage, format!("`{sender}` is no mail address")));
        }
        for network in &self.networks {
            let net: Result<IpNet, _> = network.parse();
            let net = net.map_err(|_| {
                Failure::new(Kind::Usage, format!("`{network}` is no network")).hint("write it as 192.168.1.0/24")
            })?;
            if net.trunc() != net {
                let failure = Failure::new(Kind::Usage, format!("`{network}` has bits set after its prefix"));
                return Err(failure.hint(format!("the network is {}", net.trunc())));
            }
        }
        Ok(())
    }

    /// The file.
    pub(super) fn text(&self) -> String {
        let mut text = String::from(
            "# The servers, and what is special about them. This is an inventory as Ansible has it: groups, `children`,\n\
             # `vars`, group_vars/ and host_vars/ all work. `mailprov inventory explain HOST` shows what applies.\n\
             all:\n  hosts:\n",
        );
        for host in &self.hosts {
            text.extend(["    ", &host.name, ":\n"]);
            if let Some(address) = &host.address {
                text.extend(["      ansible_host: ", &quoted(address), "\n"]);
            }
        }
        text.push_str("  vars:\n    # How they are reached. ~/.ssh/config and the agent apply, too.\n");
        let key = self.private_key.as_ref().map(|path| path.display().to_string());
        setting(&mut text, "ansible_user", self.user.as_deref(), "admin");
        setting(&mut text, "ansible_ssh_private_key_file", key.as_deref(), "~/.ssh/id_ed25519");
        setting(&mut text, "ansible_ssh_common_args", self.ssh_args.as_deref(), "-o ProxyJump=gateway.example.net");
        text.push_str("\n    # The address that every message is sent from.\n");
        let domain = self.hosts.first().map_or("example.net", Host::domain);
        setting(&mut text, "mail_sender", self.sender.as_deref(), &format!("mail@{domain}"));
        text.push_str(
            "    # Who may send, besides the server itself. Without it: the network that the server is in.\n",
        );
        if self.networks.is_empty() {
            text.push_str("    # mail_networks: [127.0.0.0/8, 192.168.1.0/24]\n");
        } else {
            // The server itself always may.
            let local = "127.0.0.0/8".to_owned();
            let own = std::iter::once(&local).filter(|local| !self.networks.contains(local));
            let networks: Vec<String> = own.chain(&self.networks).map(|network| quoted(network)).collect();
            text.extend(["    mail_networks: [", &networks.join(", "), "]\n"]);
        }
        text.push_str("    # Where everything is handed to. Without it: to each recipient's own server.\n");
        setting(&mut text, "mail_relayhost", self.relayhost.as_deref(), "[smtp.example.net]:587");
        text.push_str("    # Who gets root's mail. Without it: root's mailbox on the server.\n");
        setting(&mut text, "mail_root_alias", None, "admin@example.net");
        text.push_str(
            "    # Who receives for the mail domain: `relay` (its MX), `local` (this server), `elsewhere` (another one).\n",
        );
        setting(&mut text, "mail_domain_mode", None, "relay");
        text.push_str(
            "    # There are more: `mailprov init --eject` writes roles/postfix/README.md, which lists them.\n",
        );
        text
    }
}

/// A variable, or a comment that shows how it would look.
fn setting(text: &mut String, name: &str, value: Option<&str>, example: &str) {
    match value {
        Some(value) => text.extend(["    ", name, ": ", &quoted(value), "\n"]),
        None => text.extend(["    # ", name, ": ", &quoted(example), "\n"]),
    }
}

/// Plain where that is safe, and in double quotes, which read as those of JSON, otherwise.
fn quoted(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "./@_-".contains(c);
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.contains(['.', '/', '@'])
        && text.chars().all(safe);
    if plain { text.to_owned() } else { Value::from(text).to_string() }
}

fn is_address(text: &str) -> bool {
    let bad = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | '{' | '}');
    text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && is_name(domain)) && !text.contains(bad)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn what_is_written_reads_as_what_was_said() {
        let settings = Settings {
            hosts: vec![Host::parse("mx1.example.net=192.168.1.20").unwrap(), Host::parse("mx2.example.net").unwrap()],
            user: Some("yes".to_owned()),
            private_key: Some("/root/a key: #1".into()),
            ssh_args: Some("-o \"X=y\"".to_owned()),
            sender: Some("post@example.net".to_owned()),
            networks: vec!["192.168.1.0/24".to_owned()],
            relayhost: Some("[smtp.example.net]:587".to_owned()),
        };
        settings.check().unwrap();
        let read = yaml::parse("inventory.yaml", &settings.text()).unwrap().to_value();
        assert_eq!(
            read,
            serde_json::json!({"all": {
                "hosts": {"mx1.example.net": {"ansible_host": "192.168.1.20"}, "mx2.example.net": null},
                "vars": {
                    "ansible_user": "yes",
                    "ansible_ssh_private_key_file": "/root/a key: #1",
                    "ansible_ssh_common_args": "-o \"X=y\"",
                    "mail_sender": "post@example.net",
                    "mail_networks": ["127.0.0.0/8", "192.168.1.0/24"],
                    "mail_relayhost": "[smtp.example.net]:587",
                },
            }})
        );
    }

    #[test]
    fn what_cannot_be_a_server_is_refused() {
        for wrong in ["mail", "", "a..b", "-a.b", "a b.c", "mail.example.net=", "mail.example.net=a b", "ü.example.net"]
        {
            assert!(Host::parse(wrong).is_err(), "{wrong}");
        }
        for right in ["mail.example.net", "m-1.example.net=10.0.0.1", "m.example.net=::1", "m.example.net=gateway"] {
            assert!(Host::parse(right).is_ok(), "{right}");
        }
    }
}
