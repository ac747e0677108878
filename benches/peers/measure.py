"""What a command costs this machine: time, processor, memory, and bytes on the lab's bridge.

A process of its own measures, since whatever the command leaves in the background becomes its child, is counted, and is
ended: nobody finds the connections of the one before.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
SAMPLE_SECONDS = 0.02
BRIDGE = Path("/sys/class/net/mplab0/statistics")


@dataclass
class Cost:
    wall: float
    cpu: float
    # Bytes: the greatest sum over all processes of the command, and the same without ssh's.
    peak: int
    peak_without_ssh: int
    sent: int
    received: int
    status: int
    output: str


def adopt_orphans():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants():
    children = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = Path(f"/proc/{entry}/stat").read_text()
        except OSError:
            continue
        name, rest = stat.rsplit(") ", 1)
        fields = rest.split()
        children.setdefault(int(fields[1]), []).append((int(entry), name.split("(", 1)[1], int(fields[21])))
    found, todo = [], [os.getpid()]
    while todo:
        for child in children.get(todo.pop(), []):
            found.append(child)
            todo.append(child[0])
    return found


class Peak(threading.Thread):
    """Looks at the memory of all descendants while a command runs."""

    def __init__(self):
        super().__init__(daemon=True)
        self.all = self.without_ssh = 0
        self.over = threading.Event()

    def run(self):
        page = os.sysconf("SC_PAGE_SIZE")
        while not self.over.wait(SAMPLE_SECONDS):
            found = descendants()
            total = sum(pages for _, _, pages in found)
            ssh = sum(pages for _, name, pages in found if name in ("ssh", "slow-link", "python3 slow"))
            self.all = max(self.all, total * page)
            self.without_ssh = max(self.without_ssh, (total - ssh) * page)


def on_the_wire():
    return tuple(int((BRIDGE / name).read_text()) for name in ("tx_bytes", "rx_bytes"))


def run(commands, folder, env):
    """Runs one command, or several at the same time: words, and a text for the stdin or None."""
    task = json.dumps([commands, str(folder), env])
    told = subprocess.run([sys.executable, __file__], input=task, stdout=subprocess.PIPE, text=True, check=True)
    return Cost(**json.loads(told.stdout))


def measure(commands, folder, env):
    adopt_orphans()
    peak = Peak()
    output = Path(folder) / "output"
    before = on_the_wire()
    began = time.monotonic()
    peak.start()
    with open(output, "wb") as out:
        waiting = {spawn(words, folder, env, text, out) for words, text in commands}
    status, cpu = 0, 0.0
    while waiting:
        pid, code, usage = os.wait4(-1, 0)
        cpu += usage.ru_utime + usage.ru_stime
        if pid in waiting:
            waiting.remove(pid)
            status = status or os.waitstatus_to_exitcode(code)
    wall = time.monotonic() - began
    peak.over.set()
    after = on_the_wire()
    cpu += end_the_rest()
    sent, received = (new - old for new, old in zip(after, before))
    return Cost(wall, cpu, peak.all, peak.without_ssh, sent, received, status, output.read_text(errors="replace"))


def end_the_rest():
    """Gives the processor time that it took."""
    for pid, _, _ in descendants():
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
    cpu = 0.0
    while True:
        try:
            usage = os.wait4(-1, 0)[2]
        except ChildProcessError:
            return cpu
        cpu += usage.ru_utime + usage.ru_stime


def spawn(words, folder, env, text, out):
    source = os.memfd_create("stdin")
    os.write(source, (text or "").encode())
    os.lseek(source, 0, os.SEEK_SET)
    actions = [
        (os.POSIX_SPAWN_DUP2, source, 0),
        (os.POSIX_SPAWN_DUP2, out.fileno(), 1),
        (os.POSIX_SPAWN_DUP2, out.fileno(), 2),
    ]
    here = os.getcwd()
    os.chdir(folder)
    try:
        pid = os.posix_spawnp(words[0], words, env, file_actions=actions)
    finally:
        os.chdir(here)
        os.close(source)
    return pid


if __name__ == "__main__":
    json.dump(asdict(measure(*json.load(sys.stdin))), sys.stdout)
