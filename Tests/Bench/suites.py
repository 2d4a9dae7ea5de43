"""What is measured; each suite returns a Markdown table."""

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import engines
import measure


def table(title, head, rows):
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]

    def line(cells):
        return "| " + " | ".join(str(cell).ljust(width) for cell, width in zip(cells, widths)) + " |"

    return "\n".join([f"\n### {title}\n", line(head), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(line, rows), ""])


def rows_with_ratios(times, scale, digits):
    """One row per engine: median, 10th to 90th percentile, and ratios to the C baseline and to podman."""
    rows = []
    for name, values in times.items():
        low, high = measure.spread(values)
        row = [name, f"{measure.median(values) * scale:.{digits}f}", f"{low * scale:.{digits}f} - {high * scale:.{digits}f}"]
        for other, turned in (("C baseline", False), ("podman", True)):
            if other not in times or name == other:
                row.append("")
            elif turned:
                row.append(f"{measure.ratio(times[other], values):.1f}")
            else:
                row.append(f"{measure.ratio(values, times[other]):.2f}")
        rows.append(row)
    return rows


HEAD = ["engine", "median", "p10 - p90", "× C baseline", "podman is × slower"]


def interleaved(context, working, network, rounds, count=1):
    """{engine's name: seconds of each round}; in each round every engine runs once, in an order of its own."""
    times = {engine.name: [] for engine in working}
    for number in range(rounds + 1):
        for engine in random.sample(working, len(working)):
            seconds = measure.wall(engine.command(network, "true"), context.environment, count)
            if number > 0:  # the first round warms up
                times[engine.name].append(seconds)
            # Clean-up that goes on behind an answer is not charged to the next engine.
            time.sleep(0.01 if count == 1 else 0.5)
    return times


def start(context, working, options):
    parts = []
    for network in ("none", "host"):
        times = interleaved(context, working, network, options.rounds)
        title = f"`run --rm --network {network} IMAGE true`, milliseconds"
        parts.append(table(title, HEAD, rows_with_ratios(times, 1000, 1)))
    return "".join(parts)


def parallel(context, working, options):
    able = [engine for engine in working if not isinstance(engine, engines.Nothing)]
    times = interleaved(context, able, "none", max(2, options.rounds // 10), 50)
    return table("50 starts at once, seconds until the last has ended", HEAD, rows_with_ratios(times, 1, 2))


CONTAINERS = 10


def memory(context, working, options):
    """Memory per container of what an engine keeps running for it."""
    rows = []
    able = [engine for engine in working if isinstance(engine, (engines.Apus, engines.Baseline, engines.Podman))]
    # The baseline is its own supervisor.
    ways = [(engine, False) for engine in able] + [(engine, True) for engine in able if not isinstance(engine, engines.Baseline)]
    for engine, detached in ways:
        command = engine.command("none", "sleep", "86399")
        if detached:
            command.insert(command.index("run") + 1, "-d")
        log = os.memfd_create("log")
        started = [measure.start(command, context.environment, log) for _ in range(CONTAINERS)]
        try:
            # A supervisor gives its memory back when nothing has happened for two seconds.
            time.sleep(8)
            rows.append([engine.name + (", detached" if detached else ""), *supervisors([] if detached else started)])
        finally:
            for pid, (_, _, line) in measure.processes().items():
                if line == "sleep 86399":
                    os.kill(pid, signal.SIGKILL)
            for pid in started:
                os.waitpid(pid, 0)
            os.close(log)
    head = ["engine", "process", "PSS", "private dirty", "peak resident", "its client's private dirty"]
    return table(f"Memory per idle container, KB ({CONTAINERS} running)", head, rows)


def supervisors(clients):
    """The process that stays for each container: the parent of its command that is no client; means in KB."""
    found = measure.processes()
    sums, name = dict.fromkeys(("pss", "private_dirty", "private", "peak"), 0), ""
    sleepers = [pid for pid, (_, _, line) in found.items() if line == "sleep 86399"]
    if len(sleepers) != CONTAINERS:
        return [f"{len(sleepers)} containers instead of {CONTAINERS}", "", "", "", ""]
    for pid in sleepers:
        parent = found[pid][0]
        # conmon and supervisors are parents of the container's first process.
        name = found[parent][1]
        try:
            for key, value in measure.memory(parent).items():
                sums[key] += value
        except (OSError, KeyError) as error:
            return [name, f"not readable: {error}", "", "", ""]
    client = 0
    for pid in clients:
        try:
            client += measure.memory(pid)["private_dirty"]
        except (OSError, KeyError):
            return [name, *(f"{sums[key] / CONTAINERS:.0f}" for key in ("pss", "private_dirty", "peak")), "not readable"]
    return [name, *(f"{sums[key] / CONTAINERS:.0f}" for key in ("pss", "private_dirty", "peak")), f"{client / len(clients):.0f}" if clients else ""]


def pull(context, working, options):
    """From a registry on loopback to an image that can run: a Debian root file system of one gzip layer."""
    names = {engine.name for engine in working}
    fixtures = context.folder / "fixtures"
    print("making a Debian image (once) …", flush=True)
    context.call([engines.HARNESS / "make-fixtures", fixtures, "debian"])
    storage = context.folder / "registry"
    port = 20000 + os.getpid() % 20000
    configuration = context.folder / "registry.yml"
    configuration.write_text(
        f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
        f"storage: {{filesystem: {{rootdirectory: {storage}}}}}\nhttp: {{addr: 127.0.0.1:{port}}}\n")
    server = subprocess.Popen(["/usr/bin/docker-registry", "serve", str(configuration)], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    try:
        image = f"localhost:{port}/debian:latest"
        for attempt in range(100):
            try:
                context.call(["/usr/bin/skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false",
                              f"oci:{fixtures}/debian.oci:latest", f"docker://{image}"])
                break
            except RuntimeError:
                if attempt == 99:
                    raise
                time.sleep(0.1)
        return pull_rounds(context, names, image)
    finally:
        server.kill()
        server.wait()


def pull_rounds(context, names, image):
    work = context.folder / "pull"

    def fresh():
        subprocess.run(["/usr/bin/unshare", "--user", "--map-root-user", "--map-auto", "/bin/rm", "-rf", work], check=True)
        work.mkdir()

    def apus():
        environment = {**context.environment, "XDG_DATA_HOME": str(work / "data")}
        return measure.wall([context.apus, "pull", "--quiet", image], environment)

    def podman():
        return measure.wall(["/usr/bin/podman", "--root", f"{work}/root", "--runroot", f"{work}/run", "pull", "--quiet",
                             "--tls-verify=false", image], context.environment)

    def others():
        layout = f"{work}/layout"
        script = (f"skopeo --insecure-policy copy --quiet --src-tls-verify=false docker://{image} oci:{layout}:latest && "
                  f"umoci unpack --rootless --image {layout}:latest {work}/bundle >/dev/null && chmod -R u+rwX {work}/bundle")
        return measure.wall(["/bin/sh", "-c", script], context.environment)

    ways = {"skopeo and umoci": others}
    if "apus" in names:
        ways["apus"] = apus
    if "podman" in names:
        ways["podman"] = podman
    times = {name: [] for name in ways}
    for _ in range(3):
        for name, way in random.sample(list(ways.items()), len(ways)):
            fresh()
            times[name].append(way())
    fresh()
    return table("Pull and unpack a Debian image from loopback, seconds", HEAD, rows_with_ratios(times, 1, 2))


RUNNING, STOPPED = 200, 1000


def ps(context, working, options):
    """The whole of `ps` and of `ps -a` where there are many containers."""
    able = [engine for engine in working if isinstance(engine, (engines.Apus, engines.Podman))]

    def base(engine):
        return [engine.path(), *(engine.options() if isinstance(engine, engines.Podman) else [])]

    # What `run` gets, without the words around it: the network, the image and the command.
    def create(engine, verb, *words):
        line = engine.command("none", *words)
        place = line.index("run")
        return [*base(engine), *verb, *line[line.index("--network", place):]]

    # A user's keys have a quota (200 as Debian has it), and podman's containers would take one each.
    configuration = context.folder / "containers.conf"
    configuration.write_text("[containers]\nkeyring = false\n")
    context.environment["CONTAINERS_CONF"] = str(configuration)
    times = {"ps": {}, "ps -a": {}}
    try:
        with ThreadPoolExecutor(2) as pool:
            for engine in able:
                print(f"making {RUNNING + STOPPED} containers of {engine.name} …", flush=True)
                jobs = [create(engine, ["run", "-d"], "sleep", "86399")] * RUNNING + [create(engine, ["create"], "true")] * STOPPED
                list(pool.map(context.call, jobs))
        for number in range(options.rounds + 1):
            for engine in random.sample(able, len(able)):
                for words, values in times.items():
                    seconds = measure.wall([*base(engine), *words.split()], context.environment)
                    if number > 0:
                        values.setdefault(engine.name, []).append(seconds)
    finally:
        for engine in able:
            listed = context.call([*base(engine), "ps", "-aq"]).split()
            if listed:
                context.call([*base(engine), "rm", "-f", *(["-t", "0"] if isinstance(engine, engines.Podman) else []), *listed])
        del context.environment["CONTAINERS_CONF"]
    head = f"with {RUNNING} running and {STOPPED} created containers, milliseconds"
    return "".join(table(f"`{words}` {head}", HEAD, rows_with_ratios(values, 1000, 1)) for words, values in times.items())


ALL = {"start": start, "parallel": parallel, "memory": memory, "pull": pull, "ps": ps}
