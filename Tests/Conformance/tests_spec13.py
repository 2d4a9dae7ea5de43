"""config-linux.md: what runtime-spec 1.3 brought, policies of memory and network devices."""

import os
import subprocess

from bundle import without_namespace
from driver import need, parse
from registry import expect, test


def policy(c, **rest):
    need(os.path.exists("/proc/self/numa_maps"), "this kernel has no NUMA")
    c.config["linux"]["memoryPolicy"] = rest


def policy_test(name, shown, **rest):
    @test("config-linux.md, Memory policy", f"{rest['mode']} is the process's", name=f"memory-policy-{name}")
    def body(c):
        policy(c, **rest)
        text = c.report("read /proc/self/numa_maps")["actions"]["read /proc/self/numa_maps"].get("text", "")
        expect(f" {shown} " in text, f"numa_maps says {text[:100]!r}")


policy_test("bind", "bind:0", mode="MPOL_BIND", nodes="0")
policy_test("interleave", "interleave:0", mode="MPOL_INTERLEAVE", nodes="0-0")
policy_test("local", "local", mode="MPOL_LOCAL")
policy_test("static", "prefer=static:0", mode="MPOL_PREFERRED", nodes="0", flags=["MPOL_F_STATIC_NODES"])


@test("config-linux.md, Memory policy", "it is that of processes that join, too")
def memory_policy_exec(c):
    policy(c, mode="MPOL_BIND", nodes="0")
    c.running()
    text = parse(c.exec("/probe", "report", "read /proc/self/numa_maps").output)["actions"]["read /proc/self/numa_maps"].get("text", "")
    expect(" bind:0 " in text, f"numa_maps says {text[:100]!r}")


def policy_error(name, what, **rest):
    @test("config-linux.md, Memory policy", f"{what} is an error", name=f"memory-policy-{name}")
    def body(c):
        policy(c, **rest)
        c.rejects(what)


policy_error("unknown-mode", "an unknown mode", mode="MPOL_NOSUCH")
policy_error("unknown-flag", "an unknown flag", mode="MPOL_PREFERRED", nodes="0", flags=["MPOL_F_NOSUCH"])
policy_error("no-mode", "a policy without a mode", nodes="0")
policy_error("malformed-nodes", "a malformed list of nodes", mode="MPOL_BIND", nodes="zero")
policy_error("missing-nodes", "a mode without the nodes that it takes", mode="MPOL_INTERLEAVE")
policy_error("absent-node", "a node that the machine lacks", mode="MPOL_BIND", nodes="777")


class Network:
    """A network namespace in the place of the runtime's, with a device and an address."""

    def __init__(self, c, device):
        script = f"ip link add {device} type veth peer name peer && ip addr add 192.0.2.7/28 dev {device} && echo ready; exec sleep 60"
        self.program = subprocess.Popen(
            ["/usr/bin/unshare", "--net", "/bin/sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.ready = self.program.stdout.readline() == "ready\n"
        usual = c.command
        c.command = lambda *words, **rest: [
            "/usr/bin/nsenter", f"--net=/proc/{self.program.pid}/ns/net", "--", *usual(*words, **rest)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.kill()
        self.program.wait()


def device_test(row, says, device, inside, **entry):
    @test("config-linux.md, Network Devices", says, users=("root",), name=f"net-device-{row}")
    def body(c):
        with Network(c, device) as network:
            need(network.ready, "no network device can be made")
            c.config["linux"]["netDevices"] = {device: entry}
            c.running()
            inner = ["nsenter", f"--net=/proc/{c.pid}/ns/net", "ip", "-o", "address", "show", "dev", inside]
            found = subprocess.run(inner, capture_output=True, text=True).stdout
            expect("192.0.2.7/28" in found, f"the address is lost: {found!r}")
            flags = subprocess.run([*inner[:2], "ip", "-o", "link", "show", "dev", inside], capture_output=True, text=True).stdout
            expect(",UP" in flags, f"it is not up: {flags!r}")


device_test("moved", "a network device is in the container, up and with its addresses", "conf0", "conf0")
device_test("renamed", "a network device has the name that it is given", "conf0", "inner0", name="inner0")


def device_error(name, what, entry, change=lambda c: None):
    @test("config-linux.md, Network Devices", f"{what} is an error", users=("root",), name=f"net-device-{name}")
    def body(c):
        with Network(c, "conf0") as network:
            need(network.ready, "no network device can be made")
            c.config["linux"]["netDevices"] = entry
            change(c)
            c.rejects(what)


device_error("missing", "a device that there is not", {"nosuch0": {}})
device_error("taken", "a name that the container has already", {"conf0": {"name": "lo"}})
device_error("long-name", "a name that no device can have", {"conf0": {"name": "a-name-too-long-for-it"}})


def without_network(c):
    without_namespace(c.config, "network")
    c.config["mounts"] = [entry for entry in c.config["mounts"] if entry["destination"] != "/sys"]


device_error("without-namespace", "a device without a network namespace", {"conf0": {}}, without_network)
