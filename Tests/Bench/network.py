"""The suite `network`: what starts, ports, ways out, names and memory cost with each engine's networks."""

import subprocess
import time

import engines
import measure
import netlab
import netpaths
from netlab import DOMAIN, LOOPBACK, PORT, Unable
from netpaths import against, interleaved, table

CONTAINERS = 10


class Suite:
    """The servers that are measured, and the clients of each path to them."""

    def __init__(self, context, working, rounds):
        self.context, self.lab, self.rounds = context, context.lab, min(rounds, 5)
        self.load = context.folder / "bin" / "netload"
        context.call(["/usr/bin/gcc", "-O2", "-static", "-o", self.load, engines.HERE / "netload.c"])
        netlab.image(context, self.load, working)
        self.direct = netlab.Direct(self.load)
        self.ways, self.notes = [], {}
        for engine in working:
            networks = ["slirp4netns", "bridge", "pasta"] if isinstance(engine, engines.Podman) else ["bridge"]
            for network in networks:
                name = engine.name if len(networks) == 1 else f"{engine.name} {network}"
                self.ways.append(netlab.Way(name, engine, network, "bench" if network == "bridge" else None))
        self.number = 20000
        self.servers = [subprocess.Popen([self.load, "serve", PORT])]
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
        cold, warm, notes = {}, {}, {}

        def run(way, published, network):
            options = ["--network", network]
            if published:
                options += ["-p", f"{LOOPBACK}:{self.publish()}:80"]
            return way.wall(*options)

        def cold_cell(way, published, network):
            netlab.settle(before)
            return run(way, published, network)

        kinds = [("none", False), ("bridge", False), ("bridge and port", True)]
        labels = {(kind, way.name): (way, published, "none" if kind == "none" else way.network)
                  for kind, published in kinds for way in self.ways}
        answer = {("first answer", way.name): way for way in self.ways}
        cold = interleaved({**{label: lambda a=a: cold_cell(*a) for label, a in labels.items()},
                            **{label: lambda w=w: (netlab.settle(before), self.first_answer(w))[1] for label, w in answer.items()}},
                           self.rounds, notes)
        for way in self.ways:
            way.start("warm", way.network)
        warm = interleaved({**{label: lambda a=a: run(*a) for label, a in labels.items()},
                            **{label: lambda w=w: self.first_answer(w) for label, w in answer.items()}}, self.rounds, notes)
        for way in self.ways:
            way.remove("warm")
        return self.start_tables(labels, answer, cold, warm, notes, broken)

    def first_answer(self, way):
        """Seconds from the command's beginning until its published port has answered."""
        port = self.publish()
        command = way.command(["-d", "--name", way.full("first"), "--network", way.network, "-p", f"{LOOPBACK}:{port}:{PORT}"],
                              "netload", "serve", PORT)
        begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        engine = subprocess.Popen(command, env=way.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        try:
            return (int(netlab.call([self.load, "first", LOOPBACK, port])) - begin) / 1e9
        finally:
            engine.wait()
            way.remove("first")

    def start_tables(self, labels, answer, cold, warm, notes, broken):
        def row(label):
            if not cold.get(label) or not warm.get(label):
                return None
            cells = []
            for times in (cold, warm):
                middle = measure.median(times[label])
                none = times.get(("none", label[1]))
                difference = f"{(middle - measure.median(none)) * 1000:+.1f}" if none and label[0].startswith("bridge") else ""
                cells += [f"{middle * 1000:.1f}", difference, against(times, label, "apus", measure.median)]
            return cells

        cells = {label: row(label) for label in labels}
        cells.update({("bridge", name): None for name in broken})
        notes.update({("bridge", name): text for name, text in broken.items()})
        head = ["network", "engine", "cold", "- none", "× apus", "warm", "- none", "× apus"]
        text = table("`run --rm` with a network, milliseconds (warm: another container is on that network)", head, cells, notes)
        head = ["", "engine", "cold", "", "× apus", "warm", "", "× apus"]
        return text + table("From `run -d -p` to the port's first answer, milliseconds", head, {label: row(label) for label in answer}, notes)


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
            for kind, network, options in (("none", "none", []), ("bridge and port", way.network, ["-p"])):
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
        return table(f"Memory per container of all that an engine keeps running, KB ({CONTAINERS} running)", head, rows, notes)

    def kept(self, way, network, options):
        """What stays for CONTAINERS containers beside their own processes: its names, private memory and PSS in KB."""
        before = set(measure.processes())
        names = [f"memory{number}" for number in range(CONTAINERS)]
        try:
            for name in names:
                way.start(name, network, *(word for option in options for word in (option, f"{LOOPBACK}:{self.publish()}:80")))
            time.sleep(2)
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
            for name in names:
                try:
                    way.remove(name)
                except Unable:
                    pass


def suite(context, working, options):
    if not context.lab:
        return "\nnetwork: left out: only root can make namespaces that are hosts of their own to an ordinary user\n"
    work = Suite(context, working, options.rounds)
    text = work.starts()
    work.serve()
    for part in (netpaths.connects, netpaths.throughput, netpaths.datagrams, netpaths.names):
        text += part(work)
    for way in work.ways:
        if not way.trouble:
            way.remove("server")
    return text + work.memory()
