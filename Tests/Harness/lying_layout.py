"""lying_layout.py LAYOUT LIE ARCHIVE: makes an OCI layout of one image untrue in one way, and packs it as a tar."""

import hashlib
import json
import pathlib
import sys
import tarfile


def blob(layout, digest):
    return layout / "blobs" / digest.replace(":", "/")


def store(layout, content):
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    blob(layout, digest).write_bytes(content)
    return digest


def main(layout, lie, archive):
    index = json.loads((layout / "index.json").read_text())
    entry = index["manifests"][0]
    manifest = json.loads(blob(layout, entry["digest"]).read_text())
    layer = manifest["layers"][0]
    if lie == "digest":  # other bytes behind the layer's digest, as many
        path = blob(layout, layer["digest"])
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    elif lie == "size":
        layer["size"] += 1
    elif lie == "config":  # a diff id that the layer does not have
        config = json.loads(blob(layout, manifest["config"]["digest"]).read_text())
        config["rootfs"]["diff_ids"] = ["sha256:" + "0" * 64]
        content = json.dumps(config).encode()
        manifest["config"] |= {"digest": store(layout, content), "size": len(content)}
    elif lie == "manifest":
        manifest = {"schemaVersion": 2, "layers": "none", "config": 7}
    elif lie == "missing":
        blob(layout, layer["digest"]).unlink()
    content = json.dumps(manifest).encode()
    entry |= {"digest": store(layout, content), "size": len(content)}
    (layout / "index.json").write_text(json.dumps(index))
    with tarfile.open(archive, "w") as tar:
        tar.add(layout, arcname=".")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3])
