"""config.md: mounts."""

import os
import subprocess

from bundle import mount
from driver import mount_at, need, parse_mounts
from registry import equal, expect, test


@test("config.md, Mounts", "mounts happen in the listed order")
def mounts_order(c):
    mount(c.config, "/data", "tmpfs", "one")
    mount(c.config, "/data/inner", "tmpfs", "two")
    mount(c.config, "/data/inner", "tmpfs", "three")
    mounts = [m for m in parse_mounts(c.report()) if m["place"].startswith("/data")]
    equal([m["source"] for m in mounts], ["one", "two", "three"], "sources")


@test("config.md, Mounts", "a later mount covers what an earlier one put below its place")
def mounts_cover(c):
    mount(c.config, "/data/inner", "tmpfs", "one")
    mount(c.config, "/data", "tmpfs", "two")
    found = c.report("stat /data/inner")["actions"]["stat /data/inner"]["errno"]
    equal(found, 2, "errno of what is covered")


@test("config.md, Mounts", "a missing directory is made")
def mount_makes_directory(c):
    mount(c.config, "/deep/er/place", "tmpfs", "tmpfs")
    equal(mount_at(c.report(), "/deep/er/place")["type"], "tmpfs", "type")


@test("config.md, Mounts", "a relative destination means one below /")
def mount_relative_destination(c):
    mount(c.config, "data", "tmpfs", "tmpfs")
    equal(mount_at(c.report(), "/data")["type"], "tmpfs", "type")


@test("config.md, Mounts", "a bound directory is the host's")
def bind_directory(c):
    source = c.directory(c.folder / "source")
    c.file(source / "file", "of the host")
    mount(c.config, "/data", "bind", source, ["bind"])
    report = c.report("read /data/file", "create /data/new")
    equal(report["actions"]["read /data/file"]["text"], "of the host", "text")
    expect((source / "new").exists(), "a new file is not in the source")


@test("config.md, Mounts", "options make a bind mount, whatever its type says")
def bind_by_options(c):
    source = c.directory(c.folder / "source")
    c.file(source / "file", "of the host")
    mount(c.config, "/data", "none", source, ["rbind"])
    equal(c.report("read /data/file")["actions"]["read /data/file"].get("text"), "of the host", "text")


@test("config.md, Mounts", "a bind mount needs no type")
def bind_without_type(c):
    source = c.directory(c.folder / "source")
    c.file(source / "file", "of the host")
    mount(c.config, "/data", None, source, ["bind"])
    equal(c.report("read /data/file")["actions"]["read /data/file"].get("text"), "of the host", "text")


@test("config.md, Mounts", "a file can be bound, and its place is made")
def bind_file(c):
    source = c.file(c.folder / "source", "one file")
    mount(c.config, "/deep/file", "bind", source, ["bind"])
    equal(c.report("read /deep/file")["actions"]["read /deep/file"].get("text"), "one file", "text")


@test("config.md, Mounts", "a relative source of a bind is relative to the bundle")
def bind_relative_source(c):
    source = c.directory(c.bundle / "source")
    c.file(source / "file", "of the bundle")
    mount(c.config, "/data", "bind", "source", ["bind"])
    equal(c.report("read /data/file")["actions"]["read /data/file"].get("text"), "of the bundle", "text")


@test("config.md, Mounts", "a missing source of a bind is an error")
def bind_missing_source(c):
    mount(c.config, "/data", "bind", c.folder / "missing", ["bind"])
    c.rejects("a missing source")


@test("config.md, Mounts", "bind takes the directory alone, rbind what is mounted below it", users=("root",))
def bind_recursive(c):
    # A mount of this process's own namespace, which the runtime inherits.
    source = c.directory(c.folder / "source")
    c.directory(source / "inner")
    subprocess.run(["mount", "-t", "tmpfs", "inside", source / "inner"], check=True)
    try:
        mount(c.config, "/data", "bind", source, ["bind"])
        mount(c.config, "/tmp", "bind", source, ["rbind"])
        places = [m["place"] for m in parse_mounts(c.report())]
    finally:
        subprocess.run(["umount", source / "inner"], check=True)
    expect("/tmp/inner" in places, "rbind left the inner mount out")
    expect("/data/inner" not in places, "bind took the inner mount")


@test("config.md, Mounts", "a mount of an unknown file system is an error")
def mount_unknown_type(c):
    mount(c.config, "/data", "nosuchfs", "none")
    c.rejects("an unknown file system")


@test("config.md, Mounts", "an option that the file system does not know is an error")
def mount_unknown_option(c):
    mount(c.config, "/data", "tmpfs", "none", ["nosuchoption=3"])
    c.rejects("an unknown option")


@test("config.md, Mounts", "tmpfs's own options take effect")
def mount_tmpfs_data(c):
    mount(c.config, "/data", "tmpfs", "tmpfs", ["size=2m", "mode=1712"])
    actions = c.report("statfs /data", "stat /data")["actions"]
    equal(actions["statfs /data"]["bytes"], 2 << 20, "size")
    equal(actions["stat /data"]["mode"], 0o1712, "mode")


# An ordinary user's binds keep what the machine's mount says about times of access: mount_namespaces(7), "locked".
LOCKED = {"noatime", "nodiratime", "relatime", "strictatime"}


def option_test(option, kind, check, says):
    users = ("root",) if kind == "bind" and option in LOCKED else ("root", "rootless")

    @test("config.md, Mounts", says, users=users, name=f"mount-{kind}-{option}")
    def body(c):
        if kind == "bind":
            source = c.directory(c.folder / "source")
            mount(c.config, "/data", "bind", source, ["bind", option])
        else:
            mount(c.config, "/data", "tmpfs", "tmpfs", [option])
        found = mount_at(c.report(), "/data")
        expect(check(found), f"{option}: {','.join(found['options'])} {','.join(found['super'])} {found['propagation']}")


def has(word):
    return lambda found: word in found["options"]


def has_super(word):
    return lambda found: word in found["super"]


for kind in ("tmpfs", "bind"):
    for option in ("ro", "nosuid", "nodev", "noexec", "nodiratime"):
        option_test(option, kind, has(option), f"{option} is set on a {kind} mount")
    option_test("noatime", kind, has("noatime"), f"noatime is set on a {kind} mount")
    option_test("relatime", kind, has("relatime"), f"relatime is set on a {kind} mount")
    option_test("strictatime", kind, lambda found: not {"relatime", "noatime"} & set(found["options"]),
                f"strictatime is set on a {kind} mount")
    option_test("rw", kind, has("rw"), f"rw leaves a {kind} mount writable")
    option_test("private", kind, lambda found: found["propagation"] == [], f"private on a {kind} mount")
    option_test("rprivate", kind, lambda found: found["propagation"] == [], f"rprivate on a {kind} mount")
    option_test("shared", kind, lambda found: "shared" in found["propagation"], f"shared on a {kind} mount")
    option_test("rshared", kind, lambda found: "shared" in found["propagation"], f"rshared on a {kind} mount")
    option_test("unbindable", kind, lambda found: "unbindable" in found["propagation"], f"unbindable on a {kind} mount")
    option_test("runbindable", kind, lambda found: "unbindable" in found["propagation"], f"runbindable on a {kind} mount")
for option in ("exec", "suid", "dev", "atime", "diratime", "defaults", "async", "loud"):
    option_test(option, "tmpfs", has("rw"), f"{option} is accepted")
option_test("sync", "tmpfs", has_super("sync"), "sync is set on the file system")
option_test("dirsync", "tmpfs", has_super("dirsync"), "dirsync is set on the file system")
option_test("nosymfollow", "tmpfs", has("nosymfollow"), "nosymfollow is set")


@test("config.md, Mounts", "the later of two options that contradict wins")
def mount_last_option(c):
    mount(c.config, "/data", "tmpfs", "tmpfs", ["ro", "rw", "exec", "noexec"])
    found = mount_at(c.report(), "/data")["options"]
    expect("rw" in found and "noexec" in found, f"options are {found}")


def mounts_after(c, propagation):
    """What the container sees once something was mounted at the source of its bind of that propagation."""
    source = c.directory(c.folder / "source")
    subprocess.run(["mount", "-t", "tmpfs", "peer", source], check=True)
    subprocess.run(["mount", "--make-shared", source], check=True)
    c.directory(source / "inner")
    try:
        mount(c.config, "/data", "bind", source, ["rbind", propagation])
        c.create("/probe", "wait")
        c.start()
        subprocess.run(["mount", "-t", "tmpfs", "later", source / "inner"], check=True)
        return open(f"/proc/{c.pid}/mountinfo").read()
    finally:
        subprocess.run(["umount", "-R", source], check=True)


@test("config.md, Mounts", "a slave bind gets what is mounted at its source later", users=("root",))
def mount_slave(c):
    expect(" later " in mounts_after(c, "rslave"), "a later mount did not reach the container")


@test("config.md, Mounts", "a private bind does not get what is mounted at its source later", users=("root",))
def mount_private_later(c):
    expect(" later " not in mounts_after(c, "rprivate"), "a later mount reached the container")


def recursive_test(option, flag):
    @test("config.md, Mounts", f"{option} holds for what is mounted below as well", users=("root",),
          name=f"mount-recursive-{option}")
    def body(c):
        source = c.directory(c.folder / "source")
        c.directory(source / "inner")
        subprocess.run(["mount", "-t", "tmpfs", "inside", source / "inner"], check=True)
        try:
            mount(c.config, "/data", "bind", source, ["rbind", option])
            report = c.report()
        finally:
            subprocess.run(["umount", source / "inner"], check=True)
        for place in ("/data", "/data/inner"):
            expect(flag in mount_at(report, place)["options"], f"{place}: {mount_at(report, place)['options']}")


for option, flag in (("rro", "ro"), ("rnosuid", "nosuid"), ("rnodev", "nodev"), ("rnoexec", "noexec"), ("rnoatime", "noatime")):
    recursive_test(option, flag)


@test("config.md, Mounts", "tmpcopyup fills a tmpfs with what its place held")
def mount_tmpcopyup(c):
    c.file(c.rootfs / "data/file", "below", 0o640)
    c.directory(c.rootfs / "data/folder", 0o711)
    mount(c.config, "/data", "tmpfs", "tmpfs", ["tmpcopyup", "mode=755"])
    report = c.report("read /data/file", "stat /data/file", "stat /data/folder", "create /data/new")
    equal(mount_at(report, "/data")["type"], "tmpfs", "type")
    equal(report["actions"]["read /data/file"].get("text"), "below", "text")
    equal(report["actions"]["stat /data/file"].get("mode"), 0o640, "mode of the file")
    equal(report["actions"]["stat /data/folder"].get("mode"), 0o711, "mode of the folder")
    expect(not (c.rootfs / "data/new").exists(), "a new file reached the root")


@test("config.md, Mounts", "uidMappings of a bind shift the owners of its files", users=("root",))
def mount_idmap(c):
    source = c.directory(c.folder / "source")
    os.chown(c.file(source / "file"), 1000, 1000)
    mapping = [{"containerID": 1000, "hostID": 2000, "size": 1}, {"containerID": 0, "hostID": 0, "size": 1}]
    mount(c.config, "/data", "bind", source, ["bind"], uidMappings=mapping, gidMappings=mapping)
    found = c.report("stat /data/file")["actions"]["stat /data/file"]
    equal((found["uid"], found["gid"]), (2000, 2000), "owner")


@test("config.md, Mounts", "a symbolic link in a destination leads nowhere outside of the root")
def mount_symbolic_link(c):
    outside = c.directory(c.folder / "outside")
    os.symlink(outside, c.rootfs / "link")
    mount(c.config, "/link/made", "tmpfs", "tmpfs")
    c.run("/probe", "exit", "0")
    equal(os.listdir(outside), [], "what was made outside")


def kernel_test(place, kind, magic):
    @test("config-linux.md, Default Filesystems", f"{kind} can be mounted at {place}", name=f"filesystem{place.replace('/', '-')}")
    def body(c):
        equal(c.report(f"statfs {place}")["actions"][f"statfs {place}"]["type"], magic, "type")


kernel_test("/proc", "proc", 0x9FA0)
kernel_test("/sys", "sysfs", 0x62656572)
kernel_test("/dev/pts", "devpts", 0x1CD1)
kernel_test("/dev/shm", "tmpfs", 0x01021994)
kernel_test("/dev/mqueue", "mqueue", 0x19800202)


@test("config-linux.md, Default Filesystems", "/dev/shm has the mode and size that are asked for")
def filesystem_shm_options(c):
    actions = c.report("stat /dev/shm", "statfs /dev/shm")["actions"]
    equal(actions["stat /dev/shm"]["mode"], 0o1777, "mode")
    equal(actions["statfs /dev/shm"]["bytes"], 65536 << 10, "size")


@test("config-linux.md, Default Filesystems", "/proc shows the container's processes alone")
def filesystem_proc_is_own(c):
    report = c.report("list /proc")
    found = sorted(name for name in report["actions"]["list /proc"]["nodes"] if name.isdigit())
    equal(found, [str(report["pid"])], "processes")


@test("config-linux.md, Default Filesystems", "a cgroup mount shows the container's cgroup as its root")
def filesystem_cgroup(c):
    need(c.world.cgroup, "there is no cgroup v2 tree to use")
    mount(c.config, "/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"])
    report = c.report("read /sys/fs/cgroup/cgroup.procs", "statfs /sys/fs/cgroup", "mkdir /sys/fs/cgroup/x")
    equal(report["actions"]["statfs /sys/fs/cgroup"]["type"], 0x63677270, "type")
    expect(str(report["pid"]) in report["actions"]["read /sys/fs/cgroup/cgroup.procs"]["text"].split(), "the process is not there")
    equal(report["actions"]["mkdir /sys/fs/cgroup/x"]["errno"], 30, "errno of making a cgroup")
