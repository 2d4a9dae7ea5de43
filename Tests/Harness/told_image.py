"""told_image.py OUT.tar NAME LAYERS [CONFIG]: writes an image (docker-archive) of layers that are told by words, each layer behind a
semicolon, each entry behind a space: `DIR:MODE:USER`, a directory; `PATH=TEXT`, a file of root, whose directories get no
entries; `NAME>TARGET`, a hard link; `base`, busybox with its commands and the usual directories.
CONFIG is the text of the configuration, in which %LAYERS stands for the list of layers, and \\xNN for a byte."""

import hashlib
import io
import json
import re
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


def main(path, name, told, told_config=None):
    layers = [layer(words) for words in told.split(";")]
    digests = ["sha256:" + hashlib.sha256(content).hexdigest() for content in layers]
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"]},
                         "rootfs": {"type": "layers", "diff_ids": digests}}).encode()
    if told_config:
        text = told_config.replace("%LAYERS", json.dumps(digests)).encode()
        config = re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found.group(1), 16)]), text)
    manifest = [{"Config": "config.json", "RepoTags": [f"{name}:latest"], "Layers": [f"{number}.tar" for number in range(len(layers))]}]
    with tarfile.open(path, "w") as out:
        members = [(f"{number}.tar", content) for number, content in enumerate(layers)]
        for member, content in [*members, ("config.json", config), ("manifest.json", json.dumps(manifest).encode())]:
            out.addfile(*entry(member, data=content))


if __name__ == "__main__":
    main(*sys.argv[1:])
