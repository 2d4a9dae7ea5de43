"""What was not tested: each run counts its skips by their reasons, and in CI those that are not allowed fail it.

A skip is allowed by a line of allowed-skips.txt: RUN | REASON | WHY. RUN is the name of the run (modules, ordinary,
integration-release-1, conformance, vm), REASON what the skip says, both with the wildcards of fnmatch(3). With $CI set to true a skip
without such a line is a failure: a machine that lacks something must not look like one where all is well. Elsewhere the
summary says it, and that is all. With $SKIPS_DIR set each run leaves its skips there for the summary of `make check`.
"""

import collections
import fnmatch
import json
import os
import pathlib

ALLOWED = pathlib.Path(__file__).resolve().parent / "allowed-skips.txt"


def is_strict():
    """Whether a skip that is not allowed is a failure here."""
    return os.environ.get("CI") == "true"


def read_allowed(text):
    """The rules of allowed-skips.txt: (run, reason, why). A line that says no reason why is an error."""
    rules = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = [field.strip() for field in line.split("|", 2)]
        if len(fields) != 3 or not all(fields):
            raise ValueError(f"allowed-skips.txt:{number}: 'RUN | REASON | WHY' is expected")
        rules.append(tuple(fields))
    return rules


def permission(run, reason, rules):
    """Why `run` may skip for `reason`; None when it may not."""
    for name, pattern, why in rules:
        if fnmatch.fnmatchcase(run, name) and (pattern == reason or fnmatch.fnmatchcase(reason, pattern)):
            return why
    return None


def summary(skips, rules):
    """The lines that say what was skipped, and the number of skips that are not allowed. `skips`: (run, test, reason)."""
    lines, refused = [], 0
    grouped = collections.defaultdict(list)
    for run, test, reason in skips:
        grouped[run, reason].append(test)
    for (run, reason), tests in sorted(grouped.items(), key=lambda item: (item[0][0], -len(item[1]), item[0][1])):
        why = permission(run, reason, rules)
        lines.append(f"  {len(tests):5} {run}: {reason}" + ("" if why else "  [not on the list of allowed skips]"))
        if not why:
            refused += len(tests)
            lines += [f"        {test}" for test in sorted(tests)[:10]]
            if len(tests) > 10:
                lines.append(f"        and {len(tests) - 10} more")
    return lines, refused


def report(run, skips, tested):
    """Prints and leaves behind what `run` skipped: `skips` are (test, reason), `tested` counts what was not skipped. True
    unless that fails the run."""
    folder = os.environ.get("SKIPS_DIR")
    entries = [(run, test, reason) for test, reason in skips]
    if folder:
        os.makedirs(folder, exist_ok=True)
        (pathlib.Path(folder) / f"{run}.json").write_text(json.dumps({"run": run, "tested": tested, "skips": entries}))
    lines, refused = summary(entries, read_allowed(ALLOWED.read_text()))
    print(f"{run}: {tested} tested, {len(entries)} skipped" + (":" if entries else ""), flush=True)
    for line in lines:
        print(line, flush=True)
    if refused and is_strict():
        print(f"{run}: {refused} skips are not allowed in CI: install what is missing, or give the reason in "
              "Tests/Harness/allowed-skips.txt", flush=True)
        return False
    return True


def everything(folder):
    """What the runs left in `folder`: the lines of a summary of all, and the number of skips that are not allowed."""
    tested, entries = {}, []
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        left = json.loads(path.read_text())
        tested[left["run"]] = left["tested"]
        entries += [tuple(entry) for entry in left["skips"]]
    lines, refused = summary(entries, read_allowed(ALLOWED.read_text()))
    head = f"skipped: {len(entries)} of {len(entries) + sum(tested.values())} in {len(tested)} runs"
    return [head + (":" if entries else "")] + lines, refused
