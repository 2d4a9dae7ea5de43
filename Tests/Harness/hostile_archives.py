"""hostile_archives.py ARCHIVE LAYOUT FOLDER: writes archives of images that mean harm, or are only wrong, below FOLDER: NAME.tar, and
directories NAME.dir of the same files. ARCHIVE is a docker-archive of one layer, LAYOUT an OCI layout of the same."""

import copy
import hashlib
import io
import json
import os
import pathlib
import sys
import tarfile


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def path(value):
    return "blobs/" + value.replace(":", "/")


class Writer:
    def __init__(self, folder):
        self.folder = folder

    def archive(self, name, members):
        """`members`: pairs of names and contents, or whole headers in the place of names."""
        with tarfile.open(self.folder / f"{name}.tar", "w", format=tarfile.GNU_FORMAT) as tar:
            for member, content in members:
                info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
                if content is None:
                    tar.addfile(info)
                    continue
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))

    def directory(self, name, members):
        for member, content in members:
            target = self.folder / f"{name}.dir" / member
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    def both(self, name, members):
        self.archive(name, members)
        self.directory(name, members)


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def special(name, kind):
    info = tarfile.TarInfo(name)
    info.type = kind
    return info


ODD_VALUES = {
    "null": None, "number": 7, "text": "x", "list": [], "list-of-null": [None], "list-of-lists": [[]], "object": {}, "true": True,
    "deep": None, "large-number": None,
}


def docker(writer, config, layer):
    manifest = {"Config": "config.json", "RepoTags": ["name:tag"], "Layers": ["layer.tar"]}
    files = [("config.json", config), ("layer.tar", layer)]

    def write(name, document, others=files, form=writer.archive):
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        form(f"docker-{name}", list(others) + [("manifest.json", content)])

    for name, value in ODD_VALUES.items():
        write(name, value, form=writer.both)
        for key in manifest:
            write(f"{key}-{name}", [manifest | {key: value}])
            write(f"{key}-of-{name}", [manifest | {key: [value]}])
    for name, content in {
        "empty": b"", "spaces": b"  ", "bom": b"\xef\xbb\xbf" + json.dumps([manifest]).encode(), "latin": b'[{"Config":"\xe4"}]',
        "nested": b"[" * 100000, "nested-objects": b'{"a":' * 100000, "huge-number": b'[{"Config":1e999999}]',
        "large": b" " * (9 << 20), "trailing": json.dumps([manifest]).encode() + b"x", "cut": json.dumps([manifest]).encode()[:-3],
        "twice": b'[{"Config":"a","Config":"config.json","Layers":["layer.tar"],"Layers":[]}]',
        "surrogate": b'[{"Config":"\\ud800","Layers":[]}]', "zero": b'[{"Config":"a\\u0000b","Layers":[]}]',
    }.items():
        write(f"bytes-{name}", content, form=writer.both)
    for name, tag in {
        "upper": "UPPER:x", "colons": "a:b:c", "empty": "", "long": "x" * 300, "dots": "../x:1", "zero": "a\0b", "line": "a\nb:1",
        "escape": "a\x1b[31m:1", "digest": "a@sha256:" + "0" * 64, "id": "0" * 64, "umlaut": "ä:1", "slash": "/x", "tag": "x:" + "t" * 129,
    }.items():
        write(f"tag-{name}", [manifest | {"RepoTags": [tag]}])
    write("many-tags", [manifest | {"RepoTags": [f"many:{number}" for number in range(10000)]}])
    write("one-tag-often", [manifest | {"RepoTags": ["often:1"] * 10000}])
    write("many-images", [manifest | {"RepoTags": [f"image:{number}"]} for number in range(200)])
    for name, target in {
        "up": "../config.json", "far-up": "../" * 50 + "etc/passwd", "absolute": "/etc/passwd", "dot": "./config.json", "folder": "blobs",
        "none": "nothing", "empty": "", "itself": "manifest.json", "layer": "layer.tar", "zero": "a\0b", "long": "a/" * 5000,
    }.items():
        write(f"config-{name}", [manifest | {"Config": target}], [*files, ("blobs/x", b"x")], writer.both)
        write(f"layer-{name}", [manifest | {"Layers": [target]}], [*files, ("blobs/x", b"x")])
    write("layers-many", [manifest | {"Layers": ["layer.tar"] * 100000}])
    several = json.loads(config)
    several["rootfs"]["diff_ids"] *= 600
    write("layers-600", [manifest | {"Layers": ["layer.tar"] * 600}], [("config.json", json.dumps(several).encode()), files[1]])
    for name, value in ODD_VALUES.items():
        for key in ("rootfs", "config", "history", "os", "architecture", "created"):
            changed = json.loads(config) | {key: value}
            write(f"config-{key}-{name}", [manifest], [("config.json", json.dumps(changed).encode()), files[1]])
    # Members that are no files, in the places of files.
    for name, member in {
        "link-itself": link("layer.tar", "layer.tar"), "link-out": link("layer.tar", "../../../../../../etc/passwd"),
        "link-absolute": link("layer.tar", "/etc/passwd"), "hard-link-out": link("layer.tar", "/etc/passwd", tarfile.LNKTYPE),
        "hard-link-none": link("layer.tar", "nothing", tarfile.LNKTYPE), "hard-link-itself": link("layer.tar", "layer.tar", tarfile.LNKTYPE),
        "fifo": special("layer.tar", tarfile.FIFOTYPE), "device": special("layer.tar", tarfile.CHRTYPE),
        "folder": special("layer.tar", tarfile.DIRTYPE),
    }.items():
        write(f"member-{name}", [manifest], [files[0], (member, None)])
        write(f"member-late-{name}", [manifest], [*files, (member, None)])
    ring = [(link(f"l{number}", f"l{(number + 1) % 20}"), None) for number in range(20)]
    write("member-ring", [manifest | {"Layers": ["l0"]}], files + ring)
    writer.archive("docker-manifest-link", [*files, ("m", json.dumps([manifest]).encode()), (link("manifest.json", "m"), None)])
    writer.archive("docker-manifest-first", [("manifest.json", json.dumps([manifest]).encode()), *files])
    writer.archive("docker-manifests", [("manifest.json", b"7"), *files, ("manifest.json", json.dumps([manifest]).encode())])
    writer.archive("docker-manifests-bad", [("manifest.json", json.dumps([manifest]).encode()), *files, ("manifest.json", b"7")])
    writer.archive("docker-outside", [("../../x", b"x"), ("/y", b"y"), *files, ("manifest.json", json.dumps([manifest]).encode())])
    headers(writer, files, json.dumps([manifest]).encode())


def headers(writer, files, manifest):
    """Sizes and maps that cannot be."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in [*files, ("manifest.json", manifest)]:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    plain = plain.getvalue()
    place = 512 + (len(files[0][1]) + 511) // 512 * 512

    def write(name, change):
        content = bytearray(plain)
        change(content)
        content[place + 148 : place + 156] = b" " * 8
        total = sum(content[place : place + 512])
        content[place + 148 : place + 156] = b"%06o\0 " % total
        (writer.folder / f"header-{name}.tar").write_bytes(content)

    def field(offset, value):
        def change(content):
            content[place + offset : place + offset + len(value)] = value

        return change

    write("size-huge", field(124, b"77777777777\0"))
    write("size-binary", field(124, b"\x80" + b"\xff" * 11))
    write("size-negative", field(124, b"\xff" * 12))
    write("size-small", field(124, b"00000000001\0"))
    write("size-text", field(124, b"not a number"))
    write("type-sparse", field(156, b"S"))
    write("sparse-huge", lambda content: (field(156, b"S")(content), field(483, b"77777777777\0")(content)))
    write("sparse-map", lambda content: (field(156, b"S")(content), field(386, b"77777777777\0" * 8)(content)))
    write("type-unknown", field(156, b"Z"))
    (writer.folder / "header-cut.tar").write_bytes(plain[: place + 700])
    (writer.folder / "header-zeros.tar").write_bytes(bytes(100000))
    (writer.folder / "header-gzip-bomb.tar").write_bytes(b"\x1f\x8b\x08" + bytes(100))


def oci(writer, blobs, index):
    entry = index["manifests"][0]
    manifest = json.loads(blobs[entry["digest"]])

    def write(name, document, own=None, extra=(), form=writer.archive):
        contents = list((blobs if own is None else own).values())
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        members = [(path(digest(each)), each) for each in contents]
        form(f"oci-{name}", [*members, *extra, ("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), ("index.json", content)])

    def with_manifest(name, document, **changes):
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        changed = copy.deepcopy(index)
        changed["manifests"][0] |= {"digest": digest(content), "size": len(content)} | changes
        write(name, changed, blobs | {digest(content): content})

    for name, value in ODD_VALUES.items():
        write(name, value, form=writer.both)
        for key in ("manifests", "schemaVersion", "mediaType", "annotations"):
            write(f"{key}-{name}", index | {key: value})
        for key in ("mediaType", "digest", "size", "platform", "annotations", "urls"):
            write(f"entry-{key}-{name}", index | {"manifests": [entry | {key: value}]})
        with_manifest(f"manifest-{name}", value)
        for key in ("config", "layers", "mediaType", "schemaVersion"):
            with_manifest(f"manifest-{key}-{name}", manifest | {key: value})
    for name, size in {"negative": -1, "max": 2**63 - 1, "beyond": 2**64, "fraction": 1.5, "zero": 0}.items():
        write(f"size-{name}", index | {"manifests": [entry | {"size": size}]}, form=writer.both)
        with_manifest(f"layer-size-{name}", manifest | {"layers": [manifest["layers"][0] | {"size": size}]})
        with_manifest(f"config-size-{name}", manifest | {"config": manifest["config"] | {"size": size}})
    for name, value in {
        "short": "sha256:00", "algorithm": "md5:" + "0" * 32, "upper": "sha256:" + "A" * 64, "path": "sha256:../../../../etc/passwd",
        "none": "sha256:" + "0" * 64, "sha512": "sha512:" + "0" * 128, "empty": "", "no-colon": "0" * 64,
    }.items():
        write(f"digest-{name}", index | {"manifests": [entry | {"digest": value}]}, form=writer.both)
        with_manifest(f"layer-digest-{name}", manifest | {"layers": [manifest["layers"][0] | {"digest": value}]})
    with_manifest("layers-none", manifest | {"layers": []})
    with_manifest("layers-600", manifest | {"layers": manifest["layers"] * 600})
    with_manifest("layers-type", manifest | {"layers": [manifest["layers"][0] | {"mediaType": "application/x-encrypted"}]})
    with_manifest("layer-is-manifest", manifest | {"layers": [entry]})
    with_manifest("config-is-layer", manifest | {"config": manifest["config"] | {key: manifest["layers"][0][key] for key in ("digest", "size")}})
    with_manifest("schema-1", {"schemaVersion": 1, "fsLayers": [], "history": [], "name": "x", "tag": "y"})
    with_manifest("artifact", manifest | {"config": manifest["config"] | {"mediaType": "application/vnd.example+json"}})
    with_manifest("both", manifest | {"manifests": [entry]})
    for depth in (1, 3, 10, 100):
        inner, own = entry, dict(blobs)
        for _ in range(depth):
            content = json.dumps({"schemaVersion": 2, "manifests": [inner]}).encode()
            own[digest(content)] = content
            inner = {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest(content), "size": len(content)}
        write(f"index-{depth}", index | {"manifests": [inner]}, own)
    names = [entry | {"annotations": {"org.opencontainers.image.ref.name": f"many:{number}"}} for number in range(10000)]
    write("many-tags", index | {"manifests": names})
    other = bytes(blobs[manifest["layers"][0]["digest"]][:-1]) + b"x"
    write("other-content", index, extra=[(path(manifest["layers"][0]["digest"]), other)])
    write("blob-name", index, extra=[("blobs/sha256/short", b"x"), ("blobs/md5/" + "0" * 32, b"x"), ("blobs/sha256/../../x", b"x")])
    write("blob-link", index, extra=[(link(path(manifest["layers"][0]["digest"]), "/etc/passwd"), None)])


def directories(writer, config, layer, manifest):
    """What only a directory can have."""
    hexes = {"config": digest(config)[7:], "layer": digest(layer)[7:]}
    document = {
        "schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": len(config), "digest": digest(config)},
        "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar", "size": len(layer), "digest": digest(layer)}],
    }
    files = [(hexes["config"], config), (hexes["layer"], layer), ("version", b"Directory Transport Version: 1.1\n")]
    for name, change in {
        "whole": {}, "size": {"config": document["config"] | {"size": 1}}, "none": {"layers": [document["layers"][0] | {"digest": "sha256:" + "0" * 64}]},
        "layers": {"layers": 7}, "list": {"layers": None}, "type": {"mediaType": "x/y"},
    }.items():
        writer.both(f"dir-{name}", [*files, ("manifest.json", json.dumps(document | change).encode())])
    writer.directory("dir-content", [(hexes["config"], config), (hexes["layer"], layer[:-1] + b"x"), ("manifest.json", json.dumps(document).encode())])
    for name in ("fifo", "link", "device-link", "folder", "nothing"):
        target = writer.folder / f"dir-{name}.dir"
        target.mkdir()
        if name == "fifo":
            os.mkfifo(target / "index.json")
        elif name == "folder":
            (target / "manifest.json").mkdir()
        elif name != "nothing":
            (target / "index.json").symlink_to("/etc/passwd" if name == "link" else "/dev/zero")
    target = writer.folder / "dir-blob-link.dir"
    target.mkdir()
    for name, content in [*files, ("manifest.json", json.dumps(document).encode())]:
        if name != hexes["layer"]:
            (target / name).write_bytes(content)
    (target / hexes["layer"]).symlink_to("/etc/passwd")


def main(archive, layout, folder):
    folder.mkdir()
    with tarfile.open(archive) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))[0]
        config = tar.extractfile(manifest["Config"]).read()
        layer = tar.extractfile(manifest["Layers"][0]).read()
    # Small, as there are many.
    small = io.BytesIO()
    with tarfile.open(fileobj=small, mode="w") as tar:
        info = tarfile.TarInfo("file")
        info.size = 4
        tar.addfile(info, io.BytesIO(b"text"))
    layer = small.getvalue()
    document = json.loads(config)
    document["rootfs"]["diff_ids"] = [digest(layer)]
    config = json.dumps(document).encode()
    writer = Writer(folder)
    docker(writer, config, layer)
    index = json.loads((layout / "index.json").read_text())
    entry = index["manifests"][0]
    whole = json.loads((layout / path(entry["digest"])).read_text())
    whole["config"] |= {"digest": digest(config), "size": len(config)}
    whole["layers"] = [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest(layer), "size": len(layer)}]
    content = json.dumps(whole).encode()
    entry |= {"digest": digest(content), "size": len(content)}
    oci(writer, {digest(each): each for each in (config, layer, content)}, index)
    directories(writer, config, layer, manifest)


ODD_VALUES["deep"] = json.loads("[" * 200 + "]" * 200)
ODD_VALUES["large-number"] = 2**70

if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))
