"""Images: pulled, pushed, saved and listed, beside the slowest single stage that a pull cannot do without.

That limit is measured in the same run, of the same layers, one after the other: to decompress them (gzip, zstd), to hash them before and
after that (openssl), to write their files (tar)."""

import hashlib
import io
import json
import os
import pathlib
import random
import shutil
import subprocess
import tarfile
import threading
import time

import engines
import measure
import suites

COUNT = 200
CORES = os.cpu_count()
# What stands for much in a small file; sizes of images are in MB, of the uncompressed files.
SMALL = 6000


def kinds(largest):
    """Name, MB, layers, compression, and whether the files are small."""
    return [
        ("small files", 50, 1, "gzip", True), ("small files", 200, 10, "gzip", True), ("small files", 200, 40, "zstd", True),
        ("large files", 200, 40, "gzip", False), ("large files", largest, 1, "gzip", False), ("large files", largest, 1, "zstd", False),
    ]


def material():
    """Pieces of 1 MB of what this machine has installed, in an order of their own: as compressible as layers are."""
    rest = b""
    while True:
        for folder, folders, names in os.walk("/usr"):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(folder, name)
                if os.path.islink(path) or not os.path.isfile(path):
                    continue
                try:
                    rest += pathlib.Path(path).read_bytes()[: 8 << 20]
                except OSError:
                    continue
                while len(rest) >= 1 << 20:
                    yield rest[: 1 << 20]
                    rest = rest[1 << 20 :]


class Image:
    """One image as an OCI layout, whose layers lie beside it as plain archives."""

    def __init__(self, context, kind):
        self.title = "{1} MB of {0} in {2} layer{3}, {4}".format(*kind[:3], "" if kind[2] == 1 else "s", kind[3])
        _, self.size, self.count, self.compression, self.is_small = kind
        self.tag = f"i{self.size}x{self.count}{self.compression}{'s' if self.is_small else 'l'}"
        self.layout, self.plain = context.folder / f"{self.tag}.oci", context.folder / f"{self.tag}.tars"

    def make(self):
        blobs = self.layout / "blobs/sha256"
        blobs.mkdir(parents=True)
        self.plain.mkdir()
        pieces = material()
        for number in range(self.count):
            with tarfile.open(self.plain / f"{number:02}", "w", format=tarfile.PAX_FORMAT) as archive:
                self.fill(archive, number, pieces)
        tool = ["/usr/bin/gzip", "-nkf6"] if self.compression == "gzip" else ["/usr/bin/zstd", "-qkf"]
        tars = sorted(self.plain.iterdir())
        side_by_side([[*tool, str(path)] for path in tars])
        suffix = ".gz" if self.compression == "gzip" else ".zst"
        layers, plain = [], []
        for path in tars:
            plain.append("sha256:" + digest(path))
            packed = path.with_name(path.name + suffix)
            layers.append({"mediaType": f"application/vnd.oci.image.layer.v1.tar+{self.compression}",
                           "digest": "sha256:" + digest(packed), "size": packed.stat().st_size})
            shutil.move(packed, blobs / digest(packed))
        configuration = {"architecture": "amd64" if os.uname().machine == "x86_64" else "arm64", "os": "linux",
                         "config": {"Cmd": ["true"]}, "rootfs": {"type": "layers", "diff_ids": plain}}
        config = self.put(configuration, "application/vnd.oci.image.config.v1+json")
        kind = "application/vnd.oci.image.manifest.v1+json"
        manifest = self.put({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": layers}, kind)
        manifest["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
        (self.layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
        (self.layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self.layers = [str(blobs / layer["digest"].partition(":")[2]) for layer in layers]

    def fill(self, archive, number, pieces):
        left = self.size * (1 << 20) // self.count
        place = 0
        while left > 0:
            # A large file is a quarter of its layer.
            wanted = min(left, SMALL if self.is_small else max(1 << 20, self.size * (1 << 18) // self.count))
            content = b"".join(next(pieces) for _ in range(-(-min(left, 1 << 20 if self.is_small else wanted) // (1 << 20))))
            for start in range(0, min(left, len(content)), wanted):
                part = content[start : start + wanted]
                name = f"layer{number}/{place // 200}/{place}" if self.is_small else f"layer{number}/{place}"
                if place % 200 == 0:
                    self.add(archive, os.path.dirname(name), None)
                self.add(archive, name, part)
                left -= len(part)
                place += 1

    def add(self, archive, name, content):
        entry = tarfile.TarInfo(name)
        entry.mode, entry.mtime = 0o755, 1600000000
        if content is None:
            entry.type = tarfile.DIRTYPE
            return archive.addfile(entry)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))

    def put(self, value, kind):
        content = json.dumps(value).encode()
        name = hashlib.sha256(content).hexdigest()
        (self.layout / "blobs/sha256" / name).write_bytes(content)
        return {"mediaType": kind, "digest": "sha256:" + name, "size": len(content)}

    def limit(self, work):
        """{stage: seconds}"""
        tars = [str(path) for path in sorted(self.plain.iterdir())]
        tool = ["/usr/bin/gzip", "-dc"] if self.compression == "gzip" else ["/usr/bin/zstd", "-qdc"]
        stages = {"inflate": [[*tool, path] for path in self.layers] if self.compression == "zstd" else
                  [["/bin/sh", "-c", 'exec gzip -dc <"$1"', "sh", path] for path in self.layers],
                  "hash": [["/usr/bin/openssl", "dgst", "-sha256", path] for path in self.layers + tars]}
        extract = []
        for number, path in enumerate(tars):
            (work / str(number)).mkdir(parents=True)
            extract.append(["/usr/bin/tar", "-xf", path, "-C", str(work / str(number))])
        stages["tar -x"] = extract
        seconds = {}
        for stage, commands in stages.items():
            os.sync()
            begin = time.perf_counter()
            for command in commands:
                subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
            seconds[stage] = time.perf_counter() - begin
        shutil.rmtree(work)
        return seconds


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def side_by_side(commands):
    """Runs them, one for each processor at a time."""
    waiting, failures = list(reversed(commands)), []

    def work():
        while waiting:
            try:
                command = waiting.pop()
            except IndexError:
                return
            if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).returncode:
                failures.append(command)

    threads = [threading.Thread(target=work) for _ in range(min(CORES, len(commands)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(f"{failures[0]} failed")


class Registry:
    """Debian's docker-registry on loopback, with a log of its requests."""

    number = 0

    def __init__(self, context):
        Registry.number += 1
        self.folder = context.folder / f"registry{Registry.number}"
        self.folder.mkdir()
        self.port = 20000 + (os.getpid() + 7 * Registry.number) % 20000
        configuration = self.folder / "configuration.yml"
        configuration.write_text(f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {self.folder}/data}}}}\n"
                                 f"http: {{addr: 127.0.0.1:{self.port}}}\n")
        self.log = self.folder / "log"
        with open(self.log, "w") as log:
            self.server = subprocess.Popen(["/usr/bin/docker-registry", "serve", str(configuration)], stdout=log, stderr=log)
        for _ in range(200):
            if subprocess.run(["/bin/bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{self.port}"], stderr=subprocess.DEVNULL).returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError(f"the registry does not start: {self.log.read_text()[-400:]}")

    def name(self, repository):
        return f"localhost:{self.port}/{repository}:latest"

    def requests(self):
        return sum('"GET /v2' in line or '"HEAD /v2' in line or '"POST /v2' in line for line in self.log.read_text().splitlines())

    def close(self):
        self.server.kill()
        self.server.wait()
        shutil.rmtree(self.folder)


class Way:
    """How one engine pulls, pushes and saves, in a store that is emptied before each pull."""

    def __init__(self, context, work, engine=None):
        self.context, self.work, self.engine = context, work, engine
        self.name = engine.name if engine else "skopeo and umoci"
        self.environment = context.environment
        self.base = []
        if isinstance(engine, engines.Apus):
            self.environment = {**context.environment, "XDG_DATA_HOME": f"{work}/data"}
            self.base = [engine.path()]
            self.insecure = []
        elif engine:
            self.base = [engine.path(), "--root", f"{work}/root", "--runroot", context.run / "p", "--storage-driver", "overlay"]
            self.insecure = ["--tls-verify=false"]

    def fresh(self):
        subprocess.run(["/usr/bin/unshare", "--user", "--map-root-user", "--map-auto", "/bin/rm", "-rf", self.work,
                        self.context.run / "p"], check=True)
        self.work.mkdir()
        os.sync()

    def pull(self, image):
        if self.engine:
            return [*self.base, "pull", "--quiet", *self.insecure, image]
        layout = f"{self.work}/layout"
        return ["/bin/sh", "-c", f"skopeo --insecure-policy copy --quiet --src-tls-verify=false docker://{image} oci:{layout}:latest && "
                f"umoci unpack --rootless --image {layout}:latest {self.work}/bundle >/dev/null && chmod -R u+rwX {self.work}/bundle"]

    def wall(self, command):
        return measure.wall([str(word) for word in command], self.environment)

    def push(self, image, registry, repository):
        target = registry.name(repository)
        self.wall([*self.base, "tag", image, target])
        return self.wall([*self.base, "push", "--quiet", *self.insecure, target])

    def save(self, image, compression):
        # A Docker archive of podman's takes no zstd.
        own = ["--quiet", *(["--format", "oci-archive"] if compression == "zstd" else [])] if self.insecure else []
        seconds = self.wall([*self.base, "save", *own, "-o", self.work / "saved.tar", image])
        (self.work / "saved.tar").unlink()
        return seconds

    def peak(self, command):
        """The most anonymous memory of all its processes together, and the largest resident set of one, in MB."""
        log = os.memfd_create("log")
        pid = measure.start([str(word) for word in command], self.environment, log)
        total = largest = 0
        # Processes of a podman that double-fork are still below it, or not many.
        while os.waitpid(pid, os.WNOHANG)[0] == 0:
            family, found = {pid}, measure.processes()
            for _ in range(4):
                family |= {child for child, (parent, _, _) in found.items() if parent in family}
            now = 0
            for member in family:
                fields = resident(member)
                now += fields.get("RssAnon", 0) + fields.get("RssShmem", 0)
                largest = max(largest, fields.get("VmHWM", 0))
            total = max(total, now)
            time.sleep(0.01)
        os.close(log)
        return total / 1024, largest / 1024


def resident(pid):
    fields = {}
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            key, _, value = line.partition(":")
            if key in ("RssAnon", "RssShmem", "VmHWM"):
                fields[key] = int(value.split()[0])
    except OSError:
        pass
    return fields


def rounds(ways, count, body):
    """{name: [seconds]}; each round in an order of its own."""
    times = {way.name: [] for way in ways}
    for _ in range(count):
        for way in random.sample(ways, len(ways)):
            times[way.name].append(body(way))
    return times


def row(title, times, limit=None):
    """Medians, how much slower the others are, and how near the limit we are."""
    names = ["apus", "podman", "skopeo and umoci"]
    medians = {name: measure.median(times[name]) for name in times}
    cells = [title, *(f"{medians[name]:.2f}" if name in medians else "" for name in names)]
    cells += [f"{medians[name] / medians['apus']:.1f}" if name in medians and "apus" in medians else "" for name in names[1:]]
    if limit:
        stage = max(limit, key=limit.get)
        cells += [f"{limit[stage]:.2f} ({stage})", f"{medians['apus'] / limit[stage]:.2f}" if "apus" in medians else ""]
    return cells


def listing(context, ways, options):
    """`images` where there are many, in milliseconds, and a pull of what is there."""
    folder = context.folder / "tiny"
    folder.mkdir()
    (folder / "file").write_text("content\n")
    context.call(["/usr/bin/tar", "-C", folder, "-cf", folder / "tiny.tar", "file"])
    for way in ways:
        way.fresh()
        print(f"making {COUNT} images of {way.name} …", flush=True)
        for number in range(COUNT):
            way.wall([*way.base, "import", "--change", f"LABEL n={number}", folder / "tiny.tar", f"tiny{number}:latest"])
    times = rounds(ways, options.rounds, lambda way: way.wall([*way.base, "images"]))
    return suites.table(f"`images` with {COUNT} images, milliseconds", suites.HEAD, suites.rows_with_ratios(times, 1000, 1))


def suite(context, working, options):
    """Tables of pulls, of what they take in memory, of pushes and saves, of listings."""
    ways = [Way(context, context.folder / f"images-{engine.name}", engine) for engine in working
            if isinstance(engine, (engines.Apus, engines.Podman))]
    others = Way(context, context.folder / "images-others")
    registry = Registry(context)
    count = min(3, options.rounds)
    pulls, memory, again, sent = [], [], [], []
    try:
        for kind in kinds(options.image_size):
            image = Image(context, kind)
            print(f"making {image.title} …", flush=True)
            image.make()
            name = registry.name(image.tag)
            context.call(["/usr/bin/skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false",
                          f"oci:{image.layout}:latest", f"docker://{name}"])

            def pull(way):
                way.fresh()
                return way.wall(way.pull(name))

            # umoci 0.4 does not know zstd.
            times = rounds(ways + ([others] if image.compression == "gzip" else []), count, pull)
            pulls.append(row(image.title, times, image.limit(context.folder / "limit")))
            others.fresh()
            for way in ways:
                way.fresh()
                memory.append([image.title, way.name, *(f"{value:.0f}" for value in way.peak(way.pull(name)))])
                before = registry.requests()
                seconds = measure.median([way.wall(way.pull(name)) for _ in range(5)])
                again.append([image.title, way.name, f"{seconds * 1000:.0f}", f"{(registry.requests() - before) / 5:.1f}"])
            for verb in ("push", "save"):
                def body(way):
                    if verb == "save":
                        return way.save(name, image.compression)
                    target = Registry(context)
                    try:
                        return way.push(name, target, image.tag)
                    finally:
                        target.close()

                sent.append(row(f"`{verb}`: {image.title}", rounds(ways, count, body))[:5])
            shutil.rmtree(image.layout)
            shutil.rmtree(image.plain)
        text = listing(context, ways, options)
    finally:
        registry.close()
        for way in [*ways, others]:
            way.fresh()
    head = ["image", "apus", "podman", "skopeo and umoci", "podman ×", "skopeo and umoci ×", "limit", "apus × limit"]
    return "".join([
        suites.table("`pull` from loopback, seconds", head, pulls),
        suites.table("`push` to an empty registry, and `save`, seconds", head[:3] + head[4:5], [[*cells[:3], cells[4]] for cells in sent]),
        suites.table("Memory of a pull, MB: all processes' own pages at once, and the largest process", ["image", "engine", "own", "largest"], memory),
        suites.table("`pull` of what is there", ["image", "engine", "milliseconds", "requests"], again), text])
