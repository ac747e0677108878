//! Ways in which a host cannot be reached, met at a real sshd and a real sudo: each has its own message.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use regex::Regex;

use crate::support::{address, lab, mailprov_with, on, one_host, reset};

/// Users of the host, beside those of the lab. All log in with the lab's key.
const USERS: &str = "
for user in guest limited typist mute loud chatty; do
  useradd -m -s /bin/bash $user
  install -d -m 700 -o $user /home/$user/.ssh
  install -m 600 -o $user /home/ops/.ssh/authorized_keys /home/$user/.ssh/authorized_keys
done
echo guest:guest-password | chpasswd; echo limited:limited-password | chpasswd
usermod -s /usr/sbin/nologin mute
echo 'yes it is the login shell that says so' >/home/loud/.bashrc
echo 'echo Welcome to the host; echo authorized users only >&2' >/home/chatty/.bashrc
cat >/etc/sudoers.d/reach <<END
limited ALL=(root) /bin/true
Defaults:typist requiretty
typist, loud, chatty ALL=(ALL) NOPASSWD: ALL
END
nft add table inet reach
nft 'add chain inet reach in { type filter hook input priority -300; }'
nft add rule inet reach in tcp dport 2299 drop
printf 'Port 22\\nPort 2298\\nMatch LocalPort 2298\\n  MaxSessions 0\\n' >/etc/ssh/sshd_config.d/reach.conf
firewall-cmd -q --add-port=2298/tcp
systemctl restart sshd
";

/// Where the agent could live; each is made a file system of its own.
const FOLDERS: &str = "/var/lib/mailprov /run/mailprov /usr/local/libexec/mailprov";

/// What is wrong, the variables that make it so, and what is typed when asked for sudo's password.
type Case<'a> = (&'a str, Vec<(&'a str, String)>, Option<&'a str>);

/// The most that a case may take, on a busy machine, with 3 s to connect.
const PATIENCE: Duration = Duration::from_secs(20);

struct Way {
    folder: tempfile::TempDir,
    address: String,
    key: String,
    known: String,
}

impl Way {
    /// What the program says of a host with these variables.
    fn said(&self, command: &str, case: &Case<'_>) -> String {
        let (what, variables, password) = case;
        let mut all = vec![
            ("ansible_host", self.address.clone()),
            ("ansible_user", "root".to_owned()),
            ("ansible_ssh_private_key_file", self.key.clone()),
            ("ansible_ssh_common_args", options(&self.known)),
        ];
        for (name, value) in variables {
            all.retain(|(known, _)| known != name);
            all.push((name, value.clone()));
        }
        let vars: serde_json::Map<_, serde_json::Value> =
            all.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let place = self.folder.path().join(what.replace(' ', "-"));
        fs::create_dir_all(&place).expect("a folder");
        let file = |name: &str, text: &str| {
            let path = place.join(name);
            fs::write(&path, text).expect("a file");
            path.display().to_string()
        };
        let inventory = file("hosts.json", &serde_json::json!({"all": {"hosts": {"mail": vars}}}).to_string());
        let playbook = file("play.yaml", "- hosts: all\n  gather_facts: no\n  become: yes\n  tasks:\n    - ping:\n");
        let mut words = vec![command, "-i", &inventory, "--playbook", &playbook, "--timeout", "3"];
        words.extend(password.map(|_| "-K"));
        let began = Instant::now();
        let ran = mailprov_with(&words, &password.map(|typed| format!("{typed}\n")).unwrap_or_default());
        let (took, text) = (began.elapsed(), format!("{}{}", ran.stdout, ran.stderr));
        assert!(took < PATIENCE, "{what}: {} s\n{text}", took.as_secs());
        let text = text.replace(&place.display().to_string(), "[DIR]");
        let mut text =
            text.replace(&self.folder.path().display().to_string(), "[DIR]").replace(&self.address, "[HOST]");
        for (chance, name) in [
            (r"127\.0\.0\.1 port \d+", "127.0.0.1 port [PORT]"),
            (r"\d+ KiB needed", "[SIZE] KiB needed"),
            (r"\.new\.\w+", ".new.[NAME]"),
            (r"/bin/sh: \d+: ", "/bin/sh: [LINE]: "),
            (r"looked for [^)]+", "looked for [FILES]"),
        ] {
            text = Regex::new(chance).expect("a regular expression").replace_all(&text, name).into_owned();
        }
        format!("===== {what}\n{}\n----- exit code {}\n\n", text.trim_end(), ran.status)
    }
}

fn options(known: &str) -> String {
    format!(
        "-F none -o UserKnownHostsFile={known} -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes -o IdentityAgent=none"
    )
}

fn key(path: &Path) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).status();
    assert!(made.expect("ssh-keygen starts").success());
}

#[expect(clippy::print_stderr, reason = "the number is for whoever reads the log")]
#[test]
fn each_way_in_which_a_host_cannot_be_reached_has_its_own_message() {
    let host = one_host();
    reset(&[&host]);
    on(&host, USERS);
    let state = lab(&["dir"]).succeeded().stdout.trim().to_owned();
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    key(&folder.path().join("other"));
    fs::write(path("nobody"), "").expect("a file");
    let other = fs::read_to_string(path("other.pub")).expect("a key");
    let address = address(&host);
    fs::write(path("changed"), format!("{address} {other}")).expect("a file");
    // Listens no more: nobody else gets the port so soon.
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let set = |name: &'static str, value: &str| (name, value.to_owned());
    let user = |name: &str| vec![set("ansible_user", name)];
    let known = |name: &str| vec![("ansible_ssh_common_args", options(&path(name)))];
    let cases: Vec<Case<'_>> = vec![
        ("a name that is not found", vec![set("ansible_host", "nowhere.invalid")], None),
        ("a port that is closed", vec![set("ansible_host", "127.0.0.1"), ("ansible_port", closed.to_string())], None),
        ("a firewall that rejects", vec![set("ansible_port", "2297")], None),
        ("no answer", vec![set("ansible_port", "2299")], None),
        ("a host key that is not known", known("nobody"), None),
        ("a host key that has changed", known("changed"), None),
        ("a key that the host does not accept", vec![("ansible_ssh_private_key_file", path("other"))], None),
        ("a key that is not there", vec![("ansible_ssh_private_key_file", path("nokey"))], None),
        ("a server that opens no session", vec![set("ansible_port", "2298")], None),
        ("sudo wants a password", user("ops"), None),
        ("sudo gets a wrong password", user("ops"), Some("not the one")),
        ("sudo does not know the user", user("guest"), Some("guest-password")),
        ("sudo does not know the user and gets no password", user("guest"), None),
        ("sudo allows the user something else", user("limited"), Some("limited-password")),
        ("sudo wants a terminal", user("typist"), None),
        ("a login shell that ends at once", user("mute"), None),
        ("a login shell that prints without end", user("loud"), None),
        ("a login shell that prints something is no failure", user("chatty"), None),
    ];
    let way = Way { key: format!("{state}/id_ed25519"), known: format!("{state}/known_hosts"), folder, address };
    let way = &way;
    let mut said = thread::scope(|scope| {
        let running: Vec<_> = cases.iter().map(|case| scope.spawn(move || way.said("check", case))).collect();
        running.into_iter().map(|thread| thread.join().expect("it ends")).collect::<String>()
    });
    // What the host as a whole is like, one after the other.
    let mount = |options: &str| {
        format!("for folder in {FOLDERS}; do mkdir -p -m 700 $folder; mount -t tmpfs -o {options} none $folder; done")
    };
    let unmount = format!("for folder in {FOLDERS}; do umount $folder; done");
    let stub = |what: &str| format!("printf '#!/bin/sh\\necho {what}\\n' >/usr/sbin/uname; chmod +x /usr/sbin/uname");
    for (what, before, after) in [
        ("no room", mount("size=64k,mode=700"), unmount.clone()),
        ("nowhere can programs be run", mount("noexec,mode=700"), unmount),
        ("a processor that no agent is for", stub("Linux riscv64"), "rm /usr/sbin/uname".to_owned()),
        ("/tmp is noexec is no failure", "mount -t tmpfs -o noexec none /tmp".to_owned(), "umount /tmp".to_owned()),
    ] {
        on(&host, &before);
        said += &way.said("up", &(what, Vec::new(), None));
        on(&host, &after);
    }
    on(&host, "nft delete table inet reach");
    insta::assert_snapshot!(said);
    eprintln!(
        "ways in which a host is not reached, each with its own message: {}",
        said.matches("exit code 5").count()
    );
}

/// What every process of this machine shows of itself to others (and, of the environment, to root), until told to stop:
/// whether ssh was among them, and those that show the text.
fn watch(text: &str, stop: &AtomicBool) -> (bool, Vec<String>) {
    let (mut ssh, mut showing) = (false, Vec::new());
    while !stop.load(Ordering::Relaxed) {
        for process in fs::read_dir("/proc").expect("processes").flatten() {
            for file in ["cmdline", "environ"] {
                // A process that has ended meanwhile shows nothing.
                let shown = fs::read(process.path().join(file)).unwrap_or_default();
                let shown = String::from_utf8_lossy(&shown).replace('\0', " ");
                ssh |= shown.starts_with("ssh -M ");
                if shown.contains(text) {
                    showing.push(shown);
                }
            }
        }
    }
    (ssh, showing)
}

#[test]
fn a_password_logs_in_and_is_shown_by_no_process() {
    let host = one_host();
    let password = "pass'word of \"keyless\" $7";
    let user = "useradd -m keyless; echo 'keyless ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/keyless";
    let sshd = "cd /etc/ssh; cp -p sshd_config kept; printf 'Match User keyless\\n  PasswordAuthentication yes\\n' >>sshd_config";
    on(&host, &format!("{user}; {sshd}; systemctl restart sshd; chpasswd <<'END'\nkeyless:{password}\nEND"));
    let state = lab(&["dir"]).succeeded().stdout.trim().to_owned();
    let folder = tempfile::tempdir().expect("a folder");
    let vars = serde_json::json!({
        "ansible_host": address(&host), "ansible_user": "keyless", "ansible_become": true,
        "ansible_ssh_common_args": options(&format!("{state}/known_hosts")),
    });
    let inventory = folder.path().join("hosts.json");
    let text = serde_json::json!({"all": {"hosts": {"mail": vars}}}).to_string();
    fs::write(&inventory, text).expect("a file");
    let status = |typed: &str| mailprov_with(&["status", "-k", "-i", &inventory.display().to_string()], typed);
    let stop = AtomicBool::new(false);
    let (right, (ssh, showing)) = thread::scope(|scope| {
        let watching = scope.spawn(|| watch(password, &stop));
        let right = status(&format!("{password}\n"));
        stop.store(true, Ordering::Relaxed);
        (right, watching.join().expect("it ends"))
    });
    right.succeeded();
    assert!(ssh, "ssh was seen, so that the password would have been");
    assert_eq!(showing, Vec::<String>::new());
    let wrong = status("something else\n").with_status(5);
    let said = format!("{}{}", wrong.stdout, wrong.stderr);
    assert!(said.contains("the password was not accepted") && !said.contains("something else"), "{said}");
    on(
        &host,
        "mv /etc/ssh/kept /etc/ssh/sshd_config; systemctl restart sshd; rm /etc/sudoers.d/keyless; userdel keyless; rm -r /home/keyless",
    );
}
