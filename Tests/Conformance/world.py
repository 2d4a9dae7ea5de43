"""The surroundings of a run: a mount namespace with a cgroup v2 tree of its own, two users, and a root file system."""

import ctypes
import os
import pathlib
import pwd
import re
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
ORDINARY = "apus-test"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWCGROUP = 0x00020000, 0x02000000
MS_REC, MS_SLAVE = 16384, 1 << 19
PR_SET_CHILD_SUBREAPER = 36


def call(function, *arguments):
    if getattr(LIBC, function)(*arguments) < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{function}: {os.strerror(error)}")


def compile_probe(folder):
    """The helper and the library that stands in for a capability that the machine withholds."""
    sources = sorted((HERE / "probe").glob("*.c"))
    subprocess.run(["gcc", "-O2", "-Wall", "-static", "-o", folder / "probe", *sources], check=True)
    subprocess.run(["gcc", "-O2", "-Wall", "-shared", "-fPIC", "-o", folder / "memlock.so", HERE / "memlock.c"], check=True)
    os.chmod(folder / "probe", 0o755)


def own_cgroup():
    """Where this process is in the hierarchy of version 2, as a directory; None where none is mounted."""
    path = next((line[3:].strip() for line in open("/proc/self/cgroup") if line.startswith("0::")), None)
    for line in open("/proc/self/mountinfo"):
        left, _, right = line.partition(" - ")
        if right.startswith("cgroup2 ") and path is not None:
            return pathlib.Path(left.split()[4] + path)
    return None


class World:
    """What one user's tests share. `enter` is called once, in a process of its own."""

    def __init__(self, folder, kind):
        self.kind, self.base, self.folder = kind, folder, folder / kind
        self.is_rootless = kind == "rootless"
        self.is_root = os.getuid() == 0
        self.cgroup = None
        if self.is_rootless and self.is_root:
            self.user = pwd.getpwnam(ORDINARY)
        else:
            self.user = pwd.getpwuid(os.getuid())
        self.uid, self.gid = self.user.pw_uid, self.user.pw_gid
        self.folder.mkdir()
        os.chmod(self.folder, 0o755)
        for name in ("home", "run"):
            (self.folder / name).mkdir(mode=0o700)
            self.own(self.folder / name)
        self.environment = {
            "PATH": PATH, "HOME": str(self.folder / "home"), "USER": self.user.pw_name, "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
        }

    def own(self, path):
        if self.is_root:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def enter(self):
        """Namespaces of this process: no mount of a runtime reaches the machine, and /sys/fs/cgroup is a tree of ours."""
        call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        if not self.is_root:
            return
        place = own_cgroup()
        if place and os.access(place, os.W_OK):
            self.cgroup = place / f"apus-conformance.{os.getpid()}"
            (self.cgroup / "driver").mkdir(parents=True)
            (self.cgroup / "driver/cgroup.procs").write_text("0")
            # The root of a cgroup namespace is where its maker is: this directory, not the leaf below it, unless the
            # controllers have to be passed on, which a directory with processes may not.
            (self.cgroup / "cgroup.procs").write_text("0")
        call("unshare", CLONE_NEWNS | CLONE_NEWCGROUP)
        call("mount", b"none", b"/", None, MS_REC | MS_SLAVE, None)
        if not self.cgroup:
            return
        (self.cgroup / "driver/cgroup.procs").write_text("0")
        call("mount", b"cgroup2", b"/sys/fs/cgroup", b"cgroup2", 0, None)
        self.controllers = pathlib.Path("/sys/fs/cgroup/cgroup.controllers").read_text().split()
        for name in self.controllers:
            pathlib.Path("/sys/fs/cgroup/cgroup.subtree_control").write_text(f"+{name}")
        if self.is_rootless:
            # Delegation as systemd does it.
            for name in ("", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads", "driver", "driver/cgroup.procs"):
                self.own(f"/sys/fs/cgroup/{name}")

    def leave(self):
        """Removes the directories of the cgroup tree; what cannot be removed is told."""
        left = []
        if self.cgroup:
            root = pathlib.Path("/sys/fs/cgroup")
            for folder in sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True):
                if folder.name == "driver":
                    continue
                try:
                    (folder / "cgroup.kill").write_text("1")
                    for _ in range(100):
                        if "populated 0" in (folder / "cgroup.events").read_text():
                            break
                        time.sleep(0.02)
                    folder.rmdir()
                except OSError as error:
                    left.append(f"{folder}: {error.strerror}")
        return left

    def as_user(self, words):
        """The command line that runs `words` as this world's user."""
        words = [str(word) for word in words]
        if not (self.is_rootless and self.is_root):
            return words
        return ["/usr/bin/setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--init-groups", "--inh-caps=-all", *words]

    def mappings(self):
        """The user's id and the subordinate ids, as uidMappings and gidMappings."""
        maps = {}
        for key, own, file in (("uidMappings", self.uid, "/etc/subuid"), ("gidMappings", self.gid, "/etc/subgid")):
            maps[key] = [{"containerID": 0, "hostID": own, "size": 1}]
            found = re.search(rf"^{self.user.pw_name}:(\d+):(\d+)", open(file).read(), re.M)
            if found:
                maps[key].append({"containerID": 1, "hostID": int(found[1]), "size": int(found[2])})
        return maps


def remove_cgroup(path):
    """From outside, when the process that made it has ended."""
    for folder in (path / "driver", path):
        try:
            folder.rmdir()
        except OSError:
            pass
