"""told_image.py OUT.tar NAME LAYERS: writes an image (docker-archive) of layers that are told by words, each layer behind a
semicolon, each entry behind a space: `DIR:MODE:USER`, a directory; `PATH=TEXT`, a file of root, whose directories get no
entries; `NAME>TARGET`, a hard link; `base`, busybox with its commands and the usual directories."""

import hashlib
import io
import json
import subprocess
import sys
import tarfile

TIME = 1600000000


def entry(name, kind=tarfile.REGTYPE, mode=0o644, user=0, data=b"", link=""):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid, info.gid, info.linkname, info.mtime, info.size = kind, mode, user, user, link, TIME, len(data)
    return info, io.BytesIO(data)


def base():
    for name in ("bin", "dev", "etc", "proc", "root", "sys", "tmp"):
        yield entry(name, tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755)
    with open("/bin/busybox", "rb") as program:
        yield entry("bin/busybox", mode=0o755, data=program.read())
    for name in subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True, check=True).stdout.split():
        if name != "busybox":
            yield entry(f"bin/{name}", tarfile.SYMTYPE, 0o777, link="busybox")


def entries(words):
    for word in words.split():
        if word == "base":
            yield from base()
        elif "=" in word:
            name, text = word.split("=", 1)
            yield entry(name, data=text.encode())
        elif ">" in word:
            name, target = word.split(">", 1)
            yield entry(name, tarfile.LNKTYPE, link=target)
        else:
            name, mode, user = word.split(":")
            yield entry(name, tarfile.DIRTYPE, int(mode, 8), int(user))


def layer(words):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, data in entries(words):
            tar.addfile(info, data)
    return buffer.getvalue()


def main(path, name, told):
    layers = [layer(words) for words in told.split(";")]
    config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"]},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(content).hexdigest() for content in layers]}}
    manifest = [{"Config": "config.json", "RepoTags": [f"{name}:latest"], "Layers": [f"{number}.tar" for number in range(len(layers))]}]
    with tarfile.open(path, "w") as out:
        members = [(f"{number}.tar", content) for number, content in enumerate(layers)]
        for member, content in [*members, ("config.json", json.dumps(config).encode()), ("manifest.json", json.dumps(manifest).encode())]:
            out.addfile(*entry(member, data=content))


if __name__ == "__main__":
    main(*sys.argv[1:])
