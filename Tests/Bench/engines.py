"""The engines that are measured: how each is prepared, and the command that runs a container with it."""

import json
import os
import pathlib
import shutil
import signal
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
HARNESS = HERE.parent / "Harness"
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


class Context:
    """Directories and files that the engines share."""

    def __init__(self, folder, apus, user, cgroup, lab=None):
        self.folder, self.apus, self.user, self.cgroup, self.lab = folder, apus, user, cgroup, lab
        self.tar = folder / "busybox.tar"
        self.rootfs = folder / "rootfs"
        # In memory, as /run/user/UID is on a machine with logins; every engine keeps its run state there.
        self.run = pathlib.Path("/dev/shm") / f"{folder.name}.run"
        self.environment = {
            "PATH": PATH, "HOME": str(folder / "home"), "USER": user, "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(self.run), "XDG_DATA_HOME": str(folder / "data"),
        }

    def prepare(self):
        for name in ("home", "data", "rootfs", "fake", "bin"):
            (self.folder / name).mkdir(exist_ok=True)
        self.run.mkdir(mode=0o700)
        self.call([HARNESS / "busybox-rootfs", self.tar])
        self.call(["/usr/bin/tar", "-xf", self.tar, "-C", self.rootfs])
        for name in ("proc", "sys", "dev"):
            (self.rootfs / name).mkdir()

    def call(self, command, **rest):
        done = subprocess.run([str(word) for word in command], env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **rest)
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))}: {done.stdout.decode(errors='replace').strip()}")
        return done.stdout.decode(errors="replace")


class Engine:
    """One way to run a command in a container of busybox."""

    name = ""
    program = ""

    def __init__(self, context):
        self.context = context

    def path(self):
        return shutil.which(self.program, path=PATH)

    def prepare(self):
        """Raises RuntimeError with the reason where this engine cannot run here."""

    def command(self, network, *words):
        """The command line that runs `words`; `network` is "none" or "host"."""
        raise NotImplementedError

    def close(self):
        pass


class Nothing(Engine):
    name = "no container"
    program = "busybox"

    def command(self, network, *words):
        return [self.path(), *words]


class Apus(Engine):
    name = "apus"

    def path(self):
        return self.context.apus

    def prepare(self):
        self.context.call([self.path(), "import", self.context.tar, "busybox:bench"])

    def command(self, network, *words):
        return [self.path(), "run", "--rm", "--network", network, "busybox:bench", *words]


class Baseline(Engine):
    """The C engine of this folder."""

    name = "C baseline"
    program = "gcc"

    def path(self):
        return str(self.context.folder / "bin" / "baseline")

    def prepare(self):
        folder = self.context.folder
        sources = [HERE / name for name in ("baseline.c", "baseline_keeper.c", "baseline_container.c")]
        self.context.call(["/usr/bin/gcc", "-O2", "-static", "-o", self.path(), *sources])
        self.options = ["--keeper", folder / "keeper.pid", "--lower", self.context.rootfs]
        for name in ("init-layer", "store", "mount-point"):
            (folder / name).mkdir(exist_ok=True)
            self.options += [f"--{name}", folder / name]
        for name in ("dev", "proc", "sys", "etc"):
            (folder / "init-layer" / name).mkdir(exist_ok=True)
        for name in ("hosts", "hostname", "resolv.conf"):
            (folder / "init-layer" / "etc" / name).touch()
        self.state = self.context.run / "baseline"
        self.state.mkdir(mode=0o700, exist_ok=True)
        self.options += ["--state", self.state]
        if self.context.cgroup:
            self.options += ["--cgroup", self.context.cgroup]
        self.options += self.filter()
        self.keeper = int(self.context.call([self.path(), "keeper", folder / "keeper.pid"]))

    def filter(self):
        profile = pathlib.Path("/usr/share/containers/seccomp.json")
        if not profile.exists():
            print("note: the C baseline runs without seccomp: /usr/share/containers/seccomp.json is missing")
            return []
        rules = json.loads(profile.read_text())["syscalls"]
        # Rules that depend on a capability are for others than a default container.
        allowed = [rule for rule in rules if rule["action"] == "SCMP_ACT_ALLOW" and not rule.get("includes", {}).get("caps")]
        names = [name for rule in allowed for name in rule["names"]]
        program = self.context.folder / "bin" / "filter"
        compiled = self.context.folder / "filter.bpf"
        self.context.call(["/usr/bin/gcc", "-O2", "-o", program, HERE / "filter.c", "-lseccomp"])
        subprocess.run([program, compiled], input="\n".join(names).encode(), check=True)
        return ["--filter", compiled]

    def command(self, network, *words):
        host = ["--host-network"] if network == "host" else []
        return [str(word) for word in (self.path(), "run", *self.options, *host, "--", *words)]

    def close(self):
        if hasattr(self, "keeper"):
            os.kill(self.keeper, signal.SIGKILL)


class Bubblewrap(Engine):
    name = "bwrap"
    program = "bwrap"

    def command(self, network, *words):
        share = [] if network == "host" else ["--unshare-net"]
        return [
            self.path(), "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", *share,
            "--ro-bind", str(self.context.rootfs), "/", "--proc", "/proc", "--dev", "/dev", "--", *words,
        ]


class Runtime(Engine):
    """An OCI runtime on a bundle that was made before."""

    def prepare(self):
        for network in ("none", "host"):
            bundle = self.bundle(network)
            bundle.mkdir(exist_ok=True)
            self.context.call([*self.words(), "spec", "--rootless"], cwd=bundle)
            config = json.loads((bundle / "config.json").read_text())
            config["process"]["terminal"] = False
            config["root"]["path"] = str(self.context.rootfs)
            spaces = [space for space in config["linux"]["namespaces"] if space["type"] != "network"]
            if network == "none":
                spaces.append({"type": "network"})
            config["linux"]["namespaces"] = spaces
            (bundle / "config.json").write_text(json.dumps(config))
        self.number = 0

    def words(self):
        return [self.path()]

    def bundle(self, network):
        return self.context.folder / f"bundle-{self.name.replace(' ', '-')}-{network}"

    def command(self, network, *words):
        bundle = self.bundle(network)
        config = json.loads((bundle / "config.json").read_text())
        if config["process"]["args"] != list(words):
            config["process"]["args"] = list(words)
            (bundle / "config.json").write_text(json.dumps(config))
        self.number += 1
        root = self.context.run / self.name
        run = [*self.words(), "--root", str(root), "run", "--bundle", str(bundle)]
        # Each copy of a command that is started at once needs an id of its own: a shell has one, its process id.
        return ["/bin/sh", "-c", 'exec "$@" bench-$$', "sh", *run]


class ApusRuntime(Runtime):
    name = "apus oci"

    def path(self):
        return self.context.apus

    def words(self):
        return [self.path(), "oci"]


class Crun(Runtime):
    name = program = "crun"


class Runc(Runtime):
    name = program = "runc"


class Podman(Engine):
    name = "podman"
    program = "podman"

    def options(self):
        folder = self.context.folder
        return ["--root", str(folder / "podman"), "--runroot", str(self.context.run / "podman"), "--cgroup-manager", "cgroupfs",
                "--log-level", "error"]

    def prepare(self):
        self.context.call([self.path(), *self.options(), "import", self.context.tar, "busybox:bench"])

    def command(self, network, *words):
        return [self.path(), *self.options(), "run", "--rm", "--network", network, "localhost/busybox:bench", *words]

    def close(self):
        if self.path():
            subprocess.run([self.path(), *self.options(), "system", "reset", "--force"], env=self.context.environment,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


ALL = [Nothing, Apus, Baseline, Bubblewrap, ApusRuntime, Crun, Runc, Podman]
