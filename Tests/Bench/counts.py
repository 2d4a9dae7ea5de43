"""Counts what a start costs, by numbers that do not drift, and compares them with Tests/Bench/counts.tsv.

System calls, page faults and instructions of the client, of the supervisor and of the container's first process (until its execve) are counted
by ptrace (counted.c), with the release build, as an ordinary user. More than 3 % above the table fails; more than 3 % below is told, for
the table to be lowered. As root it makes the user apus-test, a cgroup tree that the user may write to, and files of /etc that are the same
everywhere; without root what is there is used, and has rows of its own."""

import argparse
import dataclasses
import os
import pathlib
import platform
import pwd
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

import bench
import counts_detail

HERE = pathlib.Path(__file__).resolve().parent
HARNESS = HERE.parent / "Harness"
sys.path.insert(0, str(HARNESS))

import skips
TABLE = HERE / "counts.tsv"
USER = "apus-test"
TOLERANCE = 0.03
# A count this small may vary by one or two without a cause that anybody could name.
SLACK = 2
ROUNDS = 5


@dataclasses.dataclass
class Scenario:
    """A command of apus that is counted."""

    name: str
    words: list
    # Whether its instructions are counted, too: some 15 seconds for a start.
    has_instructions: bool = False
    # What it leaves running is let go of when the client has ended.
    leaves: bool = False
    # Removes what it made.
    after: list = dataclasses.field(default_factory=list)


SCENARIOS = [
    Scenario("run", ["run", "--rm", "--network", "none", "busybox", "true"], has_instructions=True),
    Scenario("run-bridge", ["run", "--rm", "busybox", "true"]),
    Scenario("run-d", ["run", "-d", "--network", "none", "--name", "counted", "busybox", "sleep", "1000"], leaves=True,
             after=["rm", "-f", "counted"]),
    Scenario("exec", ["exec", "idle", "true"], has_instructions=True),
    Scenario("ps", ["ps"], has_instructions=True),
    Scenario("version", ["version"], has_instructions=True),
]


class Machine:
    """What apus runs in: directories, a user, an environment."""

    def __init__(self, apus, user, is_owner):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="apus-counts.", dir="/tmp"))
        # In memory, as /run/user/UID is on a machine with logins.
        self.run_folder = pathlib.Path("/dev/shm") / self.folder.name
        entry = pwd.getpwnam(user)
        self.ids = (entry.pw_uid, entry.pw_gid)
        self.folder.chmod(0o755)
        for folder in (self.folder / "home", self.folder / "data", self.run_folder):
            folder.mkdir(mode=0o700)
            if os.getuid() == 0:
                os.chown(folder, *self.ids)
        self.apus = self.folder / "apus"
        shutil.copy(apus, self.apus)
        # A container of whoever may write to the executable gets a copy of it in memory, which costs four calls.
        self.apus.chmod(0o755)
        if is_owner and os.getuid() == 0:
            os.chown(self.apus, *self.ids)
        self.environment = {
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(self.folder / "home"), "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_RUNTIME_DIR": str(self.run_folder), "LANG": "C.UTF-8",
            # The supervisor of the container `idle` is there for each start to join its namespace.
            "APUS_LINGER": "0",
            # Dictionaries are laid out the same way each time.
            "SWIFT_DETERMINISTIC_HASHING": "1",
        }

    def as_user(self):
        """How a process becomes the ordinary user."""
        if os.getuid() != 0:
            return {}
        return {"user": self.ids[0], "group": self.ids[1], "extra_groups": []}

    def call(self, *words):
        """Runs apus, uncounted."""
        done = subprocess.run([self.apus, *words], env=self.environment, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              **self.as_user())
        if done.returncode:
            raise SystemExit(f"counts: apus {' '.join(words)}: {done.stderr.strip()}")

    def prepare(self):
        compiled = ["cc", "-O2", "-o", self.folder / "counted", HERE / "counted.c", HERE / "counted_blocks.c", "-lcapstone"]
        subprocess.run(compiled, check=True)
        subprocess.run([HARNESS / "busybox-rootfs", self.folder / "busybox.tar"], check=True)
        (self.folder / "busybox.tar").chmod(0o644)
        self.call("import", str(self.folder / "busybox.tar"), "busybox")
        # On the default network, so that what serves it is there, too.
        self.call("run", "-d", "--name", "idle", "busybox", "sleep", "100000")
        for scenario in SCENARIOS:
            self.once(scenario)

    def once(self, scenario):
        """Runs a scenario uncounted: the first one makes what later ones find, as the launch record."""
        self.call(*scenario.words)
        if scenario.after:
            self.call(*scenario.after)

    def counted(self, mode, scenario, *options):
        """{number: (parent's number, how it ended, {what: count})} of the processes of one run."""
        output = self.folder / "output"
        if os.getuid() == 0:
            options = ("-u", *map(str, self.ids), *options)
        if scenario.leaves:
            options = (*options, "-d")
        command = [self.folder / "counted", mode, *options, output, self.apus, *scenario.words]
        done = subprocess.run(command, env=self.environment, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, timeout=300)
        if done.returncode:
            raise SystemExit(f"counts: {scenario.name}: exit {done.returncode} while it was counted: {done.stderr.strip()}")
        if scenario.after:
            self.call(*scenario.after)
        found = {}
        for line in output.read_text().splitlines():
            number, parent, end, *rest = line.split()
            found[int(number)] = (int(parent), end, dict(zip(rest[::2], map(int, rest[1::2]))))
        return found

    def close(self):
        subprocess.run([self.apus, "rm", "-f", "idle", "counted"], env=self.environment, cwd="/", stdin=subprocess.DEVNULL,
                       capture_output=True, **self.as_user())
        # Layers hold files of subordinate ids.
        prefix = [] if os.getuid() == 0 else ["/usr/bin/unshare", "--user", "--map-root-user", "--map-auto"]
        subprocess.run([*prefix, "/bin/rm", "-rf", self.folder, self.run_folder])


def roles(processes):
    """{number: what the process is for}"""
    found = {}
    # What the client begins before it is for the supervisor to take.
    last = max((number for number, (parent, _, _) in processes.items() if parent in processes and processes[parent][0] < 0), default=None)
    for number, (parent, end, _) in sorted(processes.items()):
        if parent < 0:
            found[number] = "client"
        elif found.get(parent) == "client":
            found[number] = "supervisor" if number == last else "helpers"
        elif found.get(parent) == "supervisor" and end in ("exec", "left"):
            found[number] = "init"
        else:
            found[number] = "helpers"
    return found


def measured(machine, scenario, instruction_rounds):
    """{(process, what): the least of its calls and faults, the median of its instructions}"""
    rounds = [machine.counted("calls", scenario) for _ in range(ROUNDS)]
    if scenario.has_instructions:
        rounds += [machine.counted("steps", scenario) for _ in range(instruction_rounds)]
    values = {}
    for processes in rounds:
        sums = {}
        for number, role in roles(processes).items():
            for what in ("calls", "faults", "instructions"):
                if what in processes[number][2]:
                    sums[role, what] = sums.get((role, what), 0) + processes[number][2][what]
        for key, value in sums.items():
            values.setdefault(key, []).append(value)
    # A machine that is busy adds calls, where somebody is woken for less: it takes none away.
    return {key: round(statistics.median(found)) if key[1] == "instructions" else min(found) for key, found in values.items()}


def fingerprint(folder, place):
    """What the counts depend on beside apus, as one line."""
    kernel = ".".join(platform.release().split(".")[:2])
    flags = next(line for line in open("/proc/cpuinfo") if line.startswith("flags")).split()
    # By these glibc chooses how it copies and compares.
    chosen = [flag for flag in ("avx2", "avx512vl", "erms", "fsrm", "rtm") if flag in flags]
    disk = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True).stdout.strip()
    cgroup = subprocess.run(["stat", "-f", "-c", "%T", "/sys/fs/cgroup"], capture_output=True, text=True, check=True).stdout.strip()
    found = f"kernel {kernel}, {platform.machine()}, processor {' '.join(chosen)}, files on {disk}, /sys/fs/cgroup {cgroup}"
    # It is read to its end: 50 instructions a byte.
    kilobytes = len(pathlib.Path("/etc/passwd").read_bytes()) >> 10
    return found if place == "own-cgroup" else f"{found}, /etc/passwd of {kilobytes} to {kilobytes + 1} KB"


def read_table():
    """({place: fingerprint}, {place: {(scenario, process, what): value}})"""
    fingerprints, values = {}, {}
    for line in TABLE.read_text().splitlines() if TABLE.exists() else []:
        if not line or line.startswith("#"):
            continue
        place, scenario, process, what, value = line.split("\t")
        if scenario == "machine":
            fingerprints[place] = value
        else:
            values.setdefault(place, {})[scenario, process, what] = int(value)
    return fingerprints, values


HEAD = """# What a start and other commands cost: read by Tests/Bench/counts.py, which `make bench-counts` and `make check` call.
# A change that costs more than 3 % somewhere makes the table anew, by `make bench-counts BENCH_COUNTS=--record` as root, and says in its commit
# what is bought with it. Columns: place, command, process, what is counted, how many. The place is "own-cgroup" (as root: with a
# cgroup tree that the user may write to, and files of /etc that are the same everywhere) or "as-it-is".
"""


def write_table(fingerprints, values):
    lines = [HEAD]
    for place in sorted(fingerprints):
        lines.append(f"{place}\tmachine\t\t\t{fingerprints[place]}\n")
        lines += ["\t".join((place, *key, str(value))) + "\n" for key, value in values[place].items()]
    TABLE.write_text("".join(lines))


def is_above(old, now):
    """Whether a count is more than the table's may become."""
    return old is not None and now - old > max(old * TOLERANCE, SLACK)


def compared(table, found):
    """Prints both; returns whether nothing is above the table."""
    worse, better = [], []
    print(f"{'':30}{'what':14}{'table':>10}{'now':>10}")
    for key, value in found.items():
        old = table.get(key)
        note = "no row in the table"
        if old is not None:
            change = f"{(value - old) / old:+.1%}" if old else ""
            note = change if value != old else ""
            if is_above(old, value):
                worse.append(f"{key[0]}: the {key[1]}'s {key[2]} are {value}, {value - old} more than the table's {old} ({change})")
                note += "  too many"
            elif old - value > max(old * TOLERANCE, SLACK):
                better.append(f"{key[0]}: the {key[1]}'s {key[2]} are {value}, {old - value} fewer than the table's {old} ({change})")
                note += "  fewer"
        else:
            worse.append(f"{key[0]}: the {key[1]}'s {key[2]} have no row in the table: record it")
        print(f"{key[0]:12}{key[1]:18}{key[2]:14}{old if old is not None else '-':>10}{value:>10}  {note}")
    for key in table.keys() - found.keys():
        worse.append(f"{key[0]}: the table has the {key[1]}'s {key[2]}, and there are none: record it")
    if better:
        print("\nless than the table says; lower it by `make bench-counts BENCH_COUNTS=--record`:\n  " + "\n  ".join(better))
    if worse:
        print("\nmore than the table allows:\n  " + "\n  ".join(worse))
        print("find out what it is by `make bench-counts BENCH_COUNTS=--detail`, or record the table and say in the commit what is bought with it")
    return not worse


def arguments():
    parser = argparse.ArgumentParser(prog="counts", description=__doc__)
    parser.add_argument("--apus", required=True, help="the executable (the release build, stripped)")
    parser.add_argument("--record", action="store_true", help="write the table instead of comparing")
    parser.add_argument("--only", default="", help="names of commands, with commas: " + ", ".join(s.name for s in SCENARIOS))
    parser.add_argument("--detail", action="store_true", help="what the counts consist of: calls and their callers, faults by place, instructions by function")
    parser.add_argument("--symbols", help="the executable before it was stripped, for --detail (.build/release/apus)")
    parser.add_argument("--place", choices=("own-cgroup", "as-it-is"), help="which rows (as root own-cgroup)")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    return parser.parse_args()


def same_everywhere(folder):
    """Files of /etc that a start reads, for this mount namespace: their length would count."""
    ids = pwd.getpwnam(USER)
    files = {
        "passwd": f"root:x:0:0:root:/root:/bin/bash\n{USER}:x:{ids.pw_uid}:{ids.pw_gid}::/home/{USER}:/bin/bash\n",
        "group": f"root:x:0:\n{USER}:x:{ids.pw_gid}:\n",
        "resolv.conf": "nameserver 192.0.2.53\n",
        "hosts": "127.0.0.1 localhost\n",
    }
    for name, text in files.items():
        path = pathlib.Path(folder) / name
        path.write_text(text)
        path.chmod(0o644)
        subprocess.run(["/bin/mount", "--bind", path, f"/etc/{name}"], check=True)


def as_root(options):
    """Goes on in a mount namespace of its own, for each place."""
    subprocess.run([HARNESS / "prepare-machine"], check=True)
    places = [options.place] if options.place else ["own-cgroup", "as-it-is"] if options.record else ["own-cgroup"]
    for place in places:
        folder = tempfile.mkdtemp(prefix="apus-counts-etc.", dir="/tmp")
        try:
            os.chmod(folder, 0o755)
            again = [sys.executable, __file__, *sys.argv[1:], "--place", place, "--inside", folder]
            # How deep the cgroup is in which all this happens must not count: each level is looked at.
            apart = ["--cgroup"] if place == "own-cgroup" else []
            child = subprocess.Popen(["/usr/bin/unshare", "--mount", "--propagation", "slave", *apart, *again])
            # It has containers to remove.
            signal.signal(signal.SIGTERM, lambda *_: child.terminate())
            code = child.wait()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if code:
            return code
    return 0


def main():
    options = arguments()
    if os.getuid() == 0 and not options.inside:
        return as_root(options)
    cgroup = None
    place = options.place or "as-it-is"
    if options.inside:
        if place == "own-cgroup":
            same_everywhere(options.inside)
            cgroup = bench.own_cgroup(USER)
            if cgroup is None:
                return left_out(place, "no cgroup v2 can be mounted here")
    elif place == "own-cgroup":
        raise SystemExit("counts: root alone can make the place own-cgroup")
    machine = Machine(options.apus, USER if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name, place == "as-it-is")
    try:
        return counted(options, machine, place)
    finally:
        machine.close()
        if cgroup:
            bench.leave_cgroup(cgroup)


def left_out(place, reason):
    """Says why nothing is compared here; returns the exit status."""
    return 0 if skips.report("bench-counts", [(place, reason)], 0) else 1


def counted(options, machine, place):
    """Measures and compares, records or explains; returns the exit status."""
    here = fingerprint(machine.folder, place)
    fingerprints, values = read_table()
    if not options.record and not options.detail and fingerprints.get(place) != here:
        return left_out(place, f"the table is of another machine: {fingerprints.get(place, 'none')}; this one: {here}")
    names = [name for name in options.only.split(",") if name]
    chosen = [scenario for scenario in SCENARIOS if not names or scenario.name in names]
    machine.prepare()
    if options.detail:
        for scenario in chosen[:1] if not names else chosen:
            counts_detail.show(machine, scenario, roles, options.symbols or str(HERE.parents[1] / ".build/release/apus"))
        return 0
    table = {key: value for key, value in values.get(place, {}).items() if not names or key[0] in names}
    found = {}
    for scenario in chosen:
        # A container's random name makes some percent of the instructions: the table has a median, and what is above it is looked at again.
        for rounds in (3,) if options.record else (1, 3):
            now = {(scenario.name, *key): value for key, value in measured(machine, scenario, rounds).items()}
            if not any(is_above(table.get(key), value) for key, value in now.items()):
                break
        found |= now
    if options.record:
        fingerprints[place] = here
        kept = {key: value for key, value in values.get(place, {}).items() if names and key[0] not in names}
        values[place] = {**kept, **found}
        write_table(fingerprints, values)
        table = found
    print(f"{place}: {here}")
    return 0 if compared(table, found) else 1


def stop(*_):
    """Ends this process, with what it has to undo; a second signal does not break that off."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    sys.exit(main())
