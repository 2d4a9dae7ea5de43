"""Two hosts of network namespaces, and an engine of its own on one of them."""

import contextlib
import ctypes
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Faults"))
from world import Failure, World  # noqa: E402

MACHINE, OUTSIDE, SERVER = "192.0.2.1", "192.0.2.2", "198.51.100.10"
MACHINE6, OUTSIDE6 = "2001:db8::1", "2001:db8::2"
DESCRIPTORS = 200_000
LIBC = ctypes.CDLL(None, use_errno=True)


def enough_descriptors():
    """Raises the limit as far as it goes: root in a sandbox may not raise the hard one. Returns what it is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(DESCRIPTORS, hard), max(DESCRIPTORS, hard)))
    except ValueError:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class Lab:
    """The machine that containers run on, and a host outside, by which its default route goes. Needs root.

    The machine has a mount namespace of its own, where /etc/resolv.conf is `resolver_file`.
    """

    def __init__(self, folder):
        self.resolver_file = folder / "resolv.conf"
        self.resolver_file.write_text(f"nameserver {OUTSIDE}\n")
        self.resolver_file.chmod(0o644)
        self.hosts = {}
        try:
            self.hosts["machine"] = self._hold(f"mount --bind {self.resolver_file} /etc/resolv.conf")
            self.hosts["outside"] = self._hold("true")
            outside = self.hosts["outside"].pid
            self.shell("machine", f"ip link add eth0 type veth peer name eth0 netns {outside}")
            self.shell("outside", f"""ip addr add {OUTSIDE}/24 dev eth0; ip -6 addr add {OUTSIDE6}/64 dev eth0 nodad
                ip addr add {SERVER}/32 dev lo; ip link set eth0 up; ip route add unreachable 203.0.113.1/32
                echo 1 >/proc/sys/net/ipv4/ip_forward""")
            self.shell("machine", f"""ip addr add {MACHINE}/24 dev eth0; ip -6 addr add {MACHINE6}/64 dev eth0 nodad
                ip link set eth0 up; ip route add default via {OUTSIDE}; ip -6 route add default via {OUTSIDE6}
                echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range""")
            for host in self.hosts:
                self.shell(host, "echo 4096 >/proc/sys/net/core/somaxconn")
        except BaseException:
            self.close()
            raise

    @staticmethod
    def _hold(first):
        script = f"set -e; ip link set lo up; {first}; echo up; exec sleep 1000000"
        held = subprocess.Popen(["/usr/bin/unshare", "--net", "--mount", "/bin/sh", "-c", script], stdout=subprocess.PIPE)
        if held.stdout.readline() != b"up\n":
            raise RuntimeError("cannot make a network namespace: this needs root")
        return held

    def entering(self, host):
        """The words in front of a command that is to run there."""
        return ["/usr/bin/nsenter", f"--target={self.hosts[host].pid}", "--net", "--mount", "--"]

    def shell(self, host, script):
        done = subprocess.run([*self.entering(host), "/bin/sh", "-ec", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise Failure(f"{script}: {done.stdout.strip()}")
        return done.stdout

    def start(self, host, words, **options):
        """Starts a program there, as root."""
        return subprocess.Popen([*self.entering(host), *map(str, words)], stdin=subprocess.DEVNULL, **options)

    def inside(self, host, function, *arguments):
        """Calls `function` in a thread whose sockets are that host's; returns what it returns."""
        outcome = []

        def body():
            try:
                self.enter(host)
                outcome.append((function(*arguments), None))
            except BaseException as error:  # noqa: B902 (handed on)
                outcome.append((None, error))

        thread = threading.Thread(target=body, daemon=True)
        thread.start()
        thread.join()
        value, error = outcome[0]
        if error is not None:
            raise error
        return value

    def enter(self, host):
        """Puts the calling thread into that host's network, for good."""
        with open(f"/proc/{self.hosts[host].pid}/ns/net") as space:
            if LIBC.setns(space.fileno(), 0x40000000):
                raise OSError(ctypes.get_errno(), "setns")

    def listening(self, host="machine"):
        return sorted(line.split()[4] for line in self.shell(host, "ss -Hlntu").splitlines())

    def close(self):
        for held in self.hosts.values():
            held.kill()
            held.wait()


class Machine(World):
    """A store and a run directory of an ordinary user, whose commands run on the lab's machine."""

    def __init__(self, lab, apus, rootfs, linger="0"):
        super().__init__(apus, rootfs)
        self.lab = lab
        if linger is None:
            del self.environment["APUS_LINGER"]
        else:
            self.environment["APUS_LINGER"] = linger

    def start(self, words, **options):
        user = ["/usr/bin/setpriv", f"--reuid={self.entry.pw_uid}", f"--regid={self.entry.pw_gid}", "--init-groups", "--inh-caps=-all"]
        return super().start([*self.lab.entering("machine"), *user, *words], **({"user": 0, "group": 0, "extra_groups": [0]} | options))

    def python(self, *options):
        """What runs Debian's Python of this machine in a container: words of `run` before and after which others may stand."""
        return [*options, "--read-only", "-v", f"{HERE}:/mnt:ro", "--rootfs", "/", "/usr/bin/python3", "-u"]

    def await_log(self, name, text, seconds=30):
        limit = time.monotonic() + seconds
        while text not in (said := self.try_apus("logs", name)).output:
            if time.monotonic() > limit:
                raise Failure(f"container {name} does not say {text!r}: {said}")
            time.sleep(0.05)

    # MARK: the shared namespace

    def holders(self):
        """{supervisor: path of its descriptor of the shared namespace}, of those that live."""
        found = {}
        folder = self.run_state / "network/holders"
        for name in os.listdir(folder) if folder.is_dir() else []:
            with contextlib.suppress(OSError):
                number, start, inode, _ = os.readlink(folder / name).split(":")
                path = f"/proc/{name}/fd/{number}"
                if os.stat(path).st_ino == int(inode):
                    found[int(name)] = path
        return found

    def shared(self, script):
        """What a shell script says in the shared namespace, as root; None where there is none (any more)."""
        for path in self.holders().values():
            with contextlib.suppress(OSError):
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    done = subprocess.run(["/usr/bin/nsenter", f"--net=/proc/self/fd/{descriptor}", "/bin/sh", "-c", script],
                                          pass_fds=[descriptor], stdin=subprocess.DEVNULL, capture_output=True, text=True)
                finally:
                    os.close(descriptor)
                return done.stdout
        return None

    def network_files(self):
        """Files in the run directory that tell of networks and containers which are gone."""
        folder = self.run_state / "network"
        rooms = {"lock", "queue", "holders", "endpoints"}
        for number in self.do("network", "ls", "-q", "--no-trunc").split():
            rooms |= {f"endpoints/{number}", f"endpoints/{number}/.lock"}
        return sorted({str(path.relative_to(folder)) for path in folder.rglob("*")} - rooms)

    def check_nothing_is_left(self, seconds=40):
        """All that ran on the networks is gone, and what they had of the machine."""
        self.await_end(seconds)
        listening = self.lab.listening()
        if listening:
            raise Failure(f"somebody still listens: {listening}")
        if self.network_files():
            raise Failure(f"left in the run directory: {self.network_files()}")
        self.check_tidy()


def children(pid):
    with contextlib.suppress(OSError):
        return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def network_process(supervisor, container):
    """The supervisor's child that has the shared namespace open: commands of `exec` have their children, too."""
    for child in children(supervisor):
        with contextlib.suppress(OSError):
            held = [os.readlink(f"/proc/{child}/fd/{number}") for number in os.listdir(f"/proc/{child}/fd")]
            if child != container and "anon_inode:[eventpoll]" in held and any(one.startswith("net:[") for one in held):
                return child
    return None


def kill(pid, number=signal.SIGKILL):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def make_rootfs(folder):
    tar = folder / "busybox.tar"
    subprocess.run([HERE.parent / "Harness/busybox-rootfs", tar], check=True)
    tar.chmod(0o644)
    return tar


def copy_engine(apus, folder):
    """A copy that is not replaced while it is used."""
    copy = folder / "apus"
    shutil.copy(apus, copy)
    copy.chmod(0o755)
    return copy
