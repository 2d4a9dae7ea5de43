"""What crun's and runc's own suites hold, and callers of theirs rely on: each row is a kind of fault that they found in us."""

import json
import os
import pty
import shutil
import socket
import stat
import subprocess
import time

from bundle import NUMBERS, mount, namespace, remove_mount, without_namespace
from driver import need, parse
from registry import Failure, equal, expect, test

MARK = "CONFORMANCE_MARK"


def with_environment(c, **variables):
    """The runtime gets more variables than the world's."""
    usual = c.environment
    c.environment = lambda: {**usual(), **variables}


def everything(name):
    return {key: [name] for key in ("bounding", "permitted", "effective", "inheritable", "ambient")}


# MARK: the root

@test("callers, create", "--no-pivot changes the root, too")
def no_pivot(c):
    found = c.report("read /etc/file", "list /", flags=("--no-pivot",))["actions"]
    equal(found["read /etc/file"]["text"], "a file of the root\n", "a file of the root")
    expect("probe" in found["list /"]["nodes"], "the root is another one")


@test("config-linux.md, Namespaces", "a container without a mount namespace has the runtime's, and nothing stays mounted",
      users=("root",))
def namespace_mount_inherited(c):
    without_namespace(c.config, "mount")
    c.config["mounts"] = [entry for entry in c.config["mounts"] if entry["destination"] in ("/proc", "/dev")]
    c.running("/probe", "wait", "/data/ready")
    equal(os.stat(f"/proc/{c.pid}/ns/mnt").st_ino, os.stat("/proc/self/ns/mnt").st_ino, "the mount namespace")
    equal(os.readlink(f"/proc/{c.pid}/root"), str(c.rootfs), "the root")
    c.succeed("delete", "--force", c.id)
    left = [line.split()[4] for line in open("/proc/self/mountinfo") if line.split()[4].startswith(str(c.rootfs))]
    for place in sorted(left, reverse=True):
        subprocess.run(["umount", "-l", place], check=False)
    expect(not left or not c.runtime.is_ours, f"still mounted: {left}")


@test("config.md, Mounts", "the source of a bind may be what an earlier mount shows below the root")
def mount_source_in_root(c):
    c.file(c.directory(c.folder / "source") / "new", "of the source\n")
    mount(c.config, "/data", "bind", c.folder / "source", ["rbind"])
    mount(c.config, "/tmp", "bind", c.rootfs / "data", ["rbind"])
    equal(c.report("read /tmp/new")["actions"]["read /tmp/new"].get("text"), "of the source\n", "the file")


# MARK: the process

@test("config.md, Linux Process", "startContainer hooks run under the filter, with noNewPrivileges, too")
def hook_startcontainer_filter(c):
    c.config["process"]["noNewPrivileges"] = True
    c.config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77}]}
    c.config["hooks"] = {"startContainer": [{"path": "/probe", "args": ["probe", "save", "/data/report", "mkdir /data/x"]}]}
    c.run("/probe", "exit", "0")
    found = json.loads((c.rootfs / "data/report").read_text())
    equal(found["actions"]["mkdir /data/x"]["errno"], 77, "errno of mkdir in the hook")


@test("config.md, Process", "whether a program can be executed is a question of the process's capabilities")
def process_executable_by_capability(c):
    shutil.copy2(c.rootfs / "probe", c.rootfs / "bin/private")
    c.world.own(c.rootfs / "bin/private")
    os.chmod(c.rootfs / "bin/private", 0o700)
    c.config["process"]["user"] = {"uid": 1000, "gid": 1000}
    c.config["process"]["capabilities"] = everything("CAP_DAC_OVERRIDE")
    c.create("/bin/private", "exit", "0")
    c.start()


@test("config.md, Process", "a filter that refuses getcwd is no reason to refuse the working directory")
def process_cwd_filter(c):
    c.config["process"]["cwd"] = "/etc"
    c.config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["getcwd"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}
    equal(c.report("read file")["actions"]["read file"]["errno"], 0, "errno of a file of the directory")


@test("config.md, Process", "of a variable that is listed twice the process has the last")
def process_env_twice(c):
    c.config["process"]["env"] += ["TWICE=first", "TWICE=last"]
    equal([entry for entry in c.report()["env"] if entry.startswith("TWICE=")], ["TWICE=last"], "the variable")


@test("config.md, User", "what is left out of the user is 0, and without a user it is root")
def user_defaults(c):
    c.config["process"]["user"] = {"uid": 5}
    report = c.report()
    equal((report["uids"][0], report["gids"][0]), (5, 0), "user and group")
    del c.config["process"]["user"]
    equal(c.report()["uids"], [0] * 3, "uids")


@test("config.md, Linux Process", "an unknown capability is left out, with a warning")
def capability_unknown(c):
    c.config["process"]["capabilities"]["bounding"].append("CAP_NOSUCH")
    result = c.run("/probe", "exit", "3")
    equal(result.code, 3, f"exit ({result})")


@test("runtime.md, Lifecycle", "a container can be created without a process, and not be started")
def create_without_process(c):
    del c.config["process"]
    c.create()
    equal(c.status(), "created", "status")
    c.refuse("start", c.id)
    c.succeed("delete", "--force", c.id)


@test("callers, create", "the process runs on all processors, whatever the caller is bound to")
def affinity_reset(c):
    usual = os.sched_getaffinity(0)
    need(len(usual) > 1, "this machine has one processor")
    os.sched_setaffinity(0, {min(usual)})
    try:
        found = c.report()["affinity"]
        # `run` ends with the container: one more by `exec`.
        c.running()
        result = c.exec("/probe", "report")
    finally:
        os.sched_setaffinity(0, usual)
    equal(found, sorted(usual), "processors of the first process")
    equal(parse(result.output)["affinity"], sorted(usual), "processors of one that joined")


# MARK: hooks and service managers

@test("config.md, POSIX-platform Hooks", "a hook without an environment has its caller's, and one with an empty one has none")
def hook_environment_absent(c):
    with_environment(c, **{MARK: "from-the-caller"})
    c.config["hooks"] = {"createRuntime": [
        c.hook(f"echo first ${MARK} >>$LOG"), c.hook(f"PATH=/bin:/usr/bin; echo second ${MARK} >>$LOG", env=[])]}
    c.create("/probe", "exit", "0")
    equal(c.hook_log().splitlines(), ["first from-the-caller", "second"], "what the hooks saw")


@test("config.md, POSIX-platform Hooks", "a startContainer hook without an environment has the process's, and nothing of the caller's")
def hook_environment_startcontainer(c):
    with_environment(c, **{MARK: "from-the-caller"})
    c.config["process"]["env"].append("OF=the-process")
    c.config["hooks"] = {"startContainer": [{"path": "/probe", "args": ["probe", "save", "/data/report"]}]}
    c.run("/probe", "exit", "0")
    found = json.loads((c.rootfs / "data/report").read_text())["env"]
    expect("OF=the-process" in found, f"env is {found}")
    expect(not any(entry.startswith(MARK) for entry in found), "a variable of the caller's is in the container")


@test("callers, start", "a container says to its caller's service manager that it is ready")
def notify_ready(c):
    path = c.folder / "manager"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        os.chmod(path, 0o777)
        manager.settimeout(10)
        with_environment(c, NOTIFY_SOCKET=str(path))
        report = c.report("notify READY=1")
        own = next((entry for entry in report["env"] if entry.startswith("NOTIFY_SOCKET=")), "")
        expect(own and own != f"NOTIFY_SOCKET={path}", f"the variable is {own!r}")
        equal(report["actions"]["notify READY=1"]["errno"], 0, "errno of sending")
        expect("READY=1" in manager.recv(4096).decode().splitlines(), "the manager hears something else")


# MARK: user namespaces

@test("callers, create", "an ordinary user's configuration without a user namespace gets one", users=("rootless",))
def user_namespace_implied(c):
    without_namespace(c.config, "user")
    for name in ("uidMappings", "gidMappings"):
        c.config["linux"].pop(name)
    report = c.report()
    equal(report["uids"], [0] * 3, "uids")
    expect(report["namespaces"]["user"] != os.stat("/proc/self/ns/user").st_ino, "there is no new one")


@test("callers, create", "a user namespace without maps has the caller's", users=("rootless",))
def user_namespace_unmapped(c):
    for name in ("uidMappings", "gidMappings"):
        c.config["linux"].pop(name)
    equal(c.report()["uids"], [0] * 3, "uids")


@test("config-linux.md, Devices", "a container with a user namespace has devices that the host lacks", users=("root",))
def device_in_user_namespace(c):
    maps = [{"containerID": 0, "hostID": 0, "size": 65536}]
    c.config["linux"].update(uidMappings=maps, gidMappings=maps)
    namespace(c.config, "user")
    c.config["linux"]["devices"] = [
        {"path": "/dev/conformance", "type": "c", "major": 1, "minor": 5, "uid": 10, "gid": 11, "fileMode": 0o640}]
    found = c.report("stat /dev/conformance", "open /dev/conformance")["actions"]
    node = found["stat /dev/conformance"]
    equal(node["errno"], 0, "errno of stat")
    equal((node["type"], node["major"], node["minor"]), (stat.S_IFCHR, 1, 5), "the node")
    equal((node["mode"], node["uid"], node["gid"]), (0o640, 10, 11), "mode and owner")
    equal(found["open /dev/conformance"]["errno"], 0, "errno of opening it")


# MARK: verbs

@test("callers, ps", "ps of a container that has ended lists nothing")
def ps_stopped(c):
    c.stopped()
    result = c.succeed("ps", "--format", "json", c.id)
    expect(result.output.strip() in ("[]", "null"), f"it lists {result.output[:200]!r}")


@test("callers, kill", "signal 0 asks whether the container runs")
def kill_zero(c):
    c.running()
    c.succeed("kill", c.id, "0")
    c.succeed("kill", c.id, "KILL")
    c.wait_for_exit()
    c.refuse("kill", c.id, "0")


@test("callers, exec", "a capability that exec adds is ambient where the container has inheritable ones")
def exec_capability_ambient(c):
    c.config["process"]["capabilities"] = everything("CAP_CHOWN")
    c.running()
    found = parse(c.exec("/probe", "report", flags=("--cap", "CAP_KILL")).output)["capabilities"]
    for name in ("bounding", "permitted", "effective"):
        equal(found[name], [NUMBERS["CAP_CHOWN"], NUMBERS["CAP_KILL"]], name)
    equal(found["ambient"], [NUMBERS["CAP_CHOWN"]], "ambient, of what is inheritable")


@test("config-linux.md, Cgroups Path", "a control group that is frozen is refused, and not waited for", users=("root",))
def cgroup_frozen(c):
    need(c.world.cgroup, "there is no tree of cgroups")
    need(c.runtime.name != "crun", "crun waits for the thaw")
    name = f"frozen-{c.runtime.name}"
    folder = f"/sys/fs/cgroup/{name}"
    os.mkdir(folder)
    try:
        open(f"{folder}/cgroup.freeze", "w").write("1")
        c.config["linux"]["cgroupsPath"] = f"/{name}"
        c.arguments("/probe", "wait")
        c.write_config()
        c.refuse("create", "--bundle", c.bundle, c.id)
    finally:
        if os.path.isdir(folder):
            open(f"{folder}/cgroup.freeze", "w").write("0")
            open(f"{folder}/cgroup.kill", "w").write("1")
            for _ in range(100):
                try:
                    os.rmdir(folder)
                    break
                except OSError:
                    time.sleep(0.02)


@test("config-linux.md, Sysctl", "kernel.hostname is set by hostname alone")
def sysctl_hostname(c):
    c.config["linux"]["sysctl"] = {"kernel.hostname": "other"}
    c.rejects("kernel.hostname as a parameter")


def receive(c, *words):
    """The descriptor and the data that a command of the runtime sends to the socket whose path follows `words`."""
    path = c.folder / "receiver"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        os.chmod(path, 0o777)
        listener.listen()
        listener.settimeout(10)
        yield path
        connection = listener.accept()[0]
        with connection:
            data, descriptors, _, _ = socket.recv_fds(connection, 4096, 1)
            equal(len(descriptors), 1, "descriptors")
            yield descriptors[0]


@test("callers, create", "--pidfd-socket gets a pidfd of the process")
def pidfd_socket(c):
    steps = receive(c)
    path = next(steps)
    c.create("/probe", "wait", flags=("--pidfd-socket", path))
    pidfd = next(steps)
    number = next(line.split()[1] for line in open(f"/proc/self/fdinfo/{pidfd}") if line.startswith("Pid:"))
    os.close(pidfd)
    equal(int(number), c.pid, "the process")


@test("callers, run", "in the background of its terminal, a container with a terminal is not stopped")
def terminal_background(c):
    c.config["process"]["terminal"] = True
    c.arguments("/probe", "exit", "7")
    c.write_config()
    c.ids.add(c.id)
    words = [str(word) for word in c.command("run", "--bundle", c.bundle, c.id)]
    pid, terminal = pty.fork()
    if pid == 0:
        # The shell of the session stays in the foreground; what it starts is in a group of its own.
        os.environ.update(c.environment())
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            os.execvp(words[0], words)
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, os.WUNTRACED)[1]) & 255
                 if not os.WIFSTOPPED(os.waitpid(child, os.WNOHANG | os.WUNTRACED)[1]) else 99)
    end = time.monotonic() + 10
    status = None
    os.set_blocking(terminal, False)
    while status is None:
        try:
            os.read(terminal, 4096)
        except OSError:
            pass
        done, found = os.waitpid(pid, os.WNOHANG)
        if done:
            status = os.waitstatus_to_exitcode(found)
        elif time.monotonic() > end:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
            raise Failure("it does not end")
        else:
            time.sleep(0.02)
    os.close(terminal)
    equal(status, 7, "exit")


@test("callers, kill", "SIGKILL ends all processes of a container without a pid namespace of its own")
def kill_shared_pid_namespace(c):
    without_namespace(c.config, "pid")
    remove_mount(c.config, "/proc")
    mount(c.config, "/proc", "bind", "/proc", ["rbind"])
    need(c.world.cgroup, "there is no tree of cgroups")
    c.running()
    pid_file = c.folder / "second"
    result = c.exec("/probe", "wait", flags=("--detach", "--pid-file", pid_file))
    equal(result.code, 0, f"exit of exec ({result})")
    second = int(pid_file.read_text())
    c.pids.add(second)
    c.succeed("kill", c.id, "KILL")
    c.wait_for_exit()
    equal(c.wait_for_exit(second), 128 + 9, "the end of the second process")
