"""Containers that come and go during the soak, and what is known of each at a moment."""

import contextlib
import json
import pathlib
import random
import socket
import subprocess
import threading
import time

from lab import Failure, kill, network_process

PORT = 7000
FIRST_PORT = 7700
NETWORKS = ["soak-a", "soak-b", "soak-c"]
LONGEST_START = 10.0


def process_of(machine, name):
    """(supervisor, network process) of a container that runs; None where one is not there."""
    pid = int(machine.do("inspect", "--format", "{{.State.Pid}}", name))
    if not pid:
        return None, None
    parent = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    return parent, network_process(parent, pid)


class Service:
    """One container that runs peer.py on a network or two, and a thread that ends and starts it again and again."""

    def __init__(self, soak, number):
        self.soak, self.machine, self.name, self.port = soak, soak.machine, f"s{number}", FIRST_PORT + 2 * number
        self.random = random.Random(f"{soak.seed} {number}")
        self.networks = [NETWORKS[number % 3]] + ([NETWORKS[(number + 1) % 3]] if number % 2 else [])
        self.home = self.networks[0]
        self.addresses, self.lock = {}, threading.Lock()
        # Each change is a number more; what was asked between two looks at the same number has an answer.
        self.generation, self.is_up, self.served_since = 0, False, 0.0
        self.starts, self.slowest = 0, 0.0

    def look(self):
        """What must hold for as long as it stays the same: (generation, addresses by network), or None."""
        with self.lock:
            return (self.generation, dict(self.addresses)) if self.is_up else None

    def is_same(self, seen):
        with self.lock:
            return self.is_up and self.generation == seen[0]

    def is_served(self, since):
        """Whether the network process was not killed since then, nor shortly before."""
        return self.served_since < since

    def change(self):
        with self.lock:
            self.generation, self.is_up = self.generation + 1, False

    # MARK: starting

    def timed(self, *words):
        begun = time.monotonic()
        result = self.machine.try_apus(*words)
        took = time.monotonic() - begun
        self.starts, self.slowest = self.starts + 1, max(self.slowest, took)
        if result.code or result.errors:
            self.soak.note("start", f"'{' '.join(map(str, words))[:60]}': {result}")
        if took > LONGEST_START:
            self.soak.note("slow start", f"'{' '.join(map(str, words))[:60]}' took {took:.1f} s")
        return result.code == 0

    def create(self):
        words = ["run", "-d", "--name", self.name, "-p", f"{self.port}:{PORT}"]
        for network in self.networks:
            words += ["--network", f"name={network},alias=alias-{self.name}"]
        return self.timed(*words, *self.machine.python(), "/mnt/peer.py", PORT)

    def settle(self):
        """Waits until the server in the container answers, and learns its addresses."""
        begun = time.monotonic()
        while not self.machine.lab.inside("machine", self.answers):
            if time.monotonic() > begun + LONGEST_START:
                self.soak.note("server", f"{self.name} does not answer: {self.machine.try_apus('logs', '--tail', '5', self.name)}")
                return
            time.sleep(0.02)
        took = time.monotonic() - begun
        if took > 3:
            self.soak.note("late server", f"{self.name} answers {took:.1f} s after its start")
        networks = json.loads(self.machine.do("inspect", "--format", "{{json .NetworkSettings.Networks}}", self.name))
        with self.lock:
            self.addresses = {network: place["IPAddress"] for network, place in networks.items()}
            self.generation, self.is_up = self.generation + 1, True

    def answers(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 10) as client:
            client.settimeout(10)
            client.sendall(b"who\n")
            return client.recv(100) != b""
        return False

    # MARK: ending

    def restart(self):
        self.timed("restart", "-t", "0", self.name)

    def replace(self):
        self.must("rm", "-f", self.name)
        self.create()

    def stop_and_start(self):
        self.must("stop", "-t", "0", self.name)
        time.sleep(self.random.random())
        self.timed("start", self.name)

    def change_networks(self):
        """To another second network, or away from it."""
        if len(self.networks) == 2:
            self.must("network", "disconnect", self.networks.pop(), self.name)
        else:
            self.networks.append(self.random.choice([network for network in NETWORKS if network != self.home]))
            self.must("network", "connect", "--alias", f"alias-{self.name}", self.networks[1], self.name)

    def other_networks(self):
        self.must("stop", "-t", "0", self.name)
        self.change_networks()
        self.timed("start", self.name)

    def kill_supervisor(self):
        with contextlib.suppress(OSError, ValueError, Failure):
            supervisor, _ = process_of(self.machine, self.name)
            if supervisor:
                kill(supervisor)
                self.soak.killed_supervisors += 1
        if self.random.random() < 0.5:
            time.sleep(self.random.random() * 0.3)
        self.timed("start", self.name)

    def must(self, *words):
        result = self.machine.try_apus(*words)
        if result.code:
            self.soak.note("command", f"'{' '.join(words)}': {result}")

    def kill_network_process(self):
        kill_network_process(self.soak, self.name, self)

    def run(self):
        self.create()
        self.settle()
        ways = [self.restart, self.replace, self.stop_and_start, self.change_networks, self.other_networks, self.kill_supervisor]
        while not self.soak.wait(1 + 4 * self.random.random()):
            if self.random.random() < 0.3:
                self.kill_network_process()
                continue
            self.change()
            # Who asked just before has its answer, or knows that it was too late.
            self.random.choice(ways)()
            self.settle()


def kill_network_process(soak, name, service=None):
    with contextlib.suppress(OSError, ValueError, Failure):
        _, process = process_of(soak.machine, name)
        if process:
            if service:
                service.served_since = time.monotonic() + 1
            kill(process)
            soak.killed_networks += 1
            if service:
                service.served_since = time.monotonic() + 1


class Probe:
    """A container that stays, and a process in it that asks what it is told."""

    def __init__(self, soak, network):
        self.soak, self.network, self.name = soak, network, f"probe-{network}"
        machine = soak.machine
        machine.do("run", "-d", "--name", self.name, "--network", network, *machine.python(), "-c", "import time; time.sleep(1e6)")
        self.agent = machine.start([machine.apus, "exec", "-i", self.name, "/usr/bin/python3", "/mnt/agent.py"], stdin=subprocess.PIPE)
        self.supervisor, _ = process_of(machine, self.name)

    def ask(self, **words):
        line = ""
        with contextlib.suppress(BrokenPipeError):
            self.agent.stdin.write(json.dumps(words) + "\n")
            self.agent.stdin.flush()
            line = self.agent.stdout.readline()
        if not line:
            raise Failure(f"the process in {self.name} is gone: {self.agent.stderr.read()[-500:]}")
        return json.loads(line)

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.agent.stdin.close()
        try:
            self.agent.wait(20)
        except subprocess.TimeoutExpired:
            kill(self.agent.pid)
            raise Failure(f"exec in {self.name} does not end with its input") from None
