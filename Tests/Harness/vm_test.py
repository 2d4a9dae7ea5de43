#!/usr/bin/python3
"""Tests of the virtual machine's lane (Tests/VM/test_vm.py), with a stand-in for the guest."""
import contextlib
import io
import os
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "VM"))

import steady  # noqa: E402
import test_vm  # noqa: E402


class LaneTest(unittest.TestCase):
    def run_with(self, *plan, scenes=tuple(test_vm.TOGETHER + test_vm.ENDS), known=""):
        """The n-th boot follows the n-th of `plan`: the scenes that fail, or an exit code without any output."""
        steps, self.boots = list(plan), []

        def boot(group):
            self.boots.append(list(group))
            step = steps.pop(0) if steps else ()
            if isinstance(step, int):
                return step, []
            if group[0] in test_vm.ENDS:
                return (1, [f"FAIL  {group[0]}: it came back — no"]) if step else (0, [f"ok    {group[0]}: it came back"])
            lines = []
            for scene in group:
                lines.append(f"== {scene}")
                if scene in step:
                    lines += [f"FAIL  {scene}: memory.max — expected '1', got '2'", f"-- {scene} failed"]
                elif f"{scene}!" in step:
                    return 124, lines
                else:
                    lines += [f"ok    {scene}: memory.max", f"skip  {scene}: swap (there is none)", f"-- {scene} passed"]
            return len(step), lines

        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "list")
            path.write_text(known)
            output = io.StringIO()
            self.lane = test_vm.Lane(boot)
            with contextlib.redirect_stdout(output), mock.patch.object(steady, "LIST", str(path)):
                fine = self.lane.run(scenes)
            self.listed = list(steady.read_list(path.read_text()))
            return fine, output.getvalue()

    def test_what_passes_runs_once(self):
        self.assertEqual(self.run_with(), (True, ""))
        self.assertEqual(self.boots, [test_vm.TOGETHER, ["reboot"], ["crash"]])
        self.assertEqual(self.lane.checks, len(test_vm.TOGETHER) + 2)
        self.assertEqual(self.lane.skipped[0], ("root: swap", "there is none"))

    def test_a_scene_that_fails_is_repeated_alone(self):
        fine, output = self.run_with(["session", "default"])
        self.assertTrue(fine)
        self.assertEqual(self.boots[1:3], [["session"], ["default"]])
        self.assertEqual(len(self.boots), 5)
        self.assertIn("steady: vm/session failed, and passed by itself", output)
        self.assertEqual(self.listed, ["vm/session", "vm/default"])

    def test_a_scene_that_fails_twice_fails_and_the_rest_is_run(self):
        fine, output = self.run_with(["service"], ["service"])
        self.assertFalse(fine)
        self.assertEqual(self.boots[1:], [["service"], ["reboot"], ["crash"]])
        self.assertEqual(self.listed, [])

    def test_a_scene_on_the_list_is_not_repeated(self):
        fine, output = self.run_with(["root"], known="2026-11-01 vm/root  a scope that systemd removes\n")
        self.assertFalse(fine)
        self.assertNotIn(["root"], self.boots)
        self.assertIn("vm/root failed before", output)

    def test_many_scenes_are_no_accident(self):
        self.assertFalse(self.run_with(test_vm.TOGETHER[:4])[0])
        self.assertEqual(self.boots, [test_vm.TOGETHER, ["reboot"], ["crash"]])

    def test_a_boot_that_breaks_off_fails_what_it_did_not_finish(self):
        fine, _ = self.run_with(["network!"])
        self.assertEqual(self.boots[1:4], [["network"], ["network-root"], ["default"]])
        self.assertTrue(fine)
        self.assertFalse(self.run_with(["session!"])[0])

    def test_a_guest_that_does_not_come_up_fails(self):
        self.assertFalse(self.run_with(125, 125, scenes=["root"])[0])
        self.assertEqual(self.listed, [])
        self.assertTrue(self.run_with(124)[0])
        self.assertEqual(self.boots[:2], [test_vm.TOGETHER, test_vm.TOGETHER])
        self.assertEqual(self.listed, ["vm/boot"])
        self.assertFalse(self.run_with(125, 125, scenes=["crash"])[0])

    def test_an_end_is_repeated_too(self):
        self.assertTrue(self.run_with((), ["reboot"])[0])
        self.assertEqual(self.boots[1:], [["reboot"], ["reboot"], ["crash"]])
        self.assertEqual(self.listed, ["vm/reboot"])

    def test_the_guest_knows_the_scenes(self):
        text = (pathlib.Path(test_vm.HERE) / "guest/all.bash").read_text()
        for scene in test_vm.TOGETHER:
            self.assertIn(f"\n        {scene})", text)
        self.assertTrue(os.access(test_vm.HERE / "run-in-vm", os.X_OK))


if __name__ == "__main__":
    unittest.main()
