"""config.md: hooks, and where runtime.md puts them."""

import json
import os

from registry import equal, expect, test

ALL = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")
BEFORE_START = ("prestart", "createRuntime", "createContainer")
SECTION = "config.md, POSIX-platform Hooks"


def whole_life(c):
    c.create("/probe", "exit", "0")
    c.start()
    c.wait_for_exit()
    c.succeed("delete", c.id)


def container_hook(*arguments):
    """A hook that can run inside of the container."""
    return {"path": "/probe", "args": ["probe", *arguments]}


@test(SECTION, "all hooks of the host are called, in the order of the life cycle")
def hooks_order(c):
    names = [name for name in ALL if name != "startContainer"]
    c.config["hooks"] = {name: [c.hook(f"echo {name} >>$LOG")] for name in names}
    whole_life(c)
    equal(c.hook_log().split(), names, "hooks")


@test(SECTION, "the hooks of one list are called in its order")
def hooks_list_order(c):
    c.config["hooks"] = {"createRuntime": [c.hook(f"echo {number} >>$LOG") for number in range(5)]}
    whole_life(c)
    equal(c.hook_log().split(), list("01234"), "hooks")


def when_test(name, created, started, deleted):
    @test("runtime.md, Lifecycle", f"{name} hooks are called by the right operation", name=f"hook-when-{name.lower()}")
    def body(c):
        c.config["hooks"] = {name: [c.hook("echo x >>$LOG")]}
        c.create("/probe", "exit", "0")
        equal(len(c.hook_log().split()), created, "calls after create")
        c.start()
        equal(len(c.hook_log().split()), started, "calls after start")
        c.wait_for_exit()
        c.succeed("delete", c.id)
        equal(len(c.hook_log().split()), deleted, "calls after delete")


for name in BEFORE_START:
    when_test(name, 1, 1, 1)
when_test("poststart", 0, 1, 1)
when_test("poststop", 0, 0, 1)


@test("runtime.md, Lifecycle", "startContainer hooks are called by start, before the user's program, in the container")
def hook_when_startcontainer(c):
    c.config["hooks"] = {"startContainer": [container_hook("save", "/data/hook")]}
    c.create("/probe", "report", "stat /data/hook")
    expect(not (c.rootfs / "data/hook").exists(), "it was called by create")
    c.start()
    c.wait_for_exit()
    report = json.loads((c.rootfs / "data/hook").read_text())
    equal(report["args"], ["probe", "save", "/data/hook"], "args of the hook")
    equal(report["hostname"], "conformance", "the hook's host name")
    expect(report["pid"] > 1 or report["namespaces"]["pid"] != os.stat("/proc/self/ns/pid").st_ino, "it ran on the host")


def status_test(name, wanted):
    @test(SECTION, f"the state on the standard input of {name} hooks is that of the container", name=f"hook-state-{name.lower()}")
    def body(c):
        c.config["annotations"] = {"org.example": "yes"}
        c.config["hooks"] = {name: [c.hook('echo "$STATE" >>$LOG')]}
        pid = c.create("/probe", "wait")
        c.start()
        c.succeed("kill", c.id, "KILL")
        c.wait_for_exit()
        c.succeed("delete", c.id)
        state = json.loads(c.hook_log())
        equal(state["id"], c.id, "id")
        expect(state["status"] in wanted, f"status is {state['status']!r}")
        equal(os.path.realpath(state["bundle"]), os.path.realpath(c.bundle), "bundle")
        expect("ociVersion" in state, "there is no ociVersion")
        equal((state.get("annotations") or {}).get("org.example"), "yes", "the annotation")
        if name != "poststop":
            # runtime.md, State: a hook in the container's namespaces gets the number that the container sees.
            equal(state["pid"], 1 if name == "createContainer" else pid, "pid")


# The value while create runs is not said to be "created" before runtime-spec 1.0.1, which calls it "creating".
for name in BEFORE_START:
    status_test(name, ("creating", "created"))
status_test("poststart", ("running",))
status_test("poststop", ("stopped",))


@test(SECTION, "args and env are the hook's")
def hook_arguments(c):
    hook = c.hook('echo "$1-$A" >>$LOG', "argument", env=["A=value", "PATH=/bin:/usr/bin"])
    c.config["hooks"] = {"createRuntime": [hook]}
    c.create("/probe", "wait")
    equal(c.hook_log(), "argument-value\n", "what the hook saw")


@test(SECTION, "path is resolved on the host, for a hook that runs in the container's namespaces as well")
def hook_path_of_host(c):
    script = c.file(c.folder / "script", f"#!/bin/sh\necho called >>{c.folder}/hooks.log\n", 0o755)
    c.file(c.folder / "hooks.log", "", 0o666)
    c.config["hooks"] = {"createContainer": [{"path": str(script)}]}
    c.create("/probe", "wait")
    equal(c.hook_log(), "called\n", "the log")


def namespace_test(name, is_containers):
    @test(SECTION, f"{name} hooks run in the {'container' if is_containers else 'runtime'}'s namespaces",
          name=f"hook-namespaces-{name.lower()}")
    def body(c):
        kinds = ("mnt", "uts", "net", "ipc")
        c.config["hooks"] = {name: [c.hook("for n in %s; do readlink /proc/self/ns/$n; done >>$LOG" % " ".join(kinds))]}
        pid = c.create("/probe", "wait")
        containers = [os.readlink(f"/proc/{pid}/ns/{kind}") for kind in kinds]
        own = [os.readlink(f"/proc/self/ns/{kind}") for kind in kinds]
        c.start()
        c.succeed("kill", c.id, "KILL")
        c.wait_for_exit()
        c.succeed("delete", c.id)
        found = c.hook_log().split()
        equal(len(found), len(kinds), "lines")
        for kind, one, container, host in zip(kinds, found, containers, own):
            if is_containers:
                equal(one, container, kind)
            elif c.rootless and name in ("prestart", "createRuntime") and kind == "mnt":
                expect(one != container, f"{kind} is the container's")
            else:
                equal(one, host, kind)


for name in ("prestart", "createRuntime", "poststart", "poststop"):
    namespace_test(name, False)
namespace_test("createContainer", True)


def failure_test(name):
    @test("runtime.md, Lifecycle", f"a {name} hook that fails is an error of create, and the container is gone",
          name=f"hook-failure-{name.lower()}")
    def body(c):
        c.config["hooks"] = {name: [c.hook("echo one >>$LOG; exit 5"), c.hook("echo two >>$LOG")]}
        c.arguments("/probe", "wait", "/data/ready")
        c.write_config()
        c.ids.add(c.id)
        c.refuse("create", "--bundle", c.bundle, c.id)
        equal(c.hook_log().split(), ["one"], "hooks that were called")
        c.refuse("state", c.id)
        expect(not (c.rootfs / "data/ready").exists(), "the program ran")


for name in BEFORE_START:
    failure_test(name)


@test("runtime.md, Lifecycle", "a startContainer hook that fails is an error of start, and the program does not run")
def hook_failure_startcontainer(c):
    c.config["hooks"] = {"startContainer": [container_hook("exit", "5")]}
    c.create("/probe", "wait", "/data/ready")
    c.invoke("start", c.id)
    c.wait_for_exit()
    expect(not (c.rootfs / "data/ready").exists(), "the program ran")


@test("runtime.md, Lifecycle", "a poststop hook that fails stops neither the others nor delete")
def hook_failure_poststop(c):
    c.config["hooks"] = {"poststop": [c.hook("echo one >>$LOG; exit 5"), c.hook("echo two >>$LOG")]}
    whole_life(c)
    equal(c.hook_log().split(), ["one", "two"], "hooks that were called")
    c.refuse("state", c.id)


@test("runtime.md, Lifecycle", "poststop hooks are called by delete --force, too")
def hook_poststop_forced(c):
    c.config["hooks"] = {"poststop": [c.hook("echo one >>$LOG")]}
    c.running()
    c.succeed("delete", "--force", c.id)
    equal(c.hook_log().split(), ["one"], "hooks that were called")


@test("runtime.md, Lifecycle", "poststart hooks are called when the program runs, before start returns")
def hook_poststart_running(c):
    # The program is executed already: the hook sees its command line.
    c.config["hooks"] = {"poststart": [c.hook(
        "pid=$(echo \"$STATE\" | tr '\\n' ' ' | sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/' | tr -d '\\n ' | sed 's/[^0-9]//g'); "
        "for i in 1 2 3 4 5 6 7 8 9 10; do c=$(tr '\\0' ' ' </proc/$pid/cmdline); "
        "case $c in *wait*) break ;; esac; sleep 0.1; done; echo $c >>$LOG")]}
    c.create("/probe", "wait")
    c.start()
    expect("/probe wait" in c.hook_log(), f"the hook saw {c.hook_log()!r}")


@test(SECTION, "a hook that runs longer than its timeout is ended, and counts as failed")
def hook_timeout(c):
    c.config["hooks"] = {"createRuntime": [c.hook("exec sleep 20", timeout=1)]}
    c.arguments("/probe", "wait")
    c.write_config()
    c.ids.add(c.id)
    c.refuse("create", "--bundle", c.bundle, c.id)
    equal(c.hook_log(), "", "the log")
    c.refuse("state", c.id)


@test(SECTION, "a hook within its timeout goes on to its end")
def hook_within_timeout(c):
    c.config["hooks"] = {"createRuntime": [c.hook("sleep 0.2; echo done >>$LOG", timeout=20)]}
    c.create("/probe", "wait")
    equal(c.hook_log(), "done\n", "the log")


@test(SECTION, "a timeout that is not above zero is an error")
def hook_timeout_negative(c):
    c.config["hooks"] = {"createRuntime": [c.hook("true", timeout=-1)]}
    c.rejects("a negative timeout")


@test(SECTION, "a hook with a relative path is an error")
def hook_relative(c):
    c.config["hooks"] = {"createRuntime": [{"path": "bin/sh", "args": ["sh", "-c", "true"]}]}
    c.rejects("a relative path")


@test(SECTION, "a hook that does not exist is an error")
def hook_missing(c):
    c.config["hooks"] = {"createRuntime": [{"path": "/does/not/exist"}]}
    c.rejects("a missing hook")


@test(SECTION, "a hook need not read the state")
def hook_ignores_state(c):
    # More than a pipe holds: the runtime is still writing when the hook has ended.
    c.config["annotations"] = {f"org.example.{number}": "x" * 4000 for number in range(40)}
    c.config["hooks"] = {"createRuntime": [{"path": "/bin/true"}]}
    c.create("/probe", "wait")
    equal(c.status(), "created", "status")
