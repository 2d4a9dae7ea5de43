"""Drives an OCI runtime by its command line, on bundles that tests write."""

import copy
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import time

from registry import Failure, Skip, expect
import bundle as bundles

LIMIT = 15  # seconds until a command counts as hanging


class Result:
    """How a command of the runtime ended."""

    def __init__(self, code, output, errors):
        self.code, self.output, self.errors = code, output, errors

    def __str__(self):
        return f"exit {self.code}: {' '.join((self.errors or self.output).split())[-300:]}"


class Runtime:
    """A runtime by its path; ours is the verb `oci` of `apus`, or `apus-oci` itself."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)
        self.is_ours = self.name in ("apus", "apus-oci")
        self.command = [path, "oci"] if self.name == "apus" else [path]
        if self.is_ours:
            self.name = "apus"
        # Asked now: the copy that runs here is gone when the table is written.
        self.version_text = self.ask_version()

    def version(self):
        return self.version_text

    def ask_version(self):
        words = self.command + ["--version"]
        try:
            text = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT).stdout.splitlines()
        except OSError as error:
            return str(error)
        return text[0] if text else ""


def lacks_resource_capability():
    line = next(line for line in open("/proc/self/status") if line.startswith("CapEff"))
    return not int(line.split()[1], 16) >> 24 & 1


class Case:
    """One test with one runtime: a bundle of its own, and every container that it made."""

    def __init__(self, runtime, world, number):
        self.runtime, self.world = runtime, world
        self.rootless = world.is_rootless
        self.folder = world.folder / runtime.name / str(number)
        self.rootfs = self.folder / "bundle" / "rootfs"
        self.state_root = world.folder / "run" / runtime.name
        self.id = f"conf-{runtime.name}-{world.kind}-{number}"
        self.ids = set()
        self.pids = set()
        self.bundle = self.folder / "bundle"
        self.statuses = {}
        self.make_rootfs()
        self.config = bundles.base(world)

    # MARK: files

    def make_rootfs(self):
        for path in [self.folder, self.bundle, self.rootfs] + [
            self.rootfs / name for name in ("bin", "dev", "etc", "proc", "sys", "tmp", "run", "data")
        ]:
            path.mkdir(parents=True, exist_ok=True)
            self.world.own(path)
        os.link(self.world.base / "probe", self.rootfs / "probe")
        self.file(self.rootfs / "etc/file", "a file of the root\n")

    def file(self, path, text="", mode=0o644):
        path = pathlib.Path(path)
        path.write_text(text)
        os.chmod(path, mode)
        self.world.own(path)
        return path

    def directory(self, path, mode=0o755):
        path = pathlib.Path(path)
        path.mkdir(parents=True, exist_ok=True)
        os.chmod(path, mode)
        self.world.own(path)
        return path

    def write_config(self, config=None):
        self.file(self.bundle / "config.json", json.dumps(self.config if config is None else config, indent=1))

    # MARK: commands

    def environment(self):
        environment = dict(self.world.environment)
        if self.runtime.name == "crun" and not self.rootless and lacks_resource_capability():
            environment["LD_PRELOAD"] = str(self.world.base / "memlock.so")
        return environment

    def command(self, *words, flags=()):
        root = ["--root", str(self.state_root)]
        return self.world.as_user([*self.runtime.command, *root, *flags, *words])

    def invoke(self, *words, flags=(), cwd=None, redirect=None):
        """Runs `RUNTIME --root … WORDS` to its end. Its streams are files, since the container inherits them; `redirect`
        is what a shell is to open besides."""
        command = self.command(*words, flags=flags)
        if redirect:
            command = ["/bin/sh", "-c", f'exec "$@" {redirect}', "sh", *command]
        out, err = self.folder / "stdout", self.folder / "stderr"
        with open(out, "wb") as output, open(err, "wb") as errors:
            program = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, cwd=cwd or self.bundle,
                env=self.environment())
            try:
                code = program.wait(LIMIT)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
                raise Failure(f"'{' '.join(map(str, words))}' has not ended after {LIMIT} s: {err.read_text()[-200:]!r}") from None
        return Result(code, out.read_text(errors="replace"), err.read_text(errors="replace"))

    def succeed(self, *words, **rest):
        result = self.invoke(*words, **rest)
        expect(result.code == 0, f"'{words[0]}' failed: {result}")
        return result

    def refuse(self, *words, what=None, **rest):
        """The command has to fail, and not by a signal."""
        result = self.invoke(*words, **rest)
        expect(result.code != 0, f"'{words[0]}' succeeded{' with ' + what if what else ''}")
        expect(result.code > 0, f"'{words[0]}' crashed: {result}")
        return result

    # MARK: operations

    def arguments(self, *words):
        self.config["process"]["args"] = list(words)

    def run(self, *words, config=None, flags=()):
        """`run` of a container whose process is `words`; the result of its process."""
        if words:
            self.arguments(*words)
        self.write_config(config)
        self.ids.add(self.id)
        return self.invoke("run", "--bundle", self.bundle, *flags, self.id)

    def report(self, *actions, flags=()):
        """What the helper prints in a container of the configuration."""
        result = self.run("/probe", "report", *actions, flags=flags)
        expect(result.code == 0, f"the container did not run: {result}")
        return parse(result.output)

    def rejects(self, what):
        """`create` refuses the configuration, or `start` does, and nothing remains."""
        self.write_config()
        self.ids.add(self.id)
        created = self.invoke("create", "--bundle", self.bundle, self.id)
        if created.code == 0:
            started = self.invoke("start", self.id)
            expect(started.code != 0, f"{what} was accepted")
            return started
        expect(created.code > 0, f"'create' crashed: {created}")
        state = self.invoke("state", self.id)
        expect(state.code != 0, f"a container is left of a create that failed: {state.output}")
        return created

    def create(self, *words, flags=(), id=None):
        if words:
            self.arguments(*words)
        self.write_config()
        self.ids.add(id or self.id)
        pid_file = self.folder / "pid"
        self.succeed("create", "--bundle", self.bundle, "--pid-file", pid_file, *flags, id or self.id)
        self.pid = int(pid_file.read_text())
        self.pids.add(self.pid)
        return self.pid

    def start(self, id=None):
        return self.succeed("start", id or self.id)

    def state(self, id=None):
        result = self.succeed("state", id or self.id)
        try:
            return json.loads(result.output)
        except ValueError:
            raise Failure(f"state is not JSON: {result.output[:200]!r}") from None

    def running(self, *words):
        """A started container whose process waits, ready for signals."""
        self.create(*(words or ("/probe", "wait", "/data/ready")))
        self.start()
        self.wait_for(lambda: (self.rootfs / "data/ready").exists(), "the container's process does not run")
        return self.pid

    def status(self):
        return self.state()["status"]

    def wait_for(self, condition, sentence, seconds=10):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise Failure(sentence)
            time.sleep(0.01)

    def wait_for_exit(self, pid=None):
        """Reaps the container's process, which is a grandchild of ours; its shell-like exit code."""
        pid = pid or self.pid
        if pid in self.statuses:
            return self.statuses[pid]
        end = time.monotonic() + 10
        while True:
            try:
                done, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                if not os.path.exists(f"/proc/{pid}"):
                    return None
                done = 0
            if done:
                code = os.waitstatus_to_exitcode(status)
                self.statuses[pid] = code if code >= 0 else 128 - code
                return self.statuses[pid]
            if time.monotonic() > end:
                raise Failure(f"process {pid} of the container does not end")
            time.sleep(0.01)

    def stopped(self, *words):
        """A container whose process has ended."""
        self.create(*(words or ("/probe", "exit", "0")))
        self.start()
        self.wait_for_exit()

    def exec(self, *words, flags=()):
        return self.invoke("exec", *flags, self.id, *words)

    def exec_process(self, process, flags=()):
        file = self.file(self.folder / "process.json", json.dumps(process))
        return self.invoke("exec", "--process", file, *flags, self.id)

    def process(self, *words, **changes):
        """The container's process with other arguments."""
        process = copy.deepcopy(self.config["process"])
        process["args"] = list(words)
        process.update(changes)
        return process

    def hook_log(self):
        """Text that hooks appended to a file; see `hook`."""
        path = self.folder / "hooks.log"
        return path.read_text() if path.exists() else ""

    def hook(self, script, *arguments, **rest):
        """A hook that runs a shell script, with `LOG` as the file that `hook_log` reads and `STATE` as its input."""
        log = self.folder / "hooks.log"
        if not log.exists():
            self.file(log, "", 0o666)
        return {"path": "/bin/sh", "args": ["sh", "-c", f"LOG={log}\nSTATE=$(cat)\n{script}", "hook", *arguments], **rest}

    # MARK: the end

    def clean_up(self):
        for id in self.ids:
            try:
                self.invoke("delete", "--force", id)
            except (Failure, OSError):
                pass
        for pid in self.pids:
            if pid in self.statuses:
                continue
            try:
                os.kill(pid, signal.SIGKILL)
                self.wait_for_exit(pid)
            except (ProcessLookupError, Failure, PermissionError):
                pass
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    break
            except ChildProcessError:
                break
        shutil.rmtree(self.folder, ignore_errors=True)


def parse(text):
    try:
        return json.loads(text[text.index("{"):])
    except ValueError:
        raise Failure(f"the helper printed no report: {text[:200]!r}") from None


def parse_mounts(report):
    """mountinfo as a list of dictionaries, in its order."""
    mounts = []
    for line in report["files"]["mountinfo"].splitlines():
        left, _, right = line.partition(" - ")
        words = left.split()
        kind, source, superblock = right.split(" ")[:3]
        mounts.append({
            "root": words[3], "place": words[4], "options": words[5].split(","),
            "propagation": [word.split(":")[0] for word in words[6:]], "type": kind, "source": source,
            "super": superblock.split(","),
        })
    return mounts


def mount_at(report, place):
    found = [mount for mount in parse_mounts(report) if mount["place"] == place]
    expect(found, f"nothing is mounted at {place}")
    return found[-1]


def can_raise_limits():
    return not lacks_resource_capability()


def own_limit(name):
    # The module knows no name for two of them.
    number = {"LOCKS": 10, "SIGPENDING": 11, "MSGQUEUE": 12, "NICE": 13, "RTPRIO": 14, "RTTIME": 15}.get(name)
    return resource.getrlimit(getattr(resource, f"RLIMIT_{name}") if number is None else number)


def need(condition, reason):
    if not condition:
        raise Skip(reason)
