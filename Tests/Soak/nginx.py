"""Debian's nginx in a container, asked by a hundred clients at once."""

import collections
import pathlib
import re
import shutil
import socket
import subprocess
import time

from lab import MACHINE, MACHINE6, OUTSIDE, Failure

CACHE = pathlib.Path(__file__).resolve().parents[2] / ".build-fixtures"
PORT = 8080
REQUESTS, CLIENTS = 10_000, 100
COUNTS = re.compile(r"^(Complete requests|Failed requests|Write errors|Non-2xx responses|Requests per second): +([\d.]+)", re.M)


def debian_with_nginx():
    """An archive of a root file system, which is kept for the next time."""
    tar = CACHE / "nginx.tar"
    if not tar.exists():
        CACHE.mkdir(exist_ok=True)
        half = CACHE / "nginx.half.tar"
        suite = subprocess.run(["/bin/sh", "-c", '. /etc/os-release && echo "$VERSION_CODENAME"'], capture_output=True, text=True)
        made = subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", "--include=nginx-light", suite.stdout.strip(), half],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if made.returncode:
            raise Failure(f"mmdebstrap: {made.stdout[-600:]}")
        half.rename(tar)
    return tar


def prepare(machine):
    # The cache may lie where the user cannot read.
    tar = machine.path / "nginx.tar"
    shutil.copyfile(debian_with_nginx(), tar)
    tar.chmod(0o644)
    machine.do("import", tar, "nginx")
    tar.unlink()
    machine.do("run", "-d", "--name", "nginx", "-p", f"{PORT}:80", "nginx", "nginx", "-g", "daemon off;")
    limit = time.monotonic() + 20
    while machine.lab.inside("machine", answers) is False:
        if time.monotonic() > limit:
            raise Failure(f"nginx does not answer: {machine.try_apus('logs', 'nginx')}")
        time.sleep(0.1)
    # Its own log begins here.
    machine.do("exec", "nginx", "sh", "-c", ": >/var/log/nginx/access.log; echo it is here >/var/www/html/index.html")


def answers():
    try:
        with socket.create_connection(("127.0.0.1", PORT), 5) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return client.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def clients_seen(machine):
    log = machine.do("exec", "nginx", "sh", "-c", "cat /var/log/nginx/access.log; : >/var/log/nginx/access.log").splitlines()
    return collections.Counter((line.split()[0], line.split('"')[2].split()[0]) for line in log)


def ask(machine, client, host, *options):
    """A hundred clients at once, and what nginx has noted of them."""
    words = ["ab", "-q", "-n", REQUESTS, "-c", CLIENTS, "-s", "10", *options, f"http://{host}:{PORT}/index.html"]
    running = machine.lab.start("outside", words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said, _ = running.communicate(timeout=300)
    found = dict(COUNTS.findall(said))
    if running.returncode or int(found.get("Complete requests", 0)) != REQUESTS or int(found.get("Failed requests", 1)) \
            or "Non-2xx responses" in found or "Write errors" in found:
        raise Failure(f"ab: exit code {running.returncode}, said {said.strip()[-600:]!r}")
    seen = clients_seen(machine)
    if seen != {(client, "200"): REQUESTS}:
        raise Failure(f"the log of nginx has {dict(seen)}, and not {REQUESTS} times {client}")
    return f"{REQUESTS} answers, {found['Requests per second']} a second, all noted as {client}'s"


def run(machine, options):
    """Yields (scene, what was seen)."""
    prepare(machine)
    yield "a connection each", lambda: ask(machine, OUTSIDE, MACHINE)
    yield "connections that are kept", lambda: ask(machine, OUTSIDE, MACHINE, "-k")
    # The default network has no addresses of version 6: such clients are seen as the gateway.
    yield "clients of IPv6", lambda: ask(machine, "172.17.0.1", f"[{MACHINE6}]")
    yield "the next start has the port", lambda: again(machine)

    def leave():
        machine.do("rm", "-f", "nginx")
        machine.do("rmi", "nginx")
        machine.check_nothing_is_left()

    yield "gone", leave


def again(machine):
    machine.do("restart", "-t", "1", "nginx")
    limit = time.monotonic() + 20
    while machine.lab.inside("machine", answers) is False:
        if time.monotonic() > limit:
            raise Failure("nginx does not answer after a restart")
        time.sleep(0.1)
    clients_seen(machine)
    return ask(machine, OUTSIDE, MACHINE)
