#!/usr/bin/env python3
"""Breaks our executable at every state-changing system call, and holds it to what must be true afterwards.

Each verb is traced once with strace, then run again and again: killed by SIGKILL at its Nth call of each kind, or that call
failed with ENOSPC or EIO. After each fault the next commands must work without having been told to repair anything.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import queue
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import kills
import races
import small_disk
import verbs
from world import DISK_CALLS, HARNESS, USER, Failure, World

LINE = re.compile(r"^(\d+) +(\w+)\((.*)$")


# What builds make: each a place for many faults.
CONTEXTS = {
    "run": "FROM busybox\nRUN --mount=type=cache,target=/c echo x >/x && rm /etc/passwd && echo x >/c/x\nCMD [\"true\"]\n",
    "copy": "FROM busybox\nCOPY --chown=1000 d /d\nWORKDIR /made\n",
    "stages": "FROM busybox AS one\nRUN echo 1 >/one\nFROM busybox AS two\nCOPY d /d\nFROM busybox\nCOPY --from=one /one /one\nCOPY --from=two /d /d\n",
}

# With -y strace says what a descriptor is: what is no file has no disk that could be full.
NO_FILE = re.compile(r"^\d+<(?:anon_inode|socket|pipe|/dev/|UNIX|TCP|UDP)")


def changes(trace):
    """({(call, N)}: the Nth call of that kind by some process changes something, those of them that no disk can fail)."""
    counts = collections.Counter()
    found, elsewhere = set(), set()
    for line in trace.splitlines():
        match = LINE.match(line)
        if not match:
            continue  # "<... resumed>" and the like: the call was counted when it began
        pid, call, rest = match.groups()
        # This strace has no name for it (setxattrat, Linux 6.13), and injects into calls with names alone.
        if call.startswith("syscall_0x"):
            continue
        counts[pid, call] += 1
        if call == "openat" and "O_CREAT" not in rest and "O_TRUNC" not in rest:
            continue
        if call == "fsconfig" and "CMD_CREATE" not in rest:
            continue
        found.add((call, counts[pid, call]))
        if NO_FILE.match(rest):
            elsewhere.add((call, counts[pid, call]))
    return found, elsewhere


def faults_of(trace):
    result = []
    found, elsewhere = changes(trace)
    for call, number in sorted(found):
        result.append(f"{call}:signal=KILL:when={number}")
        if call in DISK_CALLS and (call, number) not in elsewhere:
            result += [f"{call}:error={error}:when={number}" for error in ("ENOSPC", "EIO")]
    return result


def is_a_disks(trace):
    """Whether the fault hit calls on files only: with threads, the Nth call is not the same in every run."""
    injected = [LINE.match(line) for line in trace.splitlines() if "(INJECTED)" in line]
    return not any(match and NO_FILE.match(match[3]) for match in injected)


class Fixtures:
    """The root file system, an archive with another image, and a registry that has that one, too."""

    def __init__(self, folder, apus):
        self.folder = folder
        self.apus = folder / "apus"
        shutil.copy(apus, self.apus)
        self.apus.chmod(0o755)
        self.tar, self.archive = folder / "busybox.tar", folder / "other.tar"
        subprocess.run([HARNESS / "busybox-rootfs", self.tar], check=True)
        self.tar.chmod(0o644)
        self.small = self._small("small")
        self.contexts = {name: self._context(name, text) for name, text in CONTEXTS.items()}
        self.registry = self.server = None
        world = World(self.apus, self.tar)
        try:
            # Small ones, as every file of theirs is a place for a fault, and each another than the first image's.
            tar = self._small("other")
            world.do("import", tar, "fl")
            layout = f"oci:{world.store}/images:docker.io/library/fl:latest"
            self._copy(layout, f"docker-archive:{self.archive}:fl:latest")
            self.archive.chmod(0o644)
            self._serve(layout)
        finally:
            world.close()

    def _small(self, name):
        root = self.folder / name
        (root / "bin").mkdir(parents=True)
        (root / name).write_text(f"{name}\n")
        busybox = subprocess.run(["tar", "-xOf", self.tar, "./bin/busybox"], check=True, stdout=subprocess.PIPE).stdout
        (root / "bin/busybox").write_bytes(busybox)
        (root / "bin/busybox").chmod(0o755)
        for applet in ("true", "sh"):
            (root / "bin" / applet).symlink_to("busybox")
        tar = self.folder / f"{name}-rootfs.tar"
        subprocess.run(["tar", "-C", root, "--owner=0", "--group=0", "--numeric-owner", "-cf", tar, "."], check=True)
        tar.chmod(0o644)
        shutil.rmtree(root)
        return tar

    def _context(self, name, dockerfile):
        context = self.folder / f"context-{name}"
        (context / "d").mkdir(parents=True)
        (context / "Dockerfile").write_text(dockerfile)
        (context / "d/file").write_text("file\n")
        (context / "d/link").symlink_to("file")
        return context

    @staticmethod
    def _copy(source, target, *options):
        subprocess.run(["/usr/bin/skopeo", "--insecure-policy", "copy", "--quiet", *options, source, target], check=True,
                       stdout=subprocess.DEVNULL)

    def _serve(self, layout):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        configuration = self.folder / "registry.yml"
        configuration.write_text(
            f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
            f"storage: {{filesystem: {{rootdirectory: {self.folder}/registry}}}}\nhttp: {{addr: 127.0.0.1:{port}}}\n")
        self.server = subprocess.Popen(["/usr/bin/docker-registry", "serve", configuration], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        for attempt in range(200):
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        self.registry = f"localhost:{port}"
        self._copy(layout, f"docker://{self.registry}/fl:latest", "--dest-tls-verify=false")

    def close(self):
        if self.server:
            self.server.kill()
            self.server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Runner:
    """Sandboxes that are used again as long as nothing went wrong in them."""

    def __init__(self, fixtures, jobs):
        self.fixtures, self.free = fixtures, queue.SimpleQueue()
        self.pool = concurrent.futures.ThreadPoolExecutor(jobs)
        self.injected, self.failures, self.lock = 0, [], threading.Lock()
        self.per_verb = collections.Counter()

    def world(self):
        try:
            return self.free.get_nowait()
        except queue.Empty:
            world = World(self.fixtures.apus, self.fixtures.tar)
            world.import_image()
            # The second run leaves what every start leaves.
            world.do("run", "--rm", "--network", "none", "busybox", "true")
            world.check_tidy()
            world.baseline = world.files()
            return world

    def note(self, what, error):
        with self.lock:
            self.failures.append((what, str(error)))
            print(f"FAILED {what}: {error}", flush=True)

    def trace(self, verb):
        world = self.world()
        try:
            verbs.prepare(world, verb)
            result, trace = verbs.perform(world, verb)
            if result.code != 0:
                raise Failure(f"without a fault: {result}")
            verbs.verify(world, verb)
            self.free.put(world)
            return faults_of(trace)
        except Exception as error:
            self.note(verb.name, error)
            world.close()
            return []

    def inject(self, verb, fault):
        world = self.world()
        try:
            verbs.prepare(world, verb)
            try:
                result, trace = verbs.perform(world, verb, fault)
            except Failure as failure:
                trace = (world.path / "trace").read_text(errors="replace")
                if "error=" in fault and not is_a_disks(trace):
                    return world.close()
                raise Failure(f"the command itself: {failure}") from None
            with self.lock:
                self.injected += 1
                self.per_verb[verb.name] += 1
                if self.injected % 250 == 0:
                    print(f"{self.injected} faults injected, {len(self.failures)} failures", flush=True)
            # A trap is no answer to a full disk.
            if "error=" in fault and is_a_disks(trace) and (result.code < 0 or result.code in (132, 133, 134, 139)):
                raise Failure(f"the command crashed: {result}")
            verbs.verify(world, verb)
            self.free.put(world)
        except Exception as error:
            self.note(f"'{verb.name}' with {fault}", error)
            world.close()

    def close(self):
        self.pool.shutdown()
        while not self.free.empty():
            self.free.get().close()


def chosen_verbs(fixtures, patterns):
    every = verbs.all_verbs(fixtures)
    return [verb for verb in every if not patterns or any(verb.name == word for word in patterns)]


def verb_faults(runner, options, chance):
    chosen = chosen_verbs(runner.fixtures, options.only)
    work = []
    if options.fault:
        work = [(verb, fault) for verb in chosen for fault in options.fault]
    else:
        if options.sample:
            chosen = chance.sample(chosen, min(len(chosen), options.sample))
        for verb, faults in zip(chosen, runner.pool.map(runner.trace, chosen)):
            if options.sample:
                faults = chance.sample(faults, min(len(faults), 5))
            work += [(verb, fault) for fault in faults]
    chance.shuffle(work)
    print(f"{len(work)} faults for {len(chosen)} verbs", flush=True)
    limit = time.monotonic() + options.seconds if options.seconds else None

    def one(item):
        if limit is None or time.monotonic() < limit:
            runner.inject(*item)

    list(runner.pool.map(one, work))
    print(f"{runner.injected} faults injected at system calls, {len(runner.failures)} failures", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", required=True, type=pathlib.Path)
    parser.add_argument("--sample", type=int, metavar="VERBS", help="a few faults of so many verbs, not all of all")
    parser.add_argument("--only", action="append", default=[], metavar="VERB", help="this verb, or 'kills', 'disk', 'races'")
    parser.add_argument("--fault", action="append", default=[], help="with --only: this one, as in the list of failures")
    parser.add_argument("--seconds", type=int, help="inject no more faults at system calls past that time")
    parser.add_argument("--seed", type=int, default=None, help="what the choice of faults begins with")
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1))
    options = parser.parse_args()
    if os.getuid() == 0:
        subprocess.run([HARNESS / "make-user", USER], check=True)
    seed = options.seed if options.seed is not None else random.randrange(1 << 32)
    print(f"faults of seed {seed}, {options.jobs} at once", flush=True)
    chance = random.Random(seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="apus-faults.", dir="/tmp"))
    folder.chmod(0o755)
    fixtures = Fixtures(folder, options.apus)
    runner = Runner(fixtures, options.jobs)
    parts = {"kills": kills.run, "disk": small_disk.run, "races": races.run}
    try:
        if not options.only or not set(options.only) <= set(parts):
            verb_faults(runner, options, chance)
        for name, part in parts.items():
            if name in options.only or not options.only:
                part(runner, not options.sample, chance)
    finally:
        runner.close()
        fixtures.close()
    for name, count in sorted(runner.per_verb.items()):
        print(f"  {name:32} {count}")
    print(f"{runner.injected} faults injected, {len(runner.failures)} failures")
    for what, error in runner.failures:
        print(f"  {what}: {error}")
    return 1 if runner.failures else 0


if __name__ == "__main__":
    sys.exit(main())
