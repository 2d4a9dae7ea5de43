"""Builds that are broken off, that have no room, and that are in each other's way."""

import concurrent.futures
import os
import pathlib
import random
import signal
import subprocess
import time

import hostile

MARK = "86123"
STEPS = ("FROM busybox AS a\nCOPY d /d\nRUN --mount=type=cache,target=/c,id={n} cp -r /d /e && rm -r /d && echo {n} > /c/x\n"
         "FROM busybox AS b\nRUN mkdir /o && for i in 1 2 3 4 5 6 7 8 9; do head -c 200000 /dev/urandom > /o/$i; done\n"
         "FROM a\nCOPY --from=b /o /o\nRUN chown -R 1000:1000 /o && chmod 4755 /o/1\nLABEL n={n}\n")


def start(world, *words):
    return subprocess.Popen([*world.engine.words(), *map(str, words)], env=world.engine.environment, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def gone(marker, seconds=10):
    """Whether no process with this in its command line is left within so many seconds."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if not hostile.processes(marker):
            return True
        time.sleep(0.05)
    return False


def await_process(marker, build, seconds=60):
    limit = time.monotonic() + seconds
    while not hostile.processes(marker):
        if build.poll() is not None or time.monotonic() > limit:
            raise hostile.Failure(f"the step did not begin: {build.stderr.read() if build.poll() is not None else 'no process'}")
        time.sleep(0.02)


def interrupted(world):
    """SIGINT and SIGTERM in the middle: nothing of the build runs on, and the next one works."""
    for number, name in enumerate((signal.SIGINT, signal.SIGTERM)):
        world.file("Dockerfile", f"FROM busybox AS a\nRUN sleep {MARK}1{number} & sleep {MARK}2{number}\nFROM busybox AS b\nRUN sleep {MARK}3{number}\nFROM a\nCOPY --from=b /etc /e\n")
        build = start(world, "build", "-t", "hostile", world.context)
        await_process(f"{MARK}3{number}", build)
        await_process(f"{MARK}2{number}", build)
        os.killpg(build.pid, name)
        try:
            build.wait(20)
        except subprocess.TimeoutExpired:
            build.kill()
            raise hostile.Failure(f"no end within 20 s after {name.name}") from None
        world.expect(build.returncode not in (0, None), "a build that was broken off says that all went well")
        world.expect(gone(f"{MARK}"), f"processes of the build are left: {hostile.processes(MARK)}")
        build.stderr.close()
        world.whole()


def killed(world):
    """SIGKILL at moments by chance: nothing of the build runs on, the store is whole, a prune and the next build work."""
    for number in range(40):
        world.file(f"d/{number}", f"{number}\n")
    world.engine.do("build", "-q", "-t", "kept", world.context) if world.file("Dockerfile", "FROM busybox\nRUN echo kept > /kept\n") else None
    for number in range(25):
        world.file("Dockerfile", STEPS.format(n=number))
        build = start(world, "build", "-t", "hostile", world.context)
        time.sleep(random.random() * 0.6)
        build.kill()
        build.wait()
        build.stderr.close()
        world.engine.do("run", "--rm", "--network", "none", "kept", "cat", "/kept")
        # The same build again stands on what the killed one has left.
        if number % 3 == 0:
            world.engine.do("build", "-q", "-t", "hostile", world.context)
            world.expect(world.engine.do("run", "--rm", "--network", "none", "hostile", "cat", f"/e/{number}") == f"{number}\n", "a file is not there")
        if number % 3 == 1:
            world.whole()
    world.whole()
    world.engine.do("system", "prune", "-f")
    left = [str(path) for path in pathlib.Path(world.engine.environment["APUS_ROOT"]).rglob(".tmp*")]
    world.expect(not left, f"temporary names are left: {left}")


def killed_in_a_step(world):
    """SIGKILL while a step runs: the step ends with the build."""
    for number in range(3):
        world.file("Dockerfile", f"FROM busybox\nRUN sleep {MARK}7{number}\n")
        build = start(world, "build", world.context)
        await_process(f"{MARK}7{number}", build)
        build.kill()
        build.wait()
        build.stderr.close()
        world.expect(gone(f"{MARK}7{number}", 15), "the step goes on when its build was killed")
    world.whole()


def full_disk(world):
    """A store without room: the build fails with a sentence, the store is whole, and works when there is room again."""
    if os.getuid():
        return "left out: a small file system needs root"
    script = pathlib.Path(__file__).with_name("full-disk")
    for megabytes in (8, 12, 20):
        done = subprocess.run(["unshare", "--mount", "--propagation", "private", script, world.engine.executable, str(world.folder), str(megabytes)],
                              capture_output=True, text=True, env=world.engine.environment, timeout=300)
        world.expect(done.returncode == 0, f"with {megabytes} MB: {done.stdout[-800:]}{done.stderr[-800:]}")
    return None


def at_once(world):
    """The same build six times at once, and others beside them: all end well, with one image."""
    world.file("d/x", "x\n")
    world.file("Dockerfile", STEPS.format(n=0).replace("head -c 200000 /dev/urandom", "seq 20000"))
    other = world.folder / "other"
    other.mkdir()

    def one(number):
        if number % 3 == 2:
            place = other / str(number)
            place.mkdir()
            (place / "Dockerfile").write_text(f"FROM busybox\nRUN echo {number} > /n && sleep 0.2\n")
            return world.engine.call("build", "-q", "-t", f"other{number}", place)
        return world.engine.call("build", "-q", "-t", f"same{number}", world.context)

    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        answers = list(pool.map(one, range(9)))
    for code, _, errors in answers:
        world.expect(code == 0, f"exit {code}: {errors[-600:]}")
    same = {world.engine.do("build", "-q", "-t", f"same{number}", world.context) for number in (0, 1)}
    world.expect(len(same) == 1, f"a build from the cache makes several images: {same}")
    for number in range(9):
        name = f"other{number}" if number % 3 == 2 else f"same{number}"
        world.engine.do("run", "--rm", "--network", "none", name, "cat", "/n" if number % 3 == 2 else "/e/x")
    world.whole()


def pruned_meanwhile(world):
    """Prunes beside builds: a build ends well, or says why not; no image is broken."""
    for number in range(6):
        world.file("d/x", f"{number}\n")
        world.file("Dockerfile", STEPS.format(n=number))
        build = start(world, "build", "-t", f"hostile{number}", world.context)
        while build.poll() is None:
            world.engine.do("builder", "prune", "-af")
            world.engine.do("system", "prune", "-f")
        world.expect(build.returncode == 0, f"a build beside prunes: exit {build.returncode}: {build.stderr.read()[-600:]}")
        build.stderr.close()
        world.engine.do("run", "--rm", "--network", "none", f"hostile{number}", "cat", "/e/x")
    world.whole()


TESTS = [interrupted, killed, killed_in_a_step, full_disk, at_once, pruned_meanwhile]
