# what: a list is made, annotated, pushed and removed
# accept 34 out: a registry's list is shown with its annotations
# accept 37 *: images of another registry are copied
{
cat >put.py <<'P'
import hashlib, http.client, json, sys
def put(path, data, kind="application/octet-stream"):
    c = http.client.HTTPConnection("localhost", 5000)
    c.request("PUT", path, data, {"Content-Type": kind}); assert c.getresponse().status == 201, path
def blob(repository, data):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    c = http.client.HTTPConnection("localhost", 5000)
    c.request("POST", f"/v2/{repository}/blobs/uploads/"); r = c.getresponse(); r.read()
    place = r.headers["Location"].split(":5000", 1)[1]
    put(f"{place}&digest={digest}", data)
    return {"size": len(data), "digest": digest}
def image(name, architecture, manifest, config, layer, **more):
    repository, tag = name.split(":")
    c = {"architecture": architecture, "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(b"layer").hexdigest()]}} | more
    m = {"schemaVersion": 2, "mediaType": manifest, "config": {"mediaType": config} | blob(repository, json.dumps(c).encode()), "layers": [{"mediaType": layer} | blob(repository, b"layer")]}
    data = json.dumps(m, indent=1).encode()
    put(f"/v2/{repository}/manifests/{tag}", data, manifest)
    return {"mediaType": manifest, "digest": "sha256:" + hashlib.sha256(data).hexdigest(), "size": len(data)}
docker = ["application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar.gzip"]
oci = [f"application/vnd.oci.image.{t}" for t in ("manifest.v1+json", "config.v1+json", "layer.v1.tar")]
image("dm/b:1", "amd64", *docker)
image("dm/a-b:1", "arm64", *docker, variant="v8")
image("dm/a:1", "amd64", *docker, **{"os.version": "10.0", "os.features": ["x"]})
one = image("do/one:1", "amd64", *oci)
two = image("do/two:1", "s390x", *oci)
both = image("do/one:2", "s390x", *oci)
index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
    one | {"platform": {"architecture": "amd64", "os": "linux", "os.version": "1"}, "annotations": {"a<b": "c"}},
    both | {"platform": {"architecture": "unknown", "os": "unknown"}}, one]}
put("/v2/do/one/manifests/index", json.dumps(index).encode(), index["mediaType"])
P
python3 put.py
}
D manifest create --insecure localhost:5000/dm/list:1 localhost:5000/dm/b:1 localhost:5000/dm/a:1
D manifest create --insecure localhost:5000/dm/list:1 localhost:5000/dm/a-b:1
D manifest create --insecure -a localhost:5000/dm/list:1 localhost:5000/dm/a-b:1
D manifest inspect localhost:5000/dm/list:1
D manifest annotate localhost:5000/dm/list:1 localhost:5000/dm/b:1 --os linux --arch arm --variant v7 --os-version 1.2 --os-features a,b --os-features c,a
D manifest annotate localhost:5000/dm/list:1 localhost:5000/dm/a:1 --os-features y,x
D manifest annotate localhost:5000/dm/list:1 localhost:5000/dm/a-b:1
D manifest inspect localhost:5000/dm/list:1
D manifest inspect -v localhost:5000/dm/list:1
D manifest inspect localhost:5000/dm/list:1 localhost:5000/dm/a:1
D manifest inspect -v localhost:5000/dm/list:1 localhost:5000/dm/a:1
D manifest push --insecure localhost:5000/dm/list:1
D manifest push --insecure -p localhost:5000/dm/list:1
D manifest push --insecure -p localhost:5000/dm/list:1
D manifest inspect --insecure localhost:5000/dm/list:1
D manifest inspect --insecure -v localhost:5000/dm/list:1
D manifest inspect --insecure -v localhost:5000/dm/a:1
D manifest create --insecure localhost:5000/dm/nested:1 localhost:5000/dm/list:1
D manifest create --insecure localhost:5000/dm/a:own localhost:5000/dm/a:1
D manifest push --insecure localhost:5000/dm/a:own
D manifest create --insecure localhost:5000/dm/twice localhost:5000/dm/a:1 localhost:5000/dm/a:1
D manifest inspect localhost:5000/dm/twice | grep -c digest
D manifest rm localhost:5000/dm/twice localhost:5000/dm/a:own
D manifest rm localhost:5000/dm/twice nosuch
D manifest inspect --insecure localhost:5000/do/one:1
D manifest inspect --insecure -v localhost:5000/do/one:1
D manifest create --insecure localhost:5000/do/list:1 localhost:5000/do/two:1 localhost:5000/do/one:1
D manifest inspect localhost:5000/do/list:1
D manifest push --insecure localhost:5000/do/list:1
D manifest create --insecure localhost:5000/do/mixed:1 localhost:5000/do/one:1 localhost:5000/dm/a:1
D manifest inspect localhost:5000/do/mixed:1
D manifest push --insecure localhost:5000/do/mixed:1
D manifest inspect --insecure localhost:5000/do/one:index
D manifest inspect --insecure -v localhost:5000/do/one:index | sed '/"annotations"/,/}/d'
D manifest create --insecure localhost:5009/x:1 localhost:5000/do/one:1
D manifest push --insecure localhost:5009/x:1
