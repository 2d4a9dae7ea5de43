"""What a build made, as flat keys and values: its end, its messages, and the image out of the archive that `save` writes."""

import hashlib
import json
import pathlib
import re
import stat
import tarfile

import cases

# Whatever is younger was made by the build.
NOW = 1_760_000_000
# The times that the files of contexts have.
CONTEXT = range(cases.OLD + 1, cases.OLD + 1 + cases.SPAN)
KEPT = ("architecture", "os", "variant", "author")


class Tree:
    """The files of an image while its layers are laid one upon the other."""

    def __init__(self, known=None):
        # A root that no layer tells of is as every engine makes it.
        self.paths = dict(known.paths) if known else {"": {"type": "dir", "uid": 0, "gid": 0, "mode": "0755"}}

    def remove(self, path):
        entry = self.paths.pop(path, None)
        # To look for what is below it takes time, with many files.
        if entry is None or entry["type"] != "dir":
            return
        for below in [other for other in self.paths if other.startswith(path + "/")]:
            del self.paths[below]

    def apply(self, archive):
        """Lays the layer of a tarfile upon this tree."""
        here, links = set(), []
        for member in archive:
            path = member.name.strip("/").removeprefix("./").strip("/")
            path = "" if path == "." else path
            folder, _, name = path.rpartition("/")
            if name == ".wh..wh..opq":
                for below in [other for other in self.paths if other.startswith(folder + "/" if folder else "") and other not in here]:
                    if below != folder:
                        self.remove(below)
                continue
            if name.startswith(".wh."):
                self.remove(f"{folder}/{name[4:]}".strip("/"))
                continue
            if not member.isdir():
                self.remove(path)
            elif path in self.paths and not self.paths[path]["type"] == "dir":
                self.remove(path)
            here.add(path)
            if member.islnk():
                links.append((path, member.linkname.strip("/").removeprefix("./")))
                self.paths[path] = {"type": "missing link"}
                continue
            self.paths[path] = entry_of(member, archive)
        for path, target in links:
            self.paths[path] = self.paths.get(target, {"type": f"hard link to {target}, which is not there"})


def entry_of(member, archive):
    kinds = ((member.isdir(), "dir"), (member.issym(), "symlink"), (member.isfile(), "file"), (member.isfifo(), "fifo"),
             (member.ischr(), "char"), (member.isblk(), "block"))
    entry = {"type": next((name for matches, name in kinds if matches), "other"), "uid": member.uid, "gid": member.gid}
    if not member.issym():
        entry["mode"] = f"{member.mode & 0o7777:04o}"
    else:
        entry["target"] = member.linkname
    if member.isfile():
        data = archive.extractfile(member).read()
        entry |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()[:16]}
        # A small text says more than its digest.
        if len(data) <= 300 and data.isascii():
            entry["text"] = data.decode()
            del entry["sha256"]
    if member.ischr() or member.isblk():
        entry["device"] = f"{member.devmajor}:{member.devminor}"
    if member.mtime < NOW:
        entry["mtime"] = int(member.mtime)
    attributes = {key[13:]: value.encode("utf-8", "surrogateescape").hex() for key, value in member.pax_headers.items()
                  if key.startswith("SCHILY.xattr.")}
    if attributes:
        entry["xattrs"] = attributes
    return entry


def said(entry):
    """An entry in few words: kind, mode, owner, time where it is an old one, content."""
    if entry is None:
        return "removed"
    words = [entry["type"], entry.get("mode"), f"{entry['uid']}:{entry['gid']}" if "uid" in entry else None]
    # The cache takes files of one content for the same, whichever case they are of.
    old = entry.get("mtime")
    words += ["@context" if old is not None and old in CONTEXT else f"@{old}" if old is not None else None, entry.get("device")]
    words += [f"-> {entry['target']}" if "target" in entry else None, json.dumps(entry["text"]) if "text" in entry else None]
    words += [f"{entry['size']} bytes {entry['sha256']}" if "sha256" in entry else None]
    words += [f"{key}={value}" for key, value in sorted(entry.get("xattrs", {}).items())]
    return " ".join(word for word in words if word)


def changes(before, after):
    """What a layer did to the tree: {path: entry or None}, without directories of which only the time is another."""
    found = {}
    for path in sorted(set(before.paths) | set(after.paths)):
        old, new = before.paths.get(path), after.paths.get(path)
        if old is new:
            continue
        if old and new and old["type"] == new["type"] == "dir":
            if {**old, "mtime": 0} == {**new, "mtime": 0}:
                continue
            # The time of a directory that was there is what was last done in it.
            new = {key: value for key, value in new.items() if key != "mtime"}
        elif old == new:
            continue
        found[path] = new
    # What goes with its directory needs no word of its own.
    gone = {path for path, entry in found.items() if entry is None}
    return {path: entry for path, entry in found.items() if path not in gone or path.rpartition("/")[0] not in gone}


def names_of_one_file(tree):
    """Groups of paths that are one file."""
    groups = {}
    for path, entry in tree.paths.items():
        groups.setdefault(id(entry), []).append(path)
    return [sorted(paths) for paths in groups.values() if len(paths) > 1]


class Images:
    """The base images of a run, whose layers need not be told again."""

    def __init__(self, folder):
        self.names, self.trees = {}, {}
        for path in sorted(pathlib.Path(folder).glob("*.tar")):
            with tarfile.open(path) as archive:
                manifest = json.load(archive.extractfile("manifest.json"))[0]
                config = json.load(archive.extractfile(manifest["Config"]))
                for number, (layer, identity) in enumerate(zip(manifest["Layers"], config["rootfs"]["diff_ids"])):
                    if identity in self.trees:
                        continue
                    tree = Tree()
                    with tarfile.open(fileobj=archive.extractfile(layer)) as inner:
                        tree.apply(inner)
                    self.names[identity], self.trees[identity] = f"{path.stem}:{number}", tree


def member(archive, name):
    """A file of an archive of images, which may be a link to another of it."""
    found = archive.extractfile(name)
    if found is None:
        raise ValueError(f"{name} is no file of the archive")
    return found


def moment(text):
    """A time of a configuration, where the build did not make it."""
    return text if text and text[:4] < "2025" else "now"


def of_archive(path, images):
    """The image of the archive that `save` wrote."""
    found = {}
    with tarfile.open(path) as archive:
        manifest = json.load(member(archive, "manifest.json"))[0]
        config = json.load(member(archive, manifest["Config"]))
        for key in KEPT:
            if config.get(key):
                found[key] = config[key]
        found["created"] = moment(config.get("created"))
        for key, value in sorted(config.get("config", {}).items()):
            if value not in (None, "", False, {}):
                found[f"config.{key}"] = json.dumps(value, sort_keys=True)
        for number, line in enumerate(config.get("history", [])):
            rest = {key: value for key, value in line.items() if key != "created"}
            found[f"history.{number}"] = json.dumps(rest | {"created": moment(line.get("created"))}, sort_keys=True)
        tree = Tree()
        identities = config["rootfs"].get("diff_ids") or []
        for number, (layer, identity) in enumerate(zip(manifest["Layers"], identities)):
            before = Tree(tree)
            if identity in images.names:
                found[f"layer.{number}"] = f"that of {images.names[identity]}"
                tree.paths.update(images.trees[identity].paths)
                continue
            # The digest is of what is there.
            data = member(archive, layer)
            whole = hashlib.file_digest(data, "sha256").hexdigest()
            if f"sha256:{whole}" != identity and not is_compressed(data):
                found[f"layer.{number}"] = f"its digest is another than the configuration's: {whole}"
            data.seek(0)
            with tarfile.open(fileobj=data) as inner:
                tree.apply(inner)
            done = changes(before, tree)
            found.setdefault(f"layer.{number}", f"{len(done)} changes")
            for changed, entry in done.items():
                found[f"layer.{number} /{changed}"] = said(entry)
        if len(manifest["Layers"]) != len(identities):
            found["layers"] = f"{len(manifest['Layers'])} in the archive, {len(identities)} in the configuration"
        known = {path for other in images.trees.values() for path in other.paths}
        for names in names_of_one_file(tree):
            if not set(names) <= known:
                found[f"one file /{names[0]}"] = " ".join("/" + name for name in names[1:])
    return found


def is_compressed(data):
    data.seek(0)
    start = data.read(4)
    data.seek(0)
    return start[:2] == b"\x1f\x8b" or start == b"\x28\xb5\x2f\xfd"


def of_output(path):
    """The files that `--output` wrote: a directory or a tar archive."""
    found = {}
    if path.is_file():
        with tarfile.open(path) as archive:
            for entry in archive:
                found[f"output /{entry.name.strip('/')}"] = said(entry_of(entry, archive))
        return found
    for below in sorted(path.rglob("*")):
        status = below.lstat()
        kind = stat.filemode(status.st_mode)
        content = below.readlink() if below.is_symlink() else below.read_text() if below.is_file() else ""
        found[f"output /{below.relative_to(path)}"] = f"{kind} {str(content)!r}"
    return found


REPLACED = [(re.compile(pattern), to) for pattern, to in (
    (r"failed to compute cache key: ", ""),
    (r"failed to calculate checksum of ref [^:\s]+::[^:\s]+: ", ""),
    (r"\b(ERROR|error|apus|docker): ", ""),
    (r"failed to build: ", ""),
    (r"failed to solve: ", ""),
    (r"(?s)\n+View build details.*", ""),
    (r"'(docker buildx|docker|apus) build'", "'build'"),
    (r"(?s)\n+(See|Learn more at) .*", ""),
    (r"<ENGINE>/oracle/data/overlay2/\w+/merged", ""),
)]


def essence(errors):
    """The sentence at the end of what a failed build said."""
    lines = re.split(r"\n+(?:Usage:|Run '|See ')", errors.strip("\n"))[0].split("\n")
    begin = next((number for number in range(len(lines) - 1, -1, -1) if re.match(r"(ERROR|error|docker|apus): ", lines[number])), len(lines) - 1)
    text = "\n".join(lines[begin:])
    for pattern, to in REPLACED:
        text = pattern.sub(to, text)
    return text.strip()


def of_messages(code, errors):
    """What the build said: its exit code, the sentence of a failure, the lines it is about, and warnings."""
    found = {"exit": str(code)}
    if code:
        found["error"] = essence(errors)
        marked = re.findall(r"(?m)^ +(\d+) \| >>>", errors)
        if marked:
            found["lines"] = " ".join(marked)
    warnings = re.findall(r"(?m)^ - (\w+: .*)$", errors)
    if warnings:
        found["warnings"] = "\n".join(sorted(warnings))
    return found


def of_steps(errors):
    """The lines that programs wrote, of the plain progress: [text]."""
    return re.findall(r"(?m)^#\d+ \d+\.\d+ (.*)$", errors)
