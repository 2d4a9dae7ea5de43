"""The suite `commands`: what people type all day, beside podman and Docker's engine: `run --rm … true`, `run -d` until the prompt is there
again, `exec … true`, `ps`, `version`.

Docker's engine and apus as root are measured where the bench is called by root: each in a process that was started before the bench
became an ordinary user. The engine is a real one out of Debian's packages (Tests/Differential/oracle), with a daemon that has warmed up."""

import os
import pathlib
import random
import shutil
import subprocess
import time

import engines
import measure
import suites
from remote import Remote

ORACLE = engines.HERE.parent / "Differential" / "oracle"
IDLE = "bench-idle"
IMAGE = "busybox:bench"


class Superuser:
    """What only root can measure: made before the bench is somebody else, and ended when it is done."""

    def __init__(self, options, folder):
        self.folder = pathlib.Path(folder)
        self.apus = self.docker = None
        self.lack = ""
        # In memory, as /run is.
        self.run = pathlib.Path("/dev/shm") / f"{self.folder.parent.name}.superuser"
        if options.apus:
            environment = {"PATH": engines.PATH, "HOME": "/root", "LANG": "C.UTF-8", "APUS_ROOT": f"{folder}/apus-data",
                           "APUS_RUN": str(self.run)}
            self.apus = Remote([], environment)
        # A copy of the tree has it, too.
        started = subprocess.run([ORACLE, "start", self.oracle()], capture_output=True, text=True)
        if started.returncode:
            self.lack = (started.stderr.strip().splitlines() or ["it did not start"])[-1]
        else:
            self.docker = Remote([ORACLE, "exec", self.oracle()])

    def oracle(self):
        place = self.folder / "oracle"
        place.mkdir(parents=True, exist_ok=True)
        return place

    def close(self):
        for remote in (self.apus, self.docker):
            if remote:
                remote.close()
        if self.docker:
            subprocess.run([ORACLE, "stop", self.oracle()], capture_output=True)
        shutil.rmtree(self.run, ignore_errors=True)


class Local:
    """Runs commands as the bench itself."""

    def __init__(self, context):
        self.context = context

    def wall(self, words):
        return measure.wall([str(word) for word in words], self.context.environment, timeout=60)

    def call(self, words):
        try:
            return self.context.call(words)
        except RuntimeError as failure:
            raise measure.Failure(str(failure)) from None


class Way:
    """An engine whose commands are measured."""

    def __init__(self, name, runner, base, image, force=()):
        self.name, self.runner, self.base, self.image, self.force = name, runner, base, image, force
        self.count = 0
        self.times = {title: [] for title in self.commands()}

    def commands(self):
        """{title: how it is timed}"""
        return {"`run --rm … true`": self.whole, "`run -d` until the prompt": self.run, "`exec … true`": self.exec, "`ps`": self.ps, "`version`": self.version}

    def start(self, *words):
        return [*self.base, "run", "--network", "none", *words]

    def create(self, name):
        return self.start("-d", "--name", name, self.image, "sleep", "86399")

    def remove(self, name):
        self.runner.call([*self.base, "rm", "-f", *self.force, name])

    def whole(self):
        return self.runner.wall(self.start("--rm", self.image, "true"))

    def run(self):
        self.count += 1
        name = f"bench-{self.count}"
        seconds = self.runner.wall(self.create(name))
        self.remove(name)
        return seconds

    def exec(self):
        return self.runner.wall([*self.base, "exec", IDLE, "true"])

    def ps(self):
        return self.runner.wall([*self.base, "ps"])

    def version(self):
        return self.runner.wall([*self.base, "version"])


def ways(context, working, superuser):
    """The engines that there are, and {name: why it is not there}."""
    found, missing, local = [], {}, Local(context)
    for engine in working:
        if isinstance(engine, engines.Apus):
            found.append(Way("apus", local, [engine.path()], IMAGE))
        elif isinstance(engine, engines.Podman):
            found.append(Way("podman", local, [engine.path(), *engine.options()], "localhost/" + IMAGE, ["-t", "0"]))
    if superuser is None:
        missing["Docker's engine"] = "root alone can start it"
        return found, missing
    if superuser.apus:
        found.append(Way("apus, as root", superuser.apus, [context.apus], IMAGE))
        superuser.apus.call([context.apus, "import", context.tar, IMAGE])
    if superuser.docker:
        found.append(Way("Docker's engine", superuser.docker, ["docker"], IMAGE))
        superuser.docker.call(["docker", "import", context.tar, IMAGE])
    else:
        missing["Docker's engine"] = superuser.lack
    return found, missing


def suite(context, working, options):
    """A table with a row for each command and engine."""
    found, missing = ways(context, working, context.superuser)
    begun = []
    try:
        for way in found:
            try:
                way.runner.call(way.create(IDLE))
                begun.append(way)
            except measure.Failure as failure:
                missing[way.name] = str(failure).strip().splitlines()[-1]
        for number in range(options.rounds + 1):
            for way in random.sample(begun, len(begun)):
                for title, timed in way.commands().items():
                    seconds = timed()
                    if number > 0:  # the first round warms up
                        way.times[title].append(seconds)
                    # Clean-up that goes on behind an answer is not charged to the next command.
                    time.sleep(0.02)
        note = "".join(f"\n{way.name}: {way.runner.call([*way.base, 'version', '--format', '{{.Server.Version}}']).strip()}\n"
                       for way in begun if way.name == "Docker's engine")
    finally:
        for way in begun:
            way.remove(IDLE)
    return suites.table("Everyday commands, milliseconds", ["command", "engine", "median", "p10 - p90", "× apus"], rows(begun, missing)) + note


def rows(begun, missing):
    apus = next((way for way in begun if way.name == "apus"), None)
    listed = []
    for title in begun[0].times if begun else []:
        for way in begun:
            values = way.times[title]
            low, high = measure.spread(values)
            against = f"{measure.ratio(values, apus.times[title]):.3g}" if apus and way is not apus else ""
            listed.append([title, way.name, f"{measure.median(values) * 1000:.1f}", f"{low * 1000:.1f} - {high * 1000:.1f}", against])
        listed += [[title, name, "n/a", reason, ""] for name, reason in missing.items()]
    return listed
