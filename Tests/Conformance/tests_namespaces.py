"""config-linux.md: namespaces, maps, time offsets."""

import os
import subprocess

from bundle import mount, namespace, remove_mount, without_namespace
from driver import need
from registry import equal, expect, test

FILES = {"pid": "pid", "network": "net", "mount": "mnt", "ipc": "ipc", "uts": "uts", "user": "user", "cgroup": "cgroup", "time": "time"}
SECTION = "config-linux.md, Namespaces"


def own(kind):
    return os.stat(f"/proc/self/ns/{FILES[kind]}").st_ino


def new_test(kind):
    @test(SECTION, f"a {kind} namespace without a path is a new one", name=f"namespace-{kind}")
    def body(c):
        if kind == "user" and not c.rootless:
            maps = [{"containerID": 0, "hostID": 0, "size": 65536}]
            c.config["linux"].update(uidMappings=maps, gidMappings=maps)
        if kind == "time":
            need(os.path.exists("/proc/self/ns/time"), "this kernel has no time namespaces")
        namespace(c.config, kind)
        found = c.report()["namespaces"][FILES[kind]]
        expect(found and found != own(kind), "it is the runtime's")


for kind in FILES:
    new_test(kind)


def inherit_test(kind, users):
    @test(SECTION, f"a container without a {kind} namespace has the runtime's", users=users, name=f"namespace-{kind}-inherited")
    def body(c):
        without_namespace(c.config, kind)
        if kind == "uts":
            del c.config["hostname"]
        if kind in ("network", "cgroup"):
            remove_mount(c.config, "/sys")
        if kind == "ipc":
            remove_mount(c.config, "/dev/mqueue")
        if kind == "pid":
            remove_mount(c.config, "/proc")
            mount(c.config, "/proc", "bind", "/proc", ["rbind"])
        equal(c.report()["namespaces"][FILES[kind]], own(kind), f"the {kind} namespace")


for kind in ("network", "ipc", "uts", "cgroup"):
    inherit_test(kind, ("root", "rootless"))
inherit_test("user", ("root",))
inherit_test("pid", ("root",))
inherit_test("time", ("root", "rootless"))


class Holder:
    """A process in new namespaces, for a test to join."""

    def __init__(self, c, *flags):
        words = c.world.as_user(["/usr/bin/unshare", *flags, "/bin/sh", "-c", "echo ready; exec sleep 60"])
        self.program = subprocess.Popen(words, stdout=subprocess.PIPE, env=c.environment())
        self.program.stdout.readline()
        self.pid = self.program.pid

    def __enter__(self):
        return self

    def path(self, name):
        return f"/proc/{self.pid}/ns/{name}"

    def __exit__(self, *_):
        self.program.kill()
        self.program.wait()
        self.program.stdout.close()


def join_test(kind, flag):
    @test(SECTION, f"a {kind} namespace with a path is that one", users=("root",), name=f"namespace-{kind}-path")
    def body(c):
        with Holder(c, flag) as holder:
            name = FILES[kind]
            namespace(c.config, kind, path=holder.path(name))
            if kind == "uts":
                del c.config["hostname"]
            equal(c.report()["namespaces"][name], os.stat(holder.path(name)).st_ino, "the namespace")


for kind, flag in (("network", "--net"), ("ipc", "--ipc"), ("uts", "--uts"), ("cgroup", "--cgroup")):
    join_test(kind, flag)


@test(SECTION, "a pid namespace with a path is that one", users=("root",))
def namespace_pid_path(c):
    program = subprocess.Popen(
        ["/usr/bin/unshare", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", "echo ready; exec sleep 60"],
        stdout=subprocess.PIPE)
    try:
        program.stdout.readline()
        child = open(f"/proc/{program.pid}/task/{program.pid}/children").read().split()[0]
        namespace(c.config, "pid", path=f"/proc/{child}/ns/pid")
        report = c.report()
        equal(report["namespaces"]["pid"], os.stat(f"/proc/{child}/ns/pid").st_ino, "the namespace")
        expect(report["pid"] > 1, "it is its first process")
    finally:
        program.kill()
        program.wait()
        program.stdout.close()


@test(SECTION, "a namespace of another type than its path's is an error", users=("root",))
def namespace_wrong_type(c):
    with Holder(c, "--net", "--ipc") as holder:
        namespace(c.config, "network", path=holder.path("ipc"))
        c.rejects("a network namespace whose path is one of IPC")


@test(SECTION, "a path that is no namespace is an error", users=("root", "rootless"))
def namespace_not_one(c):
    namespace(c.config, "network", path=str(c.file(c.folder / "plain")))
    c.rejects("a plain file as a namespace")


@test(SECTION, "a path that does not exist is an error")
def namespace_missing(c):
    namespace(c.config, "network", path="/does/not/exist")
    c.rejects("a missing path")


@test(SECTION, "a type that is listed twice is an error")
def namespace_duplicate(c):
    c.config["linux"]["namespaces"].append({"type": "ipc"})
    c.rejects("a namespace that is listed twice")


@test(SECTION, "the process is the first of a new pid namespace")
def namespace_pid_first(c):
    report = c.report()
    equal((report["pid"], report["ppid"]), (1, 0), "pid and parent")


@test(SECTION, "a new network namespace has no device of the host's, and loopback is up or there to be set up")
def namespace_network_empty(c):
    text = c.report("read /proc/net/dev")["actions"]["read /proc/net/dev"]["text"]
    equal([line.split(":")[0].strip() for line in text.splitlines()[2:]], ["lo"], "devices")


# MARK: maps

@test("config-linux.md, User namespace mappings", "uidMappings and gidMappings are the namespace's maps", users=("root",))
def maps_as_configured(c):
    namespace(c.config, "user")
    c.config["linux"].update(
        uidMappings=[{"containerID": 0, "hostID": 0, "size": 100}, {"containerID": 1000, "hostID": 5000, "size": 10}],
        gidMappings=[{"containerID": 0, "hostID": 0, "size": 200}])
    files = c.report()["files"]
    equal([line.split() for line in files["uid_map"].splitlines()], [["0", "0", "100"], ["1000", "5000", "10"]], "uid_map")
    equal([line.split() for line in files["gid_map"].splitlines()], [["0", "0", "200"]], "gid_map")


@test("config-linux.md, User namespace mappings", "an ordinary user's maps are what is asked for", users=("rootless",))
def maps_rootless(c):
    files = c.report()["files"]
    for key, file in (("uidMappings", "uid_map"), ("gidMappings", "gid_map")):
        wanted = [[str(one[name]) for name in ("containerID", "hostID", "size")] for one in c.config["linux"][key]]
        equal([line.split() for line in files[file].splitlines()], wanted, file)


@test("config-linux.md, User namespace mappings", "one id of an ordinary user needs no helper", users=("rootless",))
def maps_single_id(c):
    for key in ("uidMappings", "gidMappings"):
        c.config["linux"][key] = c.config["linux"][key][:1]
    report = c.report()
    equal(report["uids"], [0] * 3, "uids")
    equal(report["files"]["uid_map"].split(), ["0", str(c.world.uid), "1"], "uid_map")


@test("config-linux.md, User namespace mappings", "the owners of the root's files are not changed", users=("root",))
def maps_keep_owners(c):
    before = os.stat(c.rootfs / "etc/file")
    namespace(c.config, "user")
    maps = [{"containerID": 0, "hostID": 0, "size": 1000}]
    c.config["linux"].update(uidMappings=maps, gidMappings=maps)
    c.report()
    after = os.stat(c.rootfs / "etc/file")
    equal((after.st_uid, after.st_gid), (before.st_uid, before.st_gid), "owner")


@test("config-linux.md, User namespace mappings", "ids that an ordinary user was not given are an error", users=("rootless",))
def maps_of_others(c):
    c.config["linux"]["uidMappings"] = [{"containerID": 0, "hostID": 0, "size": 1}]
    c.rejects("a map of the host's root")


# MARK: time

@test("config-linux.md, Offset for Time Namespace", "timeOffsets shift the clocks")
def time_offsets(c):
    need(os.path.exists("/proc/self/ns/time"), "this kernel has no time namespaces")
    namespace(c.config, "time")
    c.config["linux"]["timeOffsets"] = {"monotonic": {"secs": 10000, "nanosecs": 7}, "boottime": {"secs": 20000, "nanosecs": 0}}
    lines = [line.split() for line in c.report()["files"]["timens_offsets"].splitlines()]
    equal(lines, [["monotonic", "10000", "7"], ["boottime", "20000", "0"]], "offsets")


@test("config-linux.md, Offset for Time Namespace", "an unknown clock is an error")
def time_unknown_clock(c):
    need(os.path.exists("/proc/self/ns/time"), "this kernel has no time namespaces")
    namespace(c.config, "time")
    c.config["linux"]["timeOffsets"] = {"realtime": {"secs": 10}}
    c.rejects("an unknown clock")
