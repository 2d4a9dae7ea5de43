"""config-linux.md: device nodes, and which of them may be used."""

import os

from driver import need
from registry import equal, expect, test

DEFAULTS = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
SECTION = "config-linux.md, Devices"
RULES = "config-linux.md, Allowed Device list"


def default_test(name, numbers):
    @test("config-linux.md, Default Devices", f"/dev/{name} is there and can be used", name=f"device-default-{name}")
    def body(c):
        verb = f"stat /dev/{name}" if name == "tty" else f"openrw /dev/{name}"
        report = c.report(verb)
        node = report["dev"].get(name)
        expect(node and node["type"] == "c", f"/dev/{name} is {node}")
        equal((node["major"], node["minor"]), numbers, "numbers")
        equal(node["mode"], 0o666, "mode")
        equal(report["actions"][verb]["errno"], 0, "errno of opening")


for name, numbers in DEFAULTS.items():
    default_test(name, numbers)


@test("config-linux.md, Default Devices", "/dev/ptmx leads to the container's /dev/pts/ptmx")
def device_default_ptmx(c):
    report = c.report("openrw /dev/ptmx", "stat /dev/ptmx", "stat /dev/pts/ptmx")
    equal(report["actions"]["openrw /dev/ptmx"]["errno"], 0, "errno of opening")
    found = [report["actions"][f"stat /dev/{name}"] for name in ("ptmx", "pts/ptmx")]
    equal((found[0]["device"], found[0]["inode"]), (found[1]["device"], found[1]["inode"]), "the file")


@test("config-linux.md, Default Devices", "without a terminal there is no /dev/console that leads to one of the host's")
def device_no_console(c):
    report = c.report("open /dev/console")
    expect(report["actions"]["open /dev/console"]["errno"] != 0, "/dev/console can be opened")


@test("config-linux.md, Default Devices", "no device node is there that was not asked for")
def device_no_others(c):
    found = {name for name, node in c.report()["dev"].items() if node["type"] in ("c", "b")}
    equal(found - set(DEFAULTS) - {"ptmx"}, set(), "other nodes")


@test(SECTION, "a device is there with its numbers, mode and owner", users=("root",))
def device_node(c):
    c.config["linux"]["devices"] = [
        {"path": "/dev/mine", "type": "c", "major": 1, "minor": 7, "fileMode": 0o640, "uid": 12, "gid": 34}]
    node = c.report()["dev"]["mine"]
    equal(node, {"type": "c", "mode": 0o640, "uid": 12, "gid": 34, "major": 1, "minor": 7}, "node")


@test(SECTION, "a block device is there", users=("root",))
def device_block(c):
    c.config["linux"]["devices"] = [{"path": "/dev/block", "type": "b", "major": 7, "minor": 99}]
    node = c.report()["dev"]["block"]
    equal((node["type"], node["major"], node["minor"]), ("b", 7, 99), "node")


@test(SECTION, "type u is a character device", users=("root",))
def device_unbuffered(c):
    c.config["linux"]["devices"] = [{"path": "/dev/mine", "type": "u", "major": 1, "minor": 3}]
    equal(c.report()["dev"]["mine"]["type"], "c", "type")


@test(SECTION, "type p is a fifo, without numbers")
def device_fifo(c):
    c.config["linux"]["devices"] = [{"path": "/dev/pipe", "type": "p", "fileMode": 0o622}]
    node = c.report()["dev"]["pipe"]
    equal((node["type"], node["mode"]), ("p", 0o622), "node")


@test(SECTION, "a device may be anywhere in the container", users=("root",))
def device_elsewhere(c):
    c.config["linux"]["devices"] = [{"path": "/deep/er/null", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666}]
    found = c.report("stat /deep/er/null")["actions"]["stat /deep/er/null"]
    equal((found["errno"], found.get("major"), found.get("minor")), (0, 1, 3), "node")


@test(SECTION, "a device of the host's is there for an ordinary user", users=("rootless",))
def device_bound(c):
    need(os.access("/dev/null", os.W_OK), "the host's device is not accessible")
    c.config["linux"]["devices"] = [{"path": "/dev/full", "type": "c", "major": 1, "minor": 7, "fileMode": 0o666}]
    report = c.report("openrw /dev/full")
    equal(report["actions"]["openrw /dev/full"]["errno"], 0, "errno of opening")


@test(SECTION, "an unknown type is an error")
def device_unknown_type(c):
    c.config["linux"]["devices"] = [{"path": "/dev/mine", "type": "x", "major": 1, "minor": 3}]
    c.rejects("an unknown type")


@test(SECTION, "a file that is there and is not the device is an error", users=("root",))
def device_other_file(c):
    c.file(c.rootfs / "data/null", "not a device")
    c.config["linux"]["devices"] = [{"path": "/data/null", "type": "c", "major": 1, "minor": 3}]
    c.rejects("another file in the device's place")


# MARK: rules

def rules(c, *entries):
    need(c.world.cgroup, "there is no cgroup v2 tree to use")
    c.config["linux"].setdefault("resources", {})["devices"] = [{"allow": False, "access": "rwm"}, *entries]


@test(RULES, "with everything denied the default devices still work", users=("root",))
def device_rules_deny_all(c):
    rules(c)
    report = c.report(*[f"openrw /dev/{name}" for name in ("null", "zero", "full", "random", "urandom")])
    for action, found in report["actions"].items():
        equal(found["errno"], 0, f"errno of {action}")


FUSE = {"type": "c", "major": 10, "minor": 229}


def fuse(c, *entries):
    """The helper's results of reading and of writing to a device that rules are about."""
    need(os.path.exists("/dev/fuse"), "the kernel has no device 10:229")
    rules(c, *entries)
    c.config["linux"]["devices"] = [{"path": "/dev/fuse", "fileMode": 0o666, **FUSE}]
    actions = c.report("open /dev/fuse", "openrw /dev/fuse")["actions"]
    return [found["errno"] for found in actions.values()]


def rule_test(name, says, entries, wanted):
    @test(RULES, says, users=("root",), name=f"device-rules-{name}")
    def body(c):
        equal(fuse(c, *entries), wanted, "errno of reading and of reading and writing")


rule_test("deny", "a device that is not allowed cannot be opened", [], [1, 1])
rule_test("allow", "a device that is allowed can be opened", [{"allow": True, "access": "rw", **FUSE}], [0, 0])
rule_test("read", "what may be read alone may not be written", [{"allow": True, "access": "r", **FUSE}], [0, 1])
rule_test("other-type", "a rule holds for its type alone", [{"allow": True, "access": "rw", **FUSE, "type": "b"}], [1, 1])
rule_test("other-minor", "a rule holds for its numbers alone", [{"allow": True, "access": "rw", **FUSE, "minor": 228}], [1, 1])
rule_test("any-minor", "a rule without a minor number holds for all of them",
          [{"allow": True, "access": "rw", "type": "c", "major": 10}], [0, 0])
rule_test("any", "a rule without a type holds for all devices", [{"allow": True, "access": "rwm"}], [0, 0])
rule_test("order", "rules are applied in their order: a later one wins",
          [{"allow": True, "access": "rw", **FUSE}, {"allow": False, "access": "w", **FUSE}], [0, 1])
rule_test("order-again", "a later rule allows again what one before it denied",
          [{"allow": True, "access": "rw", **FUSE}, {"allow": False, "access": "rw", **FUSE},
           {"allow": True, "access": "rw", "type": "c", "major": 10}], [0, 0])
