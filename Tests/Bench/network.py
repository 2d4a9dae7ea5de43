"""The suite `network`: what starts, ports, ways out, names and memory cost with each engine's networks."""

import shutil
import subprocess
import time

import engines
import measure
import netlab
import netpaths
from netlab import DOMAIN, LOOPBACK, PORT, Unable
from netpaths import against, interleaved, table

CONTAINERS = 10
PUBLISHED, ANSWER = "bridge and port", "its first answer"
KINDS = ("none", "bridge", PUBLISHED, ANSWER)


def start_row(label, cold, warm):
    """Medians in milliseconds, what they are more than without a network, and ratios to apus."""
    if not cold[label] or not warm[label]:
        return None
    cells = []
    for times in (cold, warm):
        middle, none = measure.median(times[label]), times["none", label[1]]
        more = f"{(middle - measure.median(none)) * 1000:+.1f}" if none and label[0] in ("bridge", PUBLISHED) else ""
        cells += [f"{middle * 1000:.1f}", more, against(times, label, "apus", measure.median)]
    return cells


class Suite:
    """The servers that are measured, and the clients of each path to them."""

    def __init__(self, context, working, rounds):
        # A round of the paths has many samples; one of the starts is a single one.
        self.lab, self.start_rounds, self.rounds = context.lab, rounds, min(rounds, 5)
        self.load = context.folder / "bin" / "netload"
        context.call(["/usr/bin/gcc", "-O2", "-static", "-o", self.load, engines.HERE / "netload.c"])
        working = netlab.image(context, self.load, working)
        self.direct = netlab.Direct(self.load)
        self.ways = []
        for engine in working:
            networks = ["slirp4netns", "bridge", "pasta"] if isinstance(engine, engines.Podman) else ["bridge"]
            for network in networks:
                name = engine.name if len(networks) == 1 else f"{engine.name} {network}"
                self.ways.append(netlab.Way(name, engine, network, "bench" if network == "bridge" else None))
        self.number = 20000
        self.server = subprocess.Popen([self.load, "serve", PORT])
        self.lab.begin([self.load, "serve", PORT])
        self.lab.begin([self.load, "answer", DOMAIN])

    def publish(self):
        """A port of the host that nobody had yet."""
        self.number += 1
        return str(self.number)

    def probe(self):
        """Leaves out ways that do not work at all; returns {way's name: why}."""
        broken = {}
        for way in self.ways:
            try:
                way.wall("--network", way.network)
            except Unable as failure:
                broken[way.name] = str(failure)
        self.ways = [way for way in self.ways if way.name not in broken]
        return broken

    def starts(self):
        broken = self.probe()
        before = set(measure.processes())
        notes = {}

        def once(kind, way):
            if kind == ANSWER:
                return self.first_answer(way)
            port = ["-p", f"{LOOPBACK}:{self.publish()}:80"] if kind == PUBLISHED else []
            return way.wall("--network", "none" if kind == "none" else way.network, *port)

        def first(kind, way):
            netlab.settle(before)
            return once(kind, way)

        def rounds(function):
            cells = {(kind, way.name): lambda kind=kind, way=way: function(kind, way) for kind in KINDS for way in self.ways}
            return interleaved(cells, self.start_rounds, notes)

        cold = rounds(first)
        for way in self.ways:
            try:
                way.start("warm", way.network)
            except Unable as failure:
                notes["bridge", way.name] = f"no other container: {failure}"
        warm = rounds(once)
        for way in self.ways:
            way.discard("warm")
        rows = {label: start_row(label, cold, warm) for label in cold}
        for name, text in broken.items():
            rows["bridge", name], notes["bridge", name] = None, text
        head = ["network", "engine", "cold", "- none", "× apus", "warm", "- none", "× apus"]
        title = "`run --rm` with a network, milliseconds; cold: no other container runs, warm: another one is on that network"
        return table(title, head, rows, notes)

    def first_answer(self, way):
        """Seconds from the beginning of `run -d` until its published port has answered."""
        port = self.publish()
        options = ["-d", "--name", way.full("first"), "--network", way.network, "-p", f"{LOOPBACK}:{port}:{PORT}"]
        begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        engine = subprocess.Popen(way.command(options, "netload", "serve", PORT), env=way.environment, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return (int(netlab.call([self.load, "first", LOOPBACK, port])) - begin) / 1e9
        finally:
            try:
                engine.wait(30)
            except subprocess.TimeoutExpired:
                engine.kill()
            way.discard("first")

    def serve(self):
        """Starts the server of each way; where that fails the way's `trouble` says why."""
        for way in self.ways:
            way.port = self.publish()
            try:
                if way.own != way.network:
                    way.call("network", "create", way.own)
                way.start("server", way.own, "-p", f"{way.port}:{PORT}", "-p", f"{way.port}:{PORT}/udp")
                if way.own != way.network:
                    way.address = way.own_address("server")
            except Unable as failure:
                way.trouble = str(failure)

    def memory(self):
        cells, notes = {}, {}
        for way in self.ways:
            for kind, network, options in (("none", "none", []), (PUBLISHED, way.network, ["-p"])):
                label = (kind, way.name)
                try:
                    cells[label] = self.kept(way, network, options)
                except Unable as failure:
                    cells[label], notes[label] = None, str(failure)
        rows = {}
        for (kind, name), found in cells.items():
            none = cells.get(("none", name))
            more = [f"{(found[i] - none[i]) / CONTAINERS:+.0f}" if found and none and kind != "none" else "" for i in (1, 2)]
            rows[kind, name] = found and [found[0], f"{found[1] / CONTAINERS:.0f}", more[0], f"{found[2] / CONTAINERS:.0f}", more[1]]
        head = ["network", "engine", "processes", "private", "- none", "PSS", "- none"]
        # A process shares the pages of the one that it was forked from: PSS has its part of them, private memory has none.
        return table(f"Memory per container of all that an engine keeps running, KB ({CONTAINERS} running)", head, rows, notes)

    def kept(self, way, network, options):
        """What stays for CONTAINERS containers beside their own processes: its names, private memory and PSS in KB."""
        before = set(measure.processes())
        names = [f"memory{number}" for number in range(CONTAINERS)]
        try:
            for name in names:
                way.start(name, network, *(word for option in options for word in (option, f"{LOOPBACK}:{self.publish()}:80")))
            time.sleep(8)
            counts, private, pss = {}, 0, 0
            for pid, (_, name, _) in measure.processes().items():
                if pid in before or name == "netload":
                    continue
                try:
                    used = measure.memory(pid)
                except (OSError, KeyError) as error:
                    raise Unable(f"{name}: {error}") from None
                counts[name] = counts.get(name, 0) + 1
                private, pss = private + used["private"], pss + used["pss"]
            return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())), private, pss
        finally:
            way.discard(*names)

    def backend(self):
        """What podman makes its bridges with."""
        for way in self.ways:
            if way.podman:
                try:
                    return "\npodman's network backend: " + way.call("info", "--format", "{{.Host.NetworkBackend}}")
                except Unable:
                    break
        return ""


def suite(context, working, options):
    if not context.lab:
        return "\nnetwork: left out: only root can make namespaces that are hosts of their own to an ordinary user\n"
    if not shutil.which("gcc"):
        return "\nnetwork: left out: gcc is not installed\n"
    work = Suite(context, working, options.rounds)
    try:
        text = work.starts()
        work.serve()
        for part in (netpaths.connects, netpaths.throughput, netpaths.datagrams, netpaths.names):
            text += part(work)
        for way in work.ways:
            way.discard("server")
        return text + work.memory() + work.backend()
    finally:
        work.server.kill()
        work.server.wait()
