"""shaped_image.py SHAPE OUT.tar [NAME]: writes an image (docker-archive) shaped as a tool writes its own, with busybox in it.

nix         dockerTools: absolute names, /nix/store in each layer, nothing that may be written, times of one second, a last layer
            with names that begin with "./", layers as DIGEST/layer.tar
buildpacks  Cloud Native Buildpacks: absolute names of several users, times of 1980, labels that are documents, the same empty
            layer twice, a process type that is a link to the launcher, PAX headers
kaniko      snapshots: an entry for the root, white-outs without mode and time beside entries of the directories above, a
            directory that becomes a file and the other way round, compressed layers, a configuration named by its digest
"""

import gzip
import hashlib
import io
import json
import sys
import tarfile

from told_image import base

PROGRAM = "busybox"


class Layer:
    def __init__(self, time, format=tarfile.GNU_FORMAT):
        self.buffer = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.buffer, mode="w", format=format)
        self.time = time

    def add(self, name, kind=tarfile.REGTYPE, mode=0o644, data=b"", link="", user=0, group=0, time=None, pax=None):
        info = tarfile.TarInfo()
        # Set afterwards, so that a leading slash stays.
        info.name, info.linkname, info.type, info.mode, info.size = name, link, kind, mode, len(data)
        info.uid, info.gid, info.mtime, info.pax_headers = user, group, self.time if time is None else time, pax or {}
        self.tar.addfile(info, io.BytesIO(data))

    def directory(self, name, mode=0o755, **rest):
        self.add(name, tarfile.DIRTYPE, mode, **rest)

    def bytes(self):
        self.tar.close()
        return self.buffer.getvalue()


def busybox():
    with open("/bin/busybox", "rb") as program:
        return program.read()


def commands():
    return [info.name.removeprefix("bin/") for info, _ in base() if info.type == tarfile.SYMTYPE]


def nix():
    store = "/nix/store"
    shell, tool, root = f"{store}/{'0' * 32}-busybox-1.36", f"{store}/{'1' * 32}-tool", f"{store}/{'2' * 32}-customisation"
    layers = []

    def layer(*paths):
        made = Layer(1)
        for above in ("/nix", store):
            made.directory(above, 0o555)
        for path, fill in paths:
            made.directory(path, 0o555)
            fill(made, path)
        layers.append(made.bytes())

    def fill_shell(made, path):
        made.directory(f"{path}/bin", 0o555)
        for name in commands():
            made.add(f"{path}/bin/{name}", tarfile.SYMTYPE, 0o777, link=PROGRAM)
        made.add(f"{path}/bin/{PROGRAM}", mode=0o555, data=busybox())

    def fill_tool(made, path):
        made.directory(f"{path}/bin", 0o555)
        made.add(f"{path}/bin/tool", mode=0o555, data=f"#!{shell}/bin/sh\necho from the store\n".encode())
        # The store's files with the same content are one.
        made.add(f"{path}/bin/again", tarfile.LNKTYPE, 0o555, link=f"{path}/bin/tool")

    layer((shell, fill_shell))
    layer((tool, fill_tool))
    last = Layer(1)
    last.directory("./", 0o755)
    last.directory("./bin", 0o555)
    last.add("./bin/sh", tarfile.SYMTYPE, 0o777, link=f"{shell}/bin/sh")
    last.add("./bin/tool", tarfile.SYMTYPE, 0o777, link=f"{tool}/bin/tool")
    last.add("./etc/made-by", mode=0o444, data=b"nix\n")
    layers.append(last.bytes())
    config = {"created": "1970-01-01T00:00:01+00:00", "architecture": "amd64", "os": "linux",
              "config": {"Cmd": ["/bin/tool"], "Env": [f"PATH={shell}/bin:/bin"]},
              "history": [{"created": "1970-01-01T00:00:01+00:00", "comment": f"store paths: ['{path}']"} for path in (shell, tool, root)]}
    return layers, config, lambda number, content: (f"{hashlib.sha256(content).hexdigest()}/layer.tar", content), None


def buildpacks():
    time, when = 315532801, "1980-01-01T00:00:01Z"
    run = Layer(time)
    for info, data in base():
        run.add(info.name, info.type, info.mode, data.getvalue(), info.linkname)
    run.directory("home")
    run.directory("home/cnb", 0o755, user=1000, group=1000)
    run.add("etc/passwd", data=b"root:x:0:0::/root:/bin/sh\ncnb:x:1000:1000::/home/cnb:/bin/sh\n")
    run.add("etc/group", data=b"root:x:0:\ncnb:x:1000:\n")
    app = Layer(time, tarfile.PAX_FORMAT)
    app.directory("/workspace", user=1000, group=1000)
    app.add("/workspace/hello", mode=0o755, user=1000, group=1000, pax={"path": "/workspace/hello", "mtime": "315532801.0"},
            data=b"#!/bin/sh\necho built; stat -c '%u %Y' /workspace/hello; id -u\n")
    launcher = Layer(time, tarfile.PAX_FORMAT)
    for name in ("/cnb", "/cnb/lifecycle", "/cnb/process"):
        launcher.directory(name)
    launcher.add("/cnb/lifecycle/launcher", mode=0o755, data=b"#!/bin/sh\ncd /workspace && exec \"${@:-./hello}\"\n")
    types = Layer(time, tarfile.PAX_FORMAT)
    for name in ("/cnb", "/cnb/process"):
        types.directory(name)
    types.add("/cnb/process/web", tarfile.SYMTYPE, 0o777, link="/cnb/lifecycle/launcher")
    settings = Layer(time, tarfile.PAX_FORMAT)
    for name in ("/layers", "/layers/config"):
        settings.directory(name, user=1000, group=1000)
    settings.add("/layers/config/metadata.toml", user=1000, group=1000, data=b"[[processes]]\ntype = \"web\"\n")
    empty = Layer(time).bytes()
    layers = [run.bytes(), empty, settings.bytes(), launcher.bytes(), empty, types.bytes(), app.bytes()]
    document = {"buildpacks": [{"key": f"example/{number}", "version": "1.0", "layers": {"deps": {
        "sha": "sha256:" + hashlib.sha256(str(number).encode()).hexdigest(), "data": {"note": "\"<quoted>\" & \u00e9\n"}}}}
        for number in range(200)]}
    labels = {"io.buildpacks.lifecycle.metadata": json.dumps(document), "io.buildpacks.build.metadata": "{}",
              "io.buildpacks.project.metadata": "null", "io.buildpacks.stack.id": ""}
    config = {"created": when, "architecture": "amd64", "os": "linux", "author": "",
              "config": {"Entrypoint": ["/cnb/process/web"], "Cmd": None, "User": "cnb", "WorkingDir": "/workspace", "Labels": labels,
                         "Env": ["PATH=/cnb/process:/cnb/lifecycle:/bin", "CNB_LAYERS_DIR=/layers", "CNB_APP_DIR=/workspace"]},
              "history": [{"created": when, "created_by": f"Layer {number}"} for number in range(len(layers))]}
    return layers, config, lambda number, content: (f"blobs/{number}", content), None


def kaniko():
    first = Layer(1600000000)
    for info, data in base():
        first.add(info.name + ("/" if info.isdir() else ""), info.type, info.mode, data.getvalue(), info.linkname)
    first.directory("srv/")
    first.directory("srv/gone/")
    first.add("srv/gone/file", data=b"gone\n")
    first.directory("srv/becomes-file/")
    first.add("srv/becomes-file/inside", data=b"inside\n")
    first.add("srv/becomes-directory", data=b"file\n")
    first.add("srv/kept", data=b"kept\n")
    second = Layer(1600000100, tarfile.PAX_FORMAT)
    second.directory("/")
    second.directory("srv/", 0o750, time=1600000050)
    second.add("srv/.wh.gone", mode=0, time=0)
    second.add("srv/becomes-file", data=b"now a file\n")
    second.add("srv/.wh.becomes-directory", mode=0, time=0)
    second.directory("srv/becomes-directory/")
    second.add("srv/becomes-directory/inside", data=b"now inside\n")
    second.add("srv/again", tarfile.LNKTYPE, link="srv/kept")
    # Of a file that the layers below do not have.
    second.add("srv/.wh.never-there", mode=0, time=0)
    layers = [first.bytes(), second.bytes()]
    config = {"created": "0001-01-01T00:00:00Z", "author": "kaniko", "architecture": "amd64", "os": "linux",
              "config": {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"], "ArgsEscaped": True, "OnBuild": None, "Volumes": None},
              "history": [{"created": "0001-01-01T00:00:00Z", "author": "kaniko", "created_by": "RUN rm -r /srv/gone"}] * 2}

    def named(number, content):
        packed = gzip.compress(content, mtime=0)
        return hashlib.sha256(packed).hexdigest() + ".tar.gz", packed

    return layers, config, named, "sha256:"


def main(shape, path, name=None):
    layers, config, named, prefix = {"nix": nix, "buildpacks": buildpacks, "kaniko": kaniko}[shape]()
    config["rootfs"] = {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(content).hexdigest() for content in layers]}
    text = json.dumps(config).encode()
    digest = hashlib.sha256(text).hexdigest()
    config_name = prefix + digest if prefix else f"{digest}.json"
    members = [named(number, content) for number, content in enumerate(layers)]
    manifest = [{"Config": config_name, "RepoTags": [f"{name or f'localhost/{shape}'}:latest"], "Layers": [member for member, _ in members]}]
    out = Layer(1)
    there = set()
    for member, content in [*members, (config_name, text), ("manifest.json", json.dumps(manifest).encode())]:
        if member not in there:
            out.add(member, data=content)
        there.add(member)
    with open(path, "wb") as file:
        file.write(out.bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
