"""runtime.md: states and operations."""

import json
import os
import re

from registry import equal, expect, test


def same_process(c, pid):
    expect(os.path.exists(f"/proc/{pid}"), "the process of state's pid does not exist")
    equal(os.stat(f"/proc/{pid}/root/probe").st_ino, os.stat(c.rootfs / "probe").st_ino, "the root of state's pid")


@test("runtime.md, State", "state has ociVersion, id, status, pid and bundle")
def state_properties(c):
    c.create("/probe", "wait")
    state = c.state()
    for key, kind in (("ociVersion", str), ("id", str), ("status", str), ("pid", int), ("bundle", str)):
        expect(isinstance(state.get(key), kind), f"{key} is {state.get(key)!r}")


@test("runtime.md, State", "ociVersion is a semantic version")
def state_version(c):
    c.create("/probe", "wait")
    version = c.state()["ociVersion"]
    expect(re.fullmatch(r"\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?", version), f"ociVersion is {version!r}")


@test("runtime.md, State", "id is the container's id")
def state_id(c):
    c.create("/probe", "wait")
    equal(c.state()["id"], c.id, "id")


@test("runtime.md, State", "bundle is the absolute path of the bundle, however it was given")
def state_bundle(c):
    c.arguments("/probe", "wait")
    c.write_config()
    c.ids.add(c.id)
    c.succeed("create", "--bundle", ".", c.id, cwd=c.bundle)
    equal(os.path.realpath(c.state()["bundle"]), os.path.realpath(c.bundle), "bundle")
    expect(c.state()["bundle"].startswith("/"), "bundle is relative")


@test("runtime.md, State", "pid is the container's process as the host numbers it, once created")
def state_pid_created(c):
    pid = c.create("/probe", "wait")
    equal(c.state()["pid"], pid, "state's pid and the pid file")
    same_process(c, pid)


@test("runtime.md, State", "pid stays the same when the container runs")
def state_pid_running(c):
    pid = c.running()
    equal(c.state()["pid"], pid, "pid")
    same_process(c, pid)
    expect(b"wait" in open(f"/proc/{pid}/cmdline", "rb").read(), "the pid is not the user's program")


@test("runtime.md, State", "annotations are those of the configuration")
def state_annotations(c):
    c.config["annotations"] = {"org.example.one": "1", "org.example.empty": "", "two": "\u00fc \"quoted\""}
    c.create("/probe", "wait")
    found = c.state().get("annotations") or {}
    for key, value in c.config["annotations"].items():
        equal(found.get(key), value, f"annotation {key}")


@test("runtime.md, State", "without annotations the property is absent or empty")
def state_no_annotations(c):
    c.create("/probe", "wait")
    expect(not c.state().get("annotations"), f"annotations are {c.state().get('annotations')}")


@test("runtime.md, State", "the state is created after create")
def state_created(c):
    c.create("/probe", "wait")
    equal(c.status(), "created", "status")


@test("runtime.md, State", "the state is running after start")
def state_running(c):
    c.running()
    equal(c.status(), "running", "status")


@test("runtime.md, State", "the state is stopped when the process has exited")
def state_stopped(c):
    c.stopped()
    equal(c.status(), "stopped", "status")


@test("runtime.md, State", "the state is stopped when the process was killed from outside")
def state_stopped_by_signal(c):
    pid = c.running()
    os.kill(pid, 9)
    equal(c.wait_for_exit(), 137, "exit")
    equal(c.status(), "stopped", "status")


@test("runtime.md, Query State", "state without an id is an error")
def state_without_id(c):
    c.refuse("state")


@test("runtime.md, Query State", "state of an unknown container is an error")
def state_unknown(c):
    c.refuse("state", "conf-nobody")


@test("runtime.md, Create", "create without an id is an error")
def create_without_id(c):
    c.write_config()
    c.refuse("create", "--bundle", c.bundle)


@test("runtime.md, Create", "a bundle without config.json is an error")
def create_without_config(c):
    c.refuse("create", "--bundle", c.bundle, c.id)
    c.refuse("state", c.id)


@test("runtime.md, Create", "a bundle that does not exist is an error")
def create_without_bundle(c):
    c.refuse("create", "--bundle", c.folder / "missing", c.id)
    c.refuse("state", c.id)


@test("runtime.md, Create", "an id that is in use is an error, and its container is left alone")
def create_duplicate(c):
    pid = c.create("/probe", "wait")
    c.refuse("create", "--bundle", c.bundle, c.id)
    state = c.state()
    equal((state["status"], state["pid"]), ("created", pid), "the first container")
    c.start()
    equal(c.status(), "running", "status")


@test("runtime.md, Create", "ids that are no names are an error")
def create_invalid_ids(c):
    c.arguments("/probe", "wait")
    c.write_config()
    for id in ("../escape", "a/b", "", ".", "..", "a b", "a\nb"):
        c.ids.add(id) if id not in ("", ".", "..") else None
        c.refuse("create", "--bundle", c.bundle, id, what=repr(id))
    expect(not (c.state_root.parent / "escape").exists(), "an id led out of the state directory")


@test("runtime.md, Create", "create does not run the user's program")
def create_does_not_run(c):
    c.create("/probe", "wait", "/data/ready")
    expect(not (c.rootfs / "data/ready").exists(), "the program ran")
    expect(b"wait" not in open(f"/proc/{c.pid}/cmdline", "rb").read(), "the program was executed")


@test("runtime.md, Create", "create makes the namespaces already")
def create_makes_namespaces(c):
    pid = c.create("/probe", "wait")
    for kind in ("net", "ipc", "uts", "mnt"):
        expect(os.readlink(f"/proc/{pid}/ns/{kind}") != os.readlink(f"/proc/self/ns/{kind}"), f"{kind} is the host's")


@test("runtime.md, Lifecycle", "changes to config.json after create have no effect")
def create_reads_once(c):
    c.create("/probe", "save", "/data/report")
    c.config["process"]["args"] = ["/probe", "exit", "3"]
    c.config["process"]["env"] = ["CHANGED=1"]
    c.write_config()
    c.start()
    equal(c.wait_for_exit(), 0, "exit")
    report = json.loads((c.rootfs / "data/report").read_text())
    expect("CHANGED=1" not in report["env"], "the environment was changed")


@test("runtime.md, Lifecycle", "config.json may be removed after create")
def create_needs_config_no_more(c):
    c.create("/probe", "save", "/data/report")
    (c.bundle / "config.json").unlink()
    c.start()
    equal(c.wait_for_exit(), 0, "exit")
    equal(c.status(), "stopped", "status")
    c.succeed("delete", c.id)


@test("runtime.md, Errors", "a create that fails leaves no container")
def create_failure_leaves_nothing(c):
    c.config["mounts"].append({"destination": "/data", "type": "bind", "source": "/does/not/exist", "options": ["bind"]})
    c.rejects("a missing source")
    del c.config["mounts"][-1]
    c.create("/probe", "wait")
    equal(c.status(), "created", "a second create of the id")


@test("runtime.md, Start", "start without an id is an error")
def start_without_id(c):
    c.refuse("start")


@test("runtime.md, Start", "start of an unknown container is an error")
def start_unknown(c):
    c.refuse("start", "conf-nobody")


@test("runtime.md, Start", "start runs the user's program")
def start_runs(c):
    c.create("/probe", "exit", "7")
    c.start()
    equal(c.wait_for_exit(), 7, "exit")


@test("runtime.md, Start", "a second start is an error and has no effect")
def start_twice(c):
    pid = c.running()
    c.refuse("start", c.id)
    equal((c.status(), c.state()["pid"]), ("running", pid), "the container")


@test("runtime.md, Start", "start of a stopped container is an error")
def start_stopped(c):
    c.stopped()
    c.refuse("start", c.id)
    equal(c.status(), "stopped", "status")


@test("config.md, Process", "a container without a process cannot be started")
def start_without_process(c):
    del c.config["process"]
    c.write_config()
    c.ids.add(c.id)
    if c.invoke("create", "--bundle", c.bundle, c.id).code == 0:
        c.refuse("start", c.id)


@test("runtime.md, Kill", "kill without an id is an error")
def kill_without_id(c):
    c.refuse("kill")


@test("runtime.md, Kill", "kill of an unknown container is an error")
def kill_unknown(c):
    c.refuse("kill", "conf-nobody", "KILL")


def kill_test(word, number):
    @test("runtime.md, Kill", f"kill sends the signal that is named {word}", name=f"kill-{word.lower()}")
    def body(c):
        c.running()
        c.succeed("kill", c.id, word)
        equal(c.wait_for_exit(), 64 + number if number != 9 else 137, "exit")
        equal(c.status(), "stopped", "status")


for word, number in (("TERM", 15), ("SIGTERM", 15), ("15", 15), ("KILL", 9), ("SIGUSR1", 10), ("HUP", 1), ("INT", 2), ("SIGQUIT", 3)):
    kill_test(word, number)


@test("runtime.md, Kill", "kill sends SIGTERM where no signal is named")
def kill_default(c):
    c.running()
    c.succeed("kill", c.id)
    equal(c.wait_for_exit(), 64 + 15, "exit")


@test("runtime.md, Kill", "an unknown signal is an error and has no effect")
def kill_unknown_signal(c):
    c.running()
    c.refuse("kill", c.id, "NOSUCH")
    equal(c.status(), "running", "status")


@test("runtime.md, Kill", "a created container can be killed")
def kill_created(c):
    c.create("/probe", "wait")
    c.succeed("kill", c.id, "KILL")
    equal(c.wait_for_exit(), 137, "exit")
    equal(c.status(), "stopped", "status")


@test("runtime.md, Kill", "kill of a stopped container is an error")
def kill_stopped(c):
    c.stopped()
    c.refuse("kill", c.id, "TERM")
    equal(c.status(), "stopped", "status")


@test("runtime.md, Delete", "delete without an id is an error")
def delete_without_id(c):
    c.refuse("delete")


@test("runtime.md, Delete", "delete of an unknown container is an error")
def delete_unknown(c):
    c.refuse("delete", "conf-nobody")


@test("runtime.md, Delete", "delete of a running container is an error and has no effect")
def delete_running(c):
    pid = c.running()
    c.refuse("delete", c.id)
    equal((c.status(), c.state()["pid"]), ("running", pid), "the container")


@test("runtime.md, Delete", "delete of a container that is created and not stopped is an error and has no effect")
def delete_created(c):
    c.create("/probe", "wait")
    c.refuse("delete", c.id)
    equal(c.status(), "created", "status")


@test("runtime.md, Delete", "a deleted container is unknown")
def delete_stopped(c):
    c.stopped()
    c.succeed("delete", c.id)
    c.refuse("state", c.id)


@test("runtime.md, Delete", "delete removes the state directory")
def delete_removes_state(c):
    c.stopped()
    c.succeed("delete", c.id)
    left = [str(path) for path in c.state_root.rglob("*") if c.id in path.name]
    equal(left, [], "what is left")


@test("runtime.md, Delete", "delete leaves what the container did not make")
def delete_keeps_bundle(c):
    c.file(c.rootfs / "data/mine", "mine")
    c.stopped()
    c.succeed("delete", c.id)
    equal((c.rootfs / "data/mine").read_text(), "mine", "a file of the root")
    expect((c.bundle / "config.json").exists(), "config.json is gone")


@test("runtime.md, Delete", "an id can be used again")
def delete_frees_id(c):
    c.stopped()
    c.succeed("delete", c.id)
    c.create("/probe", "wait")
    equal(c.status(), "created", "status")


@test("runtime.md, Delete", "no mount is left in the runtime's mount namespace")
def delete_leaves_no_mount(c):
    before = open("/proc/self/mountinfo").read()
    c.stopped()
    equal(open("/proc/self/mountinfo").read(), before, "mounts while the container exists")
    c.succeed("delete", c.id)
    equal(open("/proc/self/mountinfo").read(), before, "mounts")


@test("callers, delete", "delete --force kills and removes a running container")
def delete_force(c):
    c.running()
    c.succeed("delete", "--force", c.id)
    equal(c.wait_for_exit(), 137, "exit")
    c.refuse("state", c.id)


@test("callers, delete", "delete --force of an unknown container succeeds")
def delete_force_unknown(c):
    c.succeed("delete", "--force", "conf-nobody")


@test("callers, run", "run ends with the exit code of the process, and leaves nothing")
def run_exit_code(c):
    equal(c.run("/probe", "exit", "42").code, 42, "exit")
    c.refuse("state", c.id)
