"""layered_image.py OUT.tar [--parents] [--tree DIR] [--layers N]: writes an image (docker-archive) of several layers whose
later ones describe no directory above their files, as those of bazel, ko and jib do, or, with --parents, all of them.

The tree is DIR's, spread over the layers file by file, or a small one of its own with busybox: directories of different
owners and modes, and in the last layer hard links into those below."""

import argparse
import hashlib
import io
import json
import os
import pathlib
import tarfile


class Layer:
    def __init__(self, parents):
        self.buffer = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.buffer, mode="w", format=tarfile.PAX_FORMAT, errors="surrogateescape")
        self.parents = parents
        self.there = set()

    def add(self, info, data=None, directories=None):
        if directories is not None:
            parts = info.name.split("/")
            for depth in range(1, len(parts)):
                above = "/".join(parts[:depth])
                if above not in self.there and self.parents:
                    self.there.add(above)
                    self.tar.addfile(directories[above])
        self.there.add(info.name)
        self.tar.addfile(info, data)

    def bytes(self):
        self.tar.close()
        return self.buffer.getvalue()


def entry(name, type=tarfile.REGTYPE, mode=0o644, uid=0, gid=0, mtime=1600000000, size=0, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid, info.gid, info.mtime, info.size, info.linkname = type, mode, uid, gid, mtime, size, link
    return info


def small(count, parents):
    directories = {
        "bin": entry("bin", tarfile.DIRTYPE, 0o755),
        "a": entry("a", tarfile.DIRTYPE, 0o1777, mtime=1500000000),
        "a/b": entry("a/b", tarfile.DIRTYPE, 0o750, 3, 4, mtime=1500000001),
    }
    layers = [Layer(parents) for _ in range(count)]
    base = layers[0]
    for info in directories.values():
        base.add(info)
    shell = pathlib.Path("/bin/busybox").read_bytes()
    base.add(entry("bin/busybox", mode=0o755, size=len(shell)), io.BytesIO(shell))
    for name in ("sh", "stat", "cat"):
        base.add(entry(f"bin/{name}", tarfile.SYMTYPE, link="busybox"))
    base.add(entry("a/b/below", mode=0o640, uid=5, size=6), io.BytesIO(b"below\n"))
    for number, layer in enumerate(layers[1:], 1):
        layer.add(entry(f"a/b/{number}", size=2), io.BytesIO(f"{number}\n".encode()[:2]), directories)
    top = layers[-1]
    top.add(entry("a/b/link", tarfile.LNKTYPE, link="a/b/below"), None, directories)
    top.add(entry("bin/again", tarfile.LNKTYPE, link="a/b/1"), None, directories)
    return layers


def spread(tree, count, parents):
    layers = [Layer(parents or number == 0) for number in range(count)]
    directories, files = {}, []
    for folder, names, others in os.walk(tree):
        names.sort()
        relative = os.path.relpath(folder, tree)
        for name in sorted(names + others):
            path = os.path.join(folder, name)
            inside = name if relative == "." else f"{relative}/{name}"
            info = layers[0].tar.gettarinfo(path, inside)
            if info is None:
                continue
            if info.islnk():
                info = entry(inside, tarfile.LNKTYPE, info.mode, info.uid, info.gid, info.mtime, link=info.linkname)
            (directories.__setitem__(inside, info) if info.isdir() else files.append((info, path)))
    # The base has all directories, as images of a distribution do.
    for info in directories.values():
        layers[0].add(info)
    place = {}
    for number, (info, path) in enumerate(files):
        # Names of one file stay in one layer.
        layer = layers[place.setdefault(info.linkname if info.islnk() else info.name, number % count)]
        if info.isreg():
            with open(path, "rb") as data:
                layer.add(info, data, directories)
        else:
            layer.add(info, None, directories)
    return layers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--parents", action="store_true")
    parser.add_argument("--tree")
    parser.add_argument("--layers", type=int, default=10)
    options = parser.parse_args()
    if options.tree:
        layers = spread(options.tree, options.layers, options.parents)
    else:
        layers = small(options.layers, options.parents)
    contents = [layer.bytes() for layer in layers]
    ids = ["sha256:" + hashlib.sha256(content).hexdigest() for content in contents]
    config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"]}}
    config["rootfs"] = {"type": "layers", "diff_ids": ids}
    manifest = [{"Config": "config.json", "RepoTags": ["layered:latest"], "Layers": [f"{n}.tar" for n in range(len(ids))]}]
    with tarfile.open(options.out, "w") as out:
        members = [(f"{number}.tar", content) for number, content in enumerate(contents)]
        members += [("config.json", json.dumps(config).encode()), ("manifest.json", json.dumps(manifest).encode())]
        for name, content in members:
            out.addfile(entry(name, size=len(content)), io.BytesIO(content))


if __name__ == "__main__":
    main()
