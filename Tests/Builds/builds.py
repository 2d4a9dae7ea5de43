#!/usr/bin/python3
"""Builds a corpus of Dockerfiles with apus and compares the images, histories and messages with what the real Docker made of them.

builds.py compare --apus EXE [PATTERN...]   PATTERN: a glob on GROUP/NAME, or a part of it; without one all cases
builds.py compare --docker [PATTERN...]     Docker against its own recorded answers: a case that differs is not deterministic
builds.py record [PATTERN...]               asks Docker (BuildKit) anew where a case has changed; --all: everywhere
builds.py list [PATTERN...]                 what there is
  --show       whole differences, accepted ones too
  --jobs N     cases side by side, each with a store of its own (default 2)
  --report F   writes the differences to the file F, too

Docker's answers are recorded in recorded/, so that a comparison needs no Docker, and no root. Exit status 1: a case differs that
does not say why it may.

The cases of a group are cases/GROUP.txt. A case begins with `==== NAME: WHAT`; then come headers, then files:
  flags: WORDS                 flags of `build`; $CASE is the folder of the case's files
  context: WHAT                instead of "."
  stdin: FILE                  a file of the case as the standard input
  output: NAME                 no image is compared, but what is in the file or directory NAME of the case afterwards; or `steps`: the lines
                               that programs wrote, beside the image; or `said`: what the command printed, and no image
  prepare: WORDS               a command of the engine's before (`build -q -t other -f other.Dockerfile .`)
  environment: NAME=VALUE      of the command
  accept KEYS BECAUSE REASON   a glob on what is compared that may differ: `layer.1 /etc/x`, `config.*`, `error`
  open KEYS BECAUSE REASON     differs, and should not: counted, and no failure
  -- NAME [MODE] --            a file and its lines; `NAME/` a directory, `NAME -> TARGET` a symbolic link, `NAME => FILE` a hard link, `NAME fifo`,
                               `NAME crlf` lines of Windows, `NAME tar.gz` (tar, tar.bz2, tar.xz, tar.zst) an archive of entries: `NAME MODE UID:GID CONTENT`;
                               `NAME raw` has no end of its last line; %20 stands for a blank
Base images are those of Tests/Differential/images.py: busybox, rich:1, onbuild:1, nocmd, health:1. What is compared are keys with values:
exit, error, lines, warnings, config.*, history.N, created, and of each layer what it does to the files below it.
"""

import argparse
import concurrent.futures
import json
import pathlib
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import answer
import cases
import engines

HERE = pathlib.Path(__file__).resolve().parent
RECORDED = HERE / "recorded"
STATES = ("same", "accepted", "open", "mended", "differs")


def answer_path(case):
    return RECORDED / f"{case.name}.json"


def recorded(case):
    path = answer_path(case)
    return json.loads(path.read_text()) if path.exists() else None


def build(engine, case, images):
    """The engine's answer to a case: flat keys and values."""
    top = engine.folder / "cases" / case.name.replace("/", ".")
    shutil.rmtree(top, ignore_errors=True)
    folder = top / case.name.replace("/", "-")
    case.write(folder)
    name = "case-" + case.name.replace("/", "-").lower()
    environment = dict(line.split("=", 1) for line in case.lists["environment"])
    for line in case.lists["prepare"]:
        engine.do(*line.split(), cwd=folder)
    flags = [word.replace("$CASE", str(folder)) for word in case.flags]
    output = case.values["output"]
    named = [] if output not in ("", "steps") or any(word.startswith("--output") for word in flags) else ["-t", name]
    context = [case.values["context"].replace("$CASE", str(folder))] if case.values["context"] != "none" else []
    stdin = folder / case.values["stdin"] if case.values["stdin"] else None
    code, printed, errors = engine.call("build", "--progress=plain", *named, *flags, *context, cwd=folder, stdin=stdin, environment=environment)
    errors = errors.replace(str(folder), "<CASE>").replace(str(engine.folder), "<ENGINE>")
    found = answer.of_messages(code, errors)
    if output == "steps":
        found |= {f"step.{number}": line for number, line in enumerate(answer.of_steps(errors))}
    if output == "said":
        found.pop("error", None)
        found["said"] = printed.replace(str(folder), "<CASE>")
    if code or output == "said":
        shutil.rmtree(top, ignore_errors=True)
        return found
    if named:
        archive = top / "image.tar"
        engine.do("save", "-o", archive, name)
        found |= answer.of_archive(archive, images)
    elif output:
        found |= answer.of_output(folder / output) if (folder / output).exists() else {"output": "nothing"}
    shutil.rmtree(top, ignore_errors=True)
    return found


def differences(case, expected, found):
    """[(key, Docker's value, the other value, why it may)]"""
    # Docker's client does not wait for all warnings, and shows those that came in time; `check` shows them all.
    told = [set(answer.get("warnings", "").splitlines()) for answer in (expected, found)]
    alike = {"warnings"} if told[0] <= told[1] else set()
    # Docker's client sends the context's files, and not how old its root is.
    alike |= {key for key, value in expected.items() if value.startswith("dir ") and found.get(key) == f"{value} @context"}
    return [(key, expected.get(key), found.get(key), case.reason(key)) for key in sorted((expected.keys() | found.keys()) - alike)
            if expected.get(key) != found.get(key)]


def state_of(case, different):
    opened = any(reason in case.opened for *_, reason in different)
    if any(not reason for *_, reason in different):
        return "differs"
    if case.opened and not opened:
        return "mended"
    return "open" if opened else "accepted" if different else "same"


def shown(different, whole):
    for key, docker, other, reason in different:
        yield f"    {key}" + (f"   [accepted: {reason}]" if reason else "")
        for name, value in (("docker", docker), ("apus  ", other)):
            text = "(nothing)" if value is None else value
            yield f"       {name} {text if whole else text[:400]}"


class Runner:
    """Cases side by side, each engine with one of them at a time."""

    def __init__(self, make, jobs, images):
        self.images, self.free, self.lock = images, queue.Queue(), threading.Lock()
        self.engines = [make(number) for number in range(jobs)]
        for engine in self.engines:
            self.free.put(engine)

    def one(self, case):
        engine = self.free.get()
        try:
            return build(engine, case, self.images)
        except (RuntimeError, OSError, ValueError, KeyError) as error:
            return {"exit": f"the case could not be run: {error}"}
        finally:
            self.free.put(engine)

    def each(self, todo, look):
        """Calls `look` with each case and its answer, as they come."""
        with concurrent.futures.ThreadPoolExecutor(len(self.engines)) as pool:
            running = {pool.submit(self.one, case): case for case in todo}
            for future in concurrent.futures.as_completed(running):
                look(running[future], future.result())

    def close(self):
        for engine in self.engines:
            engine.close()


def compare(todo, runner, args):
    """Prints each result as it comes; returns the states by name and the lines of a report."""
    states, report = {}, []

    def look(case, found):
        different = differences(case, recorded(case)["answer"], found)
        state = state_of(case, different)
        states[case.name] = state
        print(f"{state:9} {case.name}", flush=True)
        lines = list(shown([item for item in different if args.show or not item[3]], args.show))
        if state == "differs" or args.show:
            print("\n".join(lines), flush=bool(lines))
        if state == "differs":
            report.extend([f"{case.name}: {case.what}", *lines])

    runner.each(todo, look)
    return states, report


def record(todo, runner, args):
    stale = [case for case in todo if args.all or (recorded(case) or {}).get("hash") != case.hash]
    version = runner.engines[0].version() if stale else ""

    def look(case, found):
        if found["exit"].startswith("the case"):
            print(f"NOT recorded {case.name}: {found['exit']}", flush=True)
            return
        path = answer_path(case)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"hash": case.hash, "engine": version, "answer": dict(sorted(found.items()))}, indent=0) + "\n")
        print(f"recorded  {case.name}: exit {found['exit']} {found.get('error', '')}", flush=True)

    runner.each(stale, look)


def main():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parser.add_argument("verb", nargs="?", default="help", choices=("compare", "record", "list", "help"))
    parser.add_argument("--apus", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--report", type=pathlib.Path)
    for flag in ("docker", "all", "show", "help"):
        parser.add_argument(f"--{flag}", action="store_true")
    parser.add_argument("patterns", nargs="*")
    args = parser.parse_intermixed_args()
    if args.help or args.verb == "help":
        print(__doc__, end="")
        return 0
    todo = cases.find(args.patterns)
    if args.verb == "list":
        for case in todo:
            print(f"{case.name:40} {case.what}")
        print(f"{len(todo)} cases")
        return 0
    if not todo:
        sys.exit("builds.py: no case is called that")
    with_docker = args.docker or args.verb == "record"
    if not with_docker and not args.apus:
        sys.exit("builds.py: --apus EXE is missing (--help tells more)")
    if args.verb == "compare":
        for case in todo:
            if (recorded(case) or {}).get("hash") != case.hash:
                sys.exit(f"builds.py: Docker's answer to {case.name} is not recorded: use 'record'")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="apus-builds.", dir="/var/tmp"))
    begun = time.monotonic()
    runner = None
    try:
        images = folder / "images"
        subprocess.run([sys.executable, HERE.parent / "Differential/images.py", images], check=True)

        def make(number):
            engine = engines.Docker(folder / "d") if with_docker else engines.Apus(folder / f"a{number}", args.apus.resolve())
            engine.load(images)
            return engine

        # One Docker is enough for those side by side; its cache is one, too.
        runner = Runner(make, 1 if with_docker else min(args.jobs, len(todo)), answer.Images(images))
        if args.verb == "record":
            record(todo, runner, args)
            return 0
        states, report = compare(todo, runner, args)
    finally:
        if runner:
            runner.close()
        shutil.rmtree(folder, ignore_errors=True)
    count = {state: list(states.values()).count(state) for state in STATES}
    print(f"\nbuilds: {len(states)} cases: {count['same']} same, {count['accepted']} accepted, {count['open']} open, "
          f"{count['differs']} differ; {time.monotonic() - begun:.0f} s")
    if count["mended"]:
        print("no longer open, take the line out: " + ", ".join(name for name, state in states.items() if state == "mended"))
    if args.report:
        args.report.write_text("\n".join(report) + "\n")
    return 1 if count["differs"] or count["mended"] else 0


if __name__ == "__main__":
    sys.exit(main())
