"""Whom a container sees that is asked from another host."""

import contextlib
import socket

from lab import MACHINE, MACHINE6, OUTSIDE, OUTSIDE6, SERVER, Failure, kill
from services import process_of

PORT = 7200
OTHER = "192.0.2.77"


def prepare(machine):
    machine.lab.shell("outside", f"ip addr add {OTHER}/24 dev eth0")


def start(machine, name, network, port):
    machine.do("run", "-d", "--name", name, "--network", network, "-p", f"{port}:7000", "-p", f"{port}:7000/udp", *machine.python(),
               "/mnt/peer.py", "7000")
    machine.await_log(name, "ready")


def ask(kind, host, port, source):
    """(own address and port, what the server says)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as client:
        client.settimeout(10)
        client.bind((source, 0))
        client.connect((host, port))
        client.send(b"who\n")
        return "{} {}".format(*client.getsockname()[:2]), client.recv(200).decode()


def same(machine, port, cases):
    """The client's address and port arrive."""
    for kind, host, source in cases:
        # Several, of which each is somebody else.
        for _ in range(20):
            own, said = machine.lab.inside("outside", ask, kind, host, port, source)
            if kind == socket.SOCK_DGRAM:
                said = said.rsplit(" ", 1)[0]
            if said != own:
                raise Failure(f"{kind.name} from {own} to {host} is seen as from {said}")
    return f"{len(cases)} ways, 20 clients each"


def as_gateway(machine, port, gateway, cases):
    for host, kind, source, place in cases:
        own, said = machine.lab.inside(host, ask, kind, place, port, source)
        if said.split()[0] != gateway:
            raise Failure(f"{kind.name} from {own} of the {host} to {place} is seen as from {said}, and not from {gateway}")
    return f"{len(cases)} ways"


def subnet_alone(machine, cases):
    """The first address is the gateway's all the same, and the port is there."""
    machine.do("network", "create", "--subnet", "172.30.0.0/16", "alone")
    start(machine, "alone", "alone", PORT + 3)
    try:
        return same(machine, PORT + 3, cases)
    finally:
        machine.do("rm", "-f", "alone")
        machine.do("network", "rm", "alone")


def same_port_twice(machine):
    """One client's port to two published ports: both answer, and both see the client's address."""
    def both():
        with socket.socket() as one, socket.socket() as other:
            for each, port in ((one, PORT), (other, PORT + 1)):
                each.settimeout(10)
                each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                each.bind((OUTSIDE, 45678))
                each.connect((MACHINE, port))
            answers = []
            for each in (one, other):
                each.sendall(b"who\n")
                answers.append(each.recv(200).decode())
            return answers

    answers = machine.lab.inside("outside", both)
    if any(answer.split()[0] != OUTSIDE for answer in answers):
        raise Failure(f"the same port of a client at two published ones is seen as {answers}")
    return " and ".join(answers)


def killed_between(machine):
    """After the network process was killed, too."""
    for _ in range(5):
        process = process_of(machine, "peer")[1]
        if process:
            kill(process)
        with contextlib.suppress(ConnectionResetError):
            own, said = machine.lab.inside("outside", ask, socket.SOCK_STREAM, MACHINE, PORT, OUTSIDE)
            if own != said:
                raise Failure(f"{own} is seen as {said}")
    return same(machine, PORT, [(socket.SOCK_STREAM, MACHINE, OUTSIDE), (socket.SOCK_DGRAM, MACHINE, OUTSIDE)])


def run(machine, options):
    """Yields (scene, what was seen)."""
    prepare(machine)
    machine.do("network", "create", "--ipv6", "both")
    start(machine, "peer", "bridge", PORT)
    start(machine, "peer6", "both", PORT + 2)
    machine.do("run", "-d", "--name", "second", "-p", f"{PORT + 1}:7000", *machine.python(), "/mnt/peer.py", "7000")
    machine.await_log("second", "ready")
    tcp, udp = socket.SOCK_STREAM, socket.SOCK_DGRAM
    v4 = [(kind, MACHINE, source) for kind in (tcp, udp) for source in (OUTSIDE, OTHER, SERVER)]
    v6 = [(kind, MACHINE6, OUTSIDE6) for kind in (tcp, udp)]
    yield "IPv4 on the default network", lambda: same(machine, PORT, v4)
    yield "IPv4 on a network of both versions", lambda: same(machine, PORT + 2, v4)
    yield "IPv6 on a network of both versions", lambda: same(machine, PORT + 2, v6)
    yield "a subnet whose gateway nobody named", lambda: subnet_alone(machine, v4)
    yield "the machine itself is the gateway", lambda: as_gateway(
        machine, PORT, "172.17.0.1", [("machine", kind, "127.0.0.1", "127.0.0.1") for kind in (tcp, udp)])
    yield "IPv6 without an address in the container is the gateway", lambda: as_gateway(
        machine, PORT, "172.17.0.1", [("outside", kind, OUTSIDE6, MACHINE6) for kind in (tcp, udp)])
    yield "one client's port at two published ones", lambda: same_port_twice(machine)
    yield "after the network process was killed", lambda: killed_between(machine)

    def leave():
        machine.do("rm", "-f", "peer", "peer6", "second")
        machine.do("network", "rm", "both")
        machine.check_nothing_is_left()

    yield "gone", leave
