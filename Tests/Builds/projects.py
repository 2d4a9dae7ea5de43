#!/usr/bin/python3
"""Builds projects of the kinds that people have: from nothing, again from the cache, and with buildah, whose images are compared.

projects.py --apus EXE [NAME...]   the projects whose names contain one of the words; all without any
  --base TAR      a root file system of Debian instead of a new one by mmdebstrap
  --no-buildah    without the comparison

A project is projects/NAME: a Dockerfile with its files, and `expect`: a first line with the words for `run`, and what that prints. The base
image `debian:base` is what mmdebstrap makes of the machine's own mirror. Exit status 1: something failed or differs.
"""

import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

import answer
import engines

HERE = pathlib.Path(__file__).resolve().parent
# What two builds of one project do not have in common, whoever makes them.
UNSTEADY = [(re.compile(pattern), reason) for pattern, reason in (
    (r"^var/log/|^var/cache/|^var/lib/apt/|^var/lib/dpkg/|^tmp/", "logs and caches have times in them"),
    (r"^etc/(shadow|passwd|group|gshadow)-?$|^etc/\.pwd\.lock$", "the day on which a user was made"),
    (r"^etc/ld\.so\.cache$|\.pyc$|__pycache__", "caches of names and of byte code"),
    (r"^etc/ssl/certs|^var/lib/systemd", "names by the order of a directory, stamps"),
    (r"^venv/|dist-info/", "pip writes down when and whence it installed"),
    (r"^run(/|$)|^etc/(hosts|resolv\.conf|hostname|mtab)$|^(dev|proc|sys)(/|$)|^etc/nginx$", "what buildah leaves of its own mounts"),
    (r"^home/node/\.", "useradd's copies"),
)]
# buildah's own ways, by the key of the configuration.
ACCEPTED = {"config.ArgsEscaped": "a field of Docker's alone", "created": "a time", "config.OnBuild": "buildah writes empty lists", "config.Hostname": "buildah writes the name of its container",
            "config.Labels": "buildah adds a label with its version", "config.Env": "buildah leaves PATH out where the base has none"}


class Failure(Exception):
    pass


class Buildah:
    """Debian's buildah with a storage of its own."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "home").mkdir(parents=True)
        self.words = ["/usr/bin/buildah", "--root", folder / "root", "--runroot", folder / "run", "--storage-driver", "overlay"]
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder / "home"), "LANG": "C.UTF-8", "BUILDAH_ISOLATION": "chroot",
                            # Its caches are there, too.
                            "TMPDIR": str(folder / "temporary")}
        (folder / "temporary").mkdir()

    def do(self, *words, cwd="/"):
        # Its mounts are its own, and gone with its process.
        command = ["/usr/bin/unshare", "--mount", "--propagation", "private", *map(str, [*self.words, *words])]
        done = subprocess.run(command, cwd=cwd, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                              timeout=900)
        if done.returncode:
            raise Failure(f"buildah {words[0]}: exit {done.returncode}: {(done.stderr or done.stdout)[-1500:]}")
        return done.stdout

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def tree_of(path):
    """({path: what is there}, configuration) of the archive of an image."""
    tree = answer.Tree()
    with tarfile.open(path) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))[0]
        config = json.load(archive.extractfile(manifest["Config"]))
        for layer in manifest["Layers"]:
            with tarfile.open(fileobj=archive.extractfile(layer)) as inner:
                tree.apply(inner)
    return {name: answer.said({key: value for key, value in entry.items() if key not in ("mtime", "text")}) for name, entry in tree.paths.items()}, config


def unlike(ours, theirs):
    """The differences of two images: [(what, ours, theirs)] without those that have a reason."""
    (files, config), (others, other) = ours, theirs
    found = [(name, files.get(name), others.get(name)) for name in sorted(files.keys() | others.keys())
             if files.get(name) != others.get(name) and not any(pattern.search(name) for pattern, _ in UNSTEADY)]
    def filled(value):
        # The working directory of an empty image is the root, whether it says so or not.
        return {key: field for key, field in (value.get("config") or {}).items()
                if field not in (None, "", [], {}, False) and (key, field) != ("WorkingDir", "/")}

    left, right = filled(config), filled(other)
    found += [(f"config.{key}", left.get(key), right.get(key)) for key in sorted(left.keys() | right.keys())
              if left.get(key) != right.get(key) and f"config.{key}" not in ACCEPTED]
    return found


def uncached(progress):
    """The steps of a plain progress that were executed though nothing had changed."""
    steps = dict(re.findall(r"(?m)^#(\d+) (\[[^\]]*\d+/\d+\] (?:RUN|COPY|ADD|WORKDIR) .*)$", progress))
    cached = set(re.findall(r"(?m)^#(\d+) CACHED$", progress))
    return [step for number, step in steps.items() if number not in cached], len(steps)


def one(project, apus, buildah, folder):
    name = f"project-{project.name}"
    words = ["build", "--progress=plain", "--network=host", "-t", name, project]
    begun = time.monotonic()
    code, _, errors = apus.call(*words, limit=1800)
    if code:
        raise Failure(f"the build: exit {code}: {errors[-2500:]}")
    first = time.monotonic() - begun
    begun = time.monotonic()
    code, _, errors = apus.call(*words)
    again = time.monotonic() - begun
    if code:
        raise Failure(f"the build from the cache: exit {code}: {errors[-1500:]}")
    executed, count = uncached(errors)
    if executed or not count:
        raise Failure(f"not from the cache, of {count} steps: {executed}")
    line, _, expected = (project / "expect").read_text().partition("\n")
    printed = apus.do("run", "--rm", "--network", "none", name, *shlex.split(line))
    if printed != expected:
        raise Failure(f"the image prints {printed!r}, and not {expected!r}")
    note = f"{first:.1f} s, {again * 1000:.0f} ms from the cache"
    if not buildah:
        return note
    begun = time.monotonic()
    try:
        # Heredocs and --exclude are younger than Debian's buildah.
        text = (project / "Dockerfile").read_text()
        if re.search(r"(?m)<<|--exclude", text):
            return note + "; not compared: Debian's buildah knows neither heredocs nor --exclude"
        # Debian's waits for ever for a lock of a cache that an earlier step of its own has.
        other = folder / "Dockerfile"
        other.write_text(text.replace(",sharing=locked", ""))
        buildah.do("bud", "--format", "docker", "--network", "host", "-f", other, "-t", name, project)
    except Failure as failure:
        raise Failure(f"{note}; {failure}") from None
    note += f"; buildah {time.monotonic() - begun:.1f} s"
    ours, theirs = folder / "ours.tar", folder / "theirs.tar"
    for path in (ours, theirs):
        path.unlink(missing_ok=True)
    apus.do("save", "-o", ours, name)
    buildah.do("push", "-q", name, f"docker-archive:{theirs}")
    different = unlike(tree_of(ours), tree_of(theirs))
    if different:
        lines = "\n".join(f"    {what}: apus {mine}, buildah {other}" for what, mine, other in different[:25])
        raise Failure(f"{note}; {len(different)} differences from buildah's image:\n{lines}")
    return note + ", the same image"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", required=True, type=pathlib.Path)
    parser.add_argument("--base", type=pathlib.Path)
    parser.add_argument("--no-buildah", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    chosen = [path for path in sorted((HERE / "projects").iterdir()) if not options.names or any(word in path.name for word in options.names)]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="apus-projects.", dir="/var/tmp"))
    folder.chmod(0o755)
    apus = engines.Apus(folder / "apus", options.apus.resolve())
    buildah = None if options.no_buildah or os.getuid() else Buildah(folder / "buildah")
    failed = []
    try:
        base = options.base
        if not base:
            base = folder / "base.tar"
            suite = next(line.split("=")[1].strip() for line in open("/etc/os-release") if line.startswith("VERSION_CODENAME="))
            subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", suite, base], check=True)
        subprocess.run([sys.executable, HERE.parent / "Differential/images.py", folder / "images"], check=True)
        apus.do("import", "-c", "CMD [\"bash\"]", base, "debian:base", limit=600)
        apus.load(folder / "images")
        if buildah:
            archive = folder / "base-image.tar"
            for name in ("debian:base", "busybox"):
                archive.unlink(missing_ok=True)
                apus.do("save", "-o", archive, name)
                buildah.do("pull", "-q", f"docker-archive:{archive}")
        for project in chosen:
            try:
                print(f"ok      {project.name}: {one(project, apus, buildah, folder)}", flush=True)
            except (Failure, RuntimeError, OSError, tarfile.TarError, subprocess.SubprocessError) as failure:
                failed.append(project.name)
                print(f"FAILED  {project.name}: {failure}", flush=True)
    finally:
        apus.close()
        if buildah:
            buildah.close()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"projects: {len(chosen)} built, {len(failed)} failed" + (": " + ", ".join(failed) if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
