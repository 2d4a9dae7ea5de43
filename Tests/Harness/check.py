#!/usr/bin/python3
"""check.py [PHASE...]: all that CI runs, phases that compute beside phases that wait; `make check` calls it.

Without arguments it runs every phase; with names, just those and what they need. Each phase writes to a log of its own in
.build/check, which is printed whole when the phase ends. A phase that fails ends nothing but what needs it, so that one run
tells everything that is wrong. At the end, and on an interrupt, comes a table of the phases with their times, what was
skipped, and last, for who sees no more than the end of it, which phases failed, with the lines that tell why. The exit status is 1 when a
phase failed or was not reached.

A phase says which cores it keeps busy. One begins when those before it are done and the machine has that many cores to
spare, or nothing runs: the compiler gets all of them, and tests that sleep and wait for a kernel run beside it.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import skips

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".build/check"
MAKE = ["make", "--no-print-directory"]
HARNESS = "Tests/Harness"
IS_ROOT = os.getuid() == 0
# More load than cores by this much is taken: no phase keeps its cores busy all the time.
SLACK = 0.5


# How many lines of logs the end of a check has, so that a report of the last twenty or so lines has all of them.
TOLD = 10
# What runs of tests, compilers and comparisons say of a failure, by their last words.
TELLING = re.compile(r"steady: .*(failed|did not pass)|recorded an issue|error: |^Traceback|Error\b|too many|more than the table|differ\b|FAILED|^\S+: FAIL")
HARMLESS = re.compile(r"0 differ\b|^make|0 failed")


@dataclasses.dataclass
class Phase:
    name: str
    command: list
    after: tuple = ()
    # How many cores it keeps busy, and the minutes after which it is ended: many times what it takes.
    cores: float = 1.0
    limit: int = 60
    # Why it cannot run here; in CI that is a failure.
    obstacle: str | None = None
    state: str = "waits"
    began: float = 0.0
    took: float = 0.0
    computed: float = 0.0
    process: subprocess.Popen | None = None
    log: object = None

    @property
    def path(self):
        return FOLDER / f"{self.name}.log"


def phases():
    """The phases of a whole check, those first that others wait for."""
    only_root = None if IS_ROOT else "only root can make the user apus-test and the guest's image"
    tests = [f"{HARNESS}/run-tests"]
    return [
        Phase("packages", [*MAKE, "packages-check"], cores=0.5),
        Phase("arrows", [*MAKE, "arrows"], after=("packages",)),
        Phase("lint", [*MAKE, "lint"], after=("packages",), cores=1),
        Phase("debug", [*MAKE, "debug-checked"], after=("arrows",), cores=2),
        Phase("image", ["Tests/VM/run-in-vm", "--build"], after=("packages",), cores=0.5, obstacle=only_root),
        Phase("release", [*MAKE, "build"], after=("debug",), cores=1.3),
        Phase("integration", [*tests, "integration"], after=("debug",), cores=0.5),
        Phase("modules", [*tests, "modules"], after=("debug",), cores=0.7),
        Phase("ordinary", [*tests, "ordinary"], after=("debug",), cores=0.7, obstacle=only_root),
        Phase("vm", ["/usr/bin/python3", "Tests/VM/test_vm.py", ".build/debug/apus"], after=("debug", "image"), cores=1.0,
              obstacle=only_root),
        Phase("conformance", [*MAKE, "conformance-built"], after=("modules",), cores=0.7),
        Phase("differential", [*MAKE, "differential-built"], after=("debug",), cores=0.7,
              obstacle=only_root),
        Phase("builds", [*MAKE, "builds-built"], after=("debug",), cores=0.7),
        # Its compiler has a folder of its own, so that it need not wait for SwiftPM's other calls.
        Phase("fuzz", [*MAKE, "fuzz-built", "FUZZ=--total 110"], after=("debug",), cores=1.3),
        Phase("compatibility", [*MAKE, "compatibility-check"], after=("debug",), cores=0.5),
        Phase("bench-counts", [*MAKE, "bench-counts-built"], after=("release",), cores=1),
        Phase("integration-release-1", [*tests, "integration-release-1"], after=("release", "integration"), cores=0.5),
        Phase("integration-release-2", [*tests, "integration-release-2"], after=("release", "integration"), cores=0.5),
    ]


def needed(all_phases, names):
    """Those phases and what they need, in the order of the list."""
    by_name = {phase.name: phase for phase in all_phases}
    wanted, queue = set(), list(names or by_name)
    while queue:
        name = queue.pop()
        if name not in by_name:
            sys.exit(f"check: there is no phase {name}; there are {', '.join(by_name)}")
        if name not in wanted:
            wanted.add(name)
            queue += by_name[name].after
    return [phase for phase in all_phases if phase.name in wanted]


class Check:
    def __init__(self, chosen, cores):
        self.phases, self.cores = chosen, cores
        self.begun = time.monotonic()
        # Not make's: a make in a phase is none of its own.
        self.environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
        self.environment["SKIPS_DIR"] = str(FOLDER / "skips")

    def say(self, text):
        print(f"[{minutes(time.monotonic() - self.begun)}] {text}", flush=True)

    def start(self, phase):
        phase.state, phase.began = "runs", time.monotonic()
        phase.log = open(phase.path, "wb")
        self.say(f"{phase.name} begins: {' '.join(map(str, phase.command))}")
        try:
            phase.process = subprocess.Popen(phase.command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=phase.log,
                                             stderr=subprocess.STDOUT, process_group=0)
        except OSError as error:
            phase.log.write(f"{error}\n".encode())
            self.end(phase, "failed (it cannot be started)")

    def end(self, phase, state):
        phase.state, phase.took = state, time.monotonic() - phase.began
        phase.log.close()
        phase.process = None
        title = f"{phase.name} {state} after {minutes(phase.took)}"
        print(f"\n{'=' * 20} {title} {'=' * 20}", flush=True)
        with open(phase.path, "rb") as log:
            shutil.copyfileobj(log, sys.stdout.buffer)
        sys.stdout.flush()
        print(f"{'=' * 20} end of {phase.name} {'=' * 20}\n", flush=True)

    def reap(self):
        """Takes what has ended, and ends what takes too long."""
        for phase in self.phases:
            if not phase.process:
                continue
            # With what it used, its children's included.
            pid, status, usage = os.wait4(phase.process.pid, os.WNOHANG)
            if pid:
                phase.process.returncode = code = os.waitstatus_to_exitcode(status)
                phase.computed = usage.ru_utime + usage.ru_stime
                self.end(phase, "passed" if code == 0 else f"failed ({code})")
            elif time.monotonic() - phase.began > phase.limit * 60:
                self.stop(phase)
                self.end(phase, f"failed (ended after its {phase.limit} minutes)")

    def stop(self, phase):
        os.killpg(phase.process.pid, signal.SIGTERM)
        try:
            phase.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(phase.process.pid, signal.SIGKILL)
            phase.process.wait()

    def settle(self):
        """Decides about phases that wait: those that cannot be reached, and those that begin now."""
        states = {phase.name: phase.state for phase in self.phases}
        for phase in self.phases:
            if phase.state != "waits":
                continue
            before = [states.get(name, "passed") for name in phase.after]
            if phase.obstacle:
                phase.state = "failed (cannot run here)" if skips.is_strict() else "skipped"
                self.say(f"{phase.name} is left out: {phase.obstacle}")
            elif any(state.startswith("failed") or state in ("not reached", "skipped") for state in before):
                phase.state = "not reached"
            elif all(state == "passed" for state in before):
                busy = sum(other.cores for other in self.phases if other.process)
                if busy == 0 or busy + phase.cores <= self.cores + SLACK:
                    self.start(phase)
            states[phase.name] = phase.state

    def run(self):
        try:
            while True:
                self.reap()
                self.settle()
                if not any(phase.state in ("waits", "runs") for phase in self.phases):
                    break
                time.sleep(0.1)
        finally:
            for phase in self.phases:
                if phase.process:
                    self.stop(phase)
                    self.end(phase, "failed (interrupted)")
            self.table()
            are_skips_fine = self.are_skips_fine()
            self.tell_failures()
        return are_skips_fine and all(phase.state in ("passed", "skipped") for phase in self.phases)

    def table(self):
        print(f"\n{'phase':24}{'began':>8}{'took':>8}{'computed':>10}  ")
        for phase in sorted(self.phases, key=lambda phase: phase.began or float("inf")):
            began, took, computed = "", "", ""
            if phase.began:
                began, took, computed = map(minutes, (phase.began - self.begun, phase.took, phase.computed))
            print(f"{phase.name:24}{began:>8}{took:>8}{computed:>10}  {phase.state}")
        total = time.monotonic() - self.begun
        print(f"{'all':24}{'':8}{minutes(total):>8}{minutes(sum(phase.computed for phase in self.phases)):>10}  on {self.cores} cores", flush=True)

    def tell_failures(self):
        failed = [phase for phase in self.phases if phase.state not in ("passed", "skipped")]
        for phase in failed:
            print(f"\n{phase.name} {phase.state}", flush=True)
            if phase.began:
                print("\n".join("  " + line for line in telling(phase.path, TOLD // len(failed))), flush=True)

    def are_skips_fine(self):
        lines, refused = skips.everything(FOLDER / "skips")
        lines += [f"      1 check: phase {phase.name}: {phase.obstacle}" for phase in self.phases if phase.state == "skipped"]
        print("\n" + "\n".join(lines), flush=True)
        return not (refused and skips.is_strict())


def telling(path, count):
    """Some `count` lines of a log that say what went wrong, or its last ones."""
    lines = path.read_text(errors="replace").splitlines()
    found = [line for line in lines if TELLING.search(line) and not HARMLESS.search(line)]
    return [line.strip()[:200] for line in (found or lines)[-max(2, count):]]


def minutes(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def interrupted(number, _):
    raise KeyboardInterrupt(signal.Signals(number).name)


def main(names):
    chosen = needed(phases(), names)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    try:
        return 0 if Check(chosen, len(os.sched_getaffinity(0))).run() else 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
