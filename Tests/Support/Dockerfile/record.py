"""Asks BuildKit of a real Docker what it makes of Dockerfiles, and keeps its answers beside the questions.

    DOCKER_ORACLE_PLUGINS=1 docker-oracle exec DIR python3 record.py [--all]

errors.json: Dockerfiles, and the sentence that a build ends with, null where it does not fail. configurations.json: Dockerfiles,
and the image's configuration. documents.json: Dockerfiles, and what is in the file /x. ignore.json: texts of .dockerignore, and which of the files in files.json `COPY . /` did not bring.
Entries without "answer" are asked for; with --all every one is asked for again. "differs" says why ours is another.
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
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())


def sentence(done):
    """The last line of an error, without what the client puts in front."""
    text = done.stderr.decode(errors="replace")
    lines = [line for line in text.splitlines() if line.startswith("ERROR: ")]
    return re.sub(r"^failed to build: (failed to solve: )?(failed to read dockerfile: )?", "", lines[-1][len("ERROR: "):])


def errors(folder, case):
    write(folder, {"f": "f", "Dockerfile": case["dockerfile"]})
    done = docker("build", "--progress=plain", "--no-cache", *case.get("flags", []), "-o", folder / "out", folder)
    return None if done.returncode == 0 else sentence(done)


def configurations(folder, case):
    write(folder, {"f": "f", "Dockerfile": case["dockerfile"]})
    done = docker("build", "--progress=plain", *case.get("flags", []), "-t", "recorded", folder)
    if done.returncode:
        return {"error": sentence(done)}
    image = json.loads(docker("image", "inspect", "recorded").stdout)[0]["Config"]
    return {field: image[field] for field in FIELDS if image.get(field)}


def ignore(folder, case):
    names = json.loads((HERE / "files.json").read_text())
    context, out = folder / "context", folder / "out"
    write(context, {**{name: "" for name in names}, ".dockerignore": case["ignore"]})
    write(folder, {"Dockerfile": "FROM scratch\nCOPY . /\n"})
    done = docker("build", "--progress=plain", "--no-cache", "-f", folder / "Dockerfile", "-o", out, context)
    if done.returncode:
        return {"error": sentence(done)}
    kept = {str(path.relative_to(out)) for path in out.rglob("*") if not path.is_dir()}
    return sorted({*names, ".dockerignore"} - kept)


def documents(folder, case):
    write(folder, {"Dockerfile": case["dockerfile"]})
    done = docker("build", "--progress=plain", "--no-cache", "-o", folder / "out", folder)
    return {"error": sentence(done)} if done.returncode else (folder / "out/x").read_bytes().decode()


def main():
    for part in (errors, configurations, ignore, documents):
        path = HERE / f"{part.__name__}.json"
        cases = json.loads(path.read_text())
        for case in cases:
            if "answer" not in case or "--all" in sys.argv:
                with tempfile.TemporaryDirectory() as folder:
                    case["answer"] = part(pathlib.Path(folder), case)
        path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


main()
