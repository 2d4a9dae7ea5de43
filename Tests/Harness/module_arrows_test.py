"""The checks of the house can fail: what they are for is found in made-up packages."""

import unittest

import lint
import module_arrows

ARROWS = module_arrows.read_list("CLow:\nLow: CLow # leaf\nMiddle: Low | Outside\nTop: Middle\n")


def target(name, *dependencies, kind="library"):
    return {"name": name, "type": kind, "target_dependencies": list(dependencies)}


def judged(*targets, imports={}, arrows=ARROWS):
    present = {t["name"] for t in targets}
    rest = [target(name, *sorted(arrows[name][0])) for name in arrows if name not in present]
    return module_arrows.violations({"targets": list(targets) + rest}, arrows, lambda t: imports.get(t["name"], set()))


class Arrows(unittest.TestCase):
    def test_what_is_listed_passes(self):
        self.assertEqual(judged(imports={"Middle": {"Low", "Outside", "Glibc"}, "Low": {"CLow"}}), [])

    def test_an_arrow_that_is_not_listed_fails(self):
        self.assertIn("Top -> Low: an arrow that is not on the list", judged(target("Top", "Middle", "Low")))
        self.assertTrue(judged(target("Low", "CLow", "Top")))

    def test_a_c_module_has_one_owner(self):
        self.assertTrue(judged(target("Middle", "Low", "CLow")))
        greedy = module_arrows.read_list("CLow:\nLow: CLow\nMiddle: Low CLow\n")
        self.assertTrue(judged(arrows=greedy))
        shared = module_arrows.read_list("*CLow:\nLow: CLow\nMiddle: Low CLow\n")
        self.assertEqual(judged(arrows=shared), [])

    def test_an_import_past_the_arrows_fails(self):
        self.assertTrue(judged(imports={"Top": {"Low"}}))
        self.assertTrue(judged(imports={"Low": {"Outside"}}))
        self.assertTrue(judged(imports={"Top": {"Foundation"}}))

    def test_a_module_that_is_not_listed_fails(self):
        self.assertTrue(judged(target("New")))

    def test_an_arrow_that_points_up_in_the_list_fails(self):
        self.assertTrue(judged(arrows=module_arrows.read_list("A: B\nB:\n")))

    def test_imports_are_found_in_every_form(self):
        text = "import A\npackage import B\n@testable import C\nprivate import struct D.E\n  @_exported import F\n// import G\n"
        self.assertEqual(set(module_arrows.IMPORT.findall(text)), {"A", "B", "C", "D", "F"})


class Lint(unittest.TestCase):
    def test_a_package_declaration_without_a_comment_is_found(self):
        text = [
            "package struct Bare {", "    /// Says it.", "    @inline(__always)", "    package static func told() {}",
            "    package mutating func silent() {}", "    package static func == (a: A, b: A) -> Bool {}",
        ]
        self.assertEqual(list(lint.undocumented(text)), [(1, "Bare"), (5, "silent")])

    def test_foundation_is_found_and_its_essentials_are_not(self):
        text = ["import FoundationEssentials", "import Foundation", "package import struct Foundation.URL"]
        self.assertEqual(list(lint.forbidden_imports(text)), [2, 3])


if __name__ == "__main__":
    unittest.main(verbosity=1)
