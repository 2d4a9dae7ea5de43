"""config.md: root, process, user, host name, annotations, and what is not valid."""

from bundle import CAPABILITIES, ENVIRONMENT, NUMBERS, without_namespace
from driver import can_raise_limits, need, own_limit
from registry import Failure, equal, expect, test

INFINITY = 2**64 - 1


# MARK: root

@test("config.md, Root", "root.path is relative to the bundle")
def root_relative(c):
    c.config["root"]["path"] = "rootfs"
    equal(c.report("read /etc/file")["actions"]["read /etc/file"]["text"], "a file of the root\n", "a file")


@test("config.md, Root", "root.path may be absolute")
def root_absolute(c):
    c.config["root"]["path"] = str(c.rootfs)
    equal(c.report("read /etc/file")["actions"]["read /etc/file"]["errno"], 0, "errno of reading")


@test("config.md, Root", "a root that does not exist is an error")
def root_missing(c):
    c.config["root"]["path"] = "missing"
    c.rejects("a missing root")


@test("config.md, Root", "a root that is a file is an error")
def root_is_file(c):
    c.file(c.bundle / "plain")
    c.config["root"]["path"] = "plain"
    c.rejects("a file as root")


@test("config.md, Root", "the root is writable by default")
def root_writable(c):
    equal(c.report("create /new")["actions"]["create /new"]["errno"], 0, "errno of creating a file")
    expect((c.rootfs / "new").exists(), "the file is not in the root")


@test("config.md, Root", "a read-only root is read-only")
def root_readonly(c):
    c.config["root"]["readonly"] = True
    report = c.report("create /new", "mkdir /etc/new", "create /dev/new")
    equal(report["actions"]["create /new"]["errno"], 30, "errno of creating a file")
    equal(report["actions"]["mkdir /etc/new"]["errno"], 30, "errno of making a directory")
    equal(report["actions"]["create /dev/new"]["errno"], 0, "errno below a mount of its own")


@test("runtime.md, Lifecycle", "nothing but the root is below /")
def root_is_all(c):
    found = set(c.report("list /")["actions"]["list /"]["nodes"])
    equal(found - {"probe", "bin", "dev", "etc", "proc", "sys", "tmp", "run", "data"}, set(), "names")


# MARK: process

@test("config.md, Process", "the working directory is cwd")
def process_cwd(c):
    c.config["process"]["cwd"] = "/etc"
    equal(c.report()["cwd"], "/etc", "cwd")


@test("config.md, Process", "a relative cwd is an error")
def process_cwd_relative(c):
    c.config["process"]["cwd"] = "etc"
    c.rejects("a relative cwd")


@test("config.md, Process", "the environment is env and nothing else")
def process_env(c):
    c.config["process"]["env"] = ["PATH=/bin", "A=b=c", "EMPTY=", "lower=\u00fc"]
    found = [entry for entry in c.report()["env"] if not entry.startswith("HOME=")]
    equal(found, ["PATH=/bin", "A=b=c", "EMPTY=", "lower=\u00c3\u00bc"], "env")


@test("config.md, Process", "without env nothing of the caller's environment is inherited")
def process_env_absent(c):
    del c.config["process"]["env"]
    equal([entry for entry in c.report()["env"] if not entry.startswith("HOME=")], [], "env")


@test("config.md, Process", "the arguments are args")
def process_args(c):
    equal(c.report("stat /", "stat /etc")["args"], ["/probe", "report", "stat /", "stat /etc"], "args")


@test("config.md, Process", "a program without a slash is searched for in env's PATH")
def process_path_search(c):
    (c.rootfs / "bin/found").hardlink_to(c.rootfs / "probe")
    c.config["process"]["env"] = ["PATH=/nowhere:/bin"]
    result = c.run("found", "exit", "6")
    equal(result.code, 6, f"exit ({result.errors.strip()[-200:]})")


@test("config.md, Process", "a program that does not exist is an error")
def process_missing_program(c):
    c.arguments("/missing")
    c.rejects("a missing program")


@test("config.md, Process", "a program that is not executable is an error")
def process_not_executable(c):
    c.arguments("/etc/file")
    c.rejects("a file that is not executable")


@test("config.md, Process", "an empty args is an error")
def process_no_args(c):
    c.config["process"]["args"] = []
    c.rejects("empty args")


@test("config.md, Process", "without a terminal the streams are the caller's")
def process_no_terminal(c):
    c.config["process"]["terminal"] = False
    terminal = c.report()["terminal"]
    equal(terminal["isTerminal"], [False] * 3, "terminals")


@test("config.md, Process", "consoleSize is ignored without a terminal")
def process_size_without_terminal(c):
    c.config["process"]["consoleSize"] = {"height": 10, "width": 20}
    c.report()


@test("runtime-linux.md, File descriptors", "only standard streams are open")
def process_descriptors(c):
    equal(sorted(c.report()["descriptors"], key=int), ["0", "1", "2"], "descriptors")


@test("runtime-linux.md, Dev symbolic links", "/dev/fd and the standard streams link to /proc/self/fd")
def dev_links(c):
    dev = c.report()["dev"]
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
                         ("stderr", "/proc/self/fd/2")):
        equal(dev.get(name, {}).get("target"), target, f"/dev/{name}")


# MARK: rlimits

def rlimit_test(name, soft, hard):
    @test("config.md, POSIX process", f"RLIMIT_{name} has the soft and hard limit that are asked for",
          name=f"rlimit-{name.lower()}")
    def body(c):
        ceiling = own_limit(name)[1]
        need(ceiling == -1 or hard <= ceiling or (can_raise_limits() and not c.rootless),
             "limits cannot be raised without CAP_SYS_RESOURCE")
        c.config["process"]["rlimits"] = [{"type": f"RLIMIT_{name}", "soft": soft, "hard": hard}]
        equal(c.report()["limits"][name], [soft, hard], f"RLIMIT_{name}")


for name, soft, hard in (
    ("CPU", 100, 200), ("FSIZE", 1 << 26, 1 << 27), ("DATA", 1 << 30, 1 << 31), ("STACK", 1 << 22, 1 << 23),
    ("CORE", 0, 0), ("RSS", 1 << 30, 1 << 31), ("NPROC", 300, 400), ("NOFILE", 77, 88), ("MEMLOCK", 4096, 8192),
    ("AS", 1 << 33, 1 << 34), ("LOCKS", 10, 20), ("SIGPENDING", 30, 40), ("MSGQUEUE", 1000, 2000), ("NICE", 0, 0),
    ("RTPRIO", 0, 0), ("RTTIME", 10**6, 10**7),
):
    rlimit_test(name, soft, hard)


@test("config.md, POSIX process", "the largest number means no limit")
def rlimit_infinity(c):
    need(own_limit("CPU")[1] == -1, "the caller's own limit is lower")
    c.config["process"]["rlimits"] = [{"type": "RLIMIT_CPU", "soft": INFINITY, "hard": INFINITY}]
    equal(c.report()["limits"]["CPU"], [INFINITY, INFINITY], "RLIMIT_CPU")


@test("config.md, POSIX process", "limits that are not named are the caller's")
def rlimit_inherited(c):
    found = c.report()["limits"]
    for name in ("NOFILE", "NPROC", "CORE", "STACK"):
        equal(found[name], [value % 2**64 for value in own_limit(name)], f"RLIMIT_{name}")


@test("config.md, POSIX process", "an unknown limit is an error")
def rlimit_unknown(c):
    c.config["process"]["rlimits"] = [{"type": "RLIMIT_NOSUCH", "soft": 1, "hard": 1}]
    c.rejects("an unknown limit")


@test("config.md, POSIX process", "a limit that is named twice is an error")
def rlimit_duplicate(c):
    c.config["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 50, "hard": 60}] * 2
    c.rejects("a limit that is named twice")


@test("config.md, POSIX process", "a soft limit above the hard one is an error")
def rlimit_soft_above_hard(c):
    c.config["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 60, "hard": 50}]
    c.rejects("a soft limit above the hard one")


# MARK: capabilities

def numbers(names):
    return sorted(NUMBERS[name] for name in names)


@test("config.md, Linux Process", "the sets that are named are those of the process, the others are empty")
def capability_sets(c):
    found = c.report()["capabilities"]
    for name in ("bounding", "effective", "permitted"):
        equal(found[name], numbers(CAPABILITIES), name)
    for name in ("inheritable", "ambient"):
        equal(found[name], [], name)


@test("config.md, Linux Process", "without capabilities the process has none")
def capabilities_absent(c):
    del c.config["process"]["capabilities"]
    found = c.report()["capabilities"]
    for name in ("effective", "permitted", "inheritable", "ambient"):
        equal(found[name], [], name)


def capability_test(name, sets, says):
    @test("config.md, Linux Process", says, name=name)
    def body(c):
        c.config["process"]["capabilities"] = sets
        found = c.report()["capabilities"]
        for key in ("bounding", "inheritable", "ambient"):
            equal(found[key], numbers(sets.get(key, [])), key)
        # What execve(2) gives to the user 0, whatever the runtime left: capabilities(7), "Capabilities and execution
        # of programs by root".
        given = sorted(set(numbers(sets["bounding"])) | set(numbers(sets.get("inheritable", []))))
        equal(found["permitted"], given, "permitted")


_chown, _kill = ["CAP_CHOWN"], ["CAP_CHOWN", "CAP_KILL"]
capability_test("capability-bounding", {"bounding": _kill, "permitted": _kill, "effective": _kill},
                "bounding is its own set, and all that root can get")
capability_test("capability-bounding-empty", {"bounding": []}, "an empty bounding set leaves root nothing")
capability_test("capability-inheritable", {"bounding": _kill, "permitted": _kill, "effective": _kill, "inheritable": _chown},
                "inheritable is its own set")
capability_test("capability-ambient", {key: _kill for key in ("bounding", "permitted", "effective", "inheritable", "ambient")},
                "ambient is its own set")


@test("config.md, Linux Process", "an ordinary user of the container has ambient capabilities as effective ones")
def capability_ambient_user(c):
    c.config["process"]["user"] = {"uid": 1000, "gid": 1000}
    sets = ("bounding", "permitted", "effective", "inheritable", "ambient")
    c.config["process"]["capabilities"] = {key: ["CAP_NET_RAW"] for key in sets}
    found = c.report()["capabilities"]
    for key in sets:
        equal(found[key], [NUMBERS["CAP_NET_RAW"]], key)


@test("config.md, Linux Process", "an ordinary user of the container loses what is not ambient")
def capability_user(c):
    c.config["process"]["user"] = {"uid": 1000, "gid": 1000}
    found = c.report()["capabilities"]
    equal(found["effective"], [], "effective")
    equal(found["permitted"], [], "permitted")
    equal(found["bounding"], numbers(CAPABILITIES), "bounding")


# MARK: privileges and scores

@test("config.md, Linux Process", "noNewPrivileges sets the flag")
def no_new_privileges(c):
    c.config["process"]["noNewPrivileges"] = True
    equal(c.report()["noNewPrivileges"], 1, "no_new_privs")


@test("config.md, Linux Process", "without noNewPrivileges the flag is off")
def new_privileges(c):
    equal(c.report()["noNewPrivileges"], 0, "no_new_privs")


@test("config.md, Linux Process", "oomScoreAdj is the process's")
def oom_score(c):
    c.config["process"]["oomScoreAdj"] = 321
    equal(c.report()["files"]["oom_score_adj"].strip(), "321", "oom_score_adj")


@test("config.md, Linux Process", "without oomScoreAdj the score is the caller's")
def oom_score_unset(c):
    own = open("/proc/self/oom_score_adj").read().strip()
    equal(c.report()["files"]["oom_score_adj"].strip(), own, "oom_score_adj")


# MARK: user

@test("config.md, User", "uid and gid are the process's, in all of its ids")
def user_ids(c):
    c.config["process"]["user"] = {"uid": 1000, "gid": 1001}
    report = c.report()
    equal(report["uids"], [1000] * 3, "uids")
    equal(report["gids"], [1001] * 3, "gids")


@test("config.md, User", "additionalGids are the process's groups")
def user_groups(c):
    c.config["process"]["user"] = {"uid": 0, "gid": 0, "additionalGids": [5, 1006]}
    equal(sorted(set(c.report()["groups"]) - {0}), [5, 1006], "groups")


@test("config.md, User", "without additionalGids no group of the caller's is left")
def user_no_groups(c):
    equal(sorted(set(c.report()["groups"]) - {0}), [], "groups")


@test("config.md, User", "umask is the process's")
def user_umask(c):
    c.config["process"]["user"]["umask"] = 0o027
    equal(c.report()["umask"], 0o027, "umask")


@test("config.md, User", "without umask the process has the usual one of its caller")
def user_umask_default(c):
    equal(c.report()["umask"], 0o022, "umask")


@test("config.md, User", "a user beyond the user namespace's map is an error", users=("rootless",))
def user_unmapped(c):
    c.config["process"]["user"] = {"uid": 4000000, "gid": 0}
    c.rejects("a user without a number")


# MARK: names, annotations, extensions

@test("config.md, Hostname", "hostname is that of the UTS namespace")
def hostname(c):
    c.config["hostname"] = "somewhere"
    equal(c.report()["hostname"], "somewhere", "hostname")


@test("config.md, Domainname", "domainname is that of the UTS namespace")
def domainname(c):
    c.config["domainname"] = "example.org"
    equal(c.report()["domainname"], "example.org", "domainname")


@test("config.md, Hostname", "the runtime's own host name stays", users=("root",))
def hostname_is_the_containers(c):
    import os
    before = os.uname().nodename
    c.config["hostname"] = "somewhere"
    c.report()
    equal(os.uname().nodename, before, "the host's name")


@test("config.md, Annotations", "unknown annotations are no error")
def annotations_unknown(c):
    c.config["annotations"] = {"org.nobody.knows": "", "x" * 300: "y" * 3000}
    c.report()


@test("config.md, Annotations", "an annotation that is no string is an error")
def annotations_number(c):
    c.config["annotations"] = {"org.example": 3}
    c.rejects("a number as an annotation")


@test("config.md, Extensibility", "unknown properties are ignored, wherever they are")
def unknown_properties(c):
    for place in (c.config, c.config["process"], c.config["root"], c.config["linux"], c.config["mounts"][0],
                  c.config["process"]["user"], c.config["linux"]["namespaces"][0]):
        place["org_example_unknown"] = {"a": [1, None, True, {"b": 1.5e3}]}
    c.config["linux"]["resources"] = {"unknown": {"x": 1}}
    c.report()


@test("config.md, Specification version", "a configuration of version 1.0.0 is accepted")
def version_first(c):
    c.config["ociVersion"] = "1.0.0"
    c.report()


@test("config.md, Specification version", "a configuration of another major version is an error")
def version_major(c):
    c.config["ociVersion"] = "9.0.0"
    c.rejects("version 9.0.0")


@test("config.md, Specification version", "a configuration without a version is an error")
def version_missing(c):
    del c.config["ociVersion"]
    c.rejects("a configuration without ociVersion")


def invalid_test(name, what, change):
    @test("config.md, Valid values", f"{what} is an error", name=f"invalid-{name}")
    def body(c):
        change(c.config)
        c.rejects(what)


def _set(*path):
    def change(config):
        place = config
        for key in path[:-2]:
            place = place[key]
        place[path[-2]] = path[-1]
    return change


invalid_test("namespace-type", "an unknown namespace", lambda config: config["linux"]["namespaces"].append({"type": "none"}))
invalid_test("args-type", "a string as args", _set("process", "args", "/probe"))
invalid_test("terminal-type", "a string as terminal", _set("process", "terminal", "yes"))
invalid_test("uid-type", "a string as uid", _set("process", "user", "uid", "root"))
invalid_test("uid-negative", "a negative uid", _set("process", "user", "uid", -5))
invalid_test("mounts-type", "an object as mounts", _set("mounts", {}))
invalid_test("root-missing", "a configuration without root", lambda config: config.pop("root"))
invalid_test("propagation", "an unknown rootfsPropagation", _set("linux", "rootfsPropagation", "sideways"))


@test("config.md, Valid values", "a configuration that is no JSON is an error")
def invalid_json(c):
    c.file(c.bundle / "config.json", '{"ociVersion": "1.0.2", "process": {')
    c.refuse("create", "--bundle", c.bundle, c.id)
    c.refuse("state", c.id)
