"""Builds: from the cache and without it, large and many files, stages side by side."""

import os
import random
import shutil

import engines
import measure
import suites

SMALL, LARGE = 30_000, 1 << 30
# Each sleeps for two seconds.
STAGES = 4

THIRTY = "FROM {base}\n" + "".join(
    f"ENV E{n}=value{n}\nLABEL l{n}=value{n}\nCOPY file{n} /files/{n}\nRUN echo {n} >/made{n}\nWORKDIR /work/{n}\n" for n in range(6)
).rpartition("WORKDIR")[0] + "CMD [\"true\"]\n"
SLEEPING = "".join(f"FROM {{base}} AS s{n}\nRUN sleep 2 && echo {n} >/done\n" for n in range(STAGES)) + "FROM {base}\n" + "".join(
    f"COPY --from=s{n} /done /done{n}\n" for n in range(STAGES))


class Builder:
    """One program that builds: its command line up to the flags that all have."""

    def __init__(self, context, name, words, base, parallel=()):
        self.context, self.name, self.words, self.base, self.parallel = context, name, words, base, parallel

    def build(self, folder, *flags):
        """Seconds that a build of the context `folder` takes."""
        command = [*map(str, self.words), "--network", "none", "-t", "built", *flags, str(folder)]
        return measure.wall(command, self.context.environment)

    def write(self, folder, text):
        (folder / "Dockerfile").write_text(text.format(base=self.base))


def peer(context, podman, name, verb):
    """podman or buildah with a storage of its own: each would find the other's layers. Without a word Debian's would copy all files for
    each layer (vfs)."""
    folder, run = context.folder / f"{name}-build", context.run / f"{name}-build"
    storage = ["--root", folder, "--runroot", run, "--storage-driver", "overlay"]
    context.call([podman.path(), *storage, "--cgroup-manager", "cgroupfs", "import", context.tar, "busybox:bench"])
    own = ["--cgroup-manager", "cgroupfs"] if name == "podman" else []
    words = [shutil.which(name, path=engines.PATH), *storage, *own, verb, "-q", "--layers"]
    return Builder(context, name, words, "localhost/busybox:bench", ("--jobs", str(STAGES)))


def builders(context, working):
    found = []
    for engine in working:
        if isinstance(engine, engines.Apus):
            found.append(Builder(context, "apus", [engine.path(), "build", "-q"], "busybox:bench"))
        if isinstance(engine, engines.Podman):
            found += [peer(context, engine, name, verb) for name, verb in (("podman", "build"), ("buildah", "bud"))
                      if shutil.which(name, path=engines.PATH)]
    return found


def measured(able, folder, text, rounds, flags, warm=False):
    """{name: [seconds]} of builds of one Dockerfile, in rounds by turns."""
    times = {one.name: [] for one in able}
    for number in range(rounds + warm):
        for one in random.sample(able, len(able)):
            one.write(folder, text)
            os.sync()
            seconds = one.build(folder, *flags(one))
            if number >= warm:
                times[one.name].append(seconds)
    return times


def suite(context, working, options):
    """A table for each way of building."""
    able = builders(context, working)
    folders = {name: context.folder / f"build-{name}" for name in ("thirty", "small", "large", "sleeping")}
    for path in folders.values():
        path.mkdir()
    for number in range(6):
        (folders["thirty"] / f"file{number}").write_text(f"{number}\n")
    for number in range(SMALL):
        place = folders["small"] / f"files/{number // 300}"
        if number % 300 == 0:
            place.mkdir(parents=True)
        (place / str(number)).write_text(f"{number}\n")
    with open(folders["large"] / "file", "wb") as large:
        for _ in range(LARGE >> 20):
            large.write(os.urandom(1 << 20))
    few = min(3, options.rounds)
    copy = "FROM {base}\nCOPY . /copied\n"
    ways = [
        ("a Dockerfile of 30 instructions, all from the cache, milliseconds", 1000, "thirty", THIRTY, min(10, options.rounds), lambda one: (), True),
        ("the same without the cache, seconds", 1, "thirty", THIRTY, few, lambda one: ("--no-cache",), False),
        (f"`COPY` of {SMALL:,} small files, seconds", 1, "small", copy, few, lambda one: ("--no-cache",), False),
        ("`COPY` of one file of 1 GB, seconds", 1, "large", copy, few, lambda one: ("--no-cache",), False),
        (f"{STAGES} stages that sleep for 2 s each, seconds", 1, "sleeping", SLEEPING, few, lambda one: ("--no-cache", *one.parallel), False),
    ]
    parts = []
    for title, factor, name, text, rounds, flags, warm in ways:
        print(f"building: {title} …", flush=True)
        times = measured(able, folders[name], text, rounds, flags, warm)
        parts.append(suites.table(f"Build: {title}", suites.HEAD, suites.rows_with_ratios(times, factor, 2)))
    return "".join(parts)
