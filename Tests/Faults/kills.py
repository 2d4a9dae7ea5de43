"""Supervisors and whole process trees, killed at random while containers run."""

import os
import random
import signal
import threading
import time

from verbs import NET
from world import Failure

LIVES = [
    ["run", "--rm", *NET, "busybox", "sh", "-c", "echo a; sleep 0.05"],
    ["run", "--rm", "--name", "fk", *NET, "busybox", "true"],
    ["run", "-d", "--name", "fl", *NET, "busybox", "sh", "-c", "while :; do echo line; sleep 0.02; done"],
    ["start", "kept"],
    ["restart", "-t", "0", "kept"],
    ["stop", "-t", "0", "kept"],
    ["rm", "-f", "fl"],
    ["exec", "kept", "true"],
    ["rename", "fl", "fm"],
    ["rm", "-f", "fm"],
    ["container", "prune", "--force", "--filter", "label=never"],
]


NAMES = {"kept", "fk", "fl", "fm"}


def kill(pids):
    killed = 0
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
            killed += 1
        except OSError:
            pass
    return killed


def round_of_kills(world, chance, kills, at_once):
    """Commands run beside each other, and processes of theirs die at any moment; returns how many were killed."""
    world.do("create", "--name", "kept", *NET, *("busybox", "sleep", "86397"))
    ends = threading.Event()

    def live(own):
        while not ends.is_set():
            # Whether it succeeds is the kill's to say.
            world.try_apus(*own.choice(LIVES))

    threads = [threading.Thread(target=live, args=(random.Random(chance.random()),)) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    killed = 0
    limit = time.monotonic() + 60
    while killed < kills and time.monotonic() < limit:
        time.sleep(chance.uniform(0, 0.15))
        found = [pid for pid, line in world.processes().items()]
        if not found:
            continue
        # One in eight times nothing is spared.
        killed += kill(found if chance.random() < 0.125 else [chance.choice(found)])
    ends.set()
    for thread in threads:
        thread.join()
    return killed


def verify(world):
    # What runs without a name ends by itself.
    limit = time.monotonic() + 30
    while set(there := world.containers()) - NAMES and time.monotonic() < limit:
        time.sleep(0.05)
    if set(there) - NAMES:
        raise Failure(f"ps shows {there}, which should have ended")
    if "kept" not in there:
        raise Failure(f"container kept is lost: {there}")
    world.do("run", "--rm", *NET, "busybox", "true", quietly=True)
    for name in sorted(there):
        result = world.try_apus("start", name)
        # One with --rm that was still there may end meanwhile.
        if result.code != 0 and name in world.containers():
            raise Failure(f"'apus start {name}' of one that was {there[name]}: {result}")
        if name in world.containers():
            world.do("stop", "-t", "0", name, quietly=True)
            world.do("logs", name)
            world.do("rm", "-f", name, quietly=True)
    for name in sorted(NAMES):
        world.do("run", "--rm", "--name", name, *NET, "busybox", "true", quietly=True)
    world.check_tidy()


def run(runner, full, chance):
    """Adds what it killed to the faults of `runner`."""
    total = 0
    for number in range(20 if full else 1):
        world = runner.world()
        try:
            killed = round_of_kills(world, chance, 25 if full else 10, 3)
            total += killed
            verify(world)
            runner.free.put(world)
        except Exception as error:
            runner.note(f"kills, round {number}", error)
            world.close()
    with runner.lock:
        runner.injected += total
        runner.per_verb["random kills"] += total
    print(f"{total} processes killed at random", flush=True)
