"""A small file system without a free byte under the store: what shows and removes goes on working, and frees space."""

import ctypes
import os
import shutil
import subprocess
import tempfile
import time

from verbs import NET
from world import Failure, World


CLONE_NEWNS = 0x20000  # sched.h


def fill(folder):
    """Takes every free byte and, on a file system that counts them, leaves no room for a name either."""
    with open(f"{folder}/filler", "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 512, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass
    for number in range(1 << 16):
        try:
            with open(f"{folder}/filler.{number}", "wb", buffering=0) as file:
                file.write(b"x")
        except OSError:
            return


def empty(folder):
    for name in os.listdir(folder):
        if name.startswith("filler"):
            os.unlink(f"{folder}/{name}")


def free(path):
    facts = os.statvfs(path)
    return facts.f_bavail * facts.f_frsize


def mounted(kind, path):
    if kind == "tmpfs":
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=755", "tmpfs", path], check=True)
        return None
    image = tempfile.NamedTemporaryFile(prefix="apus-fault-ext4.", dir="/tmp", suffix=".img", delete=False)
    image.truncate(16 << 20)
    image.close()
    # No block is kept for the superuser: zero bytes shall be zero for everybody.
    subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", image.name], check=True)
    subprocess.run(["mount", "-o", "loop", image.name, path], check=True)
    return image.name


def one(runner, kind):
    path = tempfile.mkdtemp(prefix="apus-fault-disk.", dir="/tmp")
    image = None
    world = None
    try:
        image = mounted(kind, path)
        world = World(runner.fixtures.apus, runner.fixtures.tar, path)
        world.import_image()
        world.do("create", "--name", "never", *NET, "busybox", "true")
        world.do("run", "--name", "ended", *NET, "busybox", "sh", "-c", "echo said; dd if=/dev/zero of=/big bs=64k count=8 2>/dev/null")
        world.do("run", "-d", "--name", "runs", *NET, "busybox", "sh", "-c", "echo begun; while :; do echo more; sleep 0.05; done")
        world.do("run", "-d", "--name", "runs-too", *NET, "busybox", "sleep", "86397")
        filler = f"{path}/filler"
        os.mkdir(filler)
        fill(filler)
        if free(path) > 4096:
            raise Failure(f"{free(path)} bytes are still free")
        there = world.containers()
        if there != {"never": "created", "ended": "exited", "runs": "running", "runs-too": "running"}:
            raise Failure(f"ps shows {there}")
        if "said" not in world.do("logs", "ended") or "begun" not in world.do("logs", "runs"):
            raise Failure("logs do not show what was said")
        world.do("inspect", "ended")
        world.do("stop", "-t", "0", "runs", quietly=True)
        world.do("kill", "runs-too")
        world.do("wait", "runs-too")
        there = world.containers()
        if there["runs"] != "exited" or there["runs-too"] != "exited":
            raise Failure(f"after stop and kill ps shows {there}")
        before = free(path)
        world.do("rm", "ended", quietly=True)
        if free(path) < before + (400 << 10):
            raise Failure(f"rm freed {free(path) - before} bytes of a container of 512 KB")
        fill(filler)
        world.do("rm", "-f", "runs", quietly=True)
        fill(filler)
        world.do("container", "prune", "--force", quietly=True)
        if world.containers():
            raise Failure(f"after the prune ps shows {world.containers()}")
        fill(filler)
        # What cannot be started for lack of space says so, and leaves nothing.
        result = world.try_apus("run", "--rm", "--name", "none", *NET, "busybox", "true")
        if result.code not in (0, 125):
            raise Failure(f"run on a full disk: {result}")
        if result.code == 125 and "no space left" not in result.errors.lower():
            raise Failure(f"run on a full disk does not say why it fails: {result}")
        world.do("ps", "-a", quietly=True)
        world.do("system", "prune", "--force", quietly=True)
        before = free(path)
        world.do("system", "prune", "--all", "--force", quietly=True)
        if free(path) < before + (1 << 20):
            raise Failure(f"'system prune --all' freed {free(path) - before} bytes")
        empty(filler)
        world.import_image()
        world.do("run", "--rm", "--name", "ended", *NET, "busybox", "true", quietly=True)
        world.check_tidy()
    finally:
        if world:
            for pid in world.processes():
                try:
                    os.kill(pid, 9)
                except OSError:
                    pass
            limit = time.monotonic() + 10
            while world.processes() and time.monotonic() < limit:
                time.sleep(0.05)
        subprocess.run(["umount", "-l", path], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(path, ignore_errors=True)
        if image:
            os.unlink(image)


def run(runner, full, chance):
    """As root, in a mount namespace of its own: nothing of it outlives this process, and nobody else sees it."""
    if os.getuid() != 0:
        print("skipped: a small file system can be mounted as root only", flush=True)
        return
    # Python has it since 3.12 only.
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    for kind in ("tmpfs", "ext4") if full else ("tmpfs",):
        try:
            one(runner, kind)
            print(f"a full {kind}: done", flush=True)
        except Exception as error:
            runner.note(f"full {kind}", error)
