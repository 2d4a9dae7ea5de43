#!/usr/bin/python3
"""PostgreSQL of Debian in volumes: what it has committed is there after kill -9, in a new container, with a newer image,
read by two at once, and in another volume after export and import.

As root it is the user apus-test, with a store of its own. Debian's archive must be reachable once: the root file system is
kept (/var/tmp/apus-database). Not a part of `make check`: it is 480 MB and takes minutes."""

import argparse
import os
import pathlib
import pwd
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

CACHE = pathlib.Path("/var/tmp/apus-database/postgresql.tar")
DATA = "/var/lib/postgresql"


class Failure(Exception):
    pass


def make_image(path):
    """A root file system in which the package's scripts have made a cluster, of the user postgres."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    print(f"making {path} (once) …", flush=True)
    release = next(line.split("=")[1].strip() for line in open("/etc/os-release") if line.startswith("VERSION_CODENAME="))
    part = path.with_suffix(f".{os.getpid()}.tar")
    subprocess.run(["/usr/bin/mmdebstrap", "--quiet", "--variant=minbase", "--include=postgresql", release, part], check=True)
    part.rename(path)


class World:
    def __init__(self, apus, folder, user):
        self.apus, self.folder = apus, folder
        self.environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder), "LANG": "C.UTF-8",
                            "APUS_ROOT": str(folder / "store"), "APUS_RUN": str(folder / "run")}
        self.prefix = ["/usr/bin/setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if os.getuid() == 0 else []
        self.server = ""

    def call(self, *words, fails=False, **more):
        line = [*self.prefix, str(self.apus), *map(str, words)]
        done = subprocess.run(line, env=self.environment, cwd=self.folder, text=True, stdin=more.pop("stdin", subprocess.DEVNULL),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if (done.returncode != 0) != fails:
            raise Failure(f"{' '.join(map(str, words))}: exit {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def start(self, name, volume, image="database"):
        self.call("run", "-d", "--name", name, "--network", "none", "--tmpfs", "/run/postgresql:mode=1777", "-v", f"{volume}:{DATA}",
                  image, "sh", "-c", f"v=$(ls {DATA}); exec /usr/lib/postgresql/$v/bin/postgres -D {DATA}/$v/main "
                  "-c config_file=/etc/postgresql/$v/main/postgresql.conf -c ssl=off")
        for _ in range(300):
            try:
                return self.sql(name, "select 1")
            except Failure:
                time.sleep(0.2)
        raise Failure(f"{name} takes no connection: {self.call('logs', name)}")

    def sql(self, name, text):
        return self.call("exec", name, "psql", "-qAtc", text)


def kills(world, rounds):
    """Rows are written one by one, until the container is killed: what was answered for is there."""
    world.start("db", "data")
    world.sql("db", "create table rows(a int primary key)")
    committed = 0
    for number in range(rounds):
        written = [committed]

        def write():
            try:
                while True:
                    world.sql("db", f"insert into rows values ({written[0] + 1})")
                    written[0] += 1
            except Failure:
                pass

        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(random.uniform(0.1, 2))
        world.call("kill", "-s", "KILL", "db")
        writer.join()
        world.call("rm", "-f", "db")
        world.start("db", "data")
        found = int(world.sql("db", "select count(*) from rows"))
        if found not in (written[0], written[0] + 1) or found < committed:
            raise Failure(f"round {number}: {written[0]} rows were committed, {found} are there")
        committed = found
    owner = world.call("exec", "db", "stat", "-c", "%U %a", f"{DATA}/" + world.call("exec", "db", "ls", DATA) + "/main")
    if owner != "postgres 700":
        raise Failure(f"the cluster's directory is {owner}")
    return f"{committed} rows in {rounds} rounds"


def digest(world, name):
    return world.sql(name, "select count(*), md5(string_agg(a::text, ',' order by a)) from rows")


def upgrade(world):
    """A newer image, with a layer more, on the same volume."""
    before = digest(world, "db")
    world.call("stop", "db")
    world.call("run", "--name", "newer", "--network", "none", "-u", "root", "database", "sh", "-c", "echo 2 >/etc/release-of-ours")
    world.call("commit", "-c", "USER postgres", "newer", "database:2")
    world.call("rm", "db", "newer")
    world.start("db", "data", "database:2")
    if digest(world, "db") != before or world.call("exec", "db", "cat", "/etc/release-of-ours") != "2":
        raise Failure("the newer image has another database")


def readers(world):
    """Two others read the files beside it, and cannot write."""
    for name in ("one", "two"):
        world.call("run", "-d", "--name", name, "--network", "none", "-v", f"data:/d:ro", "database", "sleep", "1000")
    for name in ("one", "two"):
        world.call("exec", name, "sh", "-c", "cat /d/*/main/PG_VERSION")
        world.call("exec", name, "touch", "/d/x", fails=True)
    world.call("rm", "-f", "one", "two")


def archive(world):
    """The stopped database in another volume, by a stream."""
    before = digest(world, "db")
    world.call("stop", "db")
    world.call("volume", "create", "copy")
    world.call("volume", "export", "-o", "data.tar", "data")
    with open(world.folder / "data.tar", "rb") as stream:
        world.call("volume", "import", "copy", "-", stdin=stream)
    world.start("other", "copy")
    if digest(world, "other") != before:
        raise Failure("the copy has another database")
    world.sql("other", "insert into rows values (0)")
    world.call("rm", "-f", "db", "other")
    world.call("volume", "rm", "data", "copy")
    if world.call("system", "check") != "everything is in order":
        raise Failure("something is left")


def main():
    parser = argparse.ArgumentParser(prog="database", description=__doc__)
    parser.add_argument("--apus", type=pathlib.Path, required=True, help="the executable to test")
    parser.add_argument("--image", type=pathlib.Path, default=CACHE, help="a root file system with PostgreSQL, a tar archive")
    parser.add_argument("--rounds", type=int, default=10, help="how often it is killed (10)")
    options = parser.parse_args()
    make_image(options.image)
    user = "apus-test" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    folder = pathlib.Path(tempfile.mkdtemp(prefix="apus-database.", dir="/var/tmp"))
    shutil.copy(options.apus, folder / "apus")
    folder.chmod(0o755)
    shutil.chown(folder, user)
    world = World(folder / "apus", folder, user)
    try:
        with open(options.image, "rb") as stream:
            world.call("import", "-c", f"VOLUME {DATA}", "-c", "USER postgres", "-", "database", stdin=stream)
        for name, scene in (("killed", lambda: kills(world, options.rounds)), ("upgraded", lambda: upgrade(world)),
                            ("read by two", lambda: readers(world)), ("exported and imported", lambda: archive(world))):
            try:
                print(f"ok   {name}: {scene() or ''}", flush=True)
            except Failure as failure:
                print(f"FAIL {name}: {failure}", flush=True)
                return 1
        return 0
    finally:
        left = world.call("ps", "-aq").split()
        if left:
            world.call("rm", "-f", *left)
        world.call("system", "prune", "-af", "--volumes")
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
