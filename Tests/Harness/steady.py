#!/usr/bin/python3
"""steady.py COMMAND...: runs a test command of swift-testing, and what failed in it once more, by itself.

Hundreds of tests that race with a kernel and with each other will now and then find a defect that nobody has changed
anything about. Such a test is named at the end, and stays a defect to be mended; but it does not hold up a change that
has nothing to do with it. More than MOST failures are no accident, and neither is a crash: they are not tried again.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

MOST = 3


def results(folder):
    """The tests that the reports in `folder` list: (suite, function), and the first message of a failure or None."""
    found = {}
    for path in sorted(glob.glob(f"{folder}/*.xml")):
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            failure = case.find("failure")
            message = None if failure is None else failure.get("message", "")
            found[case.get("classname"), case.get("name")] = message
    return found


def pattern(found):
    """The filter that selects just those: the runner compares it with Module.Suite/Suite/function(labels:)."""
    names = []
    for suite, function in found:
        names.append(r"[./]".join(re.escape(part) for part in suite.split(".")) + "/" + re.escape(function))
    return "^(" + "|".join(names) + ")"


def attempt(command, extra=()):
    """Runs the command; its exit code, and what `results` says."""
    with tempfile.TemporaryDirectory(prefix="steady.") as folder:
        # The tests may run as another user.
        os.chmod(folder, 0o777)
        code = subprocess.run([*command, *extra, "--xunit-output", f"{folder}/report.xml"],
                              stdin=subprocess.DEVNULL).returncode
        return code, results(folder)


def without_filter(command):
    """The command without its own choice of tests."""
    words, kept = iter(command), []
    for word in words:
        if word == "--filter":
            next(words, None)
        else:
            kept.append(word)
    return kept


def main(command):
    code, first = attempt(command)
    if code == 0:
        return 0
    failed = {test: message for test, message in first.items() if message is not None}
    for (suite, function), message in failed.items():
        print(f"failed: {suite}/{function}: {message}", flush=True)
    if not 0 < len(failed) <= MOST:
        print(f"steady: {len(failed)} failures reported; not tried again", flush=True)
        return code
    steady = True
    again, second = attempt(without_filter(command), ["--filter", pattern(failed)])
    for suite, function in failed:
        # What a runner does not find, it does not fail.
        passed = second.get((suite, function), "not run") is None
        steady = steady and passed
        print(f"steady: {suite}/{function} failed, and {'passed' if passed else 'did not pass'} by itself: a defect of "
              "the engine or of the test", flush=True)
    return again or (0 if steady else code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
