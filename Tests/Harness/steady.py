#!/usr/bin/python3
"""steady.py RUN COMMAND...: runs a test command of swift-testing, and what failed in it once more, by itself.

Hundreds of tests that race with a kernel and with each other will now and then find a defect that nobody has changed
anything about. Such a test is named by a line that begins with `steady:`, and written to steady-failures.txt, which is
committed: it stays a defect to be mended, but it does not hold up a change that has nothing to do with it. That is done
once for each test: what is on the list already fails. More than MOST failures are no accident, and neither is a crash: they
are not tried again. RUN names the run for the summary of what it skipped (skips.py).
"""
import collections
import datetime
import fcntl
import json
import os
import re
import subprocess
import sys
import tempfile

import skips

MOST = 3
# What swift-testing exits with when a filter selects nothing.
NOTHING_FOUND = 69
LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "steady-failures.txt")


class Outcome:
    """What a run's event stream (swift-testing's ABI, version 0) says. A test is (suite, function)."""

    def __init__(self):
        self.passed, self.failed, self.skipped = set(), {}, {}
        self.running = {}
        self.is_complete = False

    def read(self, lines):
        functions = {}
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                # The last line of a process that was killed while it wrote.
                continue
            payload = record["payload"]
            if record["kind"] == "test":
                if payload["kind"] == "function":
                    functions[payload["id"]] = (payload["id"].split("/")[:-2], payload["name"])
            elif payload["kind"] == "runEnded":
                self.is_complete = True
            elif payload.get("testID") in functions:
                suite, function = functions[payload["testID"]]
                self.take(payload, (".".join(suite), function))
            elif payload["kind"] == "issueRecorded" and is_failure(payload["issue"]):
                # Of a suite, or of a task that no test is known to have started.
                self.failed.setdefault((payload.get("testID", "no test"), ""), said(payload))
        return self

    def take(self, payload, test):
        kind = payload["kind"]
        if kind == "testStarted":
            self.running[test] = True
        elif kind == "issueRecorded":
            if is_failure(payload["issue"]):
                self.failed.setdefault(test, said(payload))
        elif kind in ("testSkipped", "testCancelled", "testCaseCancelled"):
            self.skipped[test] = " ".join(payload.get("_comments") or []) or "no reason given"
            if kind == "testSkipped":
                self.running.pop(test, None)
        elif kind == "testEnded":
            self.running.pop(test, None)
            self.passed.add(test)

    def settle(self):
        self.passed -= set(self.failed) | set(self.skipped)
        for test in self.failed:
            self.skipped.pop(test, None)
        return self


def is_failure(issue):
    return not issue.get("isKnown") and issue.get("severity", "error") == "error"


def said(payload):
    text = " ".join(message["text"] for message in payload.get("messages", []))
    return (text.splitlines() or ["no message"])[0]


def name_of(test):
    return f"{test[0]}/{test[1]}" if test[1] else test[0]


def pattern(found):
    """The filter that selects just those: the runner compares it with Module.Suite/Suite/function(labels:)."""
    names = []
    for suite, function in found:
        names.append(r"[./]".join(re.escape(part) for part in suite.split(".")) + "/" + re.escape(function))
    return "^(" + "|".join(names) + ")"


def attempt(command, extra=()):
    """Runs the command; its exit code, 128 and the signal where it was killed, and what its events say."""
    with tempfile.TemporaryDirectory(prefix="steady.") as folder:
        # The tests may run as another user.
        os.chmod(folder, 0o777)
        events = f"{folder}/events.jsonl"
        code = subprocess.run([*command, *extra, "--event-stream-version", "0", "--event-stream-output-path", events],
                              stdin=subprocess.DEVNULL).returncode
        outcome = Outcome()
        if os.path.exists(events):
            with open(events, errors="replace") as lines:
                outcome.read(lines)
        return 128 - code if code < 0 else code, outcome.settle()


def has_crashed(code, outcome):
    return code not in (0, NOTHING_FOUND) and (code >= 128 or not outcome.is_complete)


def without_filter(command):
    """The command without its own choice of tests."""
    words, kept = iter(command), []
    for word in words:
        if word == "--filter":
            next(words, None)
        else:
            kept.append(word)
    return kept


def read_list(text):
    """The tests of steady-failures.txt, each with its line."""
    listed = collections.OrderedDict()
    for line in text.splitlines():
        fields = line.split(None, 1)
        if len(fields) == 2 and not line.startswith("#"):
            # A test's name may have blanks: it ends where the column of what is suspected begins.
            listed[fields[1].split("  ")[0].strip()] = line
    return listed


def listed():
    with open(LIST) as file:
        return read_list(file.read())


def enlist(name, message):
    """Writes a test to the list, and says so: in CI the list is thrown away with the checkout."""
    line = f"{datetime.date.today().isoformat()} {name}  not looked into yet; it said: {message}"
    with open(LIST, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(line + "\n")
    print(f"steady: add to Tests/Harness/steady-failures.txt: {line}", flush=True)


def main(run, command):
    code, first = attempt(command)
    reasons = [(name_of(test), reason) for test, reason in sorted(first.skipped.items())]
    if has_crashed(code, first):
        print(f"crashed: {run} ended with {code}; not tried again. Its tests at that time: "
              f"{', '.join(sorted(map(name_of, first.running))) or 'none'}", flush=True)
        return code
    if code == NOTHING_FOUND:
        return code
    if not first.is_complete:
        print(f"{run}: the command succeeded without a word about its tests", flush=True)
        return 1
    is_allowed = skips.report(run, reasons, len(first.passed) + len(first.failed))
    if code:
        code = again(command, code, first.failed)
    return code or (0 if is_allowed else 1)


def again(command, code, failed):
    """Tries what failed once more; the exit code of the whole."""
    for test, message in failed.items():
        print(f"failed: {name_of(test)}: {message}", flush=True)
    if not 0 < len(failed) <= MOST or any(not function for _, function in failed):
        print(f"steady: {len(failed)} failures reported; not tried again", flush=True)
        return code
    known = listed()
    for name in map(name_of, failed):
        if name in known:
            print(f"steady: {name} failed before, and is not tried again: {known[name]}", flush=True)
    if any(name_of(test) in known for test in failed):
        return code
    second_code, second = attempt(without_filter(command), ["--filter", pattern(failed)])
    steady = True
    for test, message in failed.items():
        # What a runner does not find, it does not fail.
        passed = test in second.passed
        steady = steady and passed
        print(f"steady: {name_of(test)} failed, and {'passed' if passed else 'did not pass'} by itself: a defect of "
              "the engine or of the test", flush=True)
        if passed and not second_code:
            enlist(name_of(test), message)
    return second_code or (0 if steady else code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
