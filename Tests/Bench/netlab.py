"""What the suite `network` runs on: a host's network of its own, a machine outside it, and the engines' ways to a network."""

import os
import pathlib
import select
import shutil
import subprocess

import engines
import measure

# Processes are isolated too: what stays of an engine is found by looking at all there are, and ends with the first of them, a shell
# that reaps what engines leave to it.
ISOLATED = ["/usr/bin/unshare", "--net", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--propagation", "slave",
            "/bin/sh", "-c", '"$@" & wait $!', "sh"]
LOOPBACK, HOST, OUTSIDE, SERVER = "127.0.0.1", "192.0.2.1", "192.0.2.2", "198.51.100.10"
PORT = "7007"
DOMAIN = "example"


class Unable(Exception):
    """What cannot be measured; says why in one line."""


def call(command, environment=None, timeout=30):
    """What `command` prints; raises Unable with the first line of its complaint."""
    try:
        done = subprocess.run([str(word) for word in command], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Unable(f"no end within {timeout} s: {' '.join(map(str, command[1:]))}") from None
    if done.returncode:
        lines = [line for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
        raise Unable(lines[0].strip() if lines else f"exit {done.returncode}")
    return done.stdout.decode(errors="replace")


class Lab:
    """Root makes it in the namespaces of ISOLATED: this host is HOST, and routes to a machine OUTSIDE with the address SERVER."""

    def __init__(self, user, folder):
        words = ["/usr/bin/unshare", "--net", "/usr/bin/setpriv", "--reuid", user, "--regid", user, "--init-groups", "/bin/sh"]
        self.shell = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.ask(["echo", "up"])
        self.configure([], f"ip link set lo up; ip link add eth0 type veth peer name eth0 netns {self.shell.pid}; "
                       f"ip addr add {HOST}/24 dev eth0; ip link set eth0 up; echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range")
        self.configure(["/usr/bin/nsenter", f"--net=/proc/{self.shell.pid}/ns/net"],
                       f"ip link set lo up; ip addr add {OUTSIDE}/24 dev eth0; ip addr add {SERVER}/32 dev lo; ip link set eth0 up; "
                       # Datagrams are answered from the address that they were sent to.
                       f"ip route replace {HOST}/32 dev eth0 src {SERVER}; echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start")
        self.configure([], f"ip route add default via {OUTSIDE}")
        resolver = pathlib.Path(folder) / "resolv.conf"
        resolver.write_text(f"nameserver {SERVER}\n")
        subprocess.run(["/bin/mount", "--bind", resolver, "/etc/resolv.conf"], check=True)

    def configure(self, prefix, script):
        subprocess.run([*prefix, "/bin/sh", "-ec", f"PATH={engines.PATH}; {script}"], check=True)

    def ask(self, words, timeout=30):
        """The one line that a command prints on the machine outside."""
        line = f"timeout {timeout} {' '.join(map(str, words))} 2>&1 | tr '\\n' ' '; echo\n"
        self.shell.stdin.write(line.encode())
        self.shell.stdin.flush()
        answer = self.shell.stdout.readline().decode().strip()
        if not answer or answer.startswith("netload:"):
            raise Unable(answer or f"no answer within {timeout} s on the machine outside")
        return answer

    def begin(self, words):
        """Starts a command on the machine outside that goes on."""
        self.shell.stdin.write(f"{' '.join(map(str, words))} >/dev/null 2>&1 &\n".encode())
        self.shell.stdin.flush()


class Direct:
    """No container: what the same path costs without one."""

    name = "direct"
    address, port, trouble = LOOPBACK, PORT, ""

    def __init__(self, load):
        self.load = load

    def inside(self, *words, timeout=30):
        return call([self.load, *words], timeout=timeout)


class Way:
    """An engine together with the network that its containers get."""

    def __init__(self, name, engine, network, own=None):
        self.name, self.engine, self.network = name, engine, network
        # The network whose containers know each other by name.
        self.own = own or network
        self.podman = isinstance(engine, engines.Podman)
        self.base = [engine.path(), *(engine.options() if self.podman else [])]
        # Else apus keeps its namespaces for some seconds after the last container, and no start is a first one.
        self.environment = {**engine.context.environment, "APUS_LINGER": "0"}
        # Of the server: its published port, its address where others can reach that, and why it is not there.
        self.port, self.address, self.trouble = None, None, ""

    def command(self, options, *words):
        return [*self.base, "run", *options, ("localhost/" if self.podman else "") + "netload:bench", *words]

    def call(self, *words, timeout=30):
        return call([*self.base, *words], self.environment, timeout)

    def start(self, name, network, *options):
        """A container that serves, and goes on. Other ways of the same engine may use the same names."""
        words = ["-d", "--name", self.full(name), "--network", network, *options]
        call(self.command(words, "netload", "serve", PORT), self.environment)

    def full(self, name):
        return f"{name}-{self.network}"

    def remove(self, *names):
        self.call("rm", "-f", *(["-t", "0"] if self.podman else []), *map(self.full, names))

    def discard(self, *names):
        """Removes containers if they are there; what they were for has been told or has failed."""
        try:
            self.remove(*names)
        except Unable:
            pass

    def own_address(self, name):
        """The address of a container that runs."""
        shown = self.call("exec", self.full(name), "ip", "-4", "addr", "show", "dev", "eth0")
        return shown.partition("inet ")[2].partition("/")[0]

    def inside(self, *words, timeout=30):
        """What the load prints in a container of the network where the server is."""
        return call(self.command(["--rm", "--network", self.own], "netload", *words), self.environment, timeout)

    def wall(self, *options):
        """Seconds of a container that does nothing."""
        try:
            return measure.wall(self.command(["--rm", *options], "true"), self.environment, timeout=30)
        except measure.Failure as failure:
            raise Unable(str(failure).partition(": exit ")[2].partition(": ")[2].partition("\n")[0] or str(failure)) from None


def image(context, load, working):
    """Makes netload:bench, busybox with the load, of each engine; returns the engines where that works."""
    folder = context.folder / "netload"
    (folder / "bin").mkdir(parents=True)
    shutil.copy(load, folder / "bin" / "netload")
    archive = context.folder / "netload.tar"
    shutil.copy(context.tar, archive)
    context.call(["/usr/bin/tar", "-rf", archive, "-C", folder, "./bin/netload"])
    able = []
    for engine in working:
        base = [engine.path(), *(engine.options() if isinstance(engine, engines.Podman) else [])]
        try:
            context.call([*base, "import", archive, "netload:bench"])
            able.append(engine)
        except RuntimeError as failure:
            print(f"left out: {engine.name}: {failure}")
    return able


def settle(before, seconds=3):
    """Waits until no process is left but those of `before`: then no engine holds a network any more."""
    poll = select.poll()
    for _ in range(int(seconds * 50)):
        if not set(measure.processes()) - before - {os.getpid()}:
            break
        poll.poll(20)
    # The kernel takes a namespace away behind the last process.
    poll.poll(60)
