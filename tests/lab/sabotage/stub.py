# Servers that are not what they should be, each on the host itself: `stub.py dns NAME TYPE VALUE ...` answers so and asks the
# host's own name server the rest; `stub.py rival` has port 25; `stub.py auth` is dovecot's side of a login (port 12345).
# It returns when it listens; the process that goes on is in /run/lab-stub.pid.
import os
import socket
import struct
import sys

TYPES = {"A": 1, "PTR": 12, "MX": 15}


def labels(name):
    parts = name.strip(".").split(".")
    return b"".join(bytes([len(part)]) + part.encode() for part in parts) + b"\0"


def data(kind, value):
    if kind == "A":
        return socket.inet_aton(value)
    return (struct.pack(">H", 10) if kind == "MX" else b"") + labels(value)


def name_at(packet, at):
    parts = []
    while packet[at]:
        parts.append(packet[at + 1 : at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return ".".join(parts).lower(), at + 1


def dns(args):
    known = {}
    for name, kind, value in zip(args[::3], args[1::3], args[2::3]):
        answers = known.setdefault((name.lower(), TYPES[kind]), [])
        if value != "-":
            answers.append(data(kind, value))
    upstream = next(line.split()[1] for line in open("/root/resolv.conf") if line.startswith("nameserver"))
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own.bind(("127.0.0.1", 53))
    yield
    while True:
        packet, client = own.recvfrom(4096)
        name, end = name_at(packet, 12)
        kind = struct.unpack(">H", packet[end : end + 2])[0]
        answers = known.get((name, kind))
        if answers is None:
            asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            asked.settimeout(5)
            asked.sendto(packet, (upstream, 53))
            own.sendto(asked.recv(4096), client)
            asked.close()
            continue
        head = packet[:2] + b"\x85\x80" + struct.pack(">HHHH", 1, len(answers), 0, 0)
        records = b"".join(struct.pack(">HHHIH", 0xC00C, kind, 1, 60, len(each)) + each for each in answers)
        own.sendto(head + packet[12 : end + 4] + records, client)


def speak(port, words):
    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    own.bind(("0.0.0.0", port))
    own.listen()
    yield
    clients = []
    while True:
        client, _ = own.accept()
        client.sendall(words)
        clients.append(client)


def rival(_):
    return speak(25, b"220 rival.example ESMTP\r\n250 rival.example\r\n")


def auth(_):
    return speak(12345, b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00000000000000000000000000000000\nDONE\n")


server = {"dns": dns, "rival": rival, "auth": auth}[sys.argv[1]](sys.argv[2:])
next(server)
if os.fork() == 0:
    os.setsid()
    nothing = os.open("/dev/null", os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    with open("/run/lab-stub.pid", "w") as pid:
        pid.write(str(os.getpid()))
    next(server)
