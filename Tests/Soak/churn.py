"""The soak: networks on which containers come and go, ask for each other and reach each other, while processes are killed."""

import collections
import json
import os
import random
import threading
import time
import traceback

import dns
import shared
from lab import OUTSIDE, SERVER, Failure
from questions import Questions
from services import NETWORKS, Probe, Service, process_of

SERVICES = 6
SERVERS = OUTSIDE, SERVER
# What becomes of the upstream servers: "second" is one that stopped, and another behind it in resolv.conf.
WAYS = ["healthy", "slow", "stopped", "second"]


class Soak(Questions):
    """The containers, those who ask for them, and what was wrong."""

    def __init__(self, machine, options):
        self.machine, self.seed, self.minutes = machine, options.seed, options.minutes
        self.problems, self.counts = [], collections.Counter()
        self.killed_supervisors = self.killed_networks = 0
        self.over, self.lock = threading.Event(), threading.Lock()
        self.upstreams = [dns.Upstream(address, number) for number, address in enumerate(SERVERS, 1)]
        self.way = "healthy"
        # (which servers may answer, since when, whether they all do)
        self.forwarding = (1,), time.monotonic(), True

    def wait(self, seconds):
        return self.over.wait(seconds)

    def note(self, kind, text):
        with self.lock:
            self.problems.append((kind, f"{time.strftime('%H:%M:%S')} {kind}: {text}"))

    def count(self, kind):
        with self.lock:
            self.counts[kind] += 1

    # MARK: what changes

    def change_resolvers(self):
        chance = random.Random(f"{self.seed} resolvers")
        turns = []
        while not self.wait(chance.uniform(4, 8)):
            turns = turns or chance.sample(WAYS, len(WAYS))
            way, number = turns.pop(), chance.randrange(2)
            one, other = self.upstreams[number], self.upstreams[1 - number]
            self.forwarding = (one.server, other.server), time.monotonic(), False
            one.delay, one.is_stopped, other.delay, other.is_stopped = 0.0, way in ("stopped", "second"), 0.0, False
            if way == "slow":
                one.delay = 2.0
            servers = [one.address] + ([other.address] if way == "second" else [])
            self.machine.lab.resolver_file.write_text("".join(f"nameserver {address}\n" for address in servers))
            time.sleep(2)  # until who was stopped listens again, also on a machine that is busy
            self.way = way
            self.forwarding = (other.server if way == "second" else one.server,), time.monotonic(), way != "stopped"
            self.count("changes of resolv.conf")

    def watch_addresses(self):
        while not self.wait(2):
            for network in NETWORKS:
                result = self.machine.try_apus("network", "inspect", network)
                if result.code:
                    self.note("inspect", str(result))
                    continue
                given = collections.Counter(place["IPv4Address"] for place in json.loads(result.output)[0]["Containers"].values())
                for address, times in given.items():
                    if times > 1:
                        self.note("address", f"{address} is given {times} times on {network}")
                self.count("looks at addresses")

    def guard(self, body, *arguments):
        def run():
            try:
                body(*arguments)
            except Exception as error:  # noqa: B902 (told at the end)
                self.note("broke off", traceback.format_exc(limit=-3).replace("\n", " | ") if not self.over.is_set() else repr(error))
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    # MARK: the course

    def prepare(self):
        for upstream in self.upstreams:
            self.guard(lambda one=upstream: (self.machine.lab.enter("outside"), one.serve(self.over.is_set)))
        for network in NETWORKS:
            self.machine.do("network", "create", network)
        self.probes = [Probe(self, network) for network in NETWORKS]
        self.services = [Service(self, number) for number in range(SERVICES)]
        self.quiet = self.descriptors()

    def descriptors(self):
        found = {}
        for probe in self.probes:
            supervisor, process = process_of(self.machine, probe.name)
            if supervisor != probe.supervisor or not process:
                raise Failure(f"{probe.name} has another supervisor, or no network process")
            found[probe.name] = tuple(len(os.listdir(f"/proc/{pid}/fd")) for pid in (supervisor, process))
        return found

    def soak(self):
        threads = [self.guard(service.run) for service in self.services]
        threads += [self.guard(self.probe, probe, number) for number, probe in enumerate(self.probes)]
        threads += [self.guard(self.published, number) for number in range(2)]
        threads += [self.guard(self.change_resolvers), self.guard(self.watch_addresses)]
        time.sleep(self.minutes * 60)
        self.over.set()
        for thread in threads:
            thread.join(120)
        starts = sum(service.starts for service in self.services)
        done = ", ".join(f"{number} {kind}" for kind, number in sorted(self.counts.items()))
        seen = (f"{starts} starts, the slowest {max(service.slowest for service in self.services):.1f} s; killed {self.killed_supervisors} "
                f"supervisors and {self.killed_networks} network processes; {done}")
        if self.problems:
            kinds = collections.Counter(kind for kind, _ in self.problems)
            lines = []
            for kind, text in self.problems:
                if sum(known == kind for known in (k for k, _ in lines)) < 4:
                    lines.append((kind, text))
            told = "\n       ".join(text for _, text in lines)
            raise Failure(f"{dict(kinds)} of {seen}\n       {told}")
        return seen

    def look_behind(self):
        """Only the probes are left."""
        self.machine.do("rm", "-f", *(service.name for service in self.services))
        return shared.check_holds_only(self.machine, [probe.name for probe in self.probes])

    def compare_descriptors(self):
        limit = time.monotonic() + 30
        while True:
            now = self.descriptors()
            grown = {name: (self.quiet[name], now[name]) for name in now
                     if now[name][0] > self.quiet[name][0] + 6 or now[name][1] > self.quiet[name][1] + 16}
            if not grown:
                return f"(supervisor, network process) at first {list(self.quiet.values())}, now {list(now.values())}"
            if time.monotonic() > limit:
                raise Failure(f"descriptors at first and now: {grown}")
            time.sleep(1)

    def leave(self):
        for probe in self.probes:
            probe.close()
        self.machine.do("rm", "-f", *(probe.name for probe in self.probes))
        self.machine.do("network", "rm", *NETWORKS)
        # What killed supervisors left is the next start's, or prune's.
        self.machine.do("system", "prune", "--force", quietly=True)
        self.machine.check_nothing_is_left(60)


def run(machine, options):
    """Yields (scene, what was seen)."""
    soak = Soak(machine, options)
    soak.prepare()
    yield f"{options.minutes:g} minutes", soak.soak
    yield "the shared namespace without the containers that are gone", soak.look_behind
    yield "descriptors of those that stayed", soak.compare_descriptors
    yield "gone", soak.leave
