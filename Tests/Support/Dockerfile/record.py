"""Asks BuildKit of a real Docker what it makes of Dockerfiles, and writes its answers into Fixtures.

    DOCKER_ORACLE_PLUGINS=1 docker-oracle exec DIR python3 record.py [errors] [configurations] [ignore]

Each part has its cases in cases.json: Dockerfiles whose answer is a sentence or none, Dockerfiles whose image's configuration is
kept, and .dockerignore files with the names of the files that `COPY . /` brought. Only what is asked for anew is asked.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
FIELDS = ("Env", "Cmd", "Entrypoint", "Labels", "ExposedPorts", "Volumes", "WorkingDir", "User", "StopSignal", "Shell",
          "OnBuild", "Healthcheck")


def docker(*arguments):
    return subprocess.run(["docker", *arguments], capture_output=True, env={**os.environ, "DOCKER_BUILDKIT": "1"})


def write(folder, files):
    for name, content in files.items():
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8", "surrogateescape"))


def sentence(done):
    """The last line of an error, without what the client puts in front."""
    lines = [line for line in done.stderr.decode(errors="replace").splitlines() if line.startswith("ERROR: ")]
    text = lines[-1][len("ERROR: "):] if lines else done.stderr.decode(errors="replace").strip()[-300:]
    return re.sub(r"^failed to build: (failed to solve: )?(failed to read dockerfile: )?", "", text)


def errors(case):
    with tempfile.TemporaryDirectory() as folder:
        write(folder, {"f": "f", "Dockerfile": case["dockerfile"]})
        done = docker("build", "--progress=plain", "-q" if False else "--no-cache", *case.get("flags", []), "-o", folder + "/out", folder)
    return None if done.returncode == 0 else sentence(done)


def configurations(case):
    with tempfile.TemporaryDirectory() as folder:
        write(folder, {"f": "f", "Dockerfile": case["dockerfile"]})
        done = docker("build", "--progress=plain", *case.get("flags", []), "-t", "recorded", folder)
        if done.returncode:
            return {"error": sentence(done)}
        image = json.loads(docker("image", "inspect", "recorded").stdout)[0]["Config"]
        return {field: image[field] for field in FIELDS if image.get(field)}


def ignore(case):
    with tempfile.TemporaryDirectory() as folder:
        write(folder, {name: "" for name in case["files"]})
        write(folder, {".dockerignore": case["ignore"], "../" + os.path.basename(folder) + ".Dockerfile": "FROM scratch\nCOPY . /\n"})
        done = docker("build", "--progress=plain", "--no-cache", "-f", folder + ".Dockerfile", "-o", folder + ".out", folder)
        os.unlink(folder + ".Dockerfile")
        if done.returncode:
            return {"error": sentence(done)}
        out = pathlib.Path(folder + ".out")
        names = sorted(str(path.relative_to(out)) for path in out.rglob("*") if not path.is_dir())
        subprocess.run(["rm", "-rf", out], check=True)
        return names


def main():
    cases = json.loads((HERE / "cases.json").read_text())
    for part in sys.argv[1:] or ("errors", "configurations", "ignore"):
        path = HERE / "Fixtures" / f"{part}.json"
        known = {json.dumps(case["case"], sort_keys=True): case for case in json.loads(path.read_text())} if path.exists() else {}
        answers = []
        for case in cases[part]:
            answers.append(known.get(json.dumps(case, sort_keys=True)) or {"case": case, "answer": globals()[part](case)})
        path.write_text("[\n" + ",\n".join(json.dumps(answer) for answer in answers) + "\n]\n")


main()
