"""estargz.py LAYOUT:TAG OUT [--cut N] [--diff-id]: writes an OCI layout OUT with the image of LAYOUT under the tag `estargz`, its layers
written anew as eStargz (containerd/stargz-snapshotter, docs/estargz.md): the content of each file, and of a large one each piece of 64
KiB, is a gzip member of its own; a landmark goes before all of it, and behind it a table of what is where, `stargz.index.json`; the last
member is empty, of 51 bytes, and says in its header where the table begins.

--cut N leaves out the last N bytes of the last layer, --diff-id has the configuration say that the last layer is another."""

import argparse
import base64
import datetime
import gzip
import hashlib
import io
import json
import os
import pathlib
import tarfile
import zlib

CHUNK = 1 << 16
TOC, LANDMARK = "stargz.index.json", ".no.prefetch.landmark"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
KINDS = {tarfile.DIRTYPE: "dir", tarfile.SYMTYPE: "symlink", tarfile.LNKTYPE: "hardlink", tarfile.CHRTYPE: "char",
         tarfile.BLKTYPE: "block", tarfile.FIFOTYPE: "fifo"}


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Writer:
    """Members of gzip one behind the other, and what they are of."""

    def __init__(self):
        self.out, self.plain, self.member = io.BytesIO(), hashlib.sha256(), None

    def begin(self):
        """Ends the member, and gives the place of the next."""
        if self.member:
            self.out.write(self.member.flush())
        self.member = None
        return self.out.tell()

    def write(self, content):
        if content:
            self.member = self.member or zlib.compressobj(9, zlib.DEFLATED, 31)
            self.out.write(self.member.compress(content))
            self.plain.update(content)


def entries(content):
    """(header blocks, what is stored behind them, padding) of each entry of an archive, extensions with what they are about."""
    place = start = 0
    while place + 512 <= len(content) and any(content[place:place + 512]):
        size = int(content[place + 124:place + 136].strip(b" \0") or b"0", 8)
        kind = content[place + 156:place + 157]
        data, end = place + 512, place + 512 + (size + 511) // 512 * 512
        if kind not in (b"x", b"g", b"L", b"K"):
            yield content[start:data], content[data:data + size], content[data + size:end]
            start = end
        place = end


def described(info):
    entry = {"name": info.name + ("/" if info.isdir() else ""), "type": KINDS.get(info.type, "reg"), "mode": info.mode,
             "modtime": datetime.datetime.fromtimestamp(int(info.mtime), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}
    numbers = {"uid": info.uid, "gid": info.gid, "devMajor": info.devmajor, "devMinor": info.devminor}
    for name, value in {**numbers, "linkName": info.linkname}.items():
        if value:
            entry[name] = value
    attributes = {name.removeprefix("SCHILY.xattr."): base64.b64encode(value.encode("utf-8", "surrogateescape")).decode()
                  for name, value in info.pax_headers.items() if name.startswith("SCHILY.xattr.")}
    return {**entry, **({"xattrs": attributes} if attributes else {})}


def small(name, content):
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o444
    return info.tobuf(tarfile.GNU_FORMAT), content, bytes(-len(content) % 512)


def layer(content):
    """(The layer, the digest of what is in its members, the digest of its table.)"""
    writer, table = Writer(), []
    for header, data, padding in [small(LANDMARK, b"\x0f"), *entries(content)]:
        info = tarfile.open(fileobj=io.BytesIO(header + data + padding + bytes(1024)), errors="surrogateescape").next()
        entry = described(info)
        writer.write(header)
        if data:
            entry |= {"size": len(data), "digest": digest(data)}
        for first in range(0, len(data), CHUNK):
            piece = data[first:first + CHUNK]
            place = {"offset": writer.begin(), "chunkDigest": digest(piece)}
            if len(data) > CHUNK:
                place |= {"chunkOffset": first, "chunkSize": len(piece)}
            table.append({**entry, **place} if not first else {"name": entry["name"], "type": "chunk", **place})
            writer.write(piece)
        if data:
            writer.begin()
        else:
            table.append(entry)
        writer.write(padding)
    index = json.dumps({"version": 1, "entries": table}, indent="\t").encode("utf-8", "surrogateescape")
    start = writer.begin()
    writer.write(b"".join(small(TOC, index)) + bytes(1024))
    writer.begin()
    said = b"%016xSTARGZ" % start
    field = b"SG" + len(said).to_bytes(2, "little") + said
    footer = b"\x1f\x8b\x08\x04" + bytes(5) + b"\xff" + len(field).to_bytes(2, "little") + field + b"\x01\0\0\xff\xff" + bytes(8)
    assert len(footer) == 51
    return writer.out.getvalue() + footer, "sha256:" + writer.plain.hexdigest(), digest(index)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("out")
    parser.add_argument("--cut", type=int, default=0)
    parser.add_argument("--diff-id", action="store_true")
    options = parser.parse_args()
    source, tag = options.source.rsplit(":", 1)
    blobs = pathlib.Path(options.out) / "blobs/sha256"
    os.makedirs(blobs)

    def read(descriptor):
        return (pathlib.Path(source) / "blobs" / descriptor["digest"].replace(":", "/")).read_bytes()

    def put(content, kind, **rest):
        (blobs / hashlib.sha256(content).hexdigest()).write_bytes(content)
        return {"mediaType": kind, "digest": digest(content), "size": len(content), **rest}

    index = json.loads((pathlib.Path(source) / "index.json").read_bytes())
    named = [entry for entry in index["manifests"] if entry.get("annotations", {}).get("org.opencontainers.image.ref.name") == tag]
    manifest = json.loads(read(named[0]))
    config = json.loads(read(manifest["config"]))
    made = [layer(gzip.decompress(read(old))) for old in manifest["layers"]]
    ids = [plain for _, plain, _ in made]
    if options.diff_id:
        ids[-1] = digest(b"another")
    config["rootfs"]["diff_ids"] = ids
    layers = []
    for number, (content, _, toc) in enumerate(made, 1):
        content = content[:-options.cut] if options.cut and number == len(made) else content
        layers.append(put(content, LAYER, annotations={"containerd.io/snapshot/stargz/toc.digest": toc}))
    manifest |= {"config": put(json.dumps(config).encode(), manifest["config"]["mediaType"]), "layers": layers}
    top = put(json.dumps(manifest).encode(), "application/vnd.oci.image.manifest.v1+json",
              annotations={"org.opencontainers.image.ref.name": "estargz"})
    (pathlib.Path(options.out) / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [top]}))
    (pathlib.Path(options.out) / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


if __name__ == "__main__":
    main()
