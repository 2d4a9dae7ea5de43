"""A store of its own, our executable run in it, and what may be left in it."""

import os
import re
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

HARNESS = pathlib.Path(__file__).resolve().parents[1] / "Harness"
USER = "apus-test"
PATIENCE = 40  # seconds, past which a command counts as stuck

# Calls that change something that others see. Opening for reading is no change: see `changes()` in faults.py.
CALLS = (
    "openat mkdir mkdirat rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat rmdir write pwrite64 "
    "writev ftruncate fallocate fsync fdatasync syncfs flock chmod fchmod fchmodat chown fchown fchownat lchown utimensat "
    "setxattr lsetxattr fsetxattr mknodat mount umount2 move_mount fsmount fsconfig mount_setattr setns unshare pivot_root clone clone3 fork "
    "vfork bind connect sendmsg sendto kill pidfd_send_signal copy_file_range"
).split()

# Calls that a full or a failing disk can fail.
DISK_CALLS = set(
    "openat mkdir mkdirat rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat rmdir write pwrite64 "
    "writev ftruncate fallocate fsync fdatasync syncfs fchmod fchmodat fchown fchownat lchown utimensat lsetxattr fsetxattr mknodat "
    "bind copy_file_range".split())


class Failure(Exception):
    """What is not as it should be after a fault."""


class Result:
    def __init__(self, code, output, errors):
        self.code, self.output, self.errors = code, output, errors

    def __str__(self):
        return f"exit code {self.code}, said {(self.output + self.errors).strip()[-600:]!r}"


class World:
    """One sandbox. `path` lies below /tmp, or where the caller says."""

    def __init__(self, apus, rootfs, path=None):
        self.entry = pwd.getpwnam(USER) if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self.path = pathlib.Path(path or tempfile.mkdtemp(prefix="apus-fault.", dir="/tmp"))
        self.apus, self.rootfs = apus, rootfs
        self.path.chmod(0o755)
        for folder in ("home", "data", "run", "work"):
            (self.path / folder).mkdir(mode=0o700)
            if os.getuid() == 0:
                os.chown(self.path / folder, self.entry.pw_uid, self.entry.pw_gid)
        self.environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": f"{self.path}/home",
            "LANG": "C.UTF-8", "USER": self.entry.pw_name, "XDG_DATA_HOME": f"{self.path}/data",
            "XDG_RUNTIME_DIR": f"{self.path}/run", "TMPDIR": f"{self.path}/work", "APUS_LINGER": "0",
        }
        self.store = self.path / "data/apus"
        self.run_state = self.path / "run/apus"
        self.baseline = None

    # MARK: commands

    def _as_user(self):
        if os.getuid() != 0:
            return {}
        groups = os.getgrouplist(self.entry.pw_name, self.entry.pw_gid)
        return {"user": self.entry.pw_uid, "group": self.entry.pw_gid, "extra_groups": groups}

    def start(self, words, **options):
        """Starts a program of the machine as the user."""
        return subprocess.Popen(
            [str(word) for word in words], env=self.environment, cwd=self.path / "work",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True,
            **({"stdin": subprocess.DEVNULL} | self._as_user() | options))

    @staticmethod
    def finish(program, what, patience=PATIENCE):
        try:
            output, errors = program.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            program.communicate()
            raise Failure(f"'{what}' does not end within {patience} seconds") from None
        return Result(program.returncode, output, errors)

    def apus_start(self, *words):
        return self.start([self.apus, *words])

    def try_apus(self, *words, patience=PATIENCE):
        return self.finish(self.apus_start(*words), "apus " + " ".join(map(str, words)), patience)

    def do(self, *words, quietly=False):
        """Runs `apus` and throws unless it exits with 0 (`quietly`: and says nothing on its standard error)."""
        result = self.try_apus(*words)
        if result.code != 0 or (quietly and result.errors):
            raise Failure(f"'apus {' '.join(map(str, words))}': {result}")
        return result.output.strip()

    # MARK: faults

    def _strace(self, options, words, trace):
        command = ["/usr/bin/strace", "-qq", "-f", "-y", "-o", trace, "-e", "signal=none", *options]
        if words and os.getuid() == 0:
            command += ["-u", self.entry.pw_name]  # so that set-user-ID programs keep their effect
        as_root = {} if os.getuid() != 0 else {"user": 0, "group": 0, "extra_groups": [0]}
        return self.start(command + [str(word) for word in words], **as_root)

    def traced(self, words, fault=None):
        """Runs `apus` under strace, with `fault` ("CALL:signal=KILL:when=3") or to see what it does; returns both."""
        trace = self.path / "trace"
        calls = ",".join("?" + call for call in CALLS)
        options = ["-e", f"trace={calls}"]
        if fault:
            options += ["-e", f"inject={fault}"]
        result = self.finish(
            self._strace(options, [self.apus, *words], trace), f"strace apus {' '.join(words)} with {fault}")
        return result, trace.read_text(errors="replace")

    def attach(self, pid, fault=None):
        """Traces a running process and its children; returns once they are being traced."""
        trace = self.path / "trace.attached"
        trace.unlink(missing_ok=True)
        calls = ",".join("?" + call for call in CALLS)
        options = ["-e", f"trace={calls}"]
        if fault:
            options += ["-e", f"inject={fault}"]
        tracer = self._strace([*options, "-p", str(pid)], [], trace)
        limit = time.monotonic() + 10
        while time.monotonic() < limit and tracer.poll() is None:
            try:
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
            except OSError:
                break
            if f"TracerPid:\t{tracer.pid}\n" in status:
                return tracer, trace
            time.sleep(0.005)
        os.killpg(tracer.pid, signal.SIGKILL)
        said = tracer.communicate()[1]
        raise Failure(f"strace could not be attached to {pid}: {said}")

    # MARK: what is there

    def import_image(self, name="busybox"):
        self.do("import", self.rootfs, name)

    def containers(self):
        """{name: state} of all containers; `ps` must say it without a complaint."""
        lines = self.do("ps", "-a", "--no-trunc", "--format", "{{.Names}} {{.State}}", quietly=True).splitlines()
        return dict(line.rsplit(" ", 1) for line in lines)

    def processes(self):
        """{pid: command line} of what has to do with this sandbox. Who has a mount of it is found by that."""
        found = {}
        mark = os.fsencode(self.path)
        for entry in os.listdir("/proc"):
            if not entry.isdecimal() or int(entry) == os.getpid():
                continue
            for file in ("environ", "cmdline", "mountinfo"):
                try:
                    content = pathlib.Path(f"/proc/{entry}/{file}").read_bytes()
                except OSError:
                    continue
                if file == "mountinfo":
                    # A file system of the caller's that the whole sandbox lies on is no trace of a container.
                    content = b"\n".join(line for line in content.splitlines() if line.split()[4] != mark)
                if mark in content:
                    line = pathlib.Path(f"/proc/{entry}/cmdline")
                    try:
                        found[int(entry)] = line.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                    except OSError:
                        pass
                    break
        return found

    def supervisor(self, process_marker):
        """The number of the parent of the process whose command line is `process_marker`."""
        limit = time.monotonic() + 20
        while time.monotonic() < limit:
            for pid, line in self.processes().items():
                if line == process_marker:
                    status = pathlib.Path(f"/proc/{pid}/stat").read_text()
                    return int(status.rsplit(")", 1)[1].split()[1])
            time.sleep(0.02)
        raise Failure(f"no process '{process_marker}' is there")

    def _ending(self):
        """Supervisors that have given up their memory, and are there all the same."""
        try:
            return {int(pid): "(ending)" for pid in os.listdir(self.run_state / "userns") if os.path.exists(f"/proc/{pid}")}
        except OSError:
            return {}

    def await_end(self, seconds=20):
        """Waits until no process of the sandbox is left."""
        limit = time.monotonic() + seconds
        while True:
            found = self.processes() or self._ending()
            if not found:
                return
            if time.monotonic() > limit:
                raise Failure("processes are left: " + "; ".join(f"{pid} {line[:120]!r}" for pid, line in found.items()))
            time.sleep(0.01)

    def files(self):
        """What is in the store and in the run directory, without what is inside of layers and what differs by nature."""
        found = set()
        for root in (self.store, self.run_state):
            for folder, folders, files in os.walk(root):
                place = os.path.relpath(folder, self.path)
                # A layer's files are the archive's, with what owners they have.
                if place.startswith("data/apus/cache"):
                    # What can be made again comes and goes; a half-written file may not stay.
                    files = [name for name in files if name.startswith(".")]
                elif place.startswith("data/apus/layers"):
                    folders[:] = [name for name in folders if not name.startswith("sha256-")]
                found.update(f"{place}/{name}" for name in folders if not place.startswith("data/apus/cache"))
                found.update(f"{place}/{name}" for name in files)
        # The places of the networks' files, and their locks, are made once; who is on a network may not stay, nor a place of
        # one that is gone.
        listed = self.try_apus("network", "ls", "-q", "--no-trunc").output.split()
        rooms = re.compile(rf"data/apus/volumes|data/apus/manifests(/lock)?|data/apus/networks(/\.lock)?|run/apus/network(/(lock|queue|holders|endpoints(/({'|'.join(listed)})(/\.lock)?)?))?")
        return {
            name for name in found
            if not name.startswith(("run/apus/userns", "data/apus/events.log")) and not rooms.fullmatch(name)
        }

    def check_tidy(self):
        """After `system prune` nothing is there but what was there at first."""
        self.await_end()
        # What was rooted in the processes above is garbage only now.
        pruned = self.try_apus("system", "prune", "--force")
        if pruned.code != 0 or pruned.errors:
            raise Failure(f"'apus system prune --force': {pruned}")
        checked = self.try_apus("system", "check")
        if checked.code != 0:
            raise Failure(f"'apus system check' after a prune: {checked}")
        if self.baseline is not None:
            more = sorted(self.files() - self.baseline)
            less = sorted(self.baseline - self.files())
            if more or less:
                raise Failure(f"left behind: {more}; gone: {less}")

    def close(self):
        for _ in range(20):
            found = self.processes()
            if not found:
                break
            for pid in found:
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            time.sleep(0.05)
        if os.getuid() == 0:
            shutil.rmtree(self.path, ignore_errors=True)
        else:
            subprocess.run(["/usr/bin/unshare", "--user", "--map-root-user", "--map-auto", "/bin/rm", "-rf", self.path],
                           check=False)
