//! The script and the talk about it, run for real through sh on this machine; agent and sudo are stand-ins.

#![expect(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "a test that plays the host")]

mod seal;

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::*;
use crate::protocol::Reply;
use crate::protocol::frame::write_frame;

const NONCE: &str = "0123456789abcdef";

/// A host with its folders, and an agent for it.
struct World {
    home: tempfile::TempDir,
    binaries: Binaries,
    digest: String,
    folders: Vec<String>,
    mode: Mode,
    become_root: bool,
    password: Option<Secret>,
    /// Commands that the login shell runs first.
    login: String,
    /// Commands that run as root in a mount namespace of the session's own.
    mounts: Option<String>,
    shell: &'static str,
    /// What /bin/sh is on the host.
    posix_shell: &'static str,
}

impl World {
    fn new() -> Self {
        Self::with_agent(b"")
    }

    /// An agent that has these bytes at its end.
    fn with_agent(ballast: &[u8]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut hello = Vec::new();
        let reply = Reply::Hello { protocol: PROTOCOL_VERSION, version: "test".to_owned(), uid: 0 };
        write_frame(&mut hello, &reply, MAX_TO_CONTROLLER).unwrap();
        fs::write(home.path().join("hello"), hello).unwrap();
        let hello = home.path().join("hello");
        let agent = format!(
            "#!/bin/sh\n[ \"$1\" = --version ] && exit\n[ \"$1\" = agent ] || exit 3\n\
             echo \"$0\" >&2\necho MAILPROV-READY $2\ncat {}\ncat >/dev/null\nexit\n",
            hello.display()
        );
        let path = home.path().join("agent");
        fs::write(&path, [agent.as_bytes(), ballast].concat()).unwrap();
        let binary = AgentBinary::from_file(&path).unwrap();
        let uname = rustix::system::uname();
        let platform = format!("{} {}", uname.sysname().to_str().unwrap(), uname.machine().to_str().unwrap());
        let digest = binary.digest.clone();
        let mut world = Self {
            binaries: Binaries::holding(&platform, binary),
            digest,
            folders: Vec::new(),
            mode: Mode::Apply,
            become_root: false,
            password: None,
            login: String::new(),
            mounts: None,
            shell: "sh",
            posix_shell: "/bin/sh",
            home,
        };
        world.folders = vec![world.folder("a"), world.folder("b")];
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A folder for agents below a system folder of this name.
    fn folder(&self, name: &str) -> String {
        let system = self.path(name);
        fs::create_dir_all(&system).unwrap();
        format!("{}/mailprov/bin", system.display())
    }

    fn agent_in(&self, folder: usize) -> PathBuf {
        Path::new(&self.folders[folder]).join(format!("agent-{}", self.digest))
    }

    /// Puts a file where a cached agent would be.
    fn cache(&self, folder: usize, name: &str, content: &[u8]) -> PathBuf {
        let folder = Path::new(&self.folders[folder]);
        fs::create_dir_all(folder).unwrap();
        for made in [folder, folder.parent().unwrap()] {
            fs::set_permissions(made, fs::Permissions::from_mode(0o700)).unwrap();
        }
        let path = folder.join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path
    }

    fn cache_agent(&self, folder: usize) -> PathBuf {
        self.cache(folder, &format!("agent-{}", self.digest), &fs::read(self.path("agent")).unwrap())
    }

    /// A program that the login shell finds first.
    fn program(&self, name: &str, body: &str) {
        let folder = self.path("path");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    async fn start(&self) -> Result<Agent, BootstrapError> {
        let bootstrap = Bootstrap {
            nonce: NONCE,
            binaries: &self.binaries,
            become_root: self.become_root,
            password: self.password.as_ref(),
            patience: Duration::from_secs(20),
        };
        let uid = if self.mounts.is_some() { 0 } else { rustix::process::geteuid().as_raw() };
        let start = bootstrap.prepare(&Remote { mode: self.mode, folders: &self.folders, uid }).await?;
        let command = start.command.replace("/bin/sh", self.posix_shell);
        let command = format!("{}{command}", self.login);
        let mut session = match &self.mounts {
            None => Command::new(self.shell),
            Some(mounts) => {
                let mut unshare = Command::new("unshare");
                if !rustix::process::geteuid().is_root() {
                    unshare.arg("--map-root-user");
                }
                unshare.args(["--mount", "sh", "-c", &format!("{mounts}\nexec \"$@\""), "sh", self.shell]);
                unshare
            }
        };
        session.args(["-c", &command]).kill_on_drop(true);
        session.env("PATH", format!("{}:/usr/bin:/bin", self.path("path").display()));
        let mut child = session.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let streams = Streams {
            stdin: Box::new(child.stdin.take().unwrap()),
            stdout: Box::new(child.stdout.take().unwrap()),
            stderr: Box::new(child.stderr.take().unwrap()),
            process: Process::Local(Box::new(child)),
        };
        bootstrap.talk(streams, Some(start.script)).await
    }

    /// The agent that ran, and whether it was sent.
    async fn started(&self) -> (PathBuf, bool) {
        let mut agent = self.start().await.unwrap_or_else(|error| panic!("{error}: {:?}", error.to_failure()));
        agent.stop_requests().await;
        let uploaded = agent.uploaded;
        let Err(lost) = agent.next().await else { panic!("the stand-in sends one frame only") };
        (PathBuf::from(lost.stderr.lines().last().unwrap()), uploaded)
    }

    async fn refused(&self) -> Vec<String> {
        match self.start().await {
            Err(BootstrapError::NoPlace { reasons }) => reasons,
            Err(error) => panic!("{:?}", error.to_failure()),
            Ok(_) => panic!("no agent should run"),
        }
    }
}

#[tokio::test]
async fn a_bare_host_gets_the_agent_once() {
    for posix_shell in ["/bin/sh", "/bin/bash --posix"] {
        let mut world = World::new();
        world.posix_shell = posix_shell;
        assert_eq!(world.started().await, (world.agent_in(0), true), "{posix_shell}");
        assert_eq!(world.started().await, (world.agent_in(0), false), "{posix_shell}");
        for path in [&world.agent_in(0), Path::new(&world.folders[0])] {
            assert_eq!(fs::metadata(path).unwrap().mode() & 0o7777, 0o700, "{}", path.display());
        }
        let seal = world.agent_in(0).with_extension("seal");
        assert_eq!(fs::read_dir(&world.folders[0]).unwrap().count(), 2, "{} alone is beside it", seal.display());
        assert!(seal.exists());
        assert!(!Path::new(&world.folders[1]).exists());
    }
}

#[tokio::test]
async fn a_cached_agent_is_found_wherever_it_is() {
    let mut world = World::new();
    world.mode = Mode::Check;
    let path = world.cache_agent(1);
    assert_eq!(world.started().await, (path.clone(), false));
    assert!(!Path::new(&world.folders[0]).exists(), "nothing is written");
    world.mode = Mode::Apply;
    assert_eq!(world.started().await, (world.agent_in(0), false), "it is kept where it stays");
    fs::remove_dir_all(&world.folders[0]).unwrap();
    symlink("/tmp", &world.folders[0]).unwrap();
    assert_eq!(world.started().await, (path, false), "no place to keep it is no reason to send it");
}

#[tokio::test]
async fn a_cached_agent_with_another_digest_never_runs() {
    let world = World::new();
    let marker = world.path("it-ran");
    let evil = format!("#!/bin/sh\ntouch {}\n", marker.display());
    let path = world.cache(0, &format!("agent-{}", world.digest), evil.as_bytes());
    assert_eq!(world.started().await, (path, true));
    assert!(!marker.exists());
}

#[tokio::test]
async fn what_others_could_write_to_is_not_trusted() {
    for spoil in ["the folder is a link", "the folder is open", "its parent is open", "the agent is a link"] {
        let world = World::new();
        let agent = world.cache_agent(0);
        let folder = PathBuf::from(&world.folders[0]);
        let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
        match spoil {
            "the folder is a link" => {
                let elsewhere = world.path("elsewhere");
                fs::rename(&folder, &elsewhere).unwrap();
                symlink(elsewhere, &folder).unwrap();
            }
            "the folder is open" => open(&folder),
            "its parent is open" => open(folder.parent().unwrap()),
            _ => {
                fs::rename(&agent, folder.join("real")).unwrap();
                symlink(folder.join("real"), &agent).unwrap();
            }
        }
        let (used, uploaded) = world.started().await;
        assert!(uploaded, "{spoil}");
        if spoil == "the agent is a link" {
            assert_eq!(used, agent);
            assert!(fs::symlink_metadata(&agent).unwrap().is_file(), "the link is replaced, not followed");
        } else {
            assert_eq!(used, world.agent_in(1), "{spoil}");
        }
    }
}

#[tokio::test]
async fn every_folder_says_why_it_will_not_do() {
    let mut world = World::new();
    world.folders.push("/nonexistent/mailprov/bin".to_owned());
    for folder in [0, 1] {
        let folder = Path::new(&world.folders[folder]);
        fs::create_dir_all(folder.parent().unwrap()).unwrap();
        symlink(world.path("a"), folder).unwrap();
    }
    let reasons = world.refused().await;
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(reasons[0].contains("/a/mailprov/bin is not a folder of ours alone (lrwxrwxrwx"), "{reasons:?}");
    assert!(reasons[2].starts_with("/nonexistent/mailprov/bin: "), "{reasons:?}");
    assert!(reasons[2].ends_with("No such file or directory"), "{reasons:?}");
}

#[tokio::test]
async fn check_mode_writes_to_no_disk() {
    let mut world = World::new();
    world.mode = Mode::Check;
    world.mounts = Some(format!("mount -t tmpfs none {}", world.path("b").display()));
    if cannot_mount().await {
        return;
    }
    assert_eq!(world.started().await, (world.agent_in(1), true));
    assert_eq!(fs::read_dir(world.path("a")).unwrap().count(), 0);
    world.mounts = None;
    let on_disk = world.cache_agent(0);
    assert_eq!(world.started().await, (on_disk, false), "what is cached may be used");
}

#[tokio::test]
async fn full_and_noexec_filesystems_are_passed_over() {
    if cannot_mount().await {
        return;
    }
    let mut world = World::new();
    for (options, reason) in [("noexec", "Permission denied"), ("size=64k", "64 KiB free, 1024 KiB needed")] {
        let mount = format!("mount -t tmpfs -o {options} none {}", world.path("a").display());
        world.mounts = Some(mount.clone());
        assert_eq!(world.started().await.0, world.agent_in(1), "{options}");
        fs::remove_dir_all(world.path("b/mailprov")).unwrap();
        world.mounts = Some(format!("{mount}; mount -t tmpfs -o {options} none {}", world.path("b").display()));
        let reasons = world.refused().await;
        assert!(reasons.len() == 2 && reasons.iter().all(|text| text.contains(reason)), "{reasons:?}");
    }
}

#[tokio::test]
async fn a_host_that_does_not_tell_whose_its_folders_are_is_not_trusted() {
    if cannot_mount().await {
        return;
    }
    let mut world = World::new();
    for says in ["", "echo drwxr-xr-x 0 /"] {
        world.program("stat", says);
        let stat = world.path("path/stat");
        world.mounts = Some(format!("mount --bind {} /usr/bin/stat", stat.display()));
        let reasons = world.refused().await;
        assert!(reasons.iter().all(|reason| reason.contains("stat does not tell whose ")), "{says}: {reasons:?}");
        assert_eq!(reasons.len(), 2, "{reasons:?}");
    }
}

#[tokio::test]
async fn a_disk_that_fills_up_during_the_transfer_is_passed_over() {
    if cannot_mount().await {
        return;
    }
    // Not compressible, and more than any pipe holds.
    let noise: Vec<u8> = (0..200_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let mut world = World::with_agent(&noise);
    let folder = &world.folders[0];
    // df, as the host sees it, is too optimistic.
    world.mounts = Some(format!(
        "mount -t tmpfs -o size=256k none {}\nmount -t tmpfs none /usr/local\nmkdir /usr/local/x\n\
         printf '#!/bin/sh\\necho 99999999\\n' >/usr/local/x/df\nchmod 755 /usr/local/x/df\n\
         mount --bind /usr/local/x/df /usr/bin/df",
        world.path("a").display()
    ));
    assert_eq!(world.started().await, (world.agent_in(1), true), "{folder} is full");
}

#[tokio::test]
async fn old_agents_make_room_and_strangers_stay() {
    let world = World::new();
    let old: Vec<PathBuf> =
        ["1", "2", "3"].map(|digit| world.cache(0, &format!("agent-{}", digit.repeat(64)), b"")).to_vec();
    let stranger = world.cache(0, "agent-notes.txt", b"");
    for (path, day) in old.iter().zip(1..) {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(day * 86_400)).unwrap();
    }
    world.started().await;
    assert_eq!(old.iter().map(|path| path.exists()).collect::<Vec<_>>(), [false, false, true]);
    assert!(stranger.exists());
}

#[tokio::test]
async fn login_noise_is_skipped() {
    let mut world = World::new();
    world.login = "echo Welcome; printf 'no newline'; ".to_owned();
    world.started().await;
    world.login = "yes; ".to_owned();
    assert!(matches!(world.start().await, Err(BootstrapError::Noise { .. })));
    world.login = "echo This account is currently not available.; exit 1; ".to_owned();
    let Err(BootstrapError::Ended { status, printed, .. }) = world.start().await else { panic!() };
    assert_eq!((status, printed.trim()), (Some(1), "This account is currently not available."));
}

#[tokio::test]
async fn every_login_shell_will_do() {
    for shell in ["sh", "bash", "dash", "zsh", "tcsh", "fish"] {
        if !["/bin", "/usr/bin"].iter().any(|folder| Path::new(folder).join(shell).exists()) {
            continue;
        }
        for password in [None, Some(Secret::new("p"))] {
            let mut world = World::new();
            world.shell = shell;
            world.become_root = true;
            world.password = password;
            world.program("id", "echo 1000");
            world.program("sudo", "while [ \"$1\" != -- ]; do shift; done\nshift\nexec \"$@\"");
            assert_eq!(world.started().await, (world.agent_in(0), true), "{shell}");
        }
    }
}

/// A sudo that wants the password `right`, as sudo -S does it.
const SUDO: &str = r#"
prompt=
while [ "$1" != -- ]; do
  case $1 in
    -n) echo "sudo: a password is required" >&2; exit 1 ;;
    -p) prompt=$2; shift ;;
  esac
  shift
done
shift
echo "We trust you have received the usual lecture." >&2
for try in 1 2 3; do
  printf '%s' "$prompt" >&2
  IFS= read -r answer || { echo "sudo: no password was provided" >&2; exit 1; }
  [ "$answer" = right ] && exec "$@"
  echo "Sorry, try again." >&2
done
echo "sudo: 3 incorrect password attempts" >&2
exit 1"#;

#[tokio::test]
async fn sudo_gets_its_password_and_failures_are_told_apart() {
    let mut world = World::new();
    world.become_root = true;
    world.program("id", "echo 1000");
    world.program("sudo", SUDO);
    world.password = Some(Secret::new("right"));
    assert_eq!(world.started().await.0, world.agent_in(0));

    for (password, sudo, expected) in [
        (Some("wrong"), SUDO, SudoError::WrongPassword),
        (None, SUDO, SudoError::PasswordNeeded),
        (None, "echo 'ops is not in the sudoers file.' >&2; exit 1", SudoError::NotAllowed),
        (Some("right"), "echo 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1", SudoError::RequiresTty),
        (None, "echo 'sh: 1: exec: sudo: not found' >&2; exit 127", SudoError::Missing),
    ] {
        world.password = password.map(Secret::new);
        world.program("sudo", sudo);
        match world.start().await {
            Err(BootstrapError::Sudo(error)) => assert_eq!(error, expected),
            Err(error) => panic!("{expected:?}: {error} {:?}", error.to_failure()),
            Ok(_) => panic!("{expected:?} expected"),
        }
    }
}

#[tokio::test]
async fn root_needs_no_sudo() {
    let mut world = World::new();
    world.become_root = true;
    world.password = Some(Secret::new("right"));
    world.program("id", "echo 0");
    world.program("sudo", "exit 9");
    world.started().await;
}

#[tokio::test]
async fn another_platform_asks_for_its_own_agent() {
    let mut world = World::new();
    let binary = AgentBinary::from_file(&world.path("agent")).unwrap();
    world.binaries = Binaries::holding("Linux m68k", binary);
    let Err(BootstrapError::Binary(error)) = world.start().await else { panic!("there is no such agent") };
    assert!(error.to_string().starts_with("no agent for Linux "), "{error}");
}

/// Where namespaces may not be made there is nothing to test with.
async fn cannot_mount() -> bool {
    let mut unshare = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        unshare.arg("--map-root-user");
    }
    let mounted = unshare.args(["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]).output().await;
    let cannot = !mounted.is_ok_and(|output| output.status.success());
    if cannot {
        // Directly: what a test that passes prints is kept from whoever runs it.
        std::io::stderr().write_all(b"skipped: nothing can be mounted here\n").unwrap();
    }
    cannot
}

#[test]
fn what_was_printed_is_shortened_only_where_it_is_long() {
    let long = "x".repeat(SHOWN + 1);
    for (printed, expected) in [
        ("", None),
        ("Welcome\r\n\n", Some("it printed: Welcome".to_owned())),
        ("a\nb\nc\n", Some("it printed: a\nb\nc".to_owned())),
        ("a\nb\nc\nd", Some("it printed: a\nb\nc\n...".to_owned())),
        (&long, Some(format!("it printed: {}\n...", "x".repeat(SHOWN)))),
    ] {
        assert_eq!(beginning(printed), expected, "{printed}");
    }
}
