"""What containerd's shim, conmon and others rely on beside the specification: flags, exec, list, features, and the like."""

import array
import json
import os
import socket
import threading

from driver import parse
from registry import equal, expect, test
import driver


# MARK: features.md

def features(c):
    result = c.succeed("features")
    return json.loads(result.output)


@test("features.md, Specification version", "ociVersionMin and ociVersionMax are there and in order")
def features_versions(c):
    found = features(c)
    low, high = (tuple(int(part) for part in found[key].split("-")[0].split(".")) for key in ("ociVersionMin", "ociVersionMax"))
    expect(low <= high, f"{low} is above {high}")


@test("features.md, Specification version", "the runtime accepts a configuration of ociVersionMin and of ociVersionMax")
def features_versions_accepted(c):
    found = features(c)
    for key in ("ociVersionMin", "ociVersionMax"):
        c.config["ociVersion"] = found[key]
        c.report()


@test("features.md, Hooks", "each hook that is named is supported")
def features_hooks(c):
    names = features(c)["hooks"]
    equal(sorted(names), sorted(["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]), "hooks")
    c.config["hooks"] = {name: [] for name in names}
    c.report()


@test("features.md, Mount Options", "each mount option that is named is accepted")
def features_mount_options(c):
    options = features(c)["mountOptions"]
    expect("ro" in options and "rbind" in options, f"options are {options}")
    source = c.directory(c.folder / "source")
    # A remount wants something to remount, and these contradict each other: one container for each kind.
    other = {"remount", "mand", "idmap", "ridmap", "acl", "iversion", "rbind", "bind"}
    # Times of access of the machine's mounts are locked for an ordinary user.
    names = [name for name in options if name not in other and not (c.rootless and name.startswith("r") and "atime" in name)]
    for number, name in enumerate(names):
        c.directory(c.rootfs / f"data/{number}")
        c.config["mounts"].append({
            "destination": f"/data/{number}", "type": "bind", "source": str(source), "options": ["rbind", name]
        } if name.startswith("r") and name not in ("ro", "rw", "relatime") else {
            "destination": f"/data/{number}", "type": "tmpfs", "source": "tmpfs", "options": [name]})
    c.report()


@test("features-linux.md, Namespaces", "the namespaces are those of the specification that the runtime makes")
def features_namespaces(c):
    found = features(c)["linux"]["namespaces"]
    expect({"cgroup", "ipc", "mount", "network", "pid", "user", "uts"} <= set(found), f"namespaces are {found}")


@test("features-linux.md, Capabilities", "the capabilities are names of capabilities(7)")
def features_capabilities(c):
    found = features(c)["linux"]["capabilities"]
    expect("CAP_CHOWN" in found and "CAP_CHECKPOINT_RESTORE" in found, f"capabilities are {found}")
    expect(all(name.startswith("CAP_") for name in found), "a name is none")


@test("features-linux.md, Cgroup", "the versions of cgroups are told")
def features_cgroup(c):
    found = features(c)["linux"]["cgroup"]
    equal(found.get("v2"), True, "v2")


@test("features-linux.md, Seccomp", "actions and operators are those of the specification")
def features_seccomp(c):
    found = features(c)["linux"]["seccomp"]
    equal(found["enabled"], True, "enabled")
    expect({"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL_PROCESS"} <= set(found["actions"]), f"actions are {found['actions']}")
    expect({"SCMP_CMP_EQ", "SCMP_CMP_MASKED_EQ"} <= set(found["operators"]), f"operators are {found['operators']}")


# MARK: exec

@test("callers, exec", "exec runs a process in the container's namespaces, with its exit code")
def exec_namespaces(c):
    pid = c.running()
    result = c.exec("/probe", "report")
    equal(result.code, 0, f"exit ({result})")
    report = parse(result.output)
    for kind in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts"):
        equal(report["namespaces"][kind], os.stat(f"/proc/{pid}/ns/{kind}").st_ino, kind)
    result = c.exec("/probe", "exit", "9")
    equal(result.code, 9, f"exit code ({result})")


@test("callers, exec", "exec --process takes the process of a file")
def exec_process_file(c):
    c.running()
    process = c.process("/probe", "report", cwd="/etc", env=["A=1"], user={"uid": 1000, "gid": 1001, "additionalGids": [7]})
    result = c.exec_process(process)
    equal(result.code, 0, f"exit ({result})")
    report = parse(result.output)
    equal((report["cwd"], report["uids"][0], report["gids"][0]), ("/etc", 1000, 1001), "cwd, uid and gid")
    expect("A=1" in report["env"], f"env is {report['env']}")
    expect(7 in report["groups"], f"groups are {report['groups']}")


@test("callers, exec", "a process that joins has no more capabilities than it is given, and the flag of the container")
def exec_privileges(c):
    c.config["process"]["noNewPrivileges"] = True
    c.running()
    report = parse(c.exec_process(c.process("/probe", "report", capabilities={"bounding": ["CAP_KILL"]})).output)
    equal(report["capabilities"]["bounding"], [5], "bounding")
    # With no_new_privs not even root gains by execve(2) what it did not have.
    equal(report["capabilities"]["permitted"], [], "permitted")
    equal(report["noNewPrivileges"], 1, "no_new_privs")
    equal(sorted(report["descriptors"], key=int), ["0", "1", "2"], "descriptors")


@test("callers, exec", "a process that joins has the container's filter")
def exec_seccomp(c):
    c.config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["getpgrp"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77}]}
    c.running()
    report = parse(c.exec("/probe", "report", "call 111").output)
    equal(report["actions"]["call 111"]["errno"], 77, "errno")


@test("callers, exec", "exec into a container that does not run is an error")
def exec_stopped(c):
    c.stopped()
    expect(c.exec("/probe", "exit", "0").code != 0, "it succeeded")


@test("callers, exec", "exec of a program that is not there is an error, and the container goes on")
def exec_missing(c):
    c.running()
    expect(c.exec("/missing").code != 0, "it succeeded")
    equal(c.status(), "running", "status")


@test("callers, exec", "exec --detach writes the pid file and returns")
def exec_detached(c):
    c.running()
    file = c.folder / "exec.pid"
    result = c.exec("/probe", "wait", "/data/second", flags=("--detach", "--pid-file", str(file)))
    equal(result.code, 0, f"exit ({result})")
    pid = int(file.read_text())
    c.pids.add(pid)
    c.wait_for(lambda: (c.rootfs / "data/second").exists(), "the process does not run")
    equal(os.readlink(f"/proc/{pid}/ns/pid"), os.readlink(f"/proc/{c.pid}/ns/pid"), "pid namespace")


# MARK: terminals

class Console:
    """The socket on which a caller waits for the terminal's master side."""

    def __init__(self, c):
        self.path = f"{c.folder}/console.sock"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o777)
        self.socket.listen(1)
        self.socket.settimeout(10)
        self.master = None
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        try:
            connection = self.socket.accept()[0]
            connection.settimeout(10)
            _, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4))
            numbers = array.array("i")
            numbers.frombytes(ancillary[0][2][:4])
            self.master = numbers[0]
            connection.close()
        except (OSError, IndexError):
            pass

    def close(self):
        self.thread.join(10)
        self.socket.close()
        if self.master is not None:
            os.close(self.master)


def terminal_report(c):
    console = Console(c)
    try:
        c.config["process"]["terminal"] = True
        c.create("/probe", "save", "/data/report", "stat /dev/console", "openrw /dev/console", flags=("--console-socket", console.path))
        console.thread.join(10)
        expect(console.master is not None, "no terminal came over the socket")
        c.start()
        c.wait_for_exit()
        return json.loads((c.rootfs / "data/report").read_text()), console.master
    finally:
        console.close()


@test("config.md, Process", "with a terminal the standard streams are one, and it is the controlling terminal")
def terminal_streams(c):
    report, _ = terminal_report(c)
    equal(report["terminal"]["isTerminal"], [True] * 3, "terminals")
    equal(report["terminal"]["controlling"], 0, "errno of opening /dev/tty")
    equal(report["sid"], report["pid"], "session")


@test("config.md, Process", "consoleSize is the size of the terminal")
def terminal_size(c):
    c.config["process"]["consoleSize"] = {"height": 33, "width": 121}
    report, _ = terminal_report(c)
    equal((report["terminal"]["height"], report["terminal"]["width"]), (33, 121), "size")


@test("config-linux.md, Default Devices", "with a terminal /dev/console is that terminal")
def terminal_console(c):
    report, _ = terminal_report(c)
    equal(report["actions"]["openrw /dev/console"]["errno"], 0, "errno of opening")
    node = report["dev"].get("console")
    expect(node and node["type"] == "c" and node["major"] == 136, f"/dev/console is {node}")


@test("callers, terminal", "a terminal without a console socket is an error of create")
def terminal_without_socket(c):
    c.config["process"]["terminal"] = True
    c.rejects("a terminal without a console socket")


# MARK: descriptors, lists, logs

@test("runtime-linux.md, File descriptors", "--preserve-fds passes descriptors from 3 on")
def preserve_descriptors(c):
    c.arguments("/probe", "report")
    c.write_config()
    c.ids.add(c.id)
    result = c.invoke("run", "--preserve-fds", "1", "--bundle", c.bundle, c.id, redirect="3</etc/passwd 4</etc/group")
    equal(result.code, 0, f"exit ({result})")
    report = parse(result.output)
    # What is behind those that are passed stays out.
    equal(sorted(report["descriptors"], key=int), ["0", "1", "2", "3"], "descriptors")


@test("runtime-linux.md, File descriptors", "no descriptor of the caller's is open in the container")
def descriptors_of_caller(c):
    c.arguments("/probe", "report")
    c.write_config()
    c.ids.add(c.id)
    result = c.invoke("run", "--bundle", c.bundle, c.id, redirect="3</etc/passwd 7</etc")
    equal(result.code, 0, f"exit ({result})")
    equal(sorted(parse(result.output)["descriptors"], key=int), ["0", "1", "2"], "descriptors")


@test("callers, list", "list knows the containers and their status")
def list_json(c):
    c.create("/probe", "wait")
    found = {entry["id"]: entry for entry in json.loads(c.succeed("list", "--format", "json").output) or []}
    expect(c.id in found, f"it lists {sorted(found)}")
    equal((found[c.id]["status"], found[c.id]["pid"]), ("created", c.pid), "status and pid")


@test("callers, list", "list --quiet prints ids")
def list_quiet(c):
    c.create("/probe", "wait")
    expect(c.id in c.succeed("list", "--quiet").output.split(), "the id is missing")


@test("callers, log", "an error is written to --log as a JSON line with level and msg")
def log_json(c):
    log = c.folder / "log.json"
    c.refuse("start", "conf-nobody", flags=("--log", str(log), "--log-format", "json"))
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.strip()]
    expect(any(line.get("level") == "error" and line.get("msg") for line in lines), f"the log has {lines}")


@test("callers, spec", "spec writes a configuration that can be run")
def spec_is_usable(c):
    c.succeed("spec", *(["--rootless"] if c.rootless and c.runtime.name != "crun" else []), cwd=c.bundle)
    written = json.loads((c.bundle / "config.json").read_text())
    for key in ("ociVersion", "process", "root", "mounts", "linux"):
        expect(key in written, f"{key} is missing")


@test("callers, cgroup", "--systemd-cgroup without systemd is an error that says so, not a crash")
def systemd_missing(c):
    driver.need(not os.path.isdir("/run/systemd/system"), "systemd runs")
    c.arguments("/probe", "exit", "0")
    c.write_config()
    c.ids.add(c.id)
    c.refuse("create", "--bundle", c.bundle, c.id, flags=("--systemd-cgroup",))
