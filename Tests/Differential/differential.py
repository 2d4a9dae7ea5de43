#!/usr/bin/python3
"""Runs small shell scripts with apus and compares output, messages and exit codes with what the real Docker answers.

differential.py --apus EXE [PATTERN...]   PATTERN: a glob on GROUP/NAME, or a part of it; without one all cases
  --record        ask Docker anew (`oracle`, a Docker 28.5 in namespaces) where a case has changed; --record-all: everything
  --self          Docker against its own recorded answers: a case that differs is not deterministic
  --strict        the words around a message ("Error response from daemon: ") count too
  --show          whole differences, accepted ones too
  --jobs N        cases side by side, each in namespaces of its own (default 4)
  --list          what there is
  --table         the table of Docs/compatibility.md

Docker's answers are recorded in recorded/, so that a run needs no Docker; it needs root, for the namespaces.  Exit status 1: a
case differs that does not say why it may.

A case is cases/GROUP/NAME.sh.  Its header:
  # what: one line
  # accept STEP STREAM: REASON       a step's out, err, rc or (*) all of them may differ; without a step the whole case
  # open STEP STREAM: REASON         differs, and should not: counted in the table, and no failure; or the whole case
  # mask: REGEX => TEXT              a replacement in all outputs, before the other rules
  # sort: STEP                       lines of the step's output are compared without their order
  # where: vm                        needs controllers of cgroup v2: skipped where they are missing
Each line of the body is a step; lines between { and } at the margin are one step.  A line that starts with @ is
preparation, and not compared.  D is the engine, T runs a command at a terminal, H leaves a help text's usage, commands and
flags, $I is the folder of images.  Standard input is empty; the working directory is fresh.
"""

import argparse
import concurrent.futures
import io
import json
import os
import pathlib
import queue
import subprocess
import sys
import tarfile
import threading
import time

import cases
import compare

HERE = pathlib.Path(__file__).resolve().parent
ORACLE = str(HERE / "oracle")
WORK = pathlib.Path(os.environ.get("DIFFERENTIAL_WORK", "/var/tmp/apus-differential"))
# Seconds after which a case is ended: the slowest takes ten.
LIMIT = 90
# Cases race with clocks by the second: one that differs beside others is tried once more by itself.
MOST_RETRIES = 12

PRELUDE = r"""
set +m; umask 022
rm -rf /run/case; mkdir -p /run/case/{w,home/.docker,bin,out}
printf '#!/bin/sh\nexec %(exe)s "$@"\n' >/run/case/bin/D; chmod 755 /run/case/bin/D
export HOME=/run/case/home PATH=/run/case/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TZ=UTC COLUMNS=120 TERM=xterm
unset DOCKER_CONFIG %(unset)s
%(set)s
I=%(images)s
H() { sed -nE '/^(Usage|\t[a-z])/p; /^Aliases/,/^$/p; s/^( +(-[A-Za-z], |    )--[a-z0-9-]+( [^ ]+)?)( {2,}.*)?$/\1/p; s/^  ([a-z-]+\*?) {2,}.*/  \1/p; s/^(Flag shorthand.*)/\1/p'; }
T() { script -qec "$1" /dev/null < <(exec sleep 20); }   # a command at a terminal on which nobody types
cd /run/case/w
exec </dev/null
"""
DOCKER_CLEAN = r"""
ids=$(docker ps -aq); [ -z "$ids" ] || docker rm -fv $ids >/dev/null 2>&1
# prune leaves networks that are configurations, and those go after the ones that have them
for _ in 1 2; do n=$(docker network ls -q --filter type=custom); [ -z "$n" ] || docker network rm $n >/dev/null 2>&1; done
# prune leaves volumes with options
for _ in $(seq 20); do v=$(docker volume ls -q); [ -n "$v" ] || break; docker volume rm -f $v >/dev/null 2>&1 || sleep 0.1; done
state() { docker images -a --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}' | sort; }
if [ ! -e /run/images.state ] || [ "$(state)" != "$(cat /run/images.state)" ]; then
  ids=$(docker images -aq); [ -z "$ids" ] || docker rmi -f $ids >/dev/null 2>&1
  for i in %(images)s/*.tar; do docker load -qi $i >/dev/null; done
  docker builder prune -af >/dev/null 2>&1
  state > /run/images.state
fi
"""
# A store of its own for each case: a copy of one that has the images.
APUS_CLEAN = r"""
store=/run/case-store
if [ -e $store ]; then
  ids=$(timeout 20 %(exe)s --root $store/root --runroot $store/run ps -aq 2>/dev/null)
  [ -z "$ids" ] || timeout 60 %(exe)s --root $store/root --runroot $store/run rm -f $ids >/dev/null 2>&1
else
  # a disk, because Docker's store is on one
  mkdir -p %(place)s/store $store && mount --bind %(place)s/store $store || exit 1
  rm -rf $store/*
  for i in %(images)s/*.tar; do %(exe)s --root $store/base --runroot $store/run load -qi $i >/dev/null || exit 1; done
fi
rm -rf $store/root $store/run; cp -a $store/base $store/root
"""


class Namespaces:
    """A place in which cases of one engine run, one after the other."""

    def __init__(self, name, engine, args):
        self.place, self.engine = WORK / name, engine
        exe = "docker" if engine == "docker" else str(args.apus)
        store = "export APUS_ROOT=/run/case-store/root APUS_RUN=/run/case-store/run"
        self.words = {"exe": exe, "place": self.place, "images": args.images, "unset": "APUS_ROOT APUS_RUN" if engine == "docker"
                      else "DOCKER_HOST", "set": "" if engine == "docker" else store}
        self.place.mkdir(parents=True, exist_ok=True)
        if subprocess.run([ORACLE, "status", self.place], capture_output=True).returncode == 0:
            subprocess.run([ORACLE, "stop", self.place], check=True)
        subprocess.run([ORACLE, "start" if engine == "docker" else "bare", self.place], check=True)

    def inside(self, script, limit=LIMIT):
        command = [ORACLE, "exec", self.place, "timeout", "-k", "5", str(limit), "bash", "-c", script]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", cwd="/")

    def run(self, case, images):
        """The engine's answer to `case`."""
        ready = self.inside((DOCKER_CLEAN if self.engine == "docker" else APUS_CLEAN) % self.words, 180)
        if ready.returncode:
            raise RuntimeError(f"cannot prepare {self.engine}: {ready.stderr or ready.stdout}")
        done = self.inside(PRELUDE % self.words + case.script("/run/case/out"))
        packed = subprocess.run([ORACLE, "exec", self.place, "tar", "-C", "/run/case/out", "-c", "."], capture_output=True).stdout
        files = {}
        if packed:
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                for member in archive.getmembers():
                    if member.isfile():
                        files[member.name[2:]] = archive.extractfile(member).read().decode("utf-8", "replace")
        steps = {}
        for number in range(1, len(case.steps) + 1):
            code = files.get(f"{number}.rc", "").strip()
            steps[str(number)] = {"out": files.get(f"{number}.out", ""), "err": files.get(f"{number}.err", ""),
                                  "rc": int(code) if code else "timeout" if done.returncode in (124, 137) else "not run"}
        return {"hash": case.hash, "images": images, "steps": steps}

    def stop(self):
        subprocess.run([ORACLE, "stop", self.place], capture_output=True)
        subprocess.run(["rm", "-rf", self.place / "store"])


def known_images(folder):
    """The names of the images of `folder` by their ids."""
    names = {}
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as archive:
            names[json.load(archive.extractfile("manifest.json"))[0]["Config"][:-5]] = f"IMAGE-{path.stem.upper()}"
    return names


def answer_path(case):
    return HERE / "recorded" / f"{case.name}.json"


def record(todo, args):
    """Asks Docker where its answer is not there, or is one to another script."""
    stale = []
    for case in todo:
        path = answer_path(case)
        if args.record_all or not path.exists() or json.loads(path.read_text())["hash"] != case.hash:
            stale.append(case)
    if not stale:
        return
    docker = Namespaces("docker", "docker", args)
    engine = docker.inside("docker version -f '{{.Client.Version}}/{{.Server.Version}}'", 20).stdout.strip()
    for case in stale:
        answer = docker.run(case, args.known) | {"engine": engine}
        path = answer_path(case)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(answer, indent=1) + "\n")
        print(f"recorded  {case.name}", flush=True)
    docker.stop()


def state_of(case, found):
    if case.open:
        return "open" if found else "mended"
    if any(not difference["accepted"] for difference in found):
        return "differs"
    if case.opened:
        return "open" if any(difference["accepted"] in case.opened for difference in found) else "mended"
    return "accepted" if found else "same"


def run(todo, args):
    """Runs `todo`, prints each result as it comes, and returns the states by name."""
    engine = "docker" if args.self else "apus"
    free, lock, states = queue.Queue(), threading.Lock(), {}
    places = [Namespaces(f"{engine}-{n}" if engine == "apus" else "docker", engine, args)
              for n in range(1 if engine == "docker" else min(args.jobs, len(todo)))]
    for place in places:
        free.put(place)

    def one(case):
        place = free.get()
        try:
            return place.run(case, args.known)
        finally:
            free.put(place)

    def look(case, answer, note=""):
        found = compare.differences(case, json.loads(answer_path(case).read_text()), answer, args.strict)
        state = state_of(case, found)
        with lock:
            states[case.name] = state
            print(f"{state:9} {case.name}{note}", flush=True)
            for difference in found:
                if args.show or state == "differs" and not difference["accepted"]:
                    print(f"    {difference['step']}: {case.steps[difference['step'] - 1][:200]}"
                          + (f"   [accepted: {difference['accepted']}]" if difference["accepted"] else ""))
                    for line in compare.lines(difference, 1000 if args.show else 8):
                        print(f"       {line}")
        return state

    try:
        with concurrent.futures.ThreadPoolExecutor(len(places)) as pool:
            running = {pool.submit(one, case): case for case in todo}
            again = []
            for future in concurrent.futures.as_completed(running):
                if look(running[future], future.result()) == "differs":
                    again.append(running[future])
        if not args.self and len(again) <= MOST_RETRIES:
            for case in again:
                if look(case, one(case), " (by itself)") != "differs":
                    print(f"steady: differential {case.name} differed beside others and not by itself")
    finally:
        for place in places:
            place.stop()
    return states


def table():
    """The rows of Docs/compatibility.md: what a green run proves, told by the headers of the cases."""
    groups = {}
    for case in cases.find():
        groups.setdefault(case.group, []).append(case)
    rows = ["| Group | Cases | As Docker | For a reason otherwise | Not yet |", "| --- | --: | --: | --: | --: |"]
    counts = [0, 0, 0, 0]
    for group, members in groups.items():
        opened = sum(bool(case.open_reasons()) for case in members)
        accepted = sum(bool(case.reasons()) and not case.open_reasons() for case in members)
        numbers = [len(members), len(members) - opened - accepted, accepted, opened]
        counts = [a + b for a, b in zip(counts, numbers)]
        rows.append(f"| {group} | " + " | ".join(str(n) if n else "" for n in numbers) + " |")
    rows.append("| all | " + " | ".join(str(n) if n else "" for n in counts) + " |")
    reasons, opened = {}, []
    for case in cases.find():
        opened += [f"- `{case.name}`: {reason}" for reason in case.open_reasons()]
        for reason in case.reasons():
            reasons.setdefault(reason, []).append(f"`{case.name}`")
    rows += ["", "What differs for a reason:"] + [f"- {reason} ({', '.join(names)})" for reason, names in reasons.items()]
    if opened:
        rows += ["", "What differs and should not:"] + opened
    return "\n".join(rows) + "\n"


def main():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parser.add_argument("--apus", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=4)
    for flag in ("record", "record-all", "self", "strict", "show", "list", "table", "help"):
        parser.add_argument(f"--{flag}", action="store_true")
    parser.add_argument("patterns", nargs="*")
    args = parser.parse_args()
    args.record |= args.record_all
    if args.help or args.table:
        print(__doc__ if args.help else table(), end="")
        return 0
    todo = cases.find(args.patterns)
    if args.list:
        for case in todo:
            print(f"{case.name:32} {case.what}")
        return 0
    if not args.apus and not args.self and not args.record:
        sys.exit("differential.py: --apus EXE is missing (--help tells more)")
    if os.getuid():
        sys.exit("differential.py: needs root, for namespaces of its own")
    args.apus = args.apus and args.apus.resolve()
    args.images = WORK / "images"
    subprocess.run([sys.executable, HERE / "images.py", args.images], check=True)
    args.known = known_images(args.images)
    if args.record:
        record(todo, args)
    if not args.apus and not args.self:
        return 0
    for case in [case for case in todo if not answer_path(case).exists()
                 or json.loads(answer_path(case).read_text())["hash"] != case.hash]:
        sys.exit(f"differential.py: Docker's answer to {case.name} is not recorded: use --record")
    controllers = (pathlib.Path("/sys/fs/cgroup/cgroup.controllers"), pathlib.Path("/sys/fs/cgroup/unified/cgroup.controllers"))
    has_memory = any(path.exists() and "memory" in path.read_text().split() for path in controllers)
    skipped = [case for case in todo if case.where == "vm" and not has_memory]
    begun = time.monotonic()
    states = run([case for case in todo if case not in skipped], args)
    count = {state: sum(other == state for other in states.values()) for state in ("same", "accepted", "open", "mended", "differs")}
    print(f"\ndifferential: {len(states)} cases: {count['same']} same, {count['accepted']} accepted, {count['open']} open, "
          f"{count['differs']} differ; {len(skipped)} skipped (no controllers of cgroup v2); {time.monotonic() - begun:.0f} s")
    if count["mended"]:
        print("no longer open, take the line out: " + ", ".join(name for name, state in states.items() if state == "mended"))
    return 1 if count["differs"] or count["mended"] else 0


if __name__ == "__main__":
    sys.exit(main())
