//! Why ssh did not connect, read from its stderr.
//!
//! ssh(1) ends with status 255 for every failure of its own, so only its words tell one from another. They are
//! never translated. The texts are those of OpenSSH 7.4 to 9.x.

use crate::event::Failure;

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// ssh itself cannot be started.
    #[error("cannot start {program}: {message}")]
    NoSsh {
        /// The program.
        program: String,
        /// The system's words.
        message: String,
    },
    /// The name has no address.
    #[error("cannot resolve the name {name}")]
    NameNotFound {
        /// The name: of the host, or of a jump host.
        name: String,
    },
    /// Nothing listens there.
    #[error("connection refused by {endpoint}")]
    Refused {
        /// `192.0.2.1 port 22`.
        endpoint: String,
    },
    /// No answer, or no way there.
    #[error("no answer from {endpoint}: {reason}")]
    Unreachable {
        /// `192.0.2.1 port 22`, or the host's name.
        endpoint: String,
        /// `Connection timed out`, `No route to host`, ...
        reason: String,
    },
    /// The server (or something before it) closed the connection before it was secured.
    #[error("the server closed the connection before the login: {reason}")]
    Closed {
        /// ssh's words.
        reason: String,
    },
    /// The host's key was never seen.
    #[error("the host key is not known")]
    HostKeyUnknown,
    /// The host's key is another than the one that was remembered, or was revoked.
    #[error("the host key has changed")]
    HostKeyChanged {
        /// Where the remembered one stands (`/home/me/.ssh/known_hosts:3`).
        remembered: Option<String>,
    },
    /// The server does not accept the login.
    #[error("login refused: {reason}")]
    Authentication {
        /// ssh's words (`user@host: Permission denied (publickey).`).
        reason: String,
        /// What ssh had to say about the private key, if it could not use it.
        key_problem: Option<String>,
    },
    /// The user's ssh configuration or arguments are wrong.
    #[error("ssh configuration: {reason}")]
    Configuration {
        /// ssh's words.
        reason: String,
    },
    /// Anything else that ssh said.
    #[error("ssh ended{}: {stderr}", status.map_or_else(String::new, |status| format!(" with status {status}")))]
    Other {
        /// Its exit status.
        status: Option<i32>,
        /// The last lines of its stderr.
        stderr: String,
    },
    /// Connected, but the server opens no session.
    #[error("the server opens no session: {message}")]
    NoSession {
        /// Why.
        message: String,
    },
    /// Something on this machine.
    #[error("{action}: {message}")]
    Controller {
        /// What was tried.
        action: &'static str,
        /// The system's words.
        message: String,
    },
}

/// What stands before the methods by which the server lets users in.
const DENIED: &str = "Permission denied (";

impl ConnectError {
    /// Reads ssh's last words. `host` is what ssh was asked to connect to.
    #[must_use]
    pub fn from_stderr(host: &str, status: Option<i32>, stderr: &str) -> Self {
        let lines: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        host_key(&lines)
            .or_else(|| lines.iter().find_map(|line| network(host, line)))
            .or_else(|| authentication(&lines))
            .or_else(|| lines.iter().find_map(|line| configuration(line)))
            .or_else(|| lines.iter().find_map(|line| closed(line)))
            .unwrap_or_else(|| Self::Other { status, stderr: last_lines(&lines, 5) })
    }

    /// The same, where ssh had a password to give: whether the server took it for wrong, or takes none.
    #[must_use]
    pub fn with_password(self) -> Self {
        match self {
            Self::Authentication { reason, key_problem } if reason.contains(DENIED) => {
                let methods = reason.rsplit(DENIED).next().unwrap_or_default();
                let asked = ["password", "keyboard-interactive"].iter().any(|method| methods.contains(method));
                let why = if asked { "the password was not accepted" } else { "the server takes no password" };
                Self::Authentication { reason: format!("{why}: {reason}"), key_problem }
            }
            other => other,
        }
    }

    /// The failure as it travels to the user.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        Failure { message: self.to_string(), hints: self.hints(), ..Failure::default() }
    }

    fn hints(&self) -> Vec<String> {
        let hint: &str = match self {
            Self::NoSsh { .. } => "install the OpenSSH client, or set ansible_ssh_executable",
            Self::NameNotFound { .. } => "check the name, or set ansible_host to an address",
            Self::Refused { .. } => "check that sshd runs there, and ansible_port",
            Self::Unreachable { .. } => "check that the host is up, the firewall in between, and ansible_host",
            Self::Closed { .. } => {
                "sshd's MaxStartups, a ban (fail2ban, hosts.deny) or a proxy may do this; try again with fewer --forks"
            }
            Self::HostKeyUnknown => "log in once by hand and compare the fingerprint, or pass --accept-new-host-keys",
            Self::HostKeyChanged { remembered } => {
                let place = remembered.as_deref().unwrap_or("known_hosts");
                return vec![
                    "someone may be listening in; or the host was installed anew".to_owned(),
                    format!("if you know why it changed, remove the old key ({place})"),
                ];
            }
            Self::Authentication { key_problem, .. } => {
                let mut hints: Vec<String> = key_problem.iter().map(|problem| format!("the key: {problem}")).collect();
                hints.push(
                    "check ansible_user, and the key (ansible_ssh_private_key_file, `ssh-add -l`) or password (--ask-pass)"
                        .to_owned(),
                );
                return hints;
            }
            Self::NoSession { .. } => "check the login shell of the user and MaxSessions of sshd",
            Self::Configuration { .. } | Self::Other { .. } | Self::Controller { .. } => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}

fn host_key(lines: &[&str]) -> Option<ConnectError> {
    let has = |text: &str| lines.iter().any(|line| line.contains(text));
    if has("HOST IDENTIFICATION HAS CHANGED") || has("REVOKED HOST KEY") {
        let remembered = lines.iter().find(|line| line.starts_with("Offending ")).and_then(|line| {
            let (_, place) = line.split_once(" key in ")?;
            Some(place.to_owned())
        });
        return Some(ConnectError::HostKeyChanged { remembered });
    }
    (has("Host key verification failed") || has("host key is known for")).then_some(ConnectError::HostKeyUnknown)
}

fn network(host: &str, line: &str) -> Option<ConnectError> {
    if let Some((_, rest)) = line.split_once("Could not resolve hostname ") {
        let name = rest.split_once(": ").map_or(rest, |(name, _)| name);
        return Some(ConnectError::NameNotFound { name: name.to_owned() });
    }
    if let Some((_, rest)) = line.split_once("connect to host ") {
        let (endpoint, reason) = rest.rsplit_once(": ").unwrap_or((rest, "unknown reason"));
        let endpoint = endpoint.to_owned();
        return Some(match reason {
            "Connection refused" => ConnectError::Refused { endpoint },
            reason => ConnectError::Unreachable { endpoint, reason: reason.to_owned() },
        });
    }
    let timed_out = line.contains("timed out during banner exchange")
        || (line.starts_with("Connection to ") && line.ends_with(" timed out"))
        || (line.starts_with("Timeout, server ") && line.ends_with(" not responding."));
    timed_out.then(|| ConnectError::Unreachable { endpoint: host.to_owned(), reason: line.to_owned() })
}

fn authentication(lines: &[&str]) -> Option<ConnectError> {
    let refused = lines.iter().rfind(|line| {
        line.contains("Permission denied (")
            || line.contains("Too many authentication failures")
            || line.contains("No more authentication methods")
            || line.contains("No supported authentication methods")
    })?;
    let key_problem = lines.iter().find(|line| {
        line.starts_with("Load key ")
            || line.starts_with("no such identity: ")
            || line.contains("not accessible: ")
            || (line.starts_with("Permissions ") && line.ends_with(" are too open."))
            || line.contains("agent refused operation")
    });
    let key_problem = key_problem.map(|&line| line.to_owned());
    Some(ConnectError::Authentication { reason: (*refused).to_owned(), key_problem })
}

fn configuration(line: &str) -> Option<ConnectError> {
    let wrong = line.contains("Bad configuration option")
        || line.contains("Bad owner or permissions on")
        || line.contains("terminating, ")
        || line.starts_with("command-line: line ")
        || line.starts_with("command-line line ")
        || line.starts_with("unknown option --")
        || line.starts_with("usage: ssh");
    wrong.then(|| ConnectError::Configuration { reason: line.to_owned() })
}

fn closed(line: &str) -> Option<ConnectError> {
    let closed = ["kex_exchange_identification: ", "ssh_exchange_identification: ", "banner exchange: "]
        .iter()
        .any(|prefix| line.starts_with(prefix))
        || line.starts_with("Connection closed by ")
        || line.starts_with("Connection reset by ")
        || line.starts_with("Received disconnect from ");
    closed.then(|| ConnectError::Closed { reason: line.to_owned() })
}

fn last_lines(lines: &[&str], count: usize) -> String {
    match lines {
        [] => "it said nothing".to_owned(),
        lines => lines[lines.len().saturating_sub(count)..].join("; "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stderr: &str) -> ConnectError {
        ConnectError::from_stderr("mail1", Some(255), stderr)
    }

    #[test]
    fn names_without_an_address() {
        for (stderr, name) in [
            ("ssh: Could not resolve hostname mail9: Name or service not known\r\n", "mail9"),
            ("ssh: Could not resolve hostname mail9: Temporary failure in name resolution\r\n", "mail9"),
            ("ssh: Could not resolve hostname mail9: nodename nor servname provided, or not known\r\n", "mail9"),
            (
                "ssh: Could not resolve hostname jump: Name or service not known\r\n\
                 kex_exchange_identification: Connection closed by remote host\r\n\
                 Connection closed by UNKNOWN port 65535\r\n",
                "jump",
            ),
        ] {
            assert_eq!(of(stderr), ConnectError::NameNotFound { name: name.to_owned() }, "{stderr}");
        }
    }

    #[test]
    fn hosts_that_do_not_answer() {
        let refused = of("ssh: connect to host 192.0.2.1 port 22: Connection refused\r\n");
        assert_eq!(refused, ConnectError::Refused { endpoint: "192.0.2.1 port 22".to_owned() });
        for (stderr, endpoint, reason) in [
            (
                "ssh: connect to host fe80::1 port 22: Connection timed out\r\n",
                "fe80::1 port 22",
                "Connection timed out",
            ),
            ("ssh: connect to host a port 22: Operation timed out\r\n", "a port 22", "Operation timed out"),
            ("ssh: connect to host a port 22: No route to host\r\n", "a port 22", "No route to host"),
            ("ssh: connect to host a port 22: Network is unreachable\r\n", "a port 22", "Network is unreachable"),
            (
                "Connection timed out during banner exchange\r\nConnection to 192.0.2.1 port 22 timed out\r\n",
                "mail1",
                "Connection timed out during banner exchange",
            ),
            ("Timeout, server 192.0.2.1 not responding.\r\n", "mail1", "Timeout, server 192.0.2.1 not responding."),
        ] {
            let expected = ConnectError::Unreachable { endpoint: endpoint.to_owned(), reason: reason.to_owned() };
            assert_eq!(of(stderr), expected);
        }
    }

    #[test]
    fn host_keys() {
        for stderr in [
            "Host key verification failed.\r\n",
            "No ED25519 host key is known for mail1 and you have requested strict checking.\r\n\
             Host key verification failed.\r\n",
        ] {
            assert_eq!(of(stderr), ConnectError::HostKeyUnknown);
        }
        let changed =
            of("@@@@@@@@@@@\r\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n@@@@@@@@@@@\r\n\
             IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r\n\
             Offending ECDSA key in /home/me/.ssh/known_hosts:3\r\n\
             Host key for mail1 has changed and you have requested strict checking.\r\n\
             Host key verification failed.\r\n");
        let place = Some("/home/me/.ssh/known_hosts:3".to_owned());
        assert_eq!(changed, ConnectError::HostKeyChanged { remembered: place });
        assert!(changed.to_failure().hints.iter().any(|hint| hint.contains("/home/me/.ssh/known_hosts:3")));
    }

    #[test]
    fn refused_logins() {
        let denied = "ops@192.0.2.1: Permission denied (publickey,gssapi-keyex,gssapi-with-mic,password).";
        for (stderr, key_problem) in [
            (format!("{denied}\r\n"), None),
            (format!("Authorized use only.\r\n{denied}\r\n"), None),
            (
                format!("Load key \"/home/me/k\": invalid format\r\n{denied}\r\n"),
                Some("Load key \"/home/me/k\": invalid format"),
            ),
            (
                format!("no such identity: /home/me/k: No such file or directory\r\n{denied}\r\n"),
                Some("no such identity: /home/me/k: No such file or directory"),
            ),
            (
                format!("Warning: Identity file /home/me/k not accessible: No such file or directory.\r\n{denied}\r\n"),
                Some("Warning: Identity file /home/me/k not accessible: No such file or directory."),
            ),
            (
                format!("Permissions 0644 for '/home/me/k' are too open.\r\n{denied}\r\n"),
                Some("Permissions 0644 for '/home/me/k' are too open."),
            ),
        ] {
            let expected =
                ConnectError::Authentication { reason: denied.to_owned(), key_problem: key_problem.map(str::to_owned) };
            assert_eq!(of(&stderr), expected);
        }
        let too_many = "Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures\r\n\
                        Disconnected from 192.0.2.1 port 22\r\n";
        assert!(matches!(of(too_many), ConnectError::Authentication { .. }));
    }

    #[test]
    fn a_password_that_is_wrong_is_told_from_one_that_nobody_wants() {
        let with_password = |stderr: &str| of(stderr).with_password().to_string();
        for methods in ["publickey,password", "publickey,keyboard-interactive"] {
            let denied = format!("password@mail1: Permission denied ({methods}).");
            assert_eq!(with_password(&denied), format!("login refused: the password was not accepted: {denied}"));
        }
        let denied = "password@mail1: Permission denied (publickey,gssapi-with-mic).";
        assert_eq!(with_password(denied), format!("login refused: the server takes no password: {denied}"));
        let refused = "ssh: connect to host mail1 port 22: Connection refused\r\n";
        assert_eq!(of(refused).with_password(), of(refused));
    }

    #[test]
    fn the_rest() {
        for stderr in [
            "kex_exchange_identification: Connection closed by remote host\r\nConnection closed by 192.0.2.1 port 22\r\n",
            "kex_exchange_identification: read: Connection reset by peer\r\n",
            "Connection reset by 192.0.2.1 port 22\r\n",
        ] {
            assert!(matches!(of(stderr), ConnectError::Closed { .. }), "{stderr}");
        }
        for stderr in [
            "command-line: line 0: Bad configuration option: nonsense\r\n",
            "/home/me/.ssh/config: line 3: Bad configuration option: nonsense\r\n",
            "Bad owner or permissions on /home/me/.ssh/config\r\n",
            "unknown option -- z\r\nusage: ssh [-46AaCfGgKkMNnqsTtVvXxYy]\r\n",
        ] {
            assert!(matches!(of(stderr), ConnectError::Configuration { .. }), "{stderr}");
        }
        let negotiation = "Unable to negotiate with 192.0.2.1 port 22: no matching host key type found. \
                           Their offer: ssh-rsa\r\n";
        assert_eq!(of(negotiation).to_string(), format!("ssh ended with status 255: {}", negotiation.trim()));
        assert_eq!(of("").to_string(), "ssh ended with status 255: it said nothing");
    }
}
