"""validate_images.py PATH…: holds image layouts (directories, or archives of them) to image-spec's own JSON schemas, which Debian has
in golang-github-opencontainers-image-spec-dev, and to what the specification says in words alone: digests, sizes, the order of names. Of a
directory without an index.json, such as a registry's or skopeo's dir:, every document that it has is looked at.

Prints a line for each fault, then how many documents of each kind were looked at; the exit code is 1 where there is a fault."""

import collections
import hashlib
import json
import pathlib
import re
import sys
import tarfile
import tempfile

import jsonschema

SCHEMAS = pathlib.Path("/usr/share/gocode/src/github.com/opencontainers/image-spec/schema")
BASE = "file:///schema/"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
TAG = re.compile(r"[A-Za-z0-9]+((-(-)?|[._:@+/]|__)[A-Za-z0-9]+)*")


def without_ids(value):
    """The ids of parts would make their references relative to themselves."""
    if isinstance(value, list):
        return [without_ids(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: without_ids(each)
        for key, each in value.items()
        if not (key == "id" and isinstance(each, str) and each.startswith("https://opencontainers.org"))
    }


STORE = {BASE + path.name: without_ids(json.loads(path.read_text())) for path in SCHEMAS.glob("*.json")}
faults = []
counts = collections.Counter()


def fault(where, what):
    faults.append(f"{where}: {what}")


def once(pairs):
    names = [name for name, _ in pairs]
    for name in set(names):
        if names.count(name) > 1:
            raise ValueError(f"{name} comes twice")
    return dict(pairs)


def check(where, kind, content):
    """Validates a document by its kind's schema; the document, None for what is none."""
    counts[kind] += 1
    try:
        document = json.loads(content.decode("utf-8"), object_pairs_hook=once)
    except ValueError as error:
        fault(where, f"is no JSON: {error}")
        return None
    schema = STORE[f"{BASE}{kind}-schema.json"]
    resolver = jsonschema.RefResolver(f"{BASE}{kind}-schema.json", schema, store=STORE)
    for error in jsonschema.Draft4Validator(schema, resolver=resolver).iter_errors(document):
        fault(where, f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    if kind == "config" and "created" in document and not RFC3339.fullmatch(document["created"]):
        fault(where, f"created is {document['created']}")
    return document


class Layout:
    def __init__(self, name, root):
        self.name, self.root, self.seen = name, root, set()

    def blob(self, descriptor, where, needed=True):
        algorithm, digits = descriptor["digest"].split(":")
        path = self.root / "blobs" / algorithm / digits
        if not path.exists():
            path = self.root / digits
        if not path.exists():
            if needed:
                fault(where, f"{descriptor['digest']} is missing")
            return None
        content = path.read_bytes()
        if len(content) != descriptor["size"]:
            fault(where, f"{descriptor['digest']} has {len(content)} bytes where {descriptor['size']} are said")
        if hashlib.new(algorithm, content).hexdigest() != digits:
            fault(where, f"{descriptor['digest']} is another's content")
        return content

    def follow(self, descriptor, where):
        content = self.blob(descriptor, where, needed=where.endswith("index.json"))
        if content is None or descriptor["digest"] in self.seen:
            return
        self.seen.add(descriptor["digest"])
        self.document(f"{self.name}: {descriptor['digest'][:19]}", content, descriptor["mediaType"])

    def document(self, where, content, media_type):
        kind = "image-index" if media_type.endswith(("image.index.v1+json", "manifest.list.v2+json")) else "image-manifest"
        document = check(where, kind, content)
        if document is None:
            return
        if document.get("mediaType", media_type) != media_type:
            fault(where, f"says that it is {document['mediaType']} where {media_type} was announced")
        if kind == "image-index":
            for each in document["manifests"]:
                self.follow(each, where)
            return
        config = self.blob(document["config"], where)
        layers = [self.blob(each, where) for each in document["layers"]]
        if config is None or not document["config"]["mediaType"].endswith(("config.v1+json", "image.v1+json")):
            return
        config = check(f"{where}: configuration", "config", config)
        if config is None:
            return
        if len(config["rootfs"]["diff_ids"]) != len(layers):
            fault(where, "has another number of layers than its configuration")
        steps = [each for each in config.get("history", []) if not each.get("empty_layer")]
        if config.get("history") and len(steps) != len(layers):
            fault(where, f"has {len(layers)} layers, and {len(steps)} steps of its history made one")

    def run(self):
        check(f"{self.name}: oci-layout", "image-layout", (self.root / "oci-layout").read_bytes())
        index = check(f"{self.name}: index.json", "image-index", (self.root / "index.json").read_bytes())
        if index is None:
            return
        for each in index["manifests"]:
            name = each.get("annotations", {}).get("org.opencontainers.image.ref.name")
            if name is not None and not TAG.fullmatch(name):
                fault(self.name, f"the name {name} is not of the specification's grammar")
            self.follow(each, f"{self.name}: index.json")


def loose(name, root):
    """The documents of a directory that is no layout."""
    for path in sorted(root.rglob("*")):
        if not path.is_file() or path.stat().st_size > 4 << 20:
            continue
        content = path.read_bytes()
        if not content.lstrip().startswith(b"{"):
            continue
        document = json.loads(content)
        if "rootfs" in document:
            check(f"{name}: {path.name[:12]}", "config", content)
        elif "layers" in document or "manifests" in document:
            check(f"{name}: {path.name[:12]}", "image-index" if "manifests" in document else "image-manifest", content)


def main(paths):
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            if (path / "index.json").exists():
                Layout(path.name, path).run()
            else:
                loose(path.name, path)
            continue
        with tempfile.TemporaryDirectory() as folder, tarfile.open(path) as archive:
            archive.extractall(folder)
            Layout(path.name, pathlib.Path(folder)).run()
    for each in faults:
        print(each)
    print(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())))
    return 1 if faults or not counts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
