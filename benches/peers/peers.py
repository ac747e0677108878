"""How each tool is asked to do the job."""

import json
import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
JOB = HERE / "job"
DOMAIN = "mydomain.local"
ACTIONS = ("up", "check")


class Peer:
    """One tool, set up for some hosts."""

    def __init__(self, lab, tools, folder, hosts, slow):
        self.lab, self.tools, self.folder, self.hosts = Path(lab), Path(tools), Path(folder), hosts
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ssh_config = self.folder / "ssh_config"
        proxy = f"  ProxyCommand {HERE.parent / 'slow-link'} {slow} %h %p\n" if slow else ""
        # The first value that is found counts.
        self.ssh_config.write_text(f"Host *\n  User root\n{proxy}" + (self.lab / "ssh_config").read_text())
        self.prepare()

    def prepare(self):
        """Writes the tool's own files into the folder."""

    def commands(self, action, limit):
        """What measure.run takes."""
        return [(self.command(action, limit), None)]

    def env(self):
        return dict(os.environ, HOME=str(self.folder), PATH=f"{self.tools}:{os.environ['PATH']}")

    def inventory(self, extra=""):
        lines = "".join(f"    {host}: {{}}\n" for host in self.hosts)
        path = self.folder / "inventory.yaml"
        path.write_text(f"all:\n  vars:\n    ansible_user: root\n{extra}  hosts:\n{lines}")
        return path


class Ansible(Peer):
    name = "ansible"
    strategy = ""

    def prepare(self):
        extra = "    ansible_python_interpreter: /usr/libexec/platform-python\n"
        self.inventory(extra)
        (self.folder / "ansible.cfg").write_text(
            f"""[defaults]
inventory = inventory.yaml
forks = {len(self.hosts)}
gathering = explicit
retry_files_enabled = false
localhost_warning = false
{self.strategy}
[ssh_connection]
pipelining = true
ssh_args = -F {self.ssh_config} -o ControlMaster=auto -o ControlPersist=60s
control_path_dir = {self.folder}/cp
"""
        )

    def command(self, action, limit):
        words = [str(self.tools / "ansible-playbook"), str(JOB / "site.yaml"), "-e", f"message_size_limit={limit}"]
        return words + (["--check", "--diff"] if action == "check" else [])


class Mitogen(Ansible):
    name = "mitogen"

    def prepare(self):
        found = next(self.tools.parent.glob("lib/python*/site-packages/ansible_mitogen/plugins/strategy"))
        self.strategy = f"strategy_plugins = {found}\nstrategy = mitogen_linear\n"
        super().prepare()


class Pyinfra(Peer):
    name = "pyinfra"

    def prepare(self):
        hosts = json.dumps(self.hosts)
        data = {"ssh_user": "root", "ssh_config_file": str(self.ssh_config), "ssh_paramiko_connect_kwargs": {}}
        (self.folder / "inventory.py").write_text(f"hosts = ({hosts}, {data!r})\n")

    def command(self, action, limit):
        words = [str(self.tools / "pyinfra"), "-y", "--parallel", str(len(self.hosts)), "--chdir", str(JOB)]
        words += ["--data", f"message_size_limit={limit}"] + (["--dry"] if action == "check" else [])
        return words + [str(self.folder / "inventory.py"), "deploy.py"]


class Shell(Peer):
    name = "shell"

    def script(self):
        main = (JOB / "templates/main.cf.j2").read_text().replace("$", "\\$")
        main = main.replace(f"{{{{ inventory_hostname }}}}.{DOMAIN}", "$name").replace("{{ message_size_limit }}", "$limit")
        text = (JOB / "job.sh").read_text()
        generic = (JOB / "files/generic").read_text()
        return text.replace("@GENERIC@\n", generic).replace("@MAIN@\n", main)

    def commands(self, action, limit):
        mode = "check" if action == "check" else "apply"
        ssh = ["ssh", "-F", str(self.ssh_config)]
        return [(ssh + [host, f"sh -s -- {host}.{DOMAIN} {limit} {mode}"], self.script()) for host in self.hosts]


class True_(Peer):
    """`ssh HOST true`: no job at all."""

    name = "ssh-true"

    def commands(self, action, limit):
        return [(["ssh", "-F", str(self.ssh_config), host, "true"], None) for host in self.hosts]


class Mailprov(Peer):
    name = "mailprov"

    def prepare(self):
        self.inventory(f"    ansible_ssh_common_args: -F {self.ssh_config}\n")

    def command(self, action, limit):
        words = [os.environ["MAILPROV_BINARY"], action, str(self.folder / "inventory.yaml"), "--forks", str(len(self.hosts))]
        return words + ["--playbook", str(JOB / "site.yaml"), "-e", f"message_size_limit={limit}", "--timings"]


PEERS = (Mailprov, Shell, Pyinfra, Mitogen, Ansible)
