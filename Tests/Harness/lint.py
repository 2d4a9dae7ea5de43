"""Rules of the house that swift-format does not know. Prints what breaks them; the exit status says whether any does."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONGEST = 400
TOP_LEVEL = {
    "Package.swift", "Sources", "Tests", "Docs", "LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile",
}

ATTRIBUTE = r"@\w+(?:\([^)]*\))?\s+"
MODIFIER = (
    r"(?:static|final|mutating|nonmutating|consuming|borrowing|nonisolated|convenience|indirect|override|required|"
    r"isolated|distributed)\s+"
)
DECLARATION = re.compile(
    rf"^\s*(?:{ATTRIBUTE})*(?:{MODIFIER})*package\s+(?:{MODIFIER})*(func|struct|enum|class|actor|protocol)\s+(\S+?)[\s(<:]"
)
# Requirements of the standard library's protocols say nothing that their names do not.
SELF_EVIDENT = {"==", "<", "hash", "encode"}


def tracked(*patterns):
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.splitlines() if (ROOT / name).is_file()]


def undocumented(lines):
    """Types and functions with package access that no documentation comment precedes: (line number, name)."""
    for number, line in enumerate(lines):
        found = DECLARATION.match(line)
        if not found or (found[1] == "func" and found[2] in SELF_EVIDENT):
            continue
        above = number - 1
        while above >= 0 and lines[above].lstrip().startswith(("@", "#if")):
            above -= 1
        if above < 0 or not lines[above].lstrip().startswith(("///", "*/")):
            yield number + 1, found[2]


# Of a `String` these work on characters (Sources/Bytes has those of bytes). GoTemplate has its own kind of text.
BY_CHARACTERS = re.compile(r'\.(?:hasPrefix|hasSuffix)\(|\.split\(separator: "')
OWN_TEXT = ("Sources/GoTemplate/", "Sources/Archive/Layer/")


def forbidden_imports(lines):
    for number, line in enumerate(lines):
        if re.match(r"^\s*(?:@\w+\s+)*(?:(?:package|public|internal|private|fileprivate)\s+)?import\s+(?:\w+\s+)?Foundation\b", line):
            yield number + 1


def main():
    problems = []
    swift = tracked("Sources/*.swift", "Tests/*.swift")
    for name in swift:
        lines = (ROOT / name).read_text().splitlines()
        problems += [f"{name}:{n}: imports Foundation (44 MB of it); FoundationEssentials is there" for n in forbidden_imports(lines)]
        if name.startswith("Sources/"):
            problems += [f"{name}:{n}: '{what}' has no documentation comment" for n, what in undocumented(lines)]
            if not name.startswith(OWN_TEXT):
                problems += [f"{name}:{n}: this looks at characters and not at bytes: see Sources/Bytes"
                             for n, line in enumerate(lines, 1) if BY_CHARACTERS.search(line)]
            if name != "Sources/Linux/Process/BlockingCall.swift":
                problems += [f"{name}:{n}: what tasks run on may not be there yet: beginTask (Linux) sees to it"
                             for n, line in enumerate(lines, 1) if "Task.detached" in line]
            problems += [f"{name}:{n}: '_ = consume' may end the value earlier; endLifetime (Linux) does not"
                         for n, line in enumerate(lines, 1) if re.match(r"\s*_ = \(?consume ", line)]

    allowed = {}
    for line in (ROOT / "Tests/Harness/long-files.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, reason = line.partition(" ")
            allowed[name] = reason.strip()
    lengths = {}
    for name in tracked("Sources", "Tests"):
        if name.endswith((".swift", ".c", ".h", ".py", ".sh")):
            lengths[name] = len((ROOT / name).read_text().splitlines())
    for name, length in sorted(lengths.items()):
        if length > LONGEST and not allowed.get(name):
            problems.append(f"{name}: {length} lines; over {LONGEST} needs a reason in Tests/Harness/long-files.txt")
    for name in allowed:
        if lengths.get(name, 0) <= LONGEST:
            problems.append(f"Tests/Harness/long-files.txt: {name} is not that long (any more)")

    for name in sorted({name.split("/")[0] for name in tracked()}):
        if name not in TOP_LEVEL and not name.startswith("."):
            problems.append(f"{name}: the top level holds {', '.join(sorted(TOP_LEVEL))} and dot files alone")

    for problem in problems:
        print(problem)
    longest = ", ".join(f"{name} {length}" for name, length in sorted(lengths.items(), key=lambda kv: -kv[1])[:5])
    over = sum(length > 300 for length in lengths.values())
    print(f"lint: {len(lengths)} files, {sum(lengths.values())} lines, {over} over 300 lines; longest: {longest}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
