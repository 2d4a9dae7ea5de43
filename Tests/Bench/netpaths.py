"""What connections, bytes, datagrams and names cost on each path to and from a container."""

import random
import time

import measure
import suites
from netlab import DOMAIN, HOST, LOOPBACK, PORT, SERVER, Unable

SAMPLES = 2000
DATAGRAM = 1400
PORT_HOST, PORT_OTHER, PEER, OUT = "port, from the host", "port, from another host", "between containers", "way out"
OWN_NAME, FORWARDED = "a container's name", "a forwarded name"


def interleaved(cells, rounds, notes):
    """{label: results of the rounds}; each round measures every cell once, in an order of its own.

    `cells` are functions by label. A failure goes to `notes`, and a cell that has not worked is not tried again."""
    results, failed = {label: [] for label in cells}, {}
    for _ in range(rounds):
        for label, cell in random.sample(list(cells.items()), len(cells)):
            if label in failed and not results[label]:
                continue
            try:
                results[label].append(cell())
            except (Unable, ValueError) as failure:
                failed.setdefault(label, []).append(str(failure))
            # Clean-up that goes on behind an answer is not charged to the next one.
            time.sleep(0.02)
    for label, texts in failed.items():
        notes[label] = (f"{len(texts)} of {rounds} times: " if results[label] else "") + texts[0]
    return results


def table(title, head, cells, notes):
    """A table with a row for each label of `cells`; below it, why cells are missing."""
    rows = [[*label, *(cells.get(label) or ["n/a"] + [""] * (len(head) - len(label) - 1))] for label in cells]
    below = "".join(f"{', '.join(label)}: {text}\n" for label, text in notes.items() if label in cells)
    return suites.table(title, head, rows) + (f"\n{below}" if below else "")


def against(results, label, other, statistic):
    """How many times as much as of the engine `other` on the same path; nothing where there is none."""
    values, others = results[label], results.get((label[0], other))
    return f"{statistic(values) / statistic(others):.2f}" if values and others and label[1] != other else ""


def client(work, path, way, verb, *rest):
    """What the load prints that talks to the server of `way` on `path`."""
    if way.trouble:
        raise Unable(way.trouble)
    if path == PORT_HOST:
        return work.direct.inside(verb, LOOPBACK, way.port, *rest)
    if path == PORT_OTHER:
        return work.lab.ask([work.load, verb, HOST, way.port, *rest])
    if path == OUT:
        return way.inside(verb, SERVER, PORT, *rest)
    if not way.address:
        raise Unable(f"{way.network} gives each container a network of its own")
    return way.inside(verb, way.address, PORT, *rest)


def cells(work, paths, function):
    """{(path, engine's name): a call of function(path, way)}; without a container there is none whose name could be looked up."""
    return {(path, way.name): lambda path=path, way=way: function(path, way) for path in paths for way in (work.direct, *work.ways)
            if path != OWN_NAME or way is not work.direct}


def latencies(values):
    """Median and 99th percentile of nanoseconds, in microseconds."""
    ordered = sorted(values)
    return [f"{measure.median(ordered) / 1000:.0f}", f"{ordered[len(ordered) * 99 // 100] / 1000:.0f}"]


def connects(work):
    count = SAMPLES // work.rounds

    def cell(path, way):
        return [int(word) for word in client(work, path, way, "connect", count).split()]

    notes = {}
    found = interleaved(cells(work, (PORT_HOST, PORT_OTHER, PEER, OUT), cell), work.rounds, notes)
    pooled = {label: sum(rounds, []) for label, rounds in found.items()}
    rows = {label: values and [*latencies(values), *(against(pooled, label, other, measure.median) for other in ("direct", "apus"))]
            for label, values in pooled.items()}
    head = ["path", "engine", "median", "p99", "× direct", "× apus"]
    return table(f"Connect, a byte there and back, close; microseconds of {count * work.rounds}", head, rows, notes)


TIMES = 3


def throughput(work):
    directions = {f"{path}, {word}": (path, verb) for path in (PORT_HOST, PEER, OUT)
                  for word, verb in (("sending", "send"), ("receiving", "receive")) if (path, verb) != (PEER, "receive")}

    def cell(path, way):
        path, verb = directions[path]
        return float(client(work, path, way, verb, 1)) / 1e9

    notes = {}
    found = interleaved(cells(work, directions, cell), TIMES, notes)
    rows = {}
    for label, values in found.items():
        ratios = [against(found, label, other, measure.median) for other in ("direct", "apus")]
        rows[label] = values and [f"{measure.median(values):.2f}", *ratios]
    head = ["path, as the client sees it", "engine", "Gbit/s", "× direct", "× apus"]
    return table(f"One TCP connection, Gbit/s, medians of {TIMES} times a second", head, rows, notes)


def exchanges(work, title, paths, run):
    """A table of requests and responses that `run(path, way, count)` makes, as exchange() of netload.c prints them."""
    count = SAMPLES // work.rounds

    def cell(path, way):
        rate, lost, *samples = run(path, way, count).split()
        return float(rate), float(lost), [int(sample) for sample in samples]

    notes = {}
    found = interleaved(cells(work, paths, cell), work.rounds, notes)
    pooled = {label: [sample for _, _, samples in rounds for sample in samples] for label, rounds in found.items()}

    def row(label):
        if not found[label]:
            return None
        rates, losses, _ = zip(*found[label])
        return [*latencies(pooled[label]), *(against(pooled, label, other, measure.median) for other in ("direct", "apus")),
                f"{measure.median(rates):.0f}", f"{100 * sum(losses) / len(losses):.2f}"]

    head = ["path", "engine", "median", "p99", "× direct", "× apus", "per second", "lost, %"]
    return table(title, head, {label: row(label) for label in found}, notes)


def datagrams(work):
    def run(path, way, count):
        return client(work, path, way, "udp", DATAGRAM, count)

    return exchanges(work, f"UDP, {DATAGRAM} bytes there and back, microseconds; per second with 16 on their way", (PORT_HOST, OUT), run)


def names(work):
    def run(path, way, count):
        if way.trouble:
            raise Unable(way.trouble)
        return way.inside("dns", way.full("server") if path == OWN_NAME else f"www.{DOMAIN}", count)

    return exchanges(work, "Look-ups of names, microseconds; per second with 16 on their way", (OWN_NAME, FORWARDED), run)
