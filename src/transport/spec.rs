//! How a host is reached, from Ansible's connection variables.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use super::Secret;

/// Everything needed to reach one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionSpec {
    /// By what way.
    pub method: Method,
    /// Become root through sudo when the login is not root.
    pub become_root: bool,
    /// What sudo may ask for.
    pub become_password: Option<Secret>,
}

/// The way to a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// This machine.
    Local,
    /// OpenSSH.
    Ssh(SshSpec),
}

/// Arguments for ssh(1); what is `None` is left to the user's `ssh_config(5)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshSpec {
    /// The program (`ansible_ssh_executable`).
    pub program: String,
    /// Host name, address, or `Host` alias of `ssh_config(5)`.
    pub host: String,
    /// TCP port.
    pub port: Option<u16>,
    /// Login name.
    pub user: Option<String>,
    /// Private key, tried before those of `ssh_config(5)`.
    pub private_key: Option<PathBuf>,
    /// Further arguments, split into words.
    pub args: Vec<String>,
    /// Accept and remember the key of a host never seen before.
    pub accept_new_host_keys: bool,
    /// Limit for TCP connect and SSH handshake.
    pub connect_timeout: Duration,
    /// For password logins.
    pub password: Option<Secret>,
}

/// What the command line says about all hosts. A host's own variables win over it, as in Ansible.
#[derive(Debug, Clone)]
pub struct ConnectionOptions {
    /// Reach every host as this machine (`--local`).
    pub local: bool,
    /// `--user`.
    pub user: Option<String>,
    /// `--private-key`.
    pub private_key: Option<PathBuf>,
    /// `--become`, or the play's `become: true`.
    pub become_root: bool,
    /// `--ask-become-pass`.
    pub become_password: Option<Secret>,
    /// `--ask-pass`.
    pub password: Option<Secret>,
    /// `--accept-new-host-keys`.
    pub accept_new_host_keys: bool,
    /// Limit for TCP connect and SSH handshake.
    pub connect_timeout: Duration,
}

impl Default for ConnectionOptions {
    /// Nothing given; ten seconds to connect, as in Ansible.
    fn default() -> Self {
        Self {
            local: false,
            user: None,
            private_key: None,
            become_root: false,
            become_password: None,
            password: None,
            accept_new_host_keys: false,
            connect_timeout: Duration::from_secs(10),
        }
    }
}

/// A connection variable that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} of {host}: {problem}")]
pub struct SpecError {
    /// The host.
    pub host: String,
    /// The variable.
    pub variable: &'static str,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

impl ConnectionSpec {
    /// Reads a host's connection variables (rendered, in their final precedence).
    ///
    /// The names are those of Ansible's ssh connection and sudo become plugins, with the older aliases.
    ///
    /// # Errors
    /// When a variable has a value that cannot be used.
    pub fn from_vars(host: &str, vars: &Map<String, Value>, options: &ConnectionOptions) -> Result<Self, SpecError> {
        let vars = Vars { host, vars };
        let method = match vars.text(&["ansible_connection"])?.as_deref() {
            _ if options.local => Method::Local,
            None | Some("ssh" | "smart" | "paramiko" | "paramiko_ssh") => Method::Ssh(vars.ssh(options)?),
            Some("local") => Method::Local,
            Some(other) => {
                return Err(vars.error("ansible_connection", format!("\"{other}\" is neither ssh nor local")));
            }
        };
        vars.only("ansible_become_method", "sudo")?;
        vars.only("ansible_become_user", "root")?;
        Ok(Self {
            method,
            become_root: vars.boolean("ansible_become")?.unwrap_or(options.become_root),
            become_password: vars
                .text(&["ansible_become_password", "ansible_become_pass", "ansible_sudo_pass"])?
                .map(Secret::new)
                .or_else(|| options.become_password.clone()),
        })
    }
}

struct Vars<'a> {
    host: &'a str,
    vars: &'a Map<String, Value>,
}

impl Vars<'_> {
    fn ssh(&self, options: &ConnectionOptions) -> Result<SshSpec, SpecError> {
        let host = self.text(&["ansible_host", "ansible_ssh_host"])?.unwrap_or_else(|| self.host.to_owned());
        let private_key = self.text(&["ansible_ssh_private_key_file", "ansible_private_key_file"])?;
        let mut args = Vec::new();
        for variable in ["ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args"] {
            args.extend(self.words(variable)?);
        }
        Ok(SshSpec {
            program: self.text(&["ansible_ssh_executable"])?.unwrap_or_else(|| "ssh".to_owned()),
            host,
            port: self.port()?,
            user: self.text(&["ansible_user", "ansible_ssh_user"])?.or_else(|| options.user.clone()),
            private_key: private_key.map(|path| expand_home(&path)).or_else(|| options.private_key.clone()),
            args,
            accept_new_host_keys: options.accept_new_host_keys,
            connect_timeout: options.connect_timeout,
            password: self
                .text(&["ansible_password", "ansible_ssh_password", "ansible_ssh_pass"])?
                .map(Secret::new)
                .or_else(|| options.password.clone()),
        })
    }

    /// The first of these variables that is set, as text. An empty value is as good as none.
    fn text(&self, names: &[&'static str]) -> Result<Option<String>, SpecError> {
        let found = names.iter().find_map(|&name| Some((name, self.vars.get(name)?)));
        let Some((name, value)) = found else { return Ok(None) };
        let text = match value {
            Value::Null => return Ok(None),
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(self.error(name, "must be text".to_owned())),
        };
        if text.contains(['\0', '\n']) {
            return Err(self.error(name, "must be one line".to_owned()));
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    fn port(&self) -> Result<Option<u16>, SpecError> {
        let Some(text) = self.text(&["ansible_port", "ansible_ssh_port"])? else { return Ok(None) };
        match text.parse() {
            Ok(port) if port > 0 => Ok(Some(port)),
            _ => Err(self.error("ansible_port", format!("\"{text}\" is no TCP port (1 to 65535)"))),
        }
    }

    fn words(&self, variable: &'static str) -> Result<Vec<String>, SpecError> {
        let Some(text) = self.text(&[variable])? else { return Ok(Vec::new()) };
        shlex::split(&text).ok_or_else(|| self.error(variable, "has a quote that is not closed".to_owned()))
    }

    fn boolean(&self, variable: &'static str) -> Result<Option<bool>, SpecError> {
        let wrong = || self.error(variable, "must be true or false".to_owned());
        match self.vars.get(variable) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(value) => match self.text(&[variable])?.unwrap_or_default().to_lowercase().as_str() {
                "true" | "yes" | "on" | "y" | "t" | "1" => Ok(Some(true)),
                "false" | "no" | "off" | "n" | "f" | "0" => Ok(Some(false)),
                "" if value.is_string() => Ok(None),
                _ => Err(wrong()),
            },
        }
    }

    fn only(&self, variable: &'static str, accepted: &str) -> Result<(), SpecError> {
        match self.text(&[variable])? {
            Some(other) if other != accepted => {
                Err(self.error(variable, format!("\"{other}\" is not supported, only {accepted} is")))
            }
            _ => Ok(()),
        }
    }

    fn error(&self, variable: &'static str, problem: String) -> SpecError {
        SpecError { host: self.host.to_owned(), variable, problem }
    }
}

/// `~` and `~/...` as shells expand them; other people's homes are left to the user.
pub(crate) fn expand_home(path: &str) -> PathBuf {
    let below = if path == "~" { Some("") } else { path.strip_prefix("~/") };
    match (below, std::env::home_dir()) {
        (Some(below), Some(home)) => home.join(below),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test")]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(vars: &Value) -> Result<ConnectionSpec, SpecError> {
        ConnectionSpec::from_vars("mail1", vars.as_object().unwrap(), &ConnectionOptions::default())
    }

    fn ssh(vars: &Value) -> SshSpec {
        match read(vars).unwrap().method {
            Method::Ssh(spec) => spec,
            Method::Local => panic!("{vars} must be reached by ssh"),
        }
    }

    #[test]
    fn a_host_without_variables_is_left_to_the_ssh_configuration() {
        let spec = ssh(&json!({}));
        assert_eq!(spec.host, "mail1");
        assert_eq!((spec.port, spec.user, spec.private_key, spec.password), (None, None, None, None));
        assert!(spec.args.is_empty() && !spec.accept_new_host_keys);
    }

    #[test]
    fn variables_go_where_they_belong() {
        let home = std::env::home_dir().unwrap();
        let spec = ssh(&json!({
            "ansible_host": "192.0.2.1", "ansible_port": "2222", "ansible_user": "ops",
            "ansible_ssh_private_key_file": "~/.ssh/mail",
            "ansible_ssh_common_args": "-o ProxyCommand='ssh -W %h:%p jump'",
            "ansible_ssh_extra_args": "-4",
            "ansible_ssh_pass": "geheim",
        }));
        assert_eq!((spec.host.as_str(), spec.port, spec.user.as_deref()), ("192.0.2.1", Some(2222), Some("ops")));
        assert_eq!(spec.private_key, Some(home.join(".ssh/mail")));
        assert_eq!(spec.args, ["-o", "ProxyCommand=ssh -W %h:%p jump", "-4"]);
        assert_eq!(spec.password, Some(Secret::new("geheim")));
        assert!(!format!("{spec:?}").contains("geheim"));
    }

    #[test]
    fn become_takes_the_spellings_of_ansible() {
        for (value, expected) in [
            (json!(true), true),
            (json!("yes"), true),
            (json!("True"), true),
            (json!(1), true),
            (json!(false), false),
            (json!("no"), false),
            (json!(null), false),
        ] {
            assert_eq!(read(&json!({ "ansible_become": value })).unwrap().become_root, expected, "{value}");
        }
        for name in ["ansible_become_password", "ansible_become_pass", "ansible_sudo_pass"] {
            assert_eq!(read(&json!({ name: "p" })).unwrap().become_password, Some(Secret::new("p")), "{name}");
        }
    }

    #[test]
    fn variables_win_over_the_command_line() {
        let options = ConnectionOptions {
            user: Some("cli".to_owned()),
            become_root: true,
            become_password: Some(Secret::new("asked")),
            ..ConnectionOptions::default()
        };
        let read = |vars: Value| ConnectionSpec::from_vars("h", vars.as_object().unwrap(), &options).unwrap();
        let by_command_line = read(json!({}));
        assert!(by_command_line.become_root);
        assert_eq!(by_command_line.become_password, Some(Secret::new("asked")));
        let by_variables = read(json!({ "ansible_become": false, "ansible_user": "var" }));
        assert!(!by_variables.become_root);
        assert!(matches!(by_variables.method, Method::Ssh(SshSpec { user: Some(user), .. }) if user == "var"));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (vars, expected) in [
            (json!({ "ansible_port": 0 }), "ansible_port of mail1: \"0\" is no TCP port (1 to 65535)"),
            (json!({ "ansible_port": "http" }), "ansible_port of mail1: \"http\" is no TCP port (1 to 65535)"),
            (
                json!({ "ansible_connection": "winrm" }),
                "ansible_connection of mail1: \"winrm\" is neither ssh nor local",
            ),
            (json!({ "ansible_become": "perhaps" }), "ansible_become of mail1: must be true or false"),
            (
                json!({ "ansible_become_method": "su" }),
                "ansible_become_method of mail1: \"su\" is not supported, only sudo is",
            ),
            (
                json!({ "ansible_become_user": "postfix" }),
                "ansible_become_user of mail1: \"postfix\" is not supported, only root is",
            ),
            (
                json!({ "ansible_ssh_common_args": "-o 'X" }),
                "ansible_ssh_common_args of mail1: has a quote that is not closed",
            ),
            (json!({ "ansible_host": ["a"] }), "ansible_host of mail1: must be text"),
            (json!({ "ansible_host": "a\nb" }), "ansible_host of mail1: must be one line"),
        ] {
            assert_eq!(read(&vars).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn local_hosts_need_no_ssh() {
        assert_eq!(read(&json!({ "ansible_connection": "local" })).unwrap().method, Method::Local);
        let options = ConnectionOptions { local: true, ..ConnectionOptions::default() };
        assert_eq!(ConnectionSpec::from_vars("h", &Map::new(), &options).unwrap().method, Method::Local);
    }
}
