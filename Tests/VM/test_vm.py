"""Proves limits in a Debian guest with systemd and cgroup v2, and that containers come back after its end.

    test_vm.py APUS [SCENE...]

The scenes: limits as root, in a login session, in a user service, and with what Debian delegates by default, and networks of an
ordinary user's and of root's with the packet rules of Debian's kernel, all in one boot; and a reboot and a loss of power, each in boots of their own. The guest runs under qemu without KVM; its image is built once and
kept in $VM_CACHE (default: ~/.cache/apus-vm), which takes root and PACKAGES_VM of the Makefile. A scene that fails is tried
once more by itself and named by a line that begins with `steady:`, as tests are (Tests/Harness/steady.py); a guest that
does not come up is a failure.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
HARNESS = HERE.parent / "Harness"
sys.path.insert(0, str(HARNESS))

import skips  # noqa: E402
import steady  # noqa: E402

TOGETHER = ["root", "root-systemd", "session", "service", "service-systemd", "network", "network-root", "default"]
# By the name of the option of run-in-vm.
ENDS = ["reboot", "crash"]
# What failed when no scene has begun.
BOOT = "boot"


def boot(share, scenes):
    """Starts the guest with these scenes: those of TOGETHER, or one of ENDS. Shows and returns (exit code, output)."""
    limit = os.environ.get("VM_TIMEOUT", "900")
    if scenes[0] in ENDS:
        words = ["--as", "session", f"--{scenes[0]}"]
        script = f"exec bash /share/reboot.bash {scenes[0]}"
    else:
        words = ["--as", "root"]
        script = f"exec bash /share/all.bash {' '.join(scenes)}"
    runner = subprocess.Popen([HERE / "run-in-vm", *words, "--timeout", limit, share, script],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace")
    lines = []
    for line in runner.stdout:
        print(line, end="", flush=True)
        lines.append(line.rstrip("\n"))
    return runner.wait(), lines


class Lane:
    """The scenes as they go by: what passed, what failed and with which message."""

    def __init__(self, boot):
        self.boot = boot
        self.checks, self.skipped = 0, []

    def attempt(self, scenes):
        """The scenes that did not end well, each with the first thing that was wrong."""
        code, lines = self.boot(scenes)
        self.checks += sum(line.startswith("ok ") for line in lines)
        self.skipped += [(found[1], found[2]) for found in map(re.compile(r"skip  (.*) \((.*)\)$").match, lines) if found]
        failures = [line for line in lines if line.startswith("FAIL ")]
        if scenes[0] in ENDS:
            # 125: not built, or a boot without a status. Its own checks name the scene.
            return {} if code == 0 and not failures else {scenes[0]: (failures or [f"exit status {code}"])[0]}
        begun = [line[3:] for line in lines if line.startswith("== ")]
        if not begun:
            return {BOOT: f"the guest did not come up (exit status {code})"}
        passed = {line[3:-len(" passed")] for line in lines if line.startswith("-- ") and line.endswith(" passed")}
        failed = {}
        for scene in scenes:
            own = [line for line in failures if line.split(":")[0] == f"FAIL  {scene}"]
            if scene not in passed:
                failed[scene] = (own or ["it did not end well" if scene in begun else "it was not reached"])[0]
        if code and not failed:
            failed[scenes[-1]] = f"the guest ended with exit status {code}"
        return failed

    def run(self, scenes):
        """Runs the scenes, and what fails once more by itself; False when something is broken."""
        groups = [[scene for scene in TOGETHER if scene in scenes]] + [[end] for end in ENDS if end in scenes]
        fine = True
        for group in filter(None, groups):
            failed = self.attempt(group)
            fine = self.again(failed, group) and fine
        return fine

    def again(self, failed, group):
        for scene, message in failed.items():
            print(f"failed: vm/{scene}: {message}", flush=True)
        if len(failed) > steady.MOST:
            print(f"steady: {len(failed)} scenes failed; not tried again", flush=True)
            return False
        known = steady.listed()
        if any(f"vm/{scene}" in known for scene in failed):
            for scene in failed:
                if f"vm/{scene}" in known:
                    print(f"steady: vm/{scene} failed before, and is not tried again: {known[f'vm/{scene}']}", flush=True)
            return False
        fine = True
        for scene, message in failed.items():
            # Where nothing has begun, everything is still to be done.
            passed = not self.attempt(group if scene == BOOT else [scene])
            print(f"steady: vm/{scene} failed, and {'passed' if passed else 'did not pass'} by itself: a defect of the "
                  "engine or of the test", flush=True)
            if passed:
                steady.enlist(f"vm/{scene}", message)
            fine = fine and passed
        return fine


def main(apus, scenes):
    unknown = set(scenes) - set(TOGETHER + ENDS)
    if unknown:
        sys.exit(f"test_vm: there is no scene {', '.join(sorted(unknown))}; there are {', '.join(TOGETHER + ENDS)}")
    with tempfile.TemporaryDirectory(prefix="apus-vm.") as share:
        subprocess.run(["strip", "-o", f"{share}/apus", apus], check=True)
        subprocess.run([HARNESS / "busybox-rootfs", f"{share}/busybox.tar"], check=True)
        for script in HERE.glob("guest/*.bash"):
            shutil.copy(script, share)
        lane = Lane(lambda group: boot(share, group))
        fine = lane.run(scenes or TOGETHER + ENDS)
    if not skips.report("vm", lane.skipped, lane.checks):
        fine = False
    print(f"virtual machine: {'passed' if fine else 'FAILED'}", flush=True)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
