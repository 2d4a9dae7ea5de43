#!/usr/bin/python3
"""Tests of check.py, with phases of the shell's."""
import contextlib
import io
import os
import pathlib
import re
import tempfile
import unittest
from unittest import mock

import check
import skips
from check import Phase


class Output(io.TextIOWrapper):
    def __init__(self):
        super().__init__(io.BytesIO(), write_through=True)

    def text(self):
        return self.buffer.getvalue().decode()


class CheckTest(unittest.TestCase):
    def run_with(self, *phases, cores=2, environment={}, names=()):
        with tempfile.TemporaryDirectory() as folder:
            self.folder = pathlib.Path(folder)
            (self.folder / "allowed").write_text("")
            output = Output()
            with contextlib.redirect_stdout(output), mock.patch.object(check, "FOLDER", self.folder), \
                    mock.patch.object(skips, "ALLOWED", self.folder / "allowed"), \
                    mock.patch.dict(os.environ, {"CI": "", "FOLDER": folder, **environment}):
                result = check.Check(check.needed(list(phases), names), cores).run()
            output.flush()
            self.states = {phase.name: phase.state for phase in phases}
            return result, output.text()

    def shell(self, name, script, *after, **rest):
        return Phase(name, ["/bin/sh", "-c", script], after=after, **rest)

    def test_all_pass_and_each_says_its_time(self):
        result, output = self.run_with(self.shell("one", "echo first"), self.shell("two", "echo second", "one"))
        self.assertTrue(result)
        self.assertLess(output.index("first\n"), output.index("second\n"))
        table = output[output.index("phase  "):]
        self.assertTrue(re.search(r"^one +0:00 +0:00 +0:00  passed$", table, re.MULTILINE), table)
        self.assertIn("on 2 cores", table)
        self.assertIn("skipped: 0 of 0", table)

    def test_the_last_lines_say_what_failed(self):
        _, output = self.run_with(
            self.shell("bad", "echo steady: a.B/c failed, and did not pass by itself; seq 100; exit 3"),
            self.shell("mute", "seq 100; exit 1"), self.shell("needs", "true", "bad"), self.shell("good", "echo error: none"))
        end = output[output.index("skipped: 0 of 0"):]
        self.assertIn("bad failed (3)\n  steady: a.B/c failed, and did not pass by itself\n", end)
        self.assertIn("mute failed (1)\n  98\n  99\n  100\n", end)
        self.assertIn("needs not reached\n", end)
        self.assertNotIn("good", end)
        self.assertLess(len(end.splitlines()), 25)

    def test_what_fails_is_shown_and_stops_what_needs_it_alone(self):
        result, output = self.run_with(
            self.shell("bad", "echo why; exit 3"), self.shell("needs", "echo never", "bad"), self.shell("last", "true", "needs"),
            self.shell("other", "echo other"))
        self.assertFalse(result)
        self.assertEqual(self.states, {"bad": "failed (3)", "needs": "not reached", "last": "not reached", "other": "passed"})
        self.assertIn("why\n", output)
        self.assertIn("bad failed (3) after", output)
        self.assertIn("skipped: 0 of 0", output)
        self.assertNotIn("echo never\n", output.split("phase  ")[1])

    def test_a_signal_is_a_failure(self):
        result, _ = self.run_with(self.shell("bad", "kill -SEGV $$"))
        self.assertEqual((result, self.states["bad"]), (False, "failed (-11)"))

    def test_what_cannot_be_started_is_a_failure(self):
        self.assertFalse(self.run_with(Phase("bad", ["/nowhere/at/all"]))[0])

    def test_phases_run_beside_each_other_as_cores_allow(self):
        # Each waits for the other to have begun.
        meet = "touch $FOLDER/{0}; for i in $(seq 100); do [ -e $FOLDER/{1} ] && exit 0; sleep 0.05; done; exit 1"
        one, two = self.shell("one", meet.format("a", "b")), self.shell("two", meet.format("b", "a"))
        self.assertTrue(self.run_with(one, two)[0])
        # And none begins while another keeps the machine busy.
        alone = "mkdir $FOLDER/alone && sleep 0.3 && rmdir $FOLDER/alone"
        self.assertTrue(self.run_with(self.shell("one", alone, cores=2), self.shell("two", alone), self.shell("three", alone, cores=9))[0])

    def test_what_takes_too_long_is_ended(self):
        result, _ = self.run_with(self.shell("long", "sleep 1000", limit=0))
        self.assertFalse(result)
        self.assertIn("ended after", self.states["long"])

    def test_what_cannot_run_here_is_left_out_and_fails_in_ci(self):
        phases = lambda: (self.shell("root", "true", obstacle="only root can"), self.shell("needs", "true", "root"))  # noqa: E731
        result, output = self.run_with(phases()[0])
        self.assertTrue(result)
        self.assertIn("phase root: only root can", output)
        self.assertFalse(self.run_with(*phases())[0])
        self.assertFalse(self.run_with(phases()[0], environment={"CI": "true"})[0])

    def test_skips_are_summed_up_and_fail_in_ci(self):
        left = """mkdir -p $SKIPS_DIR; echo '{"run": "modules", "tested": 4, "skips": [["modules", "M.S/t()", "no x"]]}' >$SKIPS_DIR/m.json"""
        result, output = self.run_with(self.shell("modules", left))
        self.assertTrue(result)
        self.assertIn("skipped: 1 of 5 in 1 runs:\n      1 modules: no x", output)
        self.assertFalse(self.run_with(self.shell("modules", left), environment={"CI": "true"})[0])

    def test_phases_that_are_named_run_with_what_they_need(self):
        phases = [self.shell("a", "true"), self.shell("b", "true", "a"), self.shell("c", "true")]
        self.assertEqual([phase.name for phase in check.needed(phases, ["b"])], ["a", "b"])
        with self.assertRaises(SystemExit):
            check.needed(phases, ["d"])

    def test_the_phases_of_the_check_are_sound(self):
        phases = check.phases()
        names = [phase.name for phase in phases]
        self.assertEqual(len(names), len(set(names)))
        makefile = (check.ROOT / "Makefile").read_text()
        for phase in phases:
            self.assertLessEqual(set(phase.after), set(names[:names.index(phase.name)]), phase.name)
            if phase.command[0] == "make":
                self.assertIn(f"\n{phase.command[2]}:", makefile)
            else:
                self.assertTrue(all((check.ROOT / word).exists() for word in phase.command if word.startswith("Tests/")))
        self.assertTrue(any("vm" == name for name in names))


if __name__ == "__main__":
    unittest.main()
