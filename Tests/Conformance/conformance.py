"""A conformance suite for OCI runtimes (runtime-spec 1.3): each rule is asserted from inside a container.

    conformance.py --runtime .build/debug/apus,/usr/bin/crun,/usr/bin/runc [--only NAME[,NAME]] [--markdown FILE]

As root it runs every test twice: as root and as the ordinary user apus-test, in a private mount namespace with a cgroup
tree of its own. Exit status 1: ours fails what another runtime passes, a failure has no explanation, or, in CI, a rule is
left out whose reason Tests/Harness/allowed-skips.txt does not name.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Harness")]
sys.dont_write_bytecode = True

import skips  # noqa: E402
import world as worlds  # noqa: E402
from driver import Case, Runtime  # noqa: E402
from registry import TESTS, Failure, Skip  # noqa: E402
from results import Results  # noqa: E402

for module in sorted(HERE.glob("tests_*.py")):
    __import__(module.stem)


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runtime", metavar="PATH[,PATH]", help="the runtimes; default: apus, crun and runc")
    parser.add_argument("--only", metavar="NAME[,NAME]", help="tests by name, or by a part that ends in *")
    parser.add_argument("--user", choices=("root", "rootless"), help="one of the two users alone")
    parser.add_argument("--markdown", metavar="FILE", help="write the table there")
    parser.add_argument("--list", action="store_true", help="print the tests and their rules")
    parser.add_argument("--verbose", "-v", action="store_true", help="print every test as it ends")
    return parser.parse_args()


def selected(only):
    if not only:
        return list(TESTS.values())
    wanted = only.split(",")
    found = [
        test for test in TESTS.values()
        if any(test.name == word or word.endswith("*") and test.name.startswith(word[:-1]) for word in wanted)
    ]
    if not found:
        sys.exit(f"conformance: there is no test {only}")
    return found


def runtimes(text):
    if text:
        paths = [shutil.which(path) or path for path in text.split(",")]
    else:
        apus = [str(path) for path in (HERE.parents[1] / ".build/apus", HERE.parents[1] / ".build/debug/apus")]
        paths = [next((path for path in apus if os.path.exists(path)), apus[0])]
        paths += [shutil.which(name, path=worlds.PATH) or name for name in ("crun", "runc")]
    for path in paths:
        if not os.access(path, os.X_OK):
            sys.exit(f"conformance: {path} cannot be executed")
    return [Runtime(os.path.abspath(path)) for path in paths]


def run_one(runtime, test, world, number):
    case = None
    try:
        case = Case(runtime, world, number)
        test.body(case)
        return "pass", ""
    except Failure as failure:
        return "fail", str(failure)
    except Skip as reason:
        return "skip", str(reason)
    except Exception as error:  # A test that breaks tells nothing of the runtime, and must not pass for one that does.
        where = traceback.extract_tb(error.__traceback__)[-1]
        return "fail", f"the test broke: {type(error).__name__}: {error} ({os.path.basename(where.filename)}:{where.lineno})"
    finally:
        if case:
            case.clean_up()


def run_user(kind, folder, all_runtimes, tests, verbose):
    """In a process of its own: all runtimes, test by test. Writes one JSON line for each result."""
    world = worlds.World(folder, kind)
    world.enter()
    with open(folder / f"{kind}.results", "w") as output:
        for number, test in enumerate(tests):
            if kind not in test.users:
                continue
            for runtime in all_runtimes:
                begun = time.monotonic()
                verdict, why = run_one(runtime, test, world, number)
                line = {"user": kind, "runtime": runtime.name, "test": test.name, "verdict": verdict, "why": why,
                        "ms": round((time.monotonic() - begun) * 1000)}
                output.write(json.dumps(line) + "\n")
                if verbose:
                    print(f"{kind:8} {runtime.name:6} {verdict:4} {line['ms']:5} ms  {test.name}  {why}", flush=True)
        for left in world.leave():
            print(f"conformance: a cgroup is left: {left}", file=sys.stderr)


def main():
    arguments = options()
    if arguments.list:
        for test in TESTS.values():
            print(f"{test.name:44} {test.section:34} {test.says}")
        return 0
    tests, all_runtimes = selected(arguments.only), runtimes(arguments.runtime)
    kinds = [arguments.user] if arguments.user else ["root", "rootless"]
    if os.getuid() != 0:
        kinds = ["rootless"]
        print("conformance: not root, so the part of root is left out, and limits are those of this login")
    elif "rootless" in kinds:
        subprocess.run([HERE.parent / "Harness" / "make-user", worlds.ORDINARY], check=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="apus-conformance."))
    os.chmod(folder, 0o755)
    try:
        for runtime in all_runtimes:
            # A path that the ordinary user can reach.
            copied = folder / "bin" / runtime.name
            if runtime.is_ours:
                copied.parent.mkdir(mode=0o755, exist_ok=True)
                shutil.copy2(runtime.path, copied)
                os.chmod(copied, 0o755)
                runtime.command = [str(copied)] + runtime.command[1:]
        worlds.compile_probe(folder)
        cgroup = worlds.own_cgroup()
        children = {}
        for kind in kinds:
            pid = os.fork()
            if pid == 0:
                status = 1
                try:
                    run_user(kind, folder, all_runtimes, tests, arguments.verbose)
                    status = 0
                except BaseException:
                    traceback.print_exc()
                finally:
                    sys.stdout.flush()
                    os._exit(status)
            children[pid] = kind
        broken = []
        while children:
            pid, status = os.wait()
            kind = children.pop(pid, None)
            if kind and status:
                broken.append(kind)
            if cgroup and kind:
                worlds.remove_cgroup(cgroup / f"apus-conformance.{pid}")
        lines = []
        for kind in kinds:
            path = folder / f"{kind}.results"
            lines += [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    results = Results(lines, tests, all_runtimes, kinds, HERE / "explanations.txt", is_whole=not arguments.only)
    results.print()
    if arguments.markdown:
        pathlib.Path(arguments.markdown).write_text(results.markdown())
    for kind in broken:
        print(f"conformance: the part of {kind} broke off")
    # Of ours: what a control leaves out is none of our untested rules.
    own = [line for line in lines if line["runtime"] == results.ours]
    left_out = [(f"{line['test']} ({line['user']})", line["why"]) for line in own if line["verdict"] == "skip"]
    if os.getuid() != 0:
        left_out.append(("the part of root", "only root can be root"))
    are_skips_fine = skips.report("conformance", left_out, len(own) - sum(line["verdict"] == "skip" for line in own))
    return 1 if broken or results.problems() or not are_skips_fine else 0


if __name__ == "__main__":
    sys.exit(main())
