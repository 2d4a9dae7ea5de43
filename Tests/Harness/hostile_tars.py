"""hostile_tars.py DIR OUTSIDE: writes archives that try to write, link or remove below OUTSIDE, or are broken."""

import gzip
import pathlib
import sys

from layer_tars import Layer
import tarfile


def main(folder, outside):
    up = "../" * 12 + outside.lstrip("/")
    layers = {}

    def layer(name):
        layers[name] = Layer(folder / f"{name}.tar")
        return layers[name]

    layer("dotdot").add(f"{up}/new", data=b"x")
    layer("dotdot-deep").add(f"a/b/../../{up}/new", data=b"x")
    attack = layer("through-symlink")
    attack.add("link", tarfile.SYMTYPE, link=up)
    attack.add("link/new", data=b"x")
    attack = layer("through-absolute-symlink")
    attack.add("link", tarfile.SYMTYPE, link=outside)
    attack.add("link/new", data=b"x")
    attack.add("link/file", data=b"overwritten")
    attack = layer("hardlink-out")
    attack.add("hard", tarfile.LNKTYPE, link=f"{up}/file")
    attack.add("hard", data=b"overwritten")
    attack = layer("hardlink-through-symlink")
    attack.add("link", tarfile.SYMTYPE, link=outside)
    attack.add("hard", tarfile.LNKTYPE, link="link/file")
    layer("whiteout-dotdot").add(".wh...")
    layer("whiteout-root").add(".wh..")
    layer("truncated").add("file", data=b"x" * 100_000)
    for made in layers.values():
        made.close()
    whole = (folder / "truncated.tar").read_bytes()
    (folder / "truncated.tar").write_bytes(whole[:50_000])
    (folder / "not-a-tar.tar").write_bytes(b"this is no archive\n" * 1000)
    packed = bytearray(gzip.compress(bytes(range(256)) * 5000))
    packed[len(packed) // 2] ^= 0xFF
    (folder / "corrupt-gzip.tar").write_bytes(packed)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2])
