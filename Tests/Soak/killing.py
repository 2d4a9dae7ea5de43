"""Processes that are killed at any moment of what they do with networks, and the next start that knows nothing of it."""

import contextlib
import json
import pathlib
import random
import time

from lab import Failure, children, kill
from restarts import SCRIPT, get
from services import process_of

PORT = 7900
LATEST = 0.040  # seconds from a command's start to the kill


class Kills:
    def __init__(self, machine, options):
        self.machine, self.options = machine, options
        self.random = random.Random(f"{options.seed} kills")
        self.web = ["-p", f"{PORT}:80", "--network", "kills", "busybox", "sh", "-c", SCRIPT, "sh"]
        self.failures, self.slowest = [], 0.0

    def prepare(self):
        self.machine.do("network", "create", "kills")
        # Keeps the shared namespace, so that what is left in it meets the next.
        self.machine.do("run", "-d", "--name", "stays", "--network", "kills", "busybox", "sleep", "100000")

    # MARK: what is killed

    def after(self, words, seconds, victims):
        """Runs `apus WORDS`, and kills after a while whom `victims` finds then; returns once the client has ended."""
        client = self.machine.apus_start(*words)
        time.sleep(seconds)
        for pid in victims(client.pid):
            kill(pid)
        return self.machine.finish(client, " ".join(map(str, words)))

    @staticmethod
    def client(pid):
        return [pid]

    def supervisor(self, pid):
        """The client's children, or who says that he supervises the container."""
        return children(pid) or self.process("web", 0)

    def network_process(self, pid):
        return self.process("web", 1) or [grandchild for child in children(pid) for grandchild in children(child)]

    def process(self, name, place):
        with contextlib.suppress(OSError, ValueError, Failure):
            found = process_of(self.machine, name)[place]
            return [found] if found else []
        return []

    def run(self, number, seconds):
        who = self.random.choice([self.client, self.supervisor, self.network_process])
        self.after(["run", "-d", "--name", "web", *self.web, number], seconds, who)
        return f"run, {who.__name__} killed"

    def create(self, number, seconds):
        self.after(["network", "create", f"other{number}"], seconds, self.client)
        return "network create killed"

    def remove(self, number, seconds):
        self.machine.do("network", "create", f"other{number}")
        self.after(["network", "rm", f"other{number}"], seconds, self.client)
        return "network rm killed"

    def connect(self, number, seconds):
        self.machine.do("network", "create", f"other{number}")
        self.machine.do("create", "--name", "web", *self.web, number)
        self.after(["network", "connect", f"other{number}", "web"], seconds, self.client)
        self.after(["start", "web"], self.random.random() * LATEST, self.random.choice([self.client, self.supervisor]))
        return "network connect and start killed"

    def connect_running(self, number, seconds):
        self.machine.do("network", "create", f"other{number}")
        self.machine.do("run", "-d", "--name", "web", *self.web, number)
        self.after(["network", "connect", f"other{number}", "web"], seconds / 2, self.random.choice([self.client, self.supervisor_of_web]))
        self.after(["network", "disconnect", "kills", "web"], seconds / 2, self.random.choice([self.client, self.supervisor_of_web]))
        return "network connect and disconnect of one that runs killed"

    def supervisor_of_web(self, pid):
        return self.process("web", 0)

    def leave(self, number, seconds):
        self.machine.do("run", "-d", "--name", "web", *self.web, number)
        self.after(["rm", "-f", "web"], seconds, self.random.choice([self.client, self.supervisor]))
        return "rm -f killed"

    # MARK: what must hold then

    def round(self, number):
        seconds = self.random.random() * LATEST
        seen = self.random.choice([self.run, self.run, self.create, self.remove, self.connect,
                                   self.connect_running, self.leave])(number, seconds)
        try:
            self.next_start(number)
        except (Failure, OSError) as failure:
            self.failures.append(f"round {number} ({seen} after {seconds * 1000:.1f} ms): {failure}")
            self.machine.try_apus("rm", "-f", "web", "next")

    def next_start(self, number):
        if "web" in self.machine.containers():
            self.machine.do("rm", "-f", "web", quietly=True)
        begun = time.monotonic()
        self.machine.do("run", "-d", "--name", "next", *self.web, f"next {number}", quietly=True)
        body = self.machine.lab.inside("machine", get, PORT)
        took = time.monotonic() - begun
        self.slowest = max(self.slowest, took)
        if not body.endswith(f"round next {number}\n"):
            raise Failure(f"the next one's port answers {body!r}")
        if took > 2:
            raise Failure(f"the next one was asked {took:.1f} s after its start began")
        self.addresses()
        said = self.machine.do("exec", "next", "nslookup", "-type=a", "stays", "127.0.0.11")
        if self.stays not in said:
            raise Failure(f"stays is not {self.stays}: {said}")
        self.machine.do("rm", "-f", "next", quietly=True)
        for line in self.machine.do("network", "ls", "--format", "{{.Name}}", quietly=True).splitlines():
            if line.startswith("other"):
                self.machine.do("network", "rm", line, quietly=True)

    def addresses(self):
        places = json.loads(self.machine.do("network", "inspect", "kills"))[0]["Containers"].values()
        given = [place["IPv4Address"] for place in places]
        if len(set(given)) != len(given) or len(given) != 2:
            raise Failure(f"two containers run, and have {given}")
        self.stays = next(place["IPv4Address"].split("/")[0] for place in places if place["Name"] == "stays")

    def all(self):
        for number in range(self.options.rounds):
            self.round(number)
        if self.failures:
            told = "\n       ".join(self.failures[:8])
            raise Failure(f"{len(self.failures)} of {self.options.rounds} rounds:\n       {told}")
        return f"{self.options.rounds} rounds; the next container was asked at most {self.slowest:.1f} s after its start began"

    def gone(self):
        self.machine.do("rm", "-f", "stays")
        self.machine.do("network", "rm", "kills")
        self.machine.do("system", "prune", "--force", quietly=True)
        self.machine.check_nothing_is_left()
        left = list(pathlib.Path(self.machine.run_state / "network").rglob("*"))
        return f"{len(left)} files of the networks' own"


def run(machine, options):
    """Yields (scene, what was seen)."""
    kills = Kills(machine, options)
    kills.prepare()
    yield "killed at any moment", kills.all
    yield "gone", kills.gone
