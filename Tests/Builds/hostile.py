#!/usr/bin/python3
"""Builds that mean harm, and builds that are broken off: nothing outside of the store is read or written, and the store stays whole.

hostile.py --apus EXE [NAME...]   runs the tests whose names contain one of the words; all without any

Each test has a store, a context and a victim: a directory outside of both with a secret and empty things that a build must neither read, nor
change, nor remove. Exit status 1: one failed.
"""

import argparse
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

import engines
import escapes
import faults
import sizes

HERE = pathlib.Path(__file__).resolve().parent


class Failure(Exception):
    pass


class World:
    """One test's engine, context and victim."""

    SECRET = "the-secret-of-the-victim-4711"

    def __init__(self, executable, images):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="apus-hostile.", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.engine = engines.Apus(self.folder / "engine", executable)
        self.engine.load(images)
        self.context = self.folder / "context"
        self.victim = self.folder / "victim"
        for path in (self.context, self.victim, self.victim / "empty", self.victim / "full"):
            path.mkdir()
        (self.victim / "secret").write_text(self.SECRET + "\n")
        (self.victim / "nothing").touch()
        (self.victim / "full/file").write_text("file\n")
        # A build in a user namespace of a user must not be kept out by the modes alone.
        for path in (self.victim, self.victim / "empty", self.victim / "full"):
            path.chmod(0o777)
        self.before = self.state()

    def state(self):
        return {str(path.relative_to(self.victim)): (path.lstat().st_mode, path.lstat().st_uid, path.read_text() if path.is_file() else "")
                for path in sorted(self.victim.rglob("*"))}

    def file(self, name, text=""):
        path = self.context / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def build(self, dockerfile, *flags, limit=120, stdin=None):
        """(exit code, all output) of a build; a crash is a failure."""
        self.file("Dockerfile", dockerfile)
        code, output, errors = self.engine.call("build", "--progress=plain", "-t", "hostile", *flags, self.context, limit=limit, stdin=stdin)
        if code < 0 or code in (124, 132, 133, 134, 139):
            raise Failure(f"the build crashed or did not end: exit {code}: {errors[-1500:]}")
        return code, output + errors

    def built(self, dockerfile, *flags, **more):
        code, output = self.build(dockerfile, *flags, **more)
        if code:
            raise Failure(f"a build that should work: exit {code}: {output[-1500:]}")
        return output

    def image_holds(self, text, name="hostile"):
        """Whether the archive of an image has these bytes somewhere."""
        archive = self.folder / "hostile.tar"
        self.engine.do("save", "-o", archive, name)
        return text.encode() in archive.read_bytes()

    def unharmed(self, output=""):
        """Fails where the victim has changed, or its secret was told."""
        now = self.state()
        if now != self.before:
            raise Failure(f"the victim was {self.before}, and is {now}")
        if self.SECRET in output:
            raise Failure(f"the build tells the secret: {output[-800:]}")
        if self.engine.call("image", "inspect", "hostile")[0] == 0 and self.image_holds(self.SECRET):
            raise Failure("the image holds the secret")

    def whole(self):
        """Fails where the store is not as it should be, and does not build."""
        # What was killed leaves what the next prune, or the next one who needs the room, takes away.
        self.engine.do("system", "prune", "-f")
        code, output, errors = self.engine.call("system", "check")
        if code:
            raise Failure(f"system check: exit {code}: {output}{errors}")
        self.built(f"FROM busybox\nRUN echo {random.random()} > /x\n")

    def expect(self, truth, what):
        if not truth:
            raise Failure(what)

    def close(self):
        self.engine.close()
        # Deeper than python's own way to remove can go.
        subprocess.run(["/bin/rm", "-rf", self.folder], capture_output=True)


def processes(marker):
    """The ids of the processes whose command lines hold `marker`."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if marker.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", required=True, type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.randrange(1 << 32)
    random.seed(seed)
    tests = [*escapes.TESTS, *sizes.TESTS, *faults.TESTS]
    chosen = [test for test in tests if not options.names or any(word in test.__name__ for word in options.names)]
    images = pathlib.Path(tempfile.mkdtemp(prefix="apus-hostile-images.", dir="/var/tmp"))
    images.chmod(0o755)
    subprocess.run([sys.executable, HERE.parent / "Differential/images.py", images], check=True)
    (images / "rich.tar").unlink()
    failed = []
    print(f"hostile builds of seed {seed}", flush=True)
    try:
        for test in chosen:
            begun = time.monotonic()
            world = World(options.apus.resolve(), images)
            try:
                note = test(world) or ""
                print(f"ok      {test.__name__} ({time.monotonic() - begun:.1f} s) {note}", flush=True)
            except (Failure, RuntimeError, OSError, subprocess.SubprocessError) as error:
                failed.append(test.__name__)
                print(f"FAILED  {test.__name__}: {error}", flush=True)
                if not isinstance(error, (Failure, RuntimeError)):
                    traceback.print_exc()
            finally:
                world.close()
    finally:
        shutil.rmtree(images, ignore_errors=True)
    print(f"hostile: {len(chosen)} tests, {len(failed)} failed" + (": " + ", ".join(failed) if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    # Who executes this file is `__main__`; the modules of the tests need its names.
    sys.modules["hostile"] = sys.modules["__main__"]
    sys.exit(main())
