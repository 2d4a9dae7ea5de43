"""Writes Tests/Harness/link-order.txt: the functions that `apus run` executes, as an ordinary user and as root, in their order, and the
variables that it looks at, for the linker to put side by side.

A start executes some 2,500 of 40,000 functions. Side by side they are on 15 pieces of 64 KB, the unit in which the kernel maps a
file, instead of 140; each process of a start maps its own. What it writes to would be on 60 pages of 4 KB, and is on 30: each is copied
or filled when it is touched first. The linker moves whole sections, of which a file has one for all its variables, unless they are
C's. Names that a later build does not have are passed over, so the list need not be made anew with each change. Run as root, after
`make build`: it takes some minutes."""

import bisect
import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# What root alone executes comes after what everybody does.
USERS = ["apus-test", "root"]


class Symbols:
    """[(address, size, name)] in their order."""

    def __init__(self, rows):
        self.rows = rows
        self.places = [row[0] for row in rows]
        self.bounds = rows[0][0], rows[-1][0] + 4096

    def before(self, address):
        return self.rows[bisect.bisect_right(self.places, address) - 1]


def symbols(executable):
    """The functions and the variables of an executable."""
    listed = subprocess.run(["nm", "--numeric-sort", "--defined-only", "--print-size", executable], capture_output=True, text=True, check=True)
    code, data = [], []
    for line in listed.stdout.splitlines():
        found = re.match(r"([0-9a-f]+) (?:([0-9a-f]+) )?(\S) (.*)", line)
        kind = code if found[3] in "tTwW" else data if found[3] in "bBdD" else None
        if kind is not None:
            kind.append((int(found[1], 16), int(found[2] or "0", 16), found[4]))
    # Local names that several files have say nothing to the linker. What is only read is scattered all the same: most of it is text.
    often = collections.Counter(name for _, _, name in data)
    return Symbols(code), Symbols([row for row in data if often[row[2]] == 1])


def operands(executable, data, executed):
    """{address of a variable: place in `executed` of the first instruction that names it}."""
    low, high = data.bounds
    order, found = {}, {}
    for place, address in enumerate(executed):
        order.setdefault(address, place)
    with subprocess.Popen(["objdump", "--disassemble", "--no-show-raw-insn", executable], stdout=subprocess.PIPE, text=True) as listing:
        for line in listing.stdout:
            address, colon, words = line.partition(":\t")
            place = order.get(int(address, 16)) if colon else None
            if place is None:
                continue
            for number in re.findall(r"\b(?:0x)?([0-9a-f]{6,8})\b", words):
                if low <= int(number, 16) < high:
                    found[int(number, 16)] = min(place, found.get(int(number, 16), place))
    return found


def traced(stage, executable, user, bounds, words):
    """What `apus words` executes and looks at as `user`: addresses, and {address: place in the former}. `bounds` are those of its code and
    of its variables; without them it runs as ever."""
    output = stage / "addresses"
    output.write_text("")
    # The superuser's store has a fixed place.
    places = ("APUS_ROOT", "APUS_RUN") if user == "root" else ("XDG_DATA_HOME", "XDG_RUNTIME_DIR")
    environment = ["/usr/bin/env", "-i", f"HOME={stage}/{user}", "PATH=/usr/bin:/bin:/usr/sbin:/sbin",
                   f"{places[0]}={stage}/{user}/data", f"{places[1]}={stage}/{user}/run", "APUS_LINGER=600"]
    command = ["/usr/bin/setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--inh-caps=-all", *environment, executable, *words]
    if bounds is None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        return [], {}
    subprocess.run([stage / "executed", output, *(f"{bound:x}" for bound in bounds), *command], check=True, stdin=subprocess.DEVNULL)
    executed, pointers = [], {}
    for line in output.read_text().split():
        if line.startswith("+"):
            pointers[int(line[1:], 16)] = len(executed)
        else:
            executed.append(int(line, 16))
    return executed, pointers


def start(stage, executable, user, bounds):
    """As `traced`, of a start that finds what an earlier one has made: the launch record, the filter, a namespace to join."""
    for name in ("", "run", "data"):
        directory = stage / user / name
        directory.mkdir(mode=0o700)
        shutil.chown(directory, user, user)
    words = ["run", "--rm", "--network", "none", "busybox", "true"]
    for earlier in (["import", stage / "busybox.tar", "busybox"], words):
        traced(stage, executable, user, None, earlier)
    return traced(stage, executable, user, bounds, words)


def main():
    built = pathlib.Path(sys.argv[1])
    stage = pathlib.Path(tempfile.mkdtemp(prefix="apus-order.", dir="/tmp"))
    try:
        stage.chmod(0o755)
        executable = stage / "apus"
        shutil.copy(built, executable)
        subprocess.run(["gcc", "-O2", "-o", stage / "executed", HERE / "executed.c"], check=True)
        subprocess.run([ROOT / "Tests/Harness/busybox-rootfs", stage / "busybox.tar"], check=True)
        os.chmod(stage / "busybox.tar", 0o644)
        code, data = symbols(executable)
        executed, touched = [], {}
        for user in USERS:
            addresses, pointers = start(stage, executable, user, code.bounds + data.bounds)
            for address, place in pointers.items():
                touched.setdefault(address, len(executed) + place)
            executed += addresses
        for address, place in operands(executable, data, executed).items():
            touched[address] = min(place, touched.get(address, place))
        functions = dict.fromkeys(code.before(address)[2] for address in executed)
        variables = {}
        for address in sorted(touched, key=touched.get):
            start_of, size, name = data.before(address)
            if start_of <= address < start_of + size:
                variables[name] = None
        (ROOT / "Tests/Harness/link-order.txt").write_text("".join(f"{name}\n" for name in [*functions, *variables]))
        print(f"{len(functions)} functions, {len(variables)} variables")
    finally:
        subprocess.run(["/usr/bin/pkill", "-KILL", "-f", str(stage)])
        shutil.rmtree(stage, ignore_errors=True)


if __name__ == "__main__":
    main()
