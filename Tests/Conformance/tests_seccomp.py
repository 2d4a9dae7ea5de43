"""config-linux.md: seccomp. Calls are made by their numbers on x86-64."""

import array
import json
import os
import platform
import socket
import threading

from driver import need
from registry import Failure, equal, expect, test

SECTION = "config-linux.md, Seccomp"
# getpgrp takes no arguments and ignores those that it gets, and neither runtimes nor the helper call it.
GETPGRP, PERSONALITY, KCMP = 111, 135, 312
EPERM, ENOSYS = 1, 38


def filtered(c, *rules, default="SCMP_ACT_ALLOW", **rest):
    need(platform.machine() == "x86_64", "the numbers of calls are those of x86-64")
    c.config["linux"]["seccomp"] = {"defaultAction": default, "syscalls": list(rules), **rest}


def rule(action, *names, **rest):
    return {"names": list(names), "action": action, **rest}


def one(c, *call):
    action = "call " + " ".join(str(word) for word in call)
    return c.report(action)["actions"][action]


@test(SECTION, "without seccomp there is no filter")
def seccomp_absent(c):
    equal(c.report()["seccomp"], 0, "mode")


@test(SECTION, "with seccomp there is a filter")
def seccomp_mode(c):
    filtered(c, rule("SCMP_ACT_ERRNO", "kcmp"))
    equal(c.report()["seccomp"], 2, "mode")


@test(SECTION, "SCMP_ACT_ERRNO refuses with EPERM, if nothing else is said")
def seccomp_errno_default(c):
    filtered(c, rule("SCMP_ACT_ERRNO", "getpgrp"))
    equal(one(c, GETPGRP)["errno"], EPERM, "errno")


@test(SECTION, "errnoRet is the errno")
def seccomp_errno(c):
    filtered(c, rule("SCMP_ACT_ERRNO", "getpgrp", errnoRet=77))
    equal(one(c, GETPGRP)["errno"], 77, "errno")


@test(SECTION, "names holds for each of its calls, and for no other")
def seccomp_names(c):
    filtered(c, rule("SCMP_ACT_ERRNO", "getpgrp", "kcmp", errnoRet=77))
    actions = c.report(f"call {GETPGRP}", f"call {KCMP}", "call 102")["actions"]
    equal([found["errno"] for found in actions.values()], [77, 77, 0], "errno")


@test(SECTION, "a name that this architecture does not have is ignored")
def seccomp_unknown_name(c):
    filtered(c, rule("SCMP_ACT_ERRNO", "no_such_call", "getpgrp", errnoRet=77))
    equal(one(c, GETPGRP)["errno"], 77, "errno")


@test(SECTION, "defaultErrnoRet is the errno of defaultAction")
def seccomp_default_errno(c):
    # Everything but what the helper does not need.
    names = sorted(ALLOWED)
    filtered(c, rule("SCMP_ACT_ALLOW", *names), default="SCMP_ACT_ERRNO", defaultErrnoRet=ENOSYS)
    equal(one(c, 999)["errno"], ENOSYS, "errno of a call that there is not")
    found = one(c, KCMP)
    equal(found["errno"], ENOSYS, "errno of a call that is not allowed")


ALLOWED = """access arch_prctl brk capget capset chdir clock_gettime clone clone3 close close_range dup dup2 dup3 epoll_pwait
execve execveat exit exit_group faccessat faccessat2 fchdir fchmod fchown fcntl fork fstat fstatfs futex getcwd getdents64
getegid geteuid getgid getgroups getpgrp getpid getppid getresgid getresuid getrlimit getsid gettid getuid ioctl ioprio_get
kill lseek madvise mmap mount mprotect munmap newfstatat open openat openat2 personality pipe pipe2 poll ppoll prctl pread64
prlimit64 pwrite64 read readlink readlinkat recvmsg rename rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity
sched_getattr sched_yield seccomp sendmsg set_robust_list set_tid_address setgid setgroups setresgid setresuid setsid setuid
sigaltstack stat statfs statx symlink sysinfo tgkill umask uname unlink unlinkat vfork wait4 waitid write writev keyctl
epoll_create1 epoll_ctl epoll_wait nanosleep clock_nanosleep getrandom pidfd_open pidfd_send_signal lstat""".split()


def action_test(name, action, signal):
    @test(SECTION, f"{action} ends the process with signal {signal}", name=f"seccomp-{name}")
    def body(c):
        filtered(c, rule(action, "getpgrp"))
        equal(one(c, GETPGRP)["signal"], signal, "signal")


for name, action, signal in (("kill", "SCMP_ACT_KILL", 31), ("kill-process", "SCMP_ACT_KILL_PROCESS", 31),
                             ("kill-thread", "SCMP_ACT_KILL_THREAD", 31), ("trap", "SCMP_ACT_TRAP", 31)):
    action_test(name, action, signal)


@test(SECTION, "SCMP_ACT_LOG lets the call go on")
def seccomp_log(c):
    filtered(c, rule("SCMP_ACT_LOG", "getpgrp"))
    equal(one(c, GETPGRP)["errno"], 0, "errno")


@test(SECTION, "SCMP_ACT_TRACE without a tracer is ENOSYS")
def seccomp_trace(c):
    filtered(c, rule("SCMP_ACT_TRACE", "getpgrp", errnoRet=3))
    equal(one(c, GETPGRP)["errno"], ENOSYS, "errno")


def operator_test(operator, value, refused, allowed, **rest):
    name = operator.removeprefix("SCMP_CMP_").lower()

    @test(SECTION, f"{operator} compares an argument", name=f"seccomp-operator-{name.replace('_', '-')}")
    def body(c):
        argument = {"index": 0, "value": value, "op": operator, **rest}
        filtered(c, rule("SCMP_ACT_ERRNO", "personality", errnoRet=77, args=[argument]))
        words = [f"call {PERSONALITY} {one}" for one in refused + allowed]
        found = [found["errno"] for found in c.report(*words)["actions"].values()]
        equal(found, [77] * len(refused) + [0] * len(allowed), f"errno of personality({refused + allowed})")


# Values that leave the personality of the child that tries them alone or that do not matter to it.
operator_test("SCMP_CMP_EQ", 8, ["8"], ["0", "0xffffffff"])
operator_test("SCMP_CMP_NE", 8, ["0", "0xffffffff"], ["8"])
operator_test("SCMP_CMP_LT", 8, ["0"], ["8", "0xffffffff"])
operator_test("SCMP_CMP_LE", 8, ["0", "8"], ["0xffffffff"])
operator_test("SCMP_CMP_GT", 8, ["0xffffffff"], ["0", "8"])
operator_test("SCMP_CMP_GE", 8, ["8", "0xffffffff"], ["0"])
operator_test("SCMP_CMP_MASKED_EQ", 8, ["8"], ["0"], valueTwo=8)


@test(SECTION, "all arguments of a rule have to match")
def seccomp_arguments_and(c):
    arguments = [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 2, "op": "SCMP_CMP_EQ"}]
    filtered(c, rule("SCMP_ACT_ERRNO", "getpgrp", errnoRet=77, args=arguments))
    actions = c.report(f"call {GETPGRP} 1 2", f"call {GETPGRP} 1 3", f"call {GETPGRP} 0 2")["actions"]
    equal([found["errno"] for found in actions.values()], [77, 0, 0], "errno")


@test(SECTION, "values of 64 bits are compared whole")
def seccomp_arguments_wide(c):
    filtered(c, rule("SCMP_ACT_ERRNO", "getpgrp", errnoRet=77,
                     args=[{"index": 2, "value": 1 << 40 | 5, "op": "SCMP_CMP_EQ"}]))
    actions = c.report(f"call {GETPGRP} 0 0 {1 << 40 | 5}", f"call {GETPGRP} 0 0 5")["actions"]
    equal([found["errno"] for found in actions.values()], [77, 0], "errno")


@test(SECTION, "architectures that are named are filtered, too")
def seccomp_architectures(c):
    filtered(c, rule("SCMP_ACT_ERRNO", "getpgrp", errnoRet=77),
             architectures=["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"])
    equal(one(c, GETPGRP)["errno"], 77, "errno")


@test(SECTION, "a filter holds for a process that has no capability and may get new privileges")
def seccomp_without_capabilities(c):
    c.config["process"]["capabilities"] = {}
    filtered(c, rule("SCMP_ACT_ERRNO", "getpgrp", errnoRet=77))
    equal(one(c, GETPGRP)["errno"], 77, "errno")


@test(SECTION, "a filter holds together with noNewPrivileges")
def seccomp_with_no_new_privileges(c):
    c.config["process"]["noNewPrivileges"] = True
    filtered(c, rule("SCMP_ACT_ERRNO", "getpgrp", errnoRet=77))
    equal(one(c, GETPGRP)["errno"], 77, "errno")


@test(SECTION, "a filter that refuses what a runtime needs afterwards does not stop it")
def seccomp_late(c):
    filtered(c, rule("SCMP_ACT_ERRNO", "mount", "umount2", "setns", "unshare", "pivot_root"))
    equal(c.report()["seccomp"], 2, "mode")


for flag in ("SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC"):
    def flag_test(flag):
        @test(SECTION, f"the flag {flag} is accepted", name=f"seccomp-flag-{flag.rsplit('FLAG_')[-1].lower().replace('_', '-')}")
        def body(c):
            filtered(c, rule("SCMP_ACT_ERRNO", "getpgrp", errnoRet=77), flags=[flag])
            equal(one(c, GETPGRP)["errno"], 77, "errno")
    flag_test(flag)


def refusal_test(name, what, change):
    @test(SECTION, f"{what} is an error", name=f"seccomp-invalid-{name}")
    def body(c):
        filtered(c, rule("SCMP_ACT_ERRNO", "getpgrp"))
        change(c.config["linux"]["seccomp"])
        c.rejects(what)


refusal_test("default", "an unknown defaultAction", lambda s: s.update(defaultAction="SCMP_ACT_NOSUCH"))
refusal_test("action", "an unknown action", lambda s: s["syscalls"][0].update(action="SCMP_ACT_NOSUCH"))
refusal_test("architecture", "an unknown architecture", lambda s: s.update(architectures=["SCMP_ARCH_NOSUCH"]))
refusal_test("operator", "an unknown operator",
             lambda s: s["syscalls"][0].update(args=[{"index": 0, "value": 1, "op": "SCMP_CMP_NOSUCH"}]))
refusal_test("index", "an argument's index above five",
             lambda s: s["syscalls"][0].update(args=[{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]))
refusal_test("errno", "an errnoRet for an action that has none",
             lambda s: s["syscalls"][0].update(action="SCMP_ACT_KILL", errnoRet=5))
refusal_test("flag", "an unknown flag", lambda s: s.update(flags=["SECCOMP_FILTER_FLAG_NOSUCH"]))


class Agent:
    """Listens on a socket as a seccomp agent, and keeps what the runtime sends."""

    def __init__(self, c):
        self.path = f"{c.folder}/agent.sock"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o777)
        self.socket.listen(4)
        self.socket.settimeout(10)
        self.payload, self.descriptors = b"", []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        try:
            connection = self.socket.accept()[0]
        except OSError:
            return
        connection.settimeout(10)
        while True:
            data, ancillary, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(64))
            for _, _, content in ancillary:
                numbers = array.array("i")
                numbers.frombytes(content[:len(content) - len(content) % 4])
                self.descriptors += list(numbers)
            if not data:
                return
            self.payload += data

    def close(self):
        self.socket.close()
        self.thread.join(12)
        for descriptor in self.descriptors:
            os.close(descriptor)


@test("config-linux.md, The Container Process State", "the notify descriptor and the state are sent to listenerPath")
def seccomp_listener(c):
    agent = Agent(c)
    try:
        filtered(c, rule("SCMP_ACT_NOTIFY", "kcmp"), listenerPath=agent.path, listenerMetadata="some data")
        c.create("/probe", "wait")
        c.start()
        agent.thread.join(10)
        expect(agent.payload, "nothing was sent")
        state = json.loads(agent.payload)
        equal(state["fds"], ["seccompFd"], "fds")
        equal(state["pid"], c.pid, "pid")
        equal(state["metadata"], "some data", "metadata")
        equal(state["state"]["id"], c.id, "id in the state")
        expect("ociVersion" in state, "there is no ociVersion")
        equal(len(agent.descriptors), 1, "descriptors")
        expect("seccomp" in os.readlink(f"/proc/self/fd/{agent.descriptors[0]}"), "the descriptor is no notifier")
    finally:
        agent.close()


@test("config-linux.md, The Container Process State", "a listenerPath that cannot be reached is an error")
def seccomp_listener_missing(c):
    filtered(c, rule("SCMP_ACT_NOTIFY", "kcmp"), listenerPath=f"{c.folder}/missing.sock")
    c.rejects("a missing socket")


@test("config-linux.md, The Container Process State", "listenerPath is ignored where nothing is to be notified")
def seccomp_listener_unused(c):
    filtered(c, rule("SCMP_ACT_ERRNO", "getpgrp", errnoRet=77), listenerPath=f"{c.folder}/missing.sock")
    equal(one(c, GETPGRP)["errno"], 77, "errno")
