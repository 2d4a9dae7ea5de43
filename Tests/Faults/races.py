"""Many at once, and many after each other: no error that one after the other would not give, and nothing left."""

import time

from verbs import NET
from world import Failure


def together(world, commands, patience=300):
    """Starts all, then waits for all; returns their results."""
    programs = [(words, world.apus_start(*words)) for words in commands]
    return [(words, world.finish(program, " ".join(words), patience)) for words, program in programs]


def distinct_names(world, count):
    commands = [["run", "--rm", "--name", f"fr{number}", *NET, "busybox", "sh", "-c", f"echo {number}; exit {number % 100}"]
                for number in range(count)]
    for number, (words, result) in enumerate(together(world, commands)):
        if (result.code, result.output, result.errors) != (number % 100, f"{number}\n", ""):
            raise Failure(f"{words}: {result}")


def equal_names(world, count):
    """All want one name: each gets it or hears that it is taken, and at least one gets it."""
    commands = [["run", "--rm", "--name", "fr", *NET, "busybox", "sh", "-c", "exit 42"] for _ in range(count)]
    won = 0
    for words, result in together(world, commands):
        if result.code == 42:
            won += 1
        elif result.code != 125 or "already in use" not in result.errors:
            raise Failure(f"{words}: {result}")
    if not won:
        raise Failure("nobody got the name")


def one_container(world, chance, count):
    """start, stop, exec and rm of one container, all at once."""
    world.do("create", "--name", "fr", *NET, "busybox", "sleep", "86397")
    choices = [["start", "fr"], ["stop", "-t", "0", "fr"], ["restart", "-t", "0", "fr"], ["exec", "fr", "true"], ["kill", "fr"]]
    allowed = ("is not running", "not running", "no such container", "is already", "in progress", "was stopped before it ran again", "is restarting")
    for words, result in together(world, [chance.choice(choices) for _ in range(count)]):
        if result.code == 0:
            continue
        # What stops meanwhile takes the process of an exec with it.
        if words[0] == "exec" and result.code in (137, 143):
            continue
        if not any(text in result.errors.lower() for text in allowed):
            raise Failure(f"{words} beside others: {result}")
    if world.containers().get("fr") not in ("running", "exited", "created"):
        raise Failure(f"the container is {world.containers()}")
    for words, result in together(world, [["rm", "-f", "fr"]] * 8 + [["start", "fr"]] * 8):
        if result.code != 0 and "no such container" not in result.errors.lower():
            raise Failure(f"{words} beside others: {result}")
    if world.containers():
        raise Failure(f"after rm -f ps shows {world.containers()}")


def many_running(world, count):
    """All run at the same time, and are removed at the same time."""
    names = [f"fr{number}" for number in range(count)]
    for first in range(0, count, 20):
        commands = [["run", "-d", "--name", name, *NET, "busybox", "sleep", "86397"] for name in names[first:first + 20]]
        for words, result in together(world, commands):
            if result.code != 0 or result.errors:
                raise Failure(f"{words}: {result}")
    there = world.containers()
    if there != {name: "running" for name in names}:
        raise Failure(f"{sum(state == 'running' for state in there.values())} of {count} run")
    begun = time.monotonic()
    world.do("rm", "-f", *names)
    print(f"rm -f of {count} running containers took {time.monotonic() - begun:.1f} s", flush=True)


def one_after_another(world, chance, count):
    for _ in range(count):
        code = chance.randrange(256)
        result = world.try_apus("run", "--rm", *NET, "busybox", "sh", "-c", f"exit {code}")
        if (result.code, result.output, result.errors) != (code, "", ""):
            raise Failure(f"exit {code} became {result}")


def run(runner, full, chance):
    """Each race in a sandbox of its own if one before it failed."""
    parts = [
        ("runs with distinct names", lambda world: distinct_names(world, 64 if full else 16)),
        ("runs with equal names", lambda world: equal_names(world, 64 if full else 16)),
        ("verbs of one container", lambda world: [one_container(world, chance, 24) for _ in range(10 if full else 1)]),
        ("many at once", lambda world: many_running(world, 200 if full else 20)),
        ("one after another", lambda world: one_after_another(world, chance, 2000 if full else 20)),
    ]
    for name, part in parts:
        world = runner.world()
        begun = time.monotonic()
        try:
            part(world)
            world.check_tidy()
            runner.free.put(world)
            print(f"races, {name}: {time.monotonic() - begun:.1f} s", flush=True)
        except Exception as error:
            runner.note(f"races, {name}", error)
            world.close()
