//! The start of a master; ssh is a stand-in. Real ones are in the lab.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use super::*;

/// A stand-in for ssh that says and does this.
struct World {
    folder: tempfile::TempDir,
}

impl World {
    fn new(body: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ssh");
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    fn spec(&self) -> SshSpec {
        SshSpec {
            program: self.folder.path().join("ssh").display().to_string(),
            host: "mail1".to_owned(),
            port: None,
            user: None,
            private_key: None,
            args: Vec::new(),
            accept_new_host_keys: false,
            connect_timeout: Duration::from_secs(7),
            password: None,
        }
    }
}

async fn error(spec: &SshSpec) -> ConnectError {
    match SshConnection::connect(spec).await {
        Ok(_) => panic!("the stand-in does not connect"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn failures_are_read_from_stderr_and_log() {
    for body in ["echo 'Host key verification failed.' >&2", "echo 'Host key verification failed.' >\"$5\""] {
        let world = World::new(&format!("{body}\nexit 255"));
        assert_eq!(error(&world.spec()).await, ConnectError::HostKeyUnknown, "{body}");
    }
    let world = World::new("echo what >&2; exit 254");
    assert_eq!(error(&world.spec()).await.to_string(), "ssh ended with status 254: what");
    let missing = SshSpec { program: "/nonexistent/ssh".to_owned(), ..world.spec() };
    assert!(matches!(error(&missing).await, ConnectError::NoSsh { .. }));
}

#[tokio::test]
async fn a_login_is_over_when_the_first_process_ends_well() {
    let world = World::new("exit 0");
    let connection = SshConnection::connect(&world.spec()).await.unwrap();
    let folder = connection.folder.path.path().to_owned();
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o7777, 0o700);
    let Err(error) = connection.run("true").await else { panic!("there is no master") };
    assert!(matches!(error, ConnectError::NoSession { .. }), "{error}");
    assert!(!folder.exists(), "nothing is left over");
}

#[tokio::test]
async fn passwords_come_through_the_helper_and_nothing_else_does() {
    // In place of an error of ssh: where the password shows, and what the helper answers.
    let world = World::new(
        r#"
        echo "seen: $( (env; echo "$@") | grep -c 'ge heim')" >&2
        for question in "ops@mail1's password: " '(ops@mail1) Password: ' 'Continue (yes/no)? ' 'Enter passphrase: '; do
          answer=$("$SSH_ASKPASS" "$question") && printf 'answer: %s\n' "$answer" >&2 || echo refused >&2
        done
        exit 255"#,
    );
    let spec = SshSpec { password: Some(Secret::new(r"ge heim\n")), ..world.spec() };
    let words = error(&spec).await.to_string();
    let answers = r"answer: ge heim\n; answer: ge heim\n; refused; refused";
    assert_eq!(words, format!("ssh ended with status 255: seen: 0; {answers}"));
}

#[test]
fn arguments_come_in_the_order_in_which_they_win() {
    let folder = Folder::new(None).unwrap();
    let spec = SshSpec {
        port: Some(2222),
        user: Some("ops".to_owned()),
        private_key: Some(PathBuf::from("/home/me/k")),
        args: vec!["-o".to_owned(), "ConnectTimeout=99".to_owned()],
        accept_new_host_keys: true,
        ..World::new("").spec()
    };
    let args: Vec<String> = arguments(&spec, &folder).iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let at =
        |text: &str| args.iter().position(|arg| arg.starts_with(text)).unwrap_or_else(|| panic!("{text} in {args:?}"));
    assert!(at("ControlPath=") < at("ConnectTimeout=99"), "the user cannot take our socket away");
    assert!(at("ConnectTimeout=99") < at("ConnectTimeout=7"), "the user's timeout wins over ours");
    assert!(
        args.contains(&"BatchMode=yes".to_owned()) && args.contains(&"StrictHostKeyChecking=accept-new".to_owned())
    );
    assert_eq!(args[args.len() - 6..], ["-i", "/home/me/k", "-l", "ops", "--", "mail1"]);
    assert!(args.contains(&"Port=2222".to_owned()));
}
