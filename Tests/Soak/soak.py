#!/usr/bin/env python3
"""Holds the engine's networks to what they promise, for minutes, among many others and with processes that are killed.

As root: each theme has two hosts of network namespaces of its own and an ordinary user's store; the machine's own network is
not touched. A line for each scene; the exit status is 1 where one failed.
"""

import argparse
import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import addresses
import churn
import connections
import killing
import nginx
import restarts
from lab import Failure, Lab, Machine, copy_engine, enough_descriptors, make_rootfs

THEMES = {
    "connections": (connections, "0"),
    "restarts": (restarts, None),
    "nginx": (nginx, "0"),
    "soak": (churn, None),
    "kills": (killing, "0"),
    "addresses": (addresses, "0"),
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", type=pathlib.Path, required=True, help="the executable to test")
    parser.add_argument("--only", action="append", choices=list(THEMES), help="this theme alone (again: this one, too)")
    parser.add_argument("--minutes", type=float, default=10, help="how long the soak lasts (10)")
    parser.add_argument("--count", type=int, default=1000, help="how often a container with a port is started (1000)")
    parser.add_argument("--rounds", type=int, default=200, help="how many rounds of kills (200)")
    parser.add_argument("--connections", type=int, default=10_000, help="how many are held at once (10000)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of what is random (the time)")
    parser.add_argument("--keep", action="store_true", help="leave the sandbox of a theme that failed")
    return parser.parse_args()


def attempt(theme, name, call):
    """Whether a scene holds; says so."""
    begun = time.monotonic()
    try:
        seen, passed = call() or "", True
    except Failure as failure:
        seen, passed = str(failure), False
    except Exception:  # noqa: B902 (a scene that breaks off has failed)
        seen, passed = traceback.format_exc().strip(), False
    took = time.monotonic() - begun
    print(f"{'ok  ' if passed else 'FAIL'} {theme}: {name} ({took:.1f} s){': ' if seen else ''}{seen}", flush=True)
    return passed


def play(theme, options, folder, apus, rootfs):
    module, linger = THEMES[theme]
    lab, machine, passed = Lab(folder), None, True

    def prepare():
        nonlocal machine
        machine = Machine(lab, apus, rootfs, linger=linger)
        machine.import_image()
        # Locks and folders that are made once are nothing that is left.
        machine.do("network", "create", "first")
        machine.do("run", "-d", "--name", "first", "--network", "first", "busybox", "sleep", "100")
        machine.do("rm", "-f", "first")
        machine.do("network", "rm", "first")
        machine.await_end()
        machine.baseline = machine.files()

    try:
        if not attempt(theme, "a store with an image", prepare):
            return False
        try:
            for name, call in module.run(machine, options):
                passed &= attempt(theme, name, call)
        except Exception:  # noqa: B902
            trace = traceback.format_exc().strip()
            passed = attempt(theme, "breaks off", lambda: (_ for _ in ()).throw(Failure(trace)))
        return passed
    finally:
        if machine and (passed or not options.keep):
            machine.close()
        elif machine:
            print(f"     its sandbox is {machine.path}")
        lab.close()


def main():
    options = arguments()
    if os.getuid() != 0:
        sys.exit("soak: needs root, who alone makes networks around an ordinary user")
    enough_descriptors()
    print(f"# seed {options.seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="apus-soak.", dir="/tmp"))
    folder.chmod(0o755)
    try:
        apus, rootfs = copy_engine(options.apus, folder), make_rootfs(folder)
        failed = [theme for theme in options.only or THEMES if not play(theme, options, folder, apus, rootfs)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if failed:
        sys.exit(f"soak: failed: {', '.join(failed)}")
    print("soak: all promises were kept")


if __name__ == "__main__":
    main()
