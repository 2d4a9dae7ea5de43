"""Writes Tests/Harness/link-order.txt: the functions that `apus run` executes, in their order, for the linker to put side by side.

A start executes some 2,500 of 40,000 functions. Side by side they are on 15 pieces of 64 KB, the unit in which the kernel maps a
file, instead of 140; each process of a start maps its own. Names that a later build does not have are passed over, so the list
need not be made anew with each change. Run as root, after `make build`: it takes some minutes."""

import bisect
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
USER = "apus-test"


def functions(executable):
    """[(address, name)] of the executable's functions, and the bounds of its code."""
    listed = subprocess.run(["nm", "--numeric-sort", "--defined-only", executable], capture_output=True, text=True, check=True)
    rows = [line.split(" ", 2) for line in listed.stdout.splitlines()]
    found = [(int(address, 16), name) for address, kind, name in rows if kind in "tTwW"]
    return found, found[0][0], found[-1][0] + 4096


def traced(stage, executable, low, high, words):
    """The addresses that `apus words` executes as the ordinary user."""
    output = stage / "addresses"
    output.write_text("")
    environment = ["/usr/bin/env", "-i", f"HOME={stage}", "PATH=/usr/bin:/bin:/usr/sbin:/sbin", f"XDG_RUNTIME_DIR={stage}/run",
                   f"XDG_DATA_HOME={stage}/data", "APUS_LINGER=600"]
    user = ["/usr/bin/setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--inh-caps=-all", *environment, str(executable)]
    if low is None:
        subprocess.run([*user, *words], check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        return []
    subprocess.run([stage / "executed", output, f"{low:x}", f"{high:x}", *user, *words], check=True, stdin=subprocess.DEVNULL)
    return [int(line, 16) for line in output.read_text().split()]


def main():
    built = pathlib.Path(sys.argv[1])
    stage = pathlib.Path(tempfile.mkdtemp(prefix="apus-order.", dir="/tmp"))
    try:
        stage.chmod(0o755)
        for name in ("run", "data"):
            (stage / name).mkdir(mode=0o700)
            shutil.chown(stage / name, USER, USER)
        executable = stage / "apus"
        shutil.copy(built, executable)
        subprocess.run(["gcc", "-O2", "-o", stage / "executed", HERE / "executed.c"], check=True)
        subprocess.run([ROOT / "Tests/Harness/busybox-rootfs", stage / "busybox.tar"], check=True)
        os.chmod(stage / "busybox.tar", 0o644)
        traced(stage, executable, None, None, ["import", stage / "busybox.tar", "busybox"])
        start = ["run", "--rm", "--network", "none", "busybox", "true"]
        # The first start makes what later ones find: the launch record, the filter, a namespace to join.
        traced(stage, executable, None, None, start)
        known, low, high = functions(executable)
        places = [address for address, _ in known]
        names = {}
        for address in traced(stage, executable, low, high, start):
            names[known[bisect.bisect_right(places, address) - 1][1]] = None
        lines = list(names)
        (ROOT / "Tests/Harness/link-order.txt").write_text("\n".join(lines) + "\n")
        print(f"{len(lines)} functions")
    finally:
        subprocess.run(["/usr/bin/pkill", "-KILL", "-f", str(stage)])
        shutil.rmtree(stage, ignore_errors=True)


if __name__ == "__main__":
    main()
