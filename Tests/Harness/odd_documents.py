"""odd_documents.py DIR [all]: writes images in which one value of one document is odd: of another type, a number at an extreme,
null, missing. The program in them does nothing.

DIR/load/*.tar                            archives, docker's and OCI layouts
DIR/pull/manifests/TAG                    what a registry says for the tag, its media type in the first line
DIR/pull/blobs/DIGEST, manifests/DIGEST   and for a digest
DIR/list                                  a line for each: "load FILE WHAT" or "pull TAG WHAT"

Without "all" it is a seventeenth of them, in which each odd value comes in some place.
"""

import copy
import hashlib
import io
import json
import pathlib
import sys
import tarfile

MANIFEST, INDEX = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"
CONFIG, LAYER = "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar"
# Text of JSON, since Python has no way to write some of it.
ODD = [
    "null", "true", "0", "-1", "1", "1.5", "1e400", "-1e400", "1e-400", "1e18", "-9223372036854775808", "9223372036854775807",
    "9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "4294967296", "2147483648",
    "9223372036854775807000000000", "1" * 5000, '""', '"x"', '"-1"', '"9223372036854775807"', '"sha256:"', '"\\u0000"', '"\\ud800"',
    '"\\u001b[2J\\n"', '"/"', '"../../x"', '"' + "A" * 70000 + '"', "[]", "[null]", "[[]]", "[1]", '["",""]', "{}", '{"a": null}', '{"a": 1}',
    '{"": ""}', "[" * 200 + "]" * 200, "[" * 120 + "]" * 120, '{"a":' * 100 + "1" + "}" * 100,
]
MISSING = object()


class Raw:
    def __init__(self, text):
        self.text = text


def text(value):
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{text(inner)}" for key, inner in value.items() if inner is not MISSING) + "}"
    if isinstance(value, list):
        return "[" + ",".join(text(inner) for inner in value if inner is not MISSING) + "]"
    return json.dumps(value)


def places(value, above=()):
    if above:
        yield above
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield from places(inner, (*above, key))


def variants(document):
    """Each place with each odd value: what it is, and the document's text."""
    for place in places(document):
        for odd in [MISSING, *(Raw(odd) for odd in ODD)]:
            changed = copy.deepcopy(document)
            inner = changed
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = odd
            shown = "nothing" if odd is MISSING else odd.text[:40]
            yield f"{'.'.join(str(key) for key in place)} = {shown}", text(changed).encode()


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def program():
    code = bytes.fromhex("31ffb83c0000000f05")  # exit(0), for x86-64
    start, size = 0x400000, 64 + 56 + len(code)
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += b"".join(number.to_bytes(width, "little") for number, width in (
        (2, 2), (62, 2), (1, 4), (start + 120, 8), (64, 8), (0, 8), (0, 4), (64, 2), (56, 2), (1, 2), (0, 2), (0, 2), (0, 2)))
    head += b"".join(number.to_bytes(width, "little") for number, width in (
        (1, 4), (5, 4), (0, 8), (start, 8), (start, 8), (size, 8), (size, 8), (4096, 8)))
    return head + code


def archive(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o755
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def documents():
    layer = archive([("true", program())])
    config = {
        "created": "2020-01-01T00:00:00Z", "author": "a", "architecture": "amd64", "os": "linux", "variant": "", "os.version": "", "os.features": [],
        "comment": "c", "container_config": {"Cmd": ["x"]},
        "config": {
            "Hostname": "", "User": "0", "Tty": False, "Env": ["PATH=/", "A=b"], "Entrypoint": ["/true"], "Cmd": ["x"], "Image": "", "WorkingDir": "/",
            "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/v": {}}, "Labels": {"a": "b"}, "OnBuild": [], "StopSignal": "SIGTERM", "StopTimeout": 1,
            "ArgsEscaped": False, "Shell": ["/true"], "Memory": 1, "CpuShares": 1,
            "Healthcheck": {"Test": ["CMD", "/true"], "Interval": 10 ** 9, "Timeout": 10 ** 9, "StartPeriod": 1, "StartInterval": 10 ** 9, "Retries": 3},
        },
        "rootfs": {"type": "layers", "diff_ids": [digest(layer)]},
        "history": [{"created": "2020-01-01T00:00:00Z", "created_by": "x", "author": "a", "comment": "c", "empty_layer": False}],
    }
    plain = text(config).encode()
    more = {"annotations": {"a": "b"}, "urls": [], "data": "", "artifactType": ""}
    manifest = {
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "",
        "config": {"mediaType": CONFIG, "digest": digest(plain), "size": len(plain), **more},
        "layers": [{"mediaType": LAYER, "digest": digest(layer), "size": len(layer), **more}],
        "subject": None, "annotations": {"a": "b"},
    }
    return layer, config, plain, manifest


def described(content, kind, name):
    return {
        "mediaType": kind, "digest": digest(content), "size": len(content),
        "annotations": {"org.opencontainers.image.ref.name": name},
        "platform": {"os": "linux", "architecture": "amd64", "variant": "", "os.version": "", "os.features": []}, "artifactType": "", "urls": [],
    }


def main(folder, extent=""):
    folder = pathlib.Path(folder)
    for name in ("load", "pull/manifests", "pull/blobs"):
        (folder / name).mkdir(parents=True)
    layer, config, plain, manifest = documents()
    lines = []

    def put(content, kind=None):
        if kind:
            (folder / "pull/manifests" / digest(content)).write_bytes(kind.encode() + b"\n" + content)
        else:
            (folder / "pull/blobs" / digest(content)).write_bytes(content)

    def load(members, what):
        name = f"{len(lines)}.tar"
        (folder / "load" / name).write_bytes(archive(members))
        lines.append(f"load {name} {what}")

    def pull(content, kind, what):
        name = f"t{len(lines)}"
        (folder / "pull/manifests" / name).write_bytes(kind.encode() + b"\n" + content)
        lines.append(f"pull {name} {what}")

    def layout(index, *blobs):
        return [("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'), *((f"blobs/{digest(blob).replace(':', '/')}", blob) for blob in blobs),
                ("index.json", index)]

    count = -1

    def chosen(document):
        nonlocal count
        for what, content in variants(document):
            count += 1
            if extent == "all" or count % 17 == 0:
                yield count, what, content

    put(layer), put(plain)
    for number, what, content in chosen(config):
        load([("l.tar", layer), ("c.json", content),
              ("manifest.json", text([{"Config": "c.json", "RepoTags": ["localhost/odd:latest"], "Layers": ["l.tar"]}]).encode())],
             "configuration: " + what)
        if number % 2 == 0:
            put(content)
            changed = copy.deepcopy(manifest)
            changed["config"] |= {"digest": digest(content), "size": len(content)}
            pull(text(changed).encode(), MANIFEST, "configuration: " + what)
    archived = [{"Config": "c.json", "RepoTags": ["localhost/odd:latest"], "Layers": ["l.tar"], "Parent": "", "LayerSources": {}}]
    for _, what, content in chosen(archived):
        load([("l.tar", layer), ("c.json", plain), ("manifest.json", content)], "manifest.json: " + what)
    for _, what, content in chosen(manifest):
        index = text({"schemaVersion": 2, "manifests": [described(content, MANIFEST, "localhost/odd:latest")]}).encode()
        load(layout(index, layer, plain, content), "manifest: " + what)
        pull(content, MANIFEST, "manifest: " + what)
    whole = text(manifest).encode()
    put(whole, MANIFEST)
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [described(whole, MANIFEST, "localhost/odd:latest")], "annotations": {"a": "b"}}
    for _, what, content in chosen(index):
        load(layout(content, layer, plain, whole), "index: " + what)
        pull(content, INDEX, "index: " + what)
    (folder / "list").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
