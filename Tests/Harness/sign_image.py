"""sign_image.py HOST/REPOSITORY:TAG --key KEY.pem [options]: signs an image in a registry (plain HTTP) as cosign does, by hand, so that a
test can also sign what cosign would not. The signature is added to those that are there. Prints the digest that was signed.

KEY is a private key of openssl's; without one the layer has no signature. What is signed is the manifest that the tag leads to, or the one for
--instance ARCHITECTURE of an index, or --digest, whatever is there."""

import argparse
import base64
import hashlib
import json
import subprocess
import tempfile
import urllib.error
import urllib.request

SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
KINDS = [MANIFEST, "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
         "application/vnd.docker.distribution.manifest.list.v2+json"]


class Registry:
    def __init__(self, host, repository):
        self.base = f"http://{host}/v2/{repository}/"

    def call(self, method, path, body=None, **headers):
        address = path if path.startswith("http") else self.base + path
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return urllib.request.urlopen(urllib.request.Request(address, body, headers, method=method))

    def manifest(self, name):
        """None where there is none."""
        try:
            with self.call("GET", f"manifests/{name}", Accept=", ".join(KINDS)) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return None

    def put_blob(self, content):
        digest = digest_of(content)
        with self.call("POST", "blobs/uploads/", b"") as answer:
            place = answer.headers["Location"]
        place += ("&" if "?" in place else "?") + "digest=" + digest
        self.call("PUT", place, content, Content_Type="application/octet-stream").close()
        return digest

    def put_manifest(self, name, manifest):
        self.call("PUT", f"manifests/{name}", json.dumps(manifest).encode(), Content_Type=MANIFEST).close()


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def signature(key, payload):
    with tempfile.NamedTemporaryFile() as file:
        file.write(payload)
        file.flush()
        kind = subprocess.run(["openssl", "pkey", "-in", key, "-noout", "-text"], check=True, capture_output=True, text=True)
        command = (["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", file.name]
                   if kind.stdout.startswith("ED25519") else ["openssl", "dgst", "-sha256", "-sign", key, file.name])
        return subprocess.run(command, check=True, capture_output=True).stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("image")
    parser.add_argument("--key")
    parser.add_argument("--identity", help="the name that is signed; otherwise IMAGE")
    parser.add_argument("--instance")
    parser.add_argument("--digest", help="signed in place of the image's own, under whose tag it is put all the same")
    parser.add_argument("--type", default="cosign container image signature")
    parser.add_argument("--media-type", default=SIMPLE)
    parser.add_argument("--payload", help="the whole payload")
    parser.add_argument("--times", type=int, default=1, help="how often it is added")
    parser.add_argument("--to", help="HOST/REPOSITORY where it is put, if not where the image is")
    options = parser.parse_args()

    host, _, rest = options.image.partition("/")
    repository, _, tag = rest.rpartition(":")
    registry = Registry(host, repository)
    top = registry.manifest(tag)
    digest = digest_of(top)
    if options.instance:
        entries = json.loads(top)["manifests"]
        digest = next(entry["digest"] for entry in entries if entry["platform"]["architecture"] == options.instance)
    payload = options.payload.encode() if options.payload is not None else json.dumps({
        "critical": {
            "identity": {"docker-reference": options.identity or options.image},
            "image": {"docker-manifest-digest": options.digest or digest},
            "type": options.type,
        },
        "optional": None,
    }).encode()
    if options.to:
        registry = Registry(*options.to.split("/", 1))
    name = digest.replace(":", "-") + ".sig"
    old = registry.manifest(name)
    layers = json.loads(old)["layers"] if old else []
    for _ in range(options.times):
        layer = {"mediaType": options.media_type, "digest": registry.put_blob(payload), "size": len(payload)}
        if options.key:
            encoded = base64.b64encode(signature(options.key, payload)).decode()
            layer["annotations"] = {"dev.cosignproject.cosign/signature": encoded}
        layers.append(layer)
    config = json.dumps({"architecture": "", "os": "", "config": {}, "rootfs": {
        "type": "layers", "diff_ids": [layer["digest"] for layer in layers]}}).encode()
    registry.put_manifest(name, {
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": registry.put_blob(config),
                   "size": len(config)},
        "layers": layers})
    print(digest)


main()
