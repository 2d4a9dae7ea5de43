"""A container with a published port that comes and goes, a thousand times."""

import contextlib
import os
import socket
import time
import types

from lab import Failure, children
from services import Probe

PORT = 7600
SCRIPT = 'echo "round $1" >/index.html; exec httpd -f -p 80 -h /'


LATE = 0.9  # seconds: a first packet that was lost is sent again after one


def get(port, seconds=20):
    """What HTTP answers there; a server that does not listen yet refuses."""
    limit = time.monotonic() + seconds
    while True:
        data = b""
        with contextlib.suppress(ConnectionResetError, ConnectionRefusedError):
            with socket.create_connection(("127.0.0.1", port), seconds) as client:
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                while piece := client.recv(4096):
                    data += piece
            if data:
                return data.decode()
        if time.monotonic() > limit:
            raise Failure(f"nobody answers at port {port} (got {data!r})")
        time.sleep(0.005)


def ways(machine, number):
    """How the container of this round ends."""
    name = f"web{number}"
    if number % 3 == 0:
        machine.do("rm", "-f", name, quietly=True)
    elif number % 3 == 1:
        machine.do("kill", name, quietly=True)
        machine.try_apus("wait", name)  # it may be gone already
    else:
        machine.do("stop", "-t", "0", name, quietly=True)


def restart(machine, count):
    slowest, late = (0.0, 0), []
    for number in range(count):
        begun = time.monotonic()
        machine.do("run", "-d", "--rm", "--name", f"web{number}", "-p", f"127.0.0.1:{PORT}:80", "busybox", "sh", "-c", SCRIPT, "sh",
                   number, quietly=True)
        slowest = max(slowest, (time.monotonic() - begun, number))
        begun = time.monotonic()
        try:
            body = machine.lab.inside("machine", get, PORT)
        except (Failure, OSError) as error:
            body = repr(error)
        took = time.monotonic() - begun
        if not body.endswith(f"\r\n\r\nround {number}\n") or took > LATE:
            late.append(f"round {number} after {took:.1f} s by {body[-40:]!r}")
        ways(machine, number)
    if slowest[0] > 10:
        raise Failure(f"the start of round {slowest[1]} took {slowest[0]:.1f} s")
    if late:
        raise Failure(f"{len(late)} of {count} answers came late or not at all: {'; '.join(late[:5])}")
    return f"{count} starts, the slowest {slowest[0] * 1000:.0f} ms"


def several(machine, count):
    """Four at once, at ports that the kernel chooses."""
    for turn in range(count):
        running = [machine.apus_start("run", "-d", "--rm", "-p", "127.0.0.1::80", "busybox", "sh", "-c", SCRIPT, "sh", f"{turn}.{each}")
                   for each in range(4)]
        for each, started in enumerate(running):
            result = machine.finish(started, "run -d")
            if result.code or result.errors:
                raise Failure(f"four starts at once: {result}")
            port = int(machine.do("port", result.output.strip(), "80").rsplit(":", 1)[1])
            body = machine.lab.inside("machine", get, port)
            if not body.endswith(f"round {turn}.{each}\n"):
                raise Failure(f"port {port} of {turn}.{each} is answered by {body!r}")
        machine.do("rm", "-f", *machine.containers())
    return f"{count} times four"


def neighbours(machine, count):
    """Who has talked to a container reaches the next one with its address at once."""
    machine.do("network", "create", "near")
    probe = Probe(types.SimpleNamespace(machine=machine), "near")
    start = ["run", "-d", "--name", "other", "--network", "near", *machine.python(), "/mnt/peer.py", "7000"]
    late = []
    for number in range(count):
        if number % 2:
            machine.do("restart", "-t", "0", "other")
        else:
            machine.try_apus("rm", "-f", "other")
            machine.do(*start)
        begun = time.monotonic()
        # Its server does not listen at once.
        while "said" not in (got := probe.ask(do="talk", address="172.18.0.3", port=7000, line="who", seconds=20)):
            if time.monotonic() > begun + 30 or "refused" not in got["error"]:
                break
        if got["took"] > LATE or "said" not in got:
            late.append(f"round {number}: {got}")
    probe.close()
    machine.do("rm", "-f", "other", probe.name)
    machine.do("network", "rm", "near")
    if late:
        raise Failure(f"{len(late)} of {count} were late: {'; '.join(late[:3])}")
    return f"{count} times"


def steady(machine):
    """The supervisors that linger for the next start keep no descriptor of the containers before, and no child."""
    found = []
    for pid in machine.holders():
        found.append(f"{len(os.listdir(f'/proc/{pid}/fd'))} descriptors")
        if children(pid):
            raise Failure(f"the supervisor {pid} has no container, and children: {children(pid)}")
    return ", ".join(found)


def run(machine, options):
    """Yields (scene, what was seen)."""
    yield "a port, again and again", lambda: restart(machine, options.count)
    yield "several at once", lambda: several(machine, max(1, options.count // 20))
    yield "a neighbour of the one before", lambda: neighbours(machine, max(4, options.count // 5))
    yield "supervisors that linger", lambda: steady(machine)
    yield "gone", lambda: machine.check_nothing_is_left(60)
