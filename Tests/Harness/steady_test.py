#!/usr/bin/python3
"""Tests of steady.py and skips.py, with a stand-in for the test runner."""
import contextlib
import datetime
import io
import os
import pathlib
import signal
import stat
import tempfile
import unittest
from unittest import mock

import skips
import steady

# The n-th run does what the n-th line of `plan` says: the tests that fail, `-` for none, or a way to end.
RUNNER = """#!/usr/bin/python3
import json, os, re, signal, sys
words = sys.argv[1:]
events = open(words[words.index("--event-stream-output-path") + 1], "w")
chosen = words[words.index("--filter") + 1] if "--filter" in words else ""
here = os.path.dirname(os.path.abspath(__file__))
run = sum(1 for _ in open(here + "/runs"))
open(here + "/runs", "a").write(chosen + "\\n")
plan = open(here + "/plan").read().splitlines()[run].split()
def say(record, **payload):
    print(json.dumps({"kind": record, "payload": payload, "version": 0}), file=events, flush=True)
say("event", kind="runStarted", messages=[])
failed = False
for suite, name in (("M.S", "first()"), ("M.S/Inner", "second(_:)"), ("M.S", "third()"), ("M.T", "fourth()"), ("M", "fifth()"),
                    ("M.U", "sixth()"), ("M.V", "skipped()"), ("M.V", "cancelled()"), ("M.V", "known()")):
    if chosen and suite == "M.U": continue
    if chosen and not re.search(chosen, suite + "/" + name): continue
    test = suite + "/" + name + "/file.swift:4:1"
    say("test", kind="function", id=test, name=name)
    if name == "skipped()":
        say("event", kind="testSkipped", testID=test, _comments=["there is no x"], messages=[])
        continue
    say("event", kind="testStarted", testID=test, messages=[])
    if "crash" in plan: os.kill(os.getpid(), signal.SIGSEGV)
    if "broken" in plan: sys.exit(1)
    if "silent" in plan: sys.exit(0)
    if name == "cancelled()":
        say("event", kind="testCancelled", testID=test, _comments=["not here"], messages=[])
    if name == "known()":
        say("event", kind="issueRecorded", testID=test, issue={"isKnown": True}, messages=[])
    if name.split("(")[0] in plan:
        failed = True
        say("event", kind="issueRecorded", testID=test, issue={"isKnown": False}, messages=[{"symbol": "fail", "text": "m < n"}])
        if "abort" in plan: os.kill(os.getpid(), signal.SIGABRT)
    say("event", kind="testEnded", testID=test, messages=[])
if "suite" in plan:
    failed = True
    say("event", kind="issueRecorded", testID="M.S", issue={"isKnown": False}, messages=[])
say("event", kind="runEnded", messages=[])
sys.exit(1 if failed else 0)
"""


class RunnerCase(unittest.TestCase):
    def run_with(self, plan, extra=(), known="", allowed="* | * | made up", environment={}):
        with tempfile.TemporaryDirectory() as folder:
            runner, self.list = f"{folder}/runner", f"{folder}/list"
            for name, text in (("runner", RUNNER), ("runs", ""), ("plan", "\n".join(plan)), ("list", known), ("allowed", allowed)):
                pathlib.Path(folder, name).write_text(text)
            os.chmod(runner, stat.S_IRWXU)
            output = io.StringIO()
            with contextlib.redirect_stdout(output), mock.patch.object(steady, "LIST", self.list), \
                    mock.patch.object(skips, "ALLOWED", pathlib.Path(folder, "allowed")), \
                    mock.patch.dict(os.environ, {"CI": "", "SKIPS_DIR": f"{folder}/skips", **environment}):
                code = steady.main("made-up", [runner, *extra])
                self.left = skips.everything(f"{folder}/skips")
            self.listed = pathlib.Path(self.list).read_text()
            return code, pathlib.Path(folder, "runs").read_text().splitlines(), output.getvalue()


class SteadyTest(RunnerCase):
    def test_what_passes_runs_once(self):
        code, runs, output = self.run_with(["-"])
        self.assertEqual((code, runs), (0, [""]))
        self.assertNotIn("steady:", output)
        self.assertEqual(self.listed, "")

    def test_what_fails_once_is_named_and_listed_and_passes(self):
        code, runs, output = self.run_with(["first second", "-"], ["--filter", "M"])
        self.assertEqual(code, 0)
        self.assertEqual(runs, ["M", r"^(M[./]S/first\(\)|M[./]S[./]Inner/second\(_:\))"])
        self.assertIn("failed: M.S/first(): m < n", output)
        self.assertIn("M.S.Inner/second(_:) failed, and passed by itself", output)
        today = datetime.date.today().isoformat()
        line = f"{today} M.S/first()  not looked into yet; it said: m < n"
        self.assertIn(f"steady: add to Tests/Harness/steady-failures.txt: {line}\n", output)
        self.assertIn(line + "\n", self.listed)
        self.assertEqual(list(steady.read_list("# no\n" + self.listed)), ["M.S/first()", "M.S.Inner/second(_:)"])

    def test_what_failed_before_is_not_tried_again(self):
        known = "# the list\n2026-11-01 M.S/first()  a race of the store with its sweep\n"
        code, runs, output = self.run_with(["first second", "-"], known=known)
        self.assertEqual((code, runs, self.listed), (1, [""], known))
        self.assertIn("M.S/first() failed before, and is not tried again: 2026-11-01", output)
        self.assertEqual(self.run_with(["second", "-"], known=known)[0], 0)

    def test_what_fails_twice_fails(self):
        code, runs, output = self.run_with(["second", "second"])
        self.assertEqual((code, len(runs), self.listed), (1, 2, ""))
        self.assertIn("did not pass by itself", output)

    def test_only_what_failed_counts_the_second_time(self):
        self.assertEqual(self.run_with(["fifth", "first"])[0], 0)

    def test_many_failures_are_no_accident(self):
        code, runs, output = self.run_with(["first second third fourth", "-"])
        self.assertEqual((code, len(runs)), (1, 1))
        self.assertIn("not tried again", output)

    def test_a_crash_fails_whatever_would_follow(self):
        killed = 128 + signal.SIGSEGV
        code, runs, output = self.run_with(["crash", "-"])
        self.assertEqual((code, len(runs)), (killed, 1))
        self.assertIn("Its tests at that time: M.S/first()", output)
        # A failure before it changes nothing, and neither does a launcher that tells the signal as a plain 1.
        self.assertEqual(self.run_with(["first abort", "-"])[:2], (128 + signal.SIGABRT, [""]))
        self.assertEqual(self.run_with(["broken", "-"])[:2], (1, [""]))
        self.assertEqual(self.run_with(["first", "crash"])[0], killed)
        self.assertEqual(self.listed, "")

    def test_success_without_a_word_is_none(self):
        self.assertEqual(self.run_with(["silent"])[0], 1)

    def test_an_issue_of_no_test_is_not_tried_again(self):
        self.assertEqual(self.run_with(["suite", "-"])[:2], (1, [""]))

    def test_what_is_not_found_again_has_not_passed(self):
        code, _, output = self.run_with(["sixth", "-"])
        self.assertEqual((code, self.listed), (1, ""))
        self.assertIn("M.U/sixth() failed, and did not pass", output)


class SkipTest(RunnerCase):
    def test_skips_are_counted_by_reason(self):
        _, _, output = self.run_with(["-"])
        self.assertIn("made-up: 7 tested, 2 skipped:\n", output)
        self.assertIn("1 made-up: there is no x\n", output)
        self.assertEqual(self.left[0][0], "skipped: 2 of 9 in 1 runs:")

    def test_what_is_not_allowed_fails_in_ci(self):
        allowed = "other | * | not this run\nmade-up | not * | a machine of this kind\n"
        code, _, output = self.run_with(["-"], allowed=allowed)
        self.assertEqual((code, self.left[1]), (0, 1))
        self.assertIn("there is no x  [not on the list", output)
        code, _, output = self.run_with(["-"], allowed=allowed, environment={"CI": "true"})
        self.assertEqual(code, 1)
        self.assertIn("1 skips are not allowed in CI", output)
        self.assertIn("M.V/skipped()", output)
        self.assertEqual(self.run_with(["-"], environment={"CI": "true"})[0], 0)

    def test_a_failure_that_passes_does_not_hide_a_skip(self):
        self.assertEqual(self.run_with(["first", "-"], allowed="", environment={"CI": "true"})[0], 1)

    def test_a_rule_has_a_reason(self):
        for text in ("root | x", "root | x | ", "| x | y"):
            with self.assertRaises(ValueError):
                skips.read_allowed(text)
        self.assertTrue(skips.read_allowed(skips.ALLOWED.read_text()))


if __name__ == "__main__":
    unittest.main()
