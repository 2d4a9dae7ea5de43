"""config-linux.md: control groups. Limits that need a controller are tested where the tree has it."""

import os
import pathlib

from bundle import mount
from driver import need
from registry import equal, expect, test

TREE = pathlib.Path("/sys/fs/cgroup")
SECTION = "config-linux.md, Control groups"


def place(c):
    """The container's directory in the tree, by its process."""
    line = next(line for line in open(f"/proc/{c.pid}/cgroup") if line.startswith("0::"))
    return TREE / line[3:].strip().lstrip("/")


def need_tree(c, *controllers):
    need(c.world.cgroup, "there is no cgroup v2 tree to use")
    for name in controllers:
        need(name in c.world.controllers, f"the tree has no {name} controller")


def resources(c, **values):
    c.config["linux"]["resources"] = values


@test("config-linux.md, Cgroups Path", "an absolute cgroupsPath is below the mount point")
def cgroup_path(c):
    need_tree(c)
    c.config["linux"]["cgroupsPath"] = f"/{c.id}/inner"
    c.create("/probe", "wait")
    expect(str(place(c)).startswith(str(TREE / c.id / "inner")), f"it is at {place(c)}")


@test("config-linux.md, Cgroups Path", "the same relative cgroupsPath leads to the same place each time")
def cgroup_path_relative(c):
    need_tree(c)
    c.config["linux"]["cgroupsPath"] = f"relative-{c.id}"
    c.create("/probe", "wait")
    first = place(c)
    expect(c.id in str(first), f"it is at {first}")
    c.succeed("delete", "--force", c.id)
    c.wait_for_exit()
    c.create("/probe", "wait")
    equal(place(c), first, "the place")


@test("config-linux.md, Cgroups Path", "without cgroupsPath two containers have two cgroups")
def cgroup_path_default(c):
    need_tree(c)
    c.create("/probe", "wait")
    first = place(c)
    c.create("/probe", "wait", id=c.id + "-b")
    expect(place(c) != first, f"both are at {first}")


@test(SECTION, "delete removes the container's cgroup")
def cgroup_removed(c):
    need_tree(c)
    c.config["linux"]["cgroupsPath"] = f"/{c.id}"
    c.create("/probe", "wait")
    folder = place(c)
    expect(folder.is_dir() and folder != TREE, f"it is at {folder}")
    c.succeed("delete", "--force", c.id)
    expect(not folder.exists(), f"{folder} is left")


@test(SECTION, "in a cgroup namespace the container's cgroup is the root")
def cgroup_namespace_root(c):
    need_tree(c)
    lines = c.report()["files"]["cgroup"].splitlines()
    expect("0::/" in lines, f"/proc/self/cgroup is {lines}")


@test("config-linux.md, Huge page limits", "hugepageLimits is the limit of the cgroup")
def cgroup_hugetlb(c):
    need_tree(c, "hugetlb")
    resources(c, hugepageLimits=[{"pageSize": "2MB", "limit": 4 << 21}])
    c.create("/probe", "wait")
    found = [(place(c) / f"hugetlb.2MB{kind}max").read_text().strip() for kind in (".", ".rsvd.")]
    expect(str(4 << 21) in found, f"limits are {found}")


@test("config-linux.md, Unified", "unified values are written to their files")
def cgroup_unified(c):
    need_tree(c, "hugetlb")
    resources(c, unified={"hugetlb.2MB.max": str(3 << 21)})
    c.create("/probe", "wait")
    equal((place(c) / "hugetlb.2MB.max").read_text().strip(), str(3 << 21), "hugetlb.2MB.max")


@test("config-linux.md, Unified", "unified values that no controller owns are written, too")
def cgroup_unified_core(c):
    need_tree(c)
    resources(c, unified={"cgroup.max.descendants": "7"})
    c.create("/probe", "wait")
    equal((place(c) / "cgroup.max.descendants").read_text().strip(), "7", "cgroup.max.descendants")


@test("config-linux.md, Unified", "a controller that is not there is an error")
def cgroup_unified_missing(c):
    need_tree(c)
    resources(c, unified={"nosuch.max": "1"})
    c.rejects("an unknown controller")


def limit_test(name, controllers, values, file, wanted):
    @test(SECTION, f"{name} takes effect", name=f"cgroup-{name}")
    def body(c):
        need_tree(c, *controllers)
        resources(c, **values)
        c.create("/probe", "wait")
        equal((place(c) / file).read_text().strip(), wanted, file)


limit_test("pids", ["pids"], {"pids": {"limit": 77}}, "pids.max", "77")
limit_test("memory", ["memory"], {"memory": {"limit": 64 << 20}}, "memory.max", str(64 << 20))
limit_test("memory-swap", ["memory"], {"memory": {"limit": 64 << 20, "swap": 96 << 20}}, "memory.swap.max", str(32 << 20))
limit_test("memory-reservation", ["memory"], {"memory": {"reservation": 32 << 20}}, "memory.low", str(32 << 20))
limit_test("cpu-quota", ["cpu"], {"cpu": {"quota": 20000, "period": 100000}}, "cpu.max", "20000 100000")
limit_test("cpu-idle", ["cpu"], {"cpu": {"idle": 1}}, "cpu.idle", "1")
limit_test("cpuset", ["cpuset"], {"cpu": {"cpus": "0"}}, "cpuset.cpus", "0")


def missing_test(controller, values):
    @test(SECTION, f"a limit of {controller} is an error where the tree lacks the controller", name=f"cgroup-missing-{controller}")
    def body(c):
        need_tree(c)
        need(controller not in c.world.controllers, f"the tree has the {controller} controller")
        resources(c, **values)
        c.rejects(f"a limit of {controller}")


missing_test("pids", {"pids": {"limit": 77}})
missing_test("memory", {"memory": {"limit": 64 << 20}})
missing_test("cpu", {"cpu": {"quota": 20000, "period": 100000}})
missing_test("cpuset", {"cpu": {"cpus": "0"}})


@test("config-linux.md, Cgroup ownership", "the cgroup is given to the container's user where it is mounted writable",
      users=("root",))
def cgroup_ownership(c):
    need_tree(c)
    maps = [{"containerID": 0, "hostID": 3000, "size": 1000}]
    c.config["linux"]["namespaces"].append({"type": "user"})
    c.config["linux"].update(uidMappings=maps, gidMappings=maps)
    for path in [c.rootfs, *c.rootfs.rglob("*")]:
        if path.name != "probe":
            os.chown(path, 3000, 3000)
    mount(c.config, "/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime"])
    c.create("/probe", "wait")
    folder = place(c)
    equal(os.stat(folder).st_uid, 3000, "owner of the directory")
    equal(os.stat(folder / "cgroup.procs").st_uid, 3000, "owner of cgroup.procs")
    equal(os.stat(folder / "cgroup.max.depth").st_uid, 0, "owner of another file")


# MARK: operations of callers

@test("callers, pause", "pause freezes the container's processes, and resume lets them go on")
def pause_and_resume(c):
    need_tree(c)
    c.running()
    c.succeed("pause", c.id)
    equal(c.status(), "paused", "status")
    expect("frozen 1" in (place(c) / "cgroup.events").read_text(), "the cgroup is not frozen")
    c.succeed("resume", c.id)
    equal(c.status(), "running", "status")
    expect("frozen 0" in (place(c) / "cgroup.events").read_text(), "the cgroup is frozen")


@test("callers, pause", "a container that is not running cannot be paused")
def pause_stopped(c):
    c.stopped()
    c.refuse("pause", c.id)


@test("callers, update", "update changes limits of a running container")
def update_limits(c):
    need_tree(c, "hugetlb")
    c.running()
    file = c.file(c.folder / "limits.json", '{"unified": {"cgroup.max.descendants": "9"}}')
    c.succeed("update", "--resources", file, c.id)
    equal((place(c) / "cgroup.max.descendants").read_text().strip(), "9", "cgroup.max.descendants")


@test("callers, kill", "kill --all reaches every process of the container")
def kill_all(c):
    need_tree(c)
    c.running()
    result = c.exec("/probe", "wait", "/data/second", flags=("--detach", "--pid-file", str(c.folder / "second")))
    equal(result.code, 0, f"exec ({result})")
    second = int((c.folder / "second").read_text())
    c.pids.add(second)
    c.wait_for(lambda: (c.rootfs / "data/second").exists(), "the second process does not run")
    c.succeed("kill", "--all", c.id, "KILL")
    # The second first: a pid namespace ends when all that was in it is reaped.
    equal((c.wait_for_exit(second), c.wait_for_exit()), (137, 137), "exits")


@test("callers, ps", "ps lists the container's processes")
def ps_json(c):
    import json
    need_tree(c)
    pid = c.running()
    equal(json.loads(c.succeed("ps", "--format", "json", c.id).output), [pid], "processes")
