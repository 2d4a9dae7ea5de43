"""Reads `swift package describe --type json` from standard input and fails on an arrow between modules, or an import,
that module-arrows.txt does not list."""

import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
EVERYBODYS = {"Swift", "Glibc", "Synchronization"}
IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\(\w+\))?\s+)*(?:(?:package|public|internal|private|fileprivate)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|typealias|func|var|let)\s+)?(\w+)",
    re.MULTILINE,
)


class Arrows(dict):
    """{module: (modules it may depend on, what it may import from outside)}"""

    shared = set()  # C modules that may have several owners


def read_list(text):
    arrows = Arrows()
    for line in text.splitlines():
        line = line.partition("#")[0].strip()
        if line:
            module, _, rest = line.partition(":")
            inside, _, outside = rest.partition("|")
            if module.startswith("*"):
                module = module[1:]
                arrows.shared = arrows.shared | {module.strip()}
            arrows[module.strip()] = (set(inside.split()), set(outside.split()))
    return arrows


def violations(description, arrows, imports_of):
    """Sentences about arrows and imports that are not listed. `imports_of(target)` is a set of module names."""
    found = []
    names = {target["name"] for target in description["targets"]}
    for target in sorted(description["targets"], key=lambda target: target["name"]):
        name, test = target["name"], target["type"] == "test"
        dependencies = set(target.get("target_dependencies", []))
        if test:
            # A test may use any Swift module, and what C its module owns through it; nothing may depend on a test.
            continue
        if name not in arrows:
            found.append(f"{name}: a module that is not on the list")
            continue
        inside, outside = arrows[name]
        found += [f"{name} -> {other}: an arrow that is not on the list" for other in sorted(dependencies - inside)]
        for other in sorted(imports_of(target) - {name} - EVERYBODYS - outside):
            if other not in dependencies:
                kind = "a module it does not depend on" if other in names else "not on its list"
                found.append(f"{name}: imports {other}, {kind}")
    owners = {}
    for module, (inside, _) in arrows.items():
        for other in inside:
            if re.match(r"C[A-Z]", other):
                owners.setdefault(other, []).append(module)
    found += [f"{c}: has {len(who)} owners ({', '.join(who)}), not one" for c, who in owners.items()
              if len(who) > 1 and c not in arrows.shared]
    found += [f"{module}: is on the list, but not in the package" for module in sorted(set(arrows) - names)]
    order = {module: rank for rank, module in enumerate(arrows)}
    for module, (inside, _) in arrows.items():
        found += [f"{module} -> {other}: points up in the list" for other in inside if order.get(other, -1) > order[module]]
    return found


def imports_on_disk(root):
    def of(target):
        folder = root / target["path"]
        sources = [folder / source for source in target.get("sources", []) if source.endswith(".swift")]
        return {name for source in sources for name in IMPORT.findall(source.read_text())}

    return of


def main():
    description = json.load(sys.stdin)
    arrows = read_list((HERE / "module-arrows.txt").read_text())
    found = violations(description, arrows, imports_on_disk(pathlib.Path(description["path"])))
    for sentence in found:
        print(sentence)
    print(f"arrows: {len(description['targets'])} modules, {len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
