"""The cases of the differential suite: cases/GROUP/NAME.sh, read into steps and what their headers say."""

import fnmatch
import hashlib
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent


class Case:
    """A shell script in steps, each of which is compared by what it writes and by its exit code."""

    def __init__(self, path):
        self.path = path
        self.group, self.name = path.parent.name, f"{path.parent.name}/{path.stem}"
        self.what = self.where = self.accepted = self.open = ""
        # Why a step's stream may differ, by (step, stream or "*").
        self.accept = {}
        # Those of them that should not.
        self.opened = []
        self.masks, self.sorts, self.steps = [], set(), []
        text = path.read_text()
        # What a header accepts does not change what an engine answers.
        self.hash = hashlib.sha256(re.sub(r"(?m)^#.*\n", "", text).encode()).hexdigest()[:16]
        block = None
        for line in text.splitlines():
            if block is not None:
                block.append(line)
                if line == "}":
                    self.steps.append("\n".join(block))
                    block = None
            elif line == "{":
                block = [line]
            elif line.startswith("# "):
                self._header(line[2:])
            elif line.strip() and not line.startswith("#"):
                self.steps.append(line)

    def _header(self, line):
        key, _, value = line.partition(": ")
        words = key.split()
        if key in ("what", "where", "open"):
            setattr(self, key, value)
        elif key == "mask":
            pattern, _, to = value.partition(" =>")
            self.masks.append((re.compile(pattern, re.M), to.strip()))
        elif key == "sort":
            self.sorts |= {int(word) for word in value.split()}
        elif key == "accept":
            self.accepted = value
        elif words[0] in ("accept", "open"):
            self.accept[(int(words[1]), words[2] if len(words) > 2 else "*")] = value
            if words[0] == "open":
                self.opened.append(value)
        else:
            raise ValueError(f"{self.path}: no header is called {key!r}")

    def reasons(self):
        """The reasons for which something may differ, each once."""
        all_reasons = ([self.accepted] if self.accepted else []) + list(self.accept.values())
        return [reason for reason in dict.fromkeys(all_reasons) if reason not in self.opened]

    def open_reasons(self):
        """What differs and should not, each once."""
        return list(dict.fromkeys(([self.open] if self.open else []) + self.opened))

    def script(self, out):
        """The body as one bash script that leaves N.out, N.err and N.rc of each step in the directory `out`."""
        lines = []
        for number, step in enumerate(self.steps, 1):
            body = step[1:] if step.startswith("@") else step
            lines.append(f"{{ {body}\n}} >{out}/{number}.out 2>{out}/{number}.err; echo $? >{out}/{number}.rc")
        return "\n".join(lines) + "\n"


def find(patterns=()):
    """The cases whose names match one of the globs `patterns` or contain it; all without any."""
    found = sorted((Case(path) for path in HERE.glob("cases/*/*.sh")), key=lambda case: case.name)
    return [case for case in found if not patterns or any(fnmatch.fnmatch(case.name, p) or p in case.name for p in patterns)]
