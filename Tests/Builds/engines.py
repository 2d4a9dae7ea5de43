"""The two engines that build: apus in a store of its own, and the real Docker in namespaces."""

import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ORACLE = str(HERE.parent / "Differential/oracle")
# Seconds after which a command is ended: the slowest takes ten.
LIMIT = 120


class Engine:
    """Runs commands of one engine's command line; `name` is how it is called in messages."""

    name = ""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "LANG": "C.UTF-8", "TZ": "UTC"}
        (self.folder / "home").mkdir(parents=True, exist_ok=True)

    def words(self):
        raise NotImplementedError

    def call(self, *words, cwd="/", stdin=None, environment=None, limit=LIMIT):
        """(exit code, output, errors) of a command."""
        with open(stdin or "/dev/null", "rb") as source:
            try:
                done = subprocess.run([*self.words(), *map(str, words)], cwd=cwd, stdin=source, capture_output=True, timeout=limit,
                                      env=self.environment | (environment or {}))
            except subprocess.TimeoutExpired:
                return 124, "", f"no end within {limit} s"
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def do(self, *words, **more):
        code, output, errors = self.call(*words, **more)
        if code:
            raise RuntimeError(f"{self.name} {' '.join(map(str, words))}: exit {code}: {errors.strip() or output.strip()}")
        return output

    def load(self, folder):
        for path in sorted(pathlib.Path(folder).glob("*.tar")):
            self.do("load", "-q", "-i", path)

    def close(self):
        pass


class Apus(Engine):
    name = "apus"

    def __init__(self, folder, executable):
        super().__init__(folder)
        self.executable = executable
        self.environment |= {"APUS_ROOT": str(self.folder / "store"), "APUS_RUN": str(self.folder / "run")}

    def words(self):
        return [self.executable]

    def close(self):
        # Layers may hold files of subordinate ids, and a supervisor that lingers would make files anew.
        self.call("system", "prune", "-af", "--volumes")
        if os.getuid():
            subprocess.run([self.executable, "unshare", "rm", "-rf", self.folder / "store"], env=self.environment, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


class Docker(Engine):
    name = "docker"

    def __init__(self, folder):
        super().__init__(folder)
        self.environment |= {"DOCKER_ORACLE_PLUGINS": "1"}
        self.environment |= {name: value for name, value in os.environ.items() if name.startswith("DOCKER_ORACLE")}
        self.place = self.folder / "oracle"
        self.place.mkdir(exist_ok=True)
        if subprocess.run([ORACLE, "status", self.place], capture_output=True).returncode == 0:
            subprocess.run([ORACLE, "stop", self.place], check=True)
        subprocess.run([ORACLE, "start", self.place], check=True)

    def words(self):
        return [ORACLE, "exec", self.place, "docker"]

    def version(self):
        return self.do("version", "-f", "{{.Server.Version}}").strip() + ", buildx " + self.do("buildx", "version").split()[1]

    def close(self):
        subprocess.run([ORACLE, "stop", self.place], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)
