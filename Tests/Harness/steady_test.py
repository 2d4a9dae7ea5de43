#!/usr/bin/python3
"""Tests of steady.py, with a stand-in for the test runner."""
import contextlib
import io
import os
import stat
import tempfile
import unittest

import steady

RUNNER = """#!/usr/bin/python3
import os, re, sys
words = sys.argv[1:]
report = words[words.index("--xunit-output") + 1]
chosen = words[words.index("--filter") + 1] if "--filter" in words else ""
here = os.path.dirname(os.path.abspath(__file__))
run = sum(1 for _ in open(here + "/runs"))
open(here + "/runs", "a").write(chosen + "\\n")
plan = open(here + "/plan").read().splitlines()[run].split()
if plan == ["crash"]: sys.exit(139)
cases = ""
for suite, name in (("M.S", "first()"), ("M.S.Inner", "second(_:)"), ("M.S", "third()"), ("M.T", "fourth()"), ("M", "fifth()"), ("M.U", "sixth()")):
    if chosen and suite == "M.U": continue
    identifier = suite.replace(".", "/").replace("/", ".", 1) + "/" + name
    if chosen and not re.search(chosen, identifier): continue
    failure = '<failure message="m &lt; n" />' if name.split("(")[0] in plan else ""
    cases += f'<testcase classname="{suite}" name="{name}">{failure}</testcase>'
open(report.replace(".xml", "-swift-testing.xml"), "w").write(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
sys.exit(1 if "<failure" in cases else 0)
"""


class SteadyTest(unittest.TestCase):
    def run_with(self, plan, extra=()):
        with tempfile.TemporaryDirectory() as folder:
            runner = f"{folder}/runner"
            for name, text in (("runner", RUNNER), ("runs", ""), ("plan", "\n".join(plan))):
                with open(f"{folder}/{name}", "w") as file:
                    file.write(text)
            os.chmod(runner, stat.S_IRWXU)
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                code = steady.main([runner, *extra])
            with open(f"{folder}/runs") as file:
                return code, file.read().splitlines(), output.getvalue()

    def test_what_passes_runs_once(self):
        code, runs, output = self.run_with(["-"])
        self.assertEqual((code, runs, output), (0, [""], ""))

    def test_what_fails_once_is_named_and_passes(self):
        code, runs, output = self.run_with(["first second", "-"], ["--filter", "M"])
        self.assertEqual(code, 0)
        self.assertEqual(runs, ["M", r"^(M[./]S/first\(\)|M[./]S[./]Inner/second\(_:\))"])
        self.assertIn("failed: M.S/first(): m < n", output)
        self.assertIn("M.S.Inner/second(_:) failed, and passed by itself", output)

    def test_what_fails_twice_fails(self):
        code, runs, output = self.run_with(["second", "second"])
        self.assertEqual((code, len(runs)), (1, 2))
        self.assertIn("did not pass by itself", output)

    def test_only_what_failed_counts_the_second_time(self):
        self.assertEqual(self.run_with(["fifth", "first"])[0], 0)

    def test_many_failures_and_crashes_are_no_accident(self):
        code, runs, output = self.run_with(["first second third fourth", "-"])
        self.assertEqual((code, len(runs)), (1, 1))
        self.assertIn("not tried again", output)
        code, runs, _ = self.run_with(["crash", "-"])
        self.assertEqual((code, len(runs)), (139, 1))
        self.assertEqual(self.run_with(["first", "crash"])[0], 139)

    def test_what_is_not_found_again_has_not_passed(self):
        code, _, output = self.run_with(["sixth", "-"])
        self.assertEqual(code, 1)
        self.assertIn("M.U/sixth() failed, and did not pass", output)


if __name__ == "__main__":
    unittest.main()
