#!/usr/bin/python3
"""Tests of cc_once.py: which compilations are shared, with a stand-in for the compiler."""
import os
import pathlib
import tempfile
import unittest
from unittest import mock

import cc_once

COMMON = ["-target", "x86_64-unknown-linux-gnu", "-fblocks", "-fPIC", "-w", "-MD", "-MT", "dependencies"]
COMPILER = """#!/bin/sh
echo "$*" >>"$0.calls"
while [ $# -gt 0 ]; do
    case $1 in
        -o) echo object >"$2" ;;
        -MF) echo dependencies >"$2" ;;
        -c) case $2 in *bad*) exit 1 ;; esac ;;
    esac
    shift
done
"""


class OnceTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.compiler = self.folder / "clang"
        self.compiler.write_text(COMPILER)
        self.compiler.chmod(0o755)
        for name, value in (("KEPT", str(self.folder / "once")), ("compiler", lambda: str(self.compiler))):
            patch = mock.patch.object(cc_once, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def words(self, kind, source="crypto/a.cc", folder=None):
        own = {"debug": ["-O0", "-DDEBUG=1", "-g"], "release": ["-O2", "-g0", "-ffunction-sections", "-fdata-sections"]}[kind]
        path = f"/w{folder or cc_once.ONCE}{source}"
        return [*COMMON, *own, "-MF", f"{self.folder}/{kind}.d", "-std=c++17", "-c", path, "-o", f"{self.folder}/{kind}.o"]

    def calls(self):
        path = pathlib.Path(f"{self.compiler}.calls")
        return path.read_text().splitlines() if path.exists() else []

    def test_both_builds_compile_a_file_once_as_the_release_has_it(self):
        for kind in ("debug", "release"):
            self.assertEqual(cc_once.main(self.words(kind)), 0)
            self.assertEqual((self.folder / f"{kind}.o").read_text(), "object\n")
            self.assertEqual((self.folder / f"{kind}.d").read_text(), "dependencies\n")
        self.assertEqual(len(self.calls()), 1)
        self.assertIn("-O2 -g0 -ffunction-sections -fdata-sections", self.calls()[0])
        self.assertNotIn("DEBUG", self.calls()[0])

    def test_files_and_flags_are_told_apart(self):
        cc_once.main(self.words("debug"))
        cc_once.main(self.words("debug", source="crypto/b.cc"))
        cc_once.main([*self.words("debug"), "-fsanitize=address"])
        self.assertEqual(len(self.calls()), 3)

    def test_what_fails_is_not_kept(self):
        self.assertEqual([cc_once.main(self.words("debug", source="bad.cc")) for _ in range(2)], [1, 1])
        self.assertEqual(os.listdir(self.folder / "once"), [])

    def test_everything_else_is_compiled_as_it_is(self):
        for words in (self.words("debug", folder="/checkouts/swift-nio/Sources/CNIOLinux/"), ["--version"],
                      ["-print-target-info"], self.words("debug")[:-2]):
            self.assertIsNone(cc_once.plan(words))

    def test_it_is_a_program(self):
        self.assertTrue(os.access(cc_once.__file__, os.X_OK))


if __name__ == "__main__":
    unittest.main()
