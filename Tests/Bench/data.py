"""What moves a container's files: `commit`, `cp`, and the filling of a volume from an image."""

import random
import subprocess

import engines
import measure
import suites

SMALL, LARGE = 30_000, 1 << 30
# Of an image's directory: 300 MB in 12,000 files.
IMAGE_FILES, IMAGE_FILE = 12_000, 25_000

FILL = (f"i=0; while [ $i -lt {SMALL} ]; do [ $((i % 300)) = 0 ] && d=/data/small/$i && mkdir -p $d; "
        "echo $i >$d/$i; i=$((i + 1)); done")
WRITE = f"dd if=/dev/urandom of=/data/large bs=1M count={LARGE >> 20} 2>/dev/null"
MANY = (f"mkdir -p /many; head -c {IMAGE_FILE} /dev/urandom >/source; i=0; "
        f"while [ $i -lt {IMAGE_FILES} ]; do cat /source >/many/$i; i=$((i + 1)); done")


class Prepared:
    """One engine, with a container that has the files, and the same files outside."""

    def __init__(self, context, engine):
        self.context, self.engine = context, engine
        self.base = [engine.path(), *(engine.options() if isinstance(engine, engines.Podman) else [])]
        line = engine.command("none")
        self.image = line[-1]
        self.outside = context.folder / f"data-{engine.name}"

    def call(self, *words):
        return self.context.call([*self.base, *map(str, words)])

    def wall(self, *words):
        # What an earlier command has left to the kernel to write is not charged to this one.
        subprocess.run(["/bin/sync", "-f", self.context.folder], check=True)
        return measure.wall([*self.base, *map(str, words)], self.context.environment)

    def make(self):
        self.outside.mkdir()
        self.call("run", "--name", "files", "--network", "none", self.image, "sh", "-c", f"mkdir -p /data/small; {FILL}; {WRITE}")
        self.call("run", "--name", "large", "--network", "none", self.image, "sh", "-c", f"mkdir -p /data; {WRITE}")
        self.call("run", "--name", "many", "--network", "none", self.image, "sh", "-c", MANY)
        self.call("commit", "many", "many")
        for name in ("small", "large"):
            self.call("cp", f"files:/data/{name}", self.outside / name)
        self.call("create", "--name", "target", "--network", "none", self.image, "true")

    def commit(self):
        seconds = self.wall("commit", "large", "committed")
        # What it made can be run, and is there.
        seconds += self.wall("run", "--rm", "--network", "none", "committed", "test", "-s", "/data/large")
        self.call("rmi", "-f", "committed")
        return seconds

    def into(self, name):
        seconds = self.wall("cp", self.outside / name, "target:/into")
        self.call("rm", "-f", "target")
        self.call("create", "--name", "target", "--network", "none", self.image, "true")
        return seconds

    def out(self, name):
        place = self.outside / "out"
        seconds = self.wall("cp", f"files:/data/{name}", place)
        subprocess.run(["/bin/rm", "-rf", place], check=True)
        return seconds

    def fill(self):
        seconds = self.wall("run", "--rm", "--network", "none", "-v", "filled:/many", "many", "test", "-s", "/many/0")
        self.call("volume", "rm", "filled")
        return seconds

    def close(self):
        for words in (["rm", "-f", "files", "large", "many", "target"], ["rmi", "-f", "many"]):
            self.call(*words)
        subprocess.run(["/bin/rm", "-rf", self.outside], check=True)


WAYS = {
    "`commit` of 1 GB that a container wrote, and a `run` of the image": lambda one: one.commit(),
    f"`cp` of {SMALL:,} small files into a container": lambda one: one.into("small"),
    f"`cp` of {SMALL:,} small files out of a container": lambda one: one.out("small"),
    "`cp` of one file of 1 GB into a container": lambda one: one.into("large"),
    "`cp` of one file of 1 GB out of a container": lambda one: one.out("large"),
    f"`run` with a new volume that gets {IMAGE_FILES:,} files (300 MB) of the image": lambda one: one.fill(),
}


def suite(context, working, options):
    """A table for each way that files move, three rounds each."""
    able = [Prepared(context, engine) for engine in working if isinstance(engine, (engines.Apus, engines.Podman))]
    parts = []
    for one in able:
        print(f"making the files of {one.engine.name} …", flush=True)
        one.make()
    for title, way in WAYS.items():
        times = {one.engine.name: [] for one in able}
        for _ in range(min(3, options.rounds)):
            for one in random.sample(able, len(able)):
                times[one.engine.name].append(way(one))
        parts.append(suites.table(f"{title}, seconds", suites.HEAD, suites.rows_with_ratios(times, 1, 2)))
    for one in able:
        one.close()
    return "".join(parts)
