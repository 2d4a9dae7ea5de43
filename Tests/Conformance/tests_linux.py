"""config-linux.md and the Linux process of config.md: what is about neither namespaces nor groups nor filters."""

import json
import os
import subprocess

from bundle import mount, without_namespace
from driver import mount_at, need
from registry import equal, expect, test

SCHEDULER = "config.md, Linux Process"


# MARK: sysctl

@test("config-linux.md, Sysctl", "a parameter of the network namespace is set")
def sysctl_net(c):
    c.config["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1", "net.ipv4.ip_unprivileged_port_start": "77"}
    actions = c.report("read /proc/sys/net/ipv4/ip_forward", "read /proc/sys/net/ipv4/ip_unprivileged_port_start")["actions"]
    equal([found["text"].strip() for found in actions.values()], ["1", "77"], "values")


@test("config-linux.md, Sysctl", "a parameter of the IPC namespace is set")
def sysctl_ipc(c):
    c.config["linux"]["sysctl"] = {"kernel.msgmax": "4321", "fs.mqueue.queues_max": "99"}
    actions = c.report("read /proc/sys/kernel/msgmax", "read /proc/sys/fs/mqueue/queues_max")["actions"]
    equal([found["text"].strip() for found in actions.values()], ["4321", "99"], "values")


@test("config-linux.md, Sysctl", "a parameter that no namespace has is an error, and stays as it is", users=("root",))
def sysctl_host(c):
    before = open("/proc/sys/kernel/panic").read()
    c.config["linux"]["sysctl"] = {"kernel.panic": "77"}
    try:
        c.rejects("a parameter of the whole machine")
    finally:
        now = open("/proc/sys/kernel/panic").read()
        if now != before:
            open("/proc/sys/kernel/panic", "w").write(before)
    equal(now, before, "kernel.panic of the host")


@test("config-linux.md, Sysctl", "a parameter of the network is an error without a network namespace", users=("root",))
def sysctl_host_network(c):
    without_namespace(c.config, "network")
    path = "/proc/sys/net/ipv4/conf/lo/log_martians"
    before = open(path).read()
    c.config["linux"]["sysctl"] = {"net.ipv4.conf.lo.log_martians": "1"}
    try:
        c.rejects("a parameter of the host's network")
    finally:
        now = open(path).read()
        open(path, "w").write(before)
    equal(now, before, "the host's parameter")


@test("config-linux.md, Sysctl", "a parameter that there is not is an error")
def sysctl_missing(c):
    c.config["linux"]["sysctl"] = {"net.ipv4.no_such_parameter": "1"}
    c.rejects("a missing parameter")


# MARK: paths

@test("config-linux.md, Masked Paths", "a masked file cannot be read")
def masked_file(c):
    c.config["linux"]["maskedPaths"] = ["/etc/file"]
    report = c.report("read /etc/file", "write /etc/file x")
    equal(report["actions"]["read /etc/file"].get("text", ""), "", "text")
    equal((c.rootfs / "etc/file").read_text(), "a file of the root\n", "the file below")


@test("config-linux.md, Masked Paths", "a masked directory is empty and read-only")
def masked_directory(c):
    c.config["linux"]["maskedPaths"] = ["/etc"]
    report = c.report("list /etc", "create /etc/new")
    equal(report["actions"]["list /etc"]["nodes"], {}, "names")
    equal(report["actions"]["create /etc/new"]["errno"], 30, "errno of creating")


@test("config-linux.md, Masked Paths", "a masked path that is not there is no error")
def masked_missing(c):
    c.config["linux"]["maskedPaths"] = ["/no/such/path", "/proc/no_such_file"]
    equal(c.report("stat /no")["actions"]["stat /no"]["errno"], 2, "errno")


@test("config-linux.md, Masked Paths", "what is masked below a mount is hidden there")
def masked_in_mount(c):
    c.config["linux"]["maskedPaths"] = ["/proc/kcore", "/proc/uptime", "/sys/kernel"]
    report = c.report("read /proc/uptime", "list /sys/kernel")
    equal(report["actions"]["read /proc/uptime"].get("text", ""), "", "text")
    equal(report["actions"]["list /sys/kernel"]["nodes"], {}, "names")


@test("config-linux.md, Readonly Paths", "a read-only path refuses writes, and can be read")
def readonly_path(c):
    c.config["linux"]["readonlyPaths"] = ["/etc"]
    report = c.report("read /etc/file", "write /etc/file x", "create /data/new")
    equal(report["actions"]["read /etc/file"].get("text"), "a file of the root\n", "text")
    equal(report["actions"]["write /etc/file x"]["errno"], 30, "errno of writing")
    equal(report["actions"]["create /data/new"]["errno"], 0, "errno elsewhere")


@test("config-linux.md, Readonly Paths", "a read-only file refuses writes")
def readonly_file(c):
    c.config["linux"]["readonlyPaths"] = ["/etc/file"]
    report = c.report("write /etc/file x", "create /etc/new")
    equal(report["actions"]["write /etc/file x"]["errno"], 30, "errno of writing")
    equal(report["actions"]["create /etc/new"]["errno"], 0, "errno beside it")


@test("config-linux.md, Readonly Paths", "/proc/sys as a read-only path refuses writes")
def readonly_proc(c):
    c.config["linux"]["readonlyPaths"] = ["/proc/sys"]
    report = c.report("write /proc/sys/net/ipv4/ip_forward 1")
    # EACCES where the parameter is not the namespace's to write anyway.
    expect(report["actions"]["write /proc/sys/net/ipv4/ip_forward 1"]["errno"] in (13, 30), "it could be written")


@test("config-linux.md, Readonly Paths", "a read-only path that is not there is no error")
def readonly_missing(c):
    c.config["linux"]["readonlyPaths"] = ["/no/such/path"]
    c.report()


@test("config-linux.md, Readonly Paths", "a read-only path keeps the other options of its mount")
def readonly_keeps_options(c):
    c.config["linux"]["readonlyPaths"] = ["/dev/shm"]
    found = set(mount_at(c.report(), "/dev/shm")["options"])
    expect({"ro", "nosuid", "nodev", "noexec"} <= found, f"options are {sorted(found)}")


# MARK: propagation of the root

def propagation_test(value, check, says):
    @test("config-linux.md, Rootfs Mount Propagation", says, users=("root",), name=f"propagation-{value}")
    def body(c):
        c.config["linux"]["rootfsPropagation"] = value
        found = mount_at(c.report(), "/")["propagation"]
        expect(check(found), f"the root's propagation is {found}")


propagation_test("private", lambda found: found == [], "private: the root neither gets nor passes events")
propagation_test("shared", lambda found: "shared" in found, "shared: the root is in a peer group")
propagation_test("slave", lambda found: "shared" not in found and "unbindable" not in found, "slave: the root passes no events")
propagation_test("unbindable", lambda found: "unbindable" in found, "unbindable: the root cannot be bound")


@test("config-linux.md, Rootfs Mount Propagation", "by default the root passes no events to the host", users=("root",))
def propagation_default(c):
    expect("shared" not in mount_at(c.report(), "/")["propagation"], "it is shared")


@test("config-linux.md, Rootfs Mount Propagation", "a shared root is not shared with the host", users=("root",))
def propagation_not_to_host(c):
    c.config["linux"]["rootfsPropagation"] = "shared"
    for key in ("bounding", "effective", "permitted"):
        c.config["process"]["capabilities"][key].append("CAP_SYS_ADMIN")
    before = open("/proc/self/mountinfo").read()
    report = c.report("tmpfs /data")
    equal(report["actions"]["tmpfs /data"]["errno"], 0, "errno of mounting")
    equal(open("/proc/self/mountinfo").read(), before, "mounts of the host")


# MARK: personality, scheduler, priorities

@test("config-linux.md, Personality", "LINUX32 shows a machine of 32 bits")
def personality_linux32(c):
    c.config["linux"]["personality"] = {"domain": "LINUX32"}
    report = c.report()
    equal(report["personality"] & 0xFF, 8, "personality")
    expect(report["machine"] in ("i686", "armv7l", "armv8l"), f"machine is {report['machine']}")


@test("config-linux.md, Personality", "LINUX is the usual one")
def personality_linux(c):
    c.config["linux"]["personality"] = {"domain": "LINUX"}
    equal(c.report()["personality"], 0, "personality")


@test("config-linux.md, Personality", "an unknown domain is an error")
def personality_unknown(c):
    c.config["linux"]["personality"] = {"domain": "BSD"}
    c.rejects("an unknown domain")


def scheduler_test(name, values, users, **wanted):
    @test(SCHEDULER, f"scheduler: {name} takes effect", users=users, name=f"scheduler-{name}")
    def body(c):
        c.config["process"]["scheduler"] = values
        found = c.report()["scheduler"]
        for key, value in wanted.items():
            equal(found[key], value, key)


ANY = ("root", "rootless")
scheduler_test("batch", {"policy": "SCHED_BATCH"}, ANY, policy=3)
scheduler_test("idle", {"policy": "SCHED_IDLE"}, ANY, policy=5)
scheduler_test("nice", {"policy": "SCHED_OTHER", "nice": 7}, ANY, policy=0, nice=7)
scheduler_test("nice-batch", {"policy": "SCHED_BATCH", "nice": 3}, ANY, policy=3, nice=3)
scheduler_test("fifo", {"policy": "SCHED_FIFO", "priority": 9}, ("root",), policy=1, priority=9)
scheduler_test("rr", {"policy": "SCHED_RR", "priority": 4}, ("root",), policy=2, priority=4)
scheduler_test("reset-on-fork", {"policy": "SCHED_OTHER", "nice": 2, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}, ANY, flags=1, nice=2)
scheduler_test("deadline", {"policy": "SCHED_DEADLINE", "runtime": 5000000, "deadline": 10000000, "period": 20000000}, ("root",),
               policy=6, runtime=5000000, deadline=10000000, period=20000000)


@test(SCHEDULER, "scheduler: an unknown policy is an error")
def scheduler_unknown(c):
    c.config["process"]["scheduler"] = {"policy": "SCHED_NOSUCH"}
    c.rejects("an unknown policy")


def io_priority_test(name, values, users, wanted):
    @test(SCHEDULER, f"ioPriority: {name} takes effect", users=users, name=f"io-priority-{name}")
    def body(c):
        c.config["process"]["ioPriority"] = values
        found = c.report()["ioPriority"]
        equal((found >> 13 & 7, found & 7), wanted, "class and priority")


io_priority_test("best-effort", {"class": "IOPRIO_CLASS_BE", "priority": 2}, ANY, (2, 2))
io_priority_test("idle", {"class": "IOPRIO_CLASS_IDLE"}, ANY, (3, 0))
io_priority_test("real-time", {"class": "IOPRIO_CLASS_RT", "priority": 5}, ("root",), (1, 5))


@test(SCHEDULER, "ioPriority: an unknown class is an error")
def io_priority_unknown(c):
    c.config["process"]["ioPriority"] = {"class": "IOPRIO_CLASS_NOSUCH", "priority": 1}
    c.rejects("an unknown class")


@test(SCHEDULER, "execCPUAffinity: final is the affinity of a process that joins")
def exec_affinity(c):
    need(len(os.sched_getaffinity(0)) > 1, "there is one processor")
    c.config["process"]["execCPUAffinity"] = {"initial": "0", "final": "1"}
    c.running()
    result = c.exec("/probe", "report")
    equal(result.code, 0, f"exec ({result})")
    equal(json.loads(result.output)["affinity"], [1], "affinity")


# MARK: the rest

@test("config-linux.md, IntelRdt", "without a resctrl file system intelRdt is an error")
def intel_rdt_missing(c):
    need(" - resctrl " not in open("/proc/self/mountinfo").read(), "there is a resctrl file system")
    c.config["linux"]["intelRdt"] = {"closID": "class", "l3CacheSchema": "L3:0=f"}
    c.rejects("a cache class")


@test("config.md, Linux Process", "an AppArmor profile is an error where the kernel has none")
def apparmor_missing(c):
    need(not os.path.isdir("/sys/kernel/security/apparmor"), "there is AppArmor")
    c.config["process"]["apparmorProfile"] = "no-such-profile"
    c.rejects("a profile without AppArmor")


@test("config.md, Linux Process", "an SELinux label is an error where the kernel has none")
def selinux_missing(c):
    need(not os.path.isdir("/sys/fs/selinux"), "there is SELinux")
    c.config["process"]["selinuxLabel"] = "system_u:system_r:container_t:s0"
    c.rejects("a label without SELinux")


@test("callers, keyring", "the container has a session keyring of its own")
def keyring_own(c):
    first = c.report()
    need(first["keyringErrno"] == 0, "the kernel gives no keyring")
    own = subprocess.run([c.world.base / "probe", "report"], capture_output=True, text=True, check=True).stdout
    second = c.report()
    numbers = [json.loads(own)["keyringNumber"], first["keyringNumber"], second["keyringNumber"]]
    equal(len(set(numbers)), 3, f"different keyrings of the caller and two containers ({numbers})")


@test("callers, signals", "no signal is blocked or ignored in the container's process")
def signals_clean(c):
    report = c.report()
    equal(report["blockedSignals"], [], "blocked")
    equal(report["ignoredSignals"], [], "ignored")
