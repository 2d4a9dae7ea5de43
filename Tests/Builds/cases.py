"""The cases of the suite of builds: cases/GROUP.txt, read into contexts, flags and what their headers say."""

import bz2
import fnmatch
import gzip
import hashlib
import io
import lzma
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tarfile
import urllib.parse
import zlib

HERE = pathlib.Path(__file__).resolve().parent
# All files of a context belong to nobody: a build must not keep the owner.
OLD, SPAN, NOBODY = 1_700_000_000, 10_000_000, 4242

FILE = re.compile(r"^-- (?P<name>\S+?)(?: (?P<mode>[0-7]{3,4}))?(?: (?P<kind>tar(?:\.\w+)?|fifo|crlf|(?:->|=>) \S+))?(?: (?P<raw>raw))? --$")
ONCE = {"flags", "context", "stdin", "output"}
MANY = {"prepare", "environment"}


class Case:
    """A context, a Dockerfile and the flags of one build."""

    def __init__(self, group, name, what):
        self.group, self.name, self.what = group, f"{group}/{name}", what
        self.values = {"flags": "", "context": ".", "stdin": "", "output": ""}
        self.lists = {key: [] for key in MANY}
        # Why what a pattern on keys names may differ; those of it that should not.
        self.accept, self.opened = {}, set()
        self.files, self.text = [], ""

    @property
    def hash(self):
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @property
    def flags(self):
        return shlex.split(self.values["flags"])

    def reason(self, key):
        """Why `key` may differ, or "" when it may not."""
        return next((reason for pattern, reason in self.accept.items() if fnmatch.fnmatchcase(key, pattern)), "")

    def header(self, line):
        word, _, rest = line.partition(" ")
        if word in ("accept", "open"):
            # What a header accepts does not change what an engine answers.
            pattern, separator, reason = rest.partition(" BECAUSE ")
            if not separator:
                raise ValueError(f"{self.name}: '{word} KEYS BECAUSE REASON' is expected")
            self.accept[pattern] = reason
            if word == "open":
                self.opened.add(reason)
            return
        key, separator, value = line.partition(":")
        if not separator or key not in ONCE | MANY:
            raise ValueError(f"{self.name}: no header is called {key!r}")
        self.text += line + "\n"
        if key in ONCE:
            self.values[key] = value.strip()
        else:
            self.lists[key].append(value.strip())

    @property
    def time(self):
        """How old all files of the context are. Each case has a time of its own: to BuildKit a file of the same name, size and time as one
        of another context is the same file."""
        return OLD + 1 + zlib.crc32(self.name.encode()) % SPAN

    def write(self, folder):
        """Makes the files below `folder`, which must not be there."""
        folder.mkdir(parents=True)
        for entry in self.files:
            make(folder, entry)
        paths = sorted(folder.rglob("*"), key=lambda path: -len(path.parts))
        for path in [*paths, folder]:
            if os.getuid() == 0:
                mode = path.lstat().st_mode
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
                if not path.is_symlink():
                    path.chmod(mode & 0o7777)
            os.utime(path, (self.time, self.time), follow_symlinks=False)


def make(folder, entry):
    path = folder / urllib.parse.unquote(entry["name"])
    path.parent.mkdir(parents=True, exist_ok=True)
    kind, body = entry["kind"] or "", entry["body"]
    if kind.startswith("-> "):
        path.symlink_to(kind[3:])
        return
    if kind.startswith("=> "):
        os.link(folder / kind[3:], path)
        return
    if entry["name"].endswith("/"):
        path.mkdir(exist_ok=True)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "crlf":
        path.write_text(body.replace("\n", "\r\n"))
    elif kind:
        path.write_bytes(packed(kind, body))
    else:
        path.write_text(body[:-1] if entry["raw"] else body)
    path.chmod(int(entry["mode"], 8) if entry["mode"] else 0o755 if path.is_dir() else 0o644)


def packed(kind, body):
    """An archive of the entries of `body`: `NAME MODE UID:GID CONTENT`, where the content may be `-> TARGET`, `=> TARGET` or `xattr NAME=VALUE`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for line in body.splitlines():
            name, mode, owner, *rest = line.split(" ", 3)
            content = rest[0] if rest else ""
            info = tarfile.TarInfo(name.rstrip("/"))
            info.mode, info.mtime = int(mode, 8), OLD - 1000
            info.uid, info.gid = map(int, owner.split(":"))
            if content.startswith("xattr "):
                key, _, value = content[6:].partition("=")
                info.pax_headers = {f"SCHILY.xattr.{key}": value}
                content = "with attributes"
            if name.endswith("/"):
                info.type = tarfile.DIRTYPE
            elif content.startswith(("-> ", "=> ")):
                info.type, info.linkname = tarfile.SYMTYPE if content[0] == "-" else tarfile.LNKTYPE, content[3:]
            data = content.encode() + b"\n" if info.isreg() else b""
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    raw = buffer.getvalue()
    if kind == "tar.zst":
        return subprocess.run([shutil.which("zstd") or "zstd", "-q", "-c"], input=raw, capture_output=True, check=True).stdout
    ways = {"tar": bytes, "tar.gz": lambda data: gzip.compress(data, mtime=0), "tar.bz2": bz2.compress, "tar.xz": lzma.compress}
    return ways[kind](raw)


def read(path):
    """The cases of one file."""
    found, case, body = [], None, None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("==== "):
            name, separator, what = line[5:].partition(": ")
            if not separator:
                raise ValueError(f"{path}:{number}: '==== NAME: WHAT' is expected")
            case, body = Case(path.stem, name, what), None
            found.append(case)
            continue
        if case is None:
            continue
        match = FILE.match(line)
        if match:
            body = match.groupdict() | {"body": ""}
            case.files.append(body)
        elif line.startswith("-- "):
            raise ValueError(f"{path}:{number}: this names no file as FILE does")
        elif body is None:
            if line.strip() and not line.startswith("#"):
                case.header(line)
            continue
        else:
            body["body"] += line + "\n"
        case.text += line + "\n"
    for case in found:
        # An empty line stands between cases; an empty file has no line at all.
        for entry in case.files[-1:]:
            entry["body"] = entry["body"].rstrip("\n") + "\n" if entry["body"].strip() else ""
        case.text = case.text.rstrip("\n") + "\n"
    return found


def find(patterns=()):
    """The cases whose names match one of the globs `patterns` or contain it; all without any."""
    found = [case for path in sorted(HERE.glob("cases/*.txt")) for case in read(path)]
    names = [case.name for case in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"two cases have one name: {', '.join(sorted(twice))}")
    return [case for case in found if not patterns or any(fnmatch.fnmatch(case.name, p) or p in case.name for p in patterns)]
