"""Measures apus beside podman, crun, runc, bwrap and a small C engine, in interleaved rounds, as an ordinary user.

As root it makes the user apus-test, and a mount namespace with a cgroup v2 of its own that the user may write to."""

import argparse
import json
import os
import pathlib
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time

import build
import commands
import data
import engines
import images
import measure
import netlab
import network
import suites


def arguments():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--apus", help="the executable; without it the peers alone are measured")
    parser.add_argument("--rounds", type=int, default=30, help="rounds of single starts (30)")
    parser.add_argument("--only", default="", help="names of engines, with commas")
    parser.add_argument("--suites", default="start,commands,parallel,memory,pull,ps,data,build,images,network", help="which, with commas (all)")
    parser.add_argument("--markdown", help="a file to write the tables to")
    parser.add_argument("--in-memory", action="store_true",
                        help="stores and files in a tmpfs (as root): what the engines do, and not what the disk makes of it")
    parser.add_argument("--image-size", type=int, default=500, help="MB in the largest images of the suite of images (500)")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    return parser.parse_args()


def become(user):
    """From here on this process is `user`."""
    import pwd

    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def as_root(options):
    """Goes on in a mount namespace of its own, where /sys/fs/cgroup is a cgroup v2 tree."""
    subprocess.run([engines.HARNESS / "prepare-machine"], check=True)
    stage = tempfile.mkdtemp(prefix="apus-bench.", dir="/tmp")
    try:
        os.chmod(stage, 0o755)
        store_of_its_own(stage)
        if options.apus:
            shutil.copy(options.apus, f"{stage}/apus")
        # The clone may lie where the ordinary user cannot read.
        shutil.copytree(engines.HERE.parent, f"{stage}/Tests", ignore=shutil.ignore_patterns("*.swift", "__pycache__"))
        return apart(options, stage)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def apart(options, stage):
    """Runs the suite of networks in namespaces of its own, the others in a mount namespace; returns the exit status."""
    tables = pathlib.Path(stage) / "tables"
    again = [sys.executable, f"{stage}/Tests/Bench/bench.py", *sys.argv[1:], "--inside", stage, "--markdown", str(tables)]
    if options.apus:
        again += ["--apus", f"{stage}/apus"]
    names = options.suites.split(",")
    text = machine() + "\n\n"
    for prefix, group in ((["/usr/bin/unshare", "--mount", "--propagation", "slave"], [name for name in names if name != "network"]),
                          (netlab.ISOLATED, [name for name in names if name == "network"])):
        if not group:
            continue
        code = subprocess.run([*prefix, *again, "--suites", ",".join(group)]).returncode
        if code:
            return code
        text += tables.read_text()
    if options.markdown:
        pathlib.Path(options.markdown).write_text(text)
    return 0


def store_of_its_own(stage):
    """A directory for the engines' stores, in a part of the disk where nothing was deleted lately.

    ext4 passes over inodes that were deleted in the last minutes, one by one: after a test run, or some thousand containers,
    each new file of any engine costs tens of microseconds more. Below a directory with the attribute T it begins a new
    block group for each subdirectory. Other file systems do not know the attribute, and need it not."""
    import pwd

    entry = pwd.getpwnam("apus-test")
    subprocess.run(["/usr/bin/chattr", "+T", stage], capture_output=True)
    os.mkdir(f"{stage}/stores")
    os.chown(f"{stage}/stores", entry.pw_uid, entry.pw_gid)


def own_cgroup(user):
    """A directory of a cgroup v2 tree that `user` may write to and that this process is below; None without one."""
    mounted = subprocess.run(["/bin/mount", "-t", "cgroup2", "none", "/sys/fs/cgroup"], capture_output=True)
    if mounted.returncode:
        return None
    import pwd

    entry = pwd.getpwnam(user)
    own = next(line.split("::")[1] for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines() if "::" in line)
    # A process id would be no name: that of a namespace comes again.
    top = pathlib.Path(tempfile.mkdtemp(prefix="apus-bench-", dir="/sys/fs/cgroup" + own))
    top.chmod(0o755)
    (top / "engine").mkdir()
    for folder in (top, top / "engine"):
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        for name in ("cgroup.procs", "cgroup.subtree_control", "cgroup.threads"):
            os.chown(folder / name, entry.pw_uid, entry.pw_gid)
    (top / "engine" / "cgroup.procs").write_text(str(os.getpid()))
    return top


def leave_cgroup(top):
    (top.parent / "cgroup.procs").write_text(str(os.getpid()))
    # What engines leave running, as podman's pause process, would keep the directories.
    (top / "cgroup.kill").write_text("1")
    for _ in range(100):
        for folder, _, _ in os.walk(top, topdown=False):
            try:
                os.rmdir(folder)
            except OSError:
                time.sleep(0.01)
        if not top.exists():
            break


def prepared(options, context):
    """The engines that work here; says why the others do not."""
    wanted = [name for name in options.only.split(",") if name]
    working = []
    for kind in engines.ALL:
        engine = kind(context)
        if wanted and engine.name not in wanted:
            continue
        if options.suites == "network" and not isinstance(engine, (engines.Apus, engines.Podman)):
            continue
        if isinstance(engine, engines.Baseline) and not shutil.which("gcc"):
            print(f"left out: {engine.name}: gcc is not installed")
            continue
        if not isinstance(engine, engines.Baseline) and not engine.path():
            print(f"left out: {engine.name}: not installed" if engine.name != "apus" else "left out: apus: no --apus")
            continue
        try:
            engine.prepare()
            for network in ("none", "host"):
                measure.wall(engine.command(network, "true"), context.environment)
            working.append(engine)
        except (RuntimeError, measure.Failure) as failure:
            print(f"left out: {engine.name}: {failure}")
            engine.close()
    return working


def run(options, user, cgroup, lab=None, superuser=None):
    """Runs the suites as `user`; returns the tables as Markdown."""
    above = f"{options.inside}/stores" if options.inside else "/tmp"
    folder = pathlib.Path(tempfile.mkdtemp(prefix="apus-bench.", dir=above))
    context = engines.Context(folder, options.apus and os.path.realpath(options.apus), user, cgroup and cgroup / "baseline", lab)
    context.superuser = superuser
    working = []
    try:
        if context.cgroup:
            context.cgroup.mkdir()
        context.prepare()
        working = prepared(options, context)
        text = ""
        every = {**suites.ALL, "commands": commands.suite, "data": data.suite, "build": build.suite, "images": images.suite, "network": network.suite}
        for name in options.suites.split(","):
            table = every[name](context, working, options)
            print(table)
            text += table + "\n"
        return text
    finally:
        for engine in working:
            engine.close()
        # Layers hold files of subordinate ids.
        subprocess.run(["/usr/bin/unshare", "--user", "--map-root-user", "--map-auto", "/bin/rm", "-rf", folder, context.run])
        if context.cgroup and context.cgroup.exists():
            context.cgroup.rmdir()


def machine():
    model = next((line.split(": ")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    return f"Kernel {platform.release()}, {os.cpu_count()} × {model}; medians of interleaved rounds."


def main():
    options = arguments()
    if os.getuid() == 0 and not options.inside:
        return as_root(options)
    random.seed(1)
    if os.getuid() != 0:
        import pwd

        text = run(options, pwd.getpwuid(os.getuid()).pw_name, None)
    else:
        lab = netlab.Lab("apus-test", options.inside) if options.suites == "network" else None
        if options.in_memory:
            # The mount namespace is this run's own.
            subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", "mode=1777,size=90%", "bench", f"{options.inside}/stores"], check=True)
        superuser = None
        if "commands" in options.suites.split(","):
            superuser = commands.Superuser(options, f"{options.inside}/stores/superuser")
        cgroup = own_cgroup("apus-test")
        if cgroup is None:
            print("note: no cgroup v2 can be mounted here: podman, crun and runc may refuse to run")
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            become("apus-test")
            result = run(options, "apus-test", cgroup, lab, superuser)
            os.write(writer, result.encode())
            os._exit(0)
        os.close(writer)
        text = os.fdopen(reader).read()
        _, status = os.waitpid(child, 0)
        if cgroup:
            leave_cgroup(cgroup)
            # The mount namespace is this run's own; what follows knows the machine's tree.
            subprocess.run(["/bin/umount", "/sys/fs/cgroup"], check=True)
        if superuser:
            superuser.close()
        if status:
            return 1
    if options.markdown:
        pathlib.Path(options.markdown).write_text(("" if options.inside else machine() + "\n\n") + text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
