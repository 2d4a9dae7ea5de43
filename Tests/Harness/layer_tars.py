"""layer_tars.py DIR: writes base.tar, changes.tar and more.tar, layers with what image layers are known to hold:
whiteouts, opaque directories, links, long and strange names, owners, times and extended attributes."""

import io
import pathlib
import sys
import tarfile

LONG = "long/" + "/".join(f"{'x' * 58}{n}" for n in range(5)) + "/end"  # some 300 characters


class Layer:
    def __init__(self, path, format=tarfile.PAX_FORMAT):
        self.tar = tarfile.open(path, "w", format=format, encoding="utf-8", errors="surrogateescape")

    def add(self, name, type=tarfile.REGTYPE, data=b"", mode=0o644, uid=0, gid=0, mtime=1600000000, link="", pax=None, dev=(0, 0)):
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.uid, info.gid, info.mtime, info.linkname = type, mode, uid, gid, mtime, link
        info.size = len(data)
        info.devmajor, info.devminor = dev
        info.pax_headers = pax or {}
        self.tar.addfile(info, io.BytesIO(data))

    def directory(self, name, mode=0o755, **rest):
        self.add(name, tarfile.DIRTYPE, mode=mode, **rest)

    def close(self):
        self.tar.close()


def base(path):
    layer = Layer(path)
    layer.directory("files")
    layer.add("files/owned", data=b"1:2\n", uid=1, gid=2, mode=0o640)
    layer.add("files/high-ids", data=b"high\n", uid=65534, gid=60000)
    layer.add("files/setuid", data=b"#!/bin/sh\n", mode=0o4755)
    layer.add("files/setgid", data=b"#!/bin/sh\n", mode=0o2755, uid=5, gid=6)
    layer.add("files/no-permissions", data=b"secret\n", mode=0o000)
    layer.add("files/nanoseconds", data=b"t\n", mtime=1500000000.125, pax={"mtime": "1500000000.125"})
    layer.add("files/ancient", data=b"t\n", mtime=1)
    layer.add("files/empty")
    layer.add("files/attributes", data=b"x\n", pax={"SCHILY.xattr.user.comment": "kept"})
    layer.add("files/fifo", tarfile.FIFOTYPE, mode=0o600)
    layer.add("files/link", tarfile.SYMTYPE, link="owned", mode=0o777)
    layer.add("files/dangling", tarfile.SYMTYPE, link="/nowhere/../at all", mode=0o777)
    layer.add("files/hard", tarfile.LNKTYPE, link="files/owned", uid=1, gid=2, mode=0o640)
    layer.add("files/b\udcff\udcfename", data=b"bytes\n")
    layer.add("files/na\u00efve \u65e5\u672c", data=b"unicode\n")
    layer.add("files/new\nline", data=b"control\n")
    layer.directory("files/sticky", mode=0o1777)
    layer.directory("files/unwritable", mode=0o555)
    layer.add("files/unwritable/inside", data=b"x\n", mode=0o444)
    parts = LONG.split("/")[:-1]
    for depth in range(len(parts)):
        layer.directory("/".join(parts[: depth + 1]))
    layer.add(LONG, data=b"far\n")
    # Directories that no entry of the archive names: their times are the unpacker's.
    layer.add("implicit/directories/file", data=b"here\n")
    layer.directory("gone")
    layer.add("gone/a", data=b"a\n")
    layer.directory("opaque", uid=3, gid=4)
    layer.add("opaque/old", data=b"old\n")
    layer.directory("opaque/olddir")
    layer.add("opaque/olddir/x", data=b"x\n")
    layer.directory("change")
    layer.add("change/removed", data=b"r\n")
    layer.add("change/recreated", data=b"first\n", uid=9)
    layer.add("change/file-to-directory", data=b"f\n")
    layer.directory("change/directory-to-file")
    layer.add("change/directory-to-file/inside", data=b"x\n")
    layer.add("change/link-to-directory", tarfile.SYMTYPE, link="/files", mode=0o777)
    layer.directory("change/recreated-directory")
    layer.add("change/recreated-directory/old", data=b"old\n")
    layer.add("change/mode", data=b"m\n", mode=0o600)
    layer.add("change/linked-later", data=b"shared\n")
    layer.close()


def changes(path):
    layer = Layer(path, tarfile.GNU_FORMAT)
    layer.add(".wh.gone")
    layer.directory("opaque", uid=3, gid=4)
    layer.add("opaque/new", data=b"new\n")
    # The marker counts wherever it stands among its directory's entries.
    layer.add("opaque/.wh..wh..opq")
    layer.add("opaque/newer", data=b"newer\n")
    layer.directory("change")
    layer.add("change/.wh.removed")
    layer.add("change/.wh.never-was-there")
    layer.add("change/.wh.recreated")
    layer.add("change/recreated", data=b"second\n", uid=10)
    layer.directory("change/file-to-directory")
    layer.add("change/file-to-directory/inside", data=b"in\n")
    layer.add("change/directory-to-file", data=b"now a file\n")
    layer.directory("change/link-to-directory")
    layer.add("change/link-to-directory/inside", data=b"in\n")
    layer.add("change/.wh.recreated-directory")
    layer.directory("change/recreated-directory")
    layer.add("change/recreated-directory/new", data=b"new\n")
    layer.add("change/mode", data=b"m\n", mode=0o755, uid=11)
    layer.directory("long")
    layer.directory("long/" + "g" * 150)
    layer.add("long/" + "g" * 150 + "/" + "h" * 120, data=b"gnu\n")
    layer.add("long/link", tarfile.SYMTYPE, link="/" + "t" * 200, mode=0o777)
    layer.close()


def more(path):
    layer = Layer(path, tarfile.GNU_FORMAT)
    layer.directory("more")
    layer.add("more/one", data=b"one\n")
    layer.add("more/two", tarfile.LNKTYPE, link="more/one")
    layer.add("more/three", tarfile.LNKTYPE, link="./more/two")
    # The same name twice: the last one counts.
    layer.add("more/twice", data=b"first\n")
    layer.add("more/twice", data=b"last\n", mode=0o600)
    layer.close()


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    base(folder / "base.tar")
    changes(folder / "changes.tar")
    more(folder / "more.tar")
