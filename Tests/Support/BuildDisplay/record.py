#!/usr/bin/env python3
"""Records how a real BuildKit client shows builds: recordings.json beside this file, which Tests/BuildDisplayTests reads.

    record.py ORACLE CLIENT...

ORACLE is a directory that `docker-oracle start` was given, CLIENT the command that runs others in there, with buildx
(`env DOCKER_ORACLE_PLUGINS=1 docker-oracle exec ORACLE`). Of each case are kept:
  status  what the daemon said of the build, one SolveStatus (docker buildx history logs --progress=rawjson)
  plain   how the client prints exactly that (docker buildx history logs --progress=plain)
  screen  the last picture of one more such build on a terminal of 80 columns and 24 rows, and what follows it
  report  what follows the progress in plain
"""

import fcntl
import json
import os
import pathlib
import pty
import re
import select
import struct
import subprocess
import sys
import termios

CASES = {
    "simple": "FROM base\nRUN echo hello\nCOPY Dockerfile /x\n",
    "cached": "FROM base\nRUN echo hello\nCOPY Dockerfile /x\n",
    "parallel": """FROM base AS one
RUN for i in 1 2 3; do echo one $i; sleep 0.3; done
FROM base AS two
RUN sleep 0.2; for i in 1 2 3; do echo two $i; sleep 0.5; done
FROM base
COPY --from=one /bin/sh /a
COPY --from=two /bin/sh /b
""",
    "failure": "FROM base\nRUN echo first\nRUN echo out; sleep 0.1; echo err >&2; sleep 0.1; printf 'no end'; exit 7\n",
    "cancelled": """FROM base AS one
RUN echo one; sleep 30
FROM base AS two
RUN sleep 1; echo two; exit 3
FROM base
COPY --from=one /bin/sh /a
COPY --from=two /bin/sh /b
""",
    "warning": "FROM base\nRUN echo hi\nCMD echo $FOO\n",
    "overwritten": """FROM base
RUN for i in 1 2 3 4 5; do printf "progress $i\\r"; sleep 0.1; done; echo; printf '\\033[31mred\\033[0m\\tTAB\\n'; \
sleep 0.2; printf 'open'; sleep 0.2; printf ' more\\n\\nempty before'; sleep 0.2
""",
    "bytes": "FROM base\nRUN printf 'a\\377\\376b \\300\\n\\007bell\\b\\b\\n'; sleep 0.3\n",
    "long": """FROM base
RUN for i in $(seq 1 60); do printf '0123456789'; done; echo; echo "日本語テキスト 日本語テキスト"
""",
    "many": "FROM base\nRUN for i in $(seq 1 30); do echo line $i; done; sleep 0.2; exit 1\n",
    "missing": "FROM base\nCOPY nothere /x\n",
    "parse": "FROM base\nRUNN x\n",
    "heredoc": "FROM base\nRUN <<EOF\necho one\n\techo two\nEOF\nENV A=b\nWORKDIR /w\n",
    "no-base": "FROM localhost:1/none/there:1\nRUN true\n",
}


def on_terminal(command, rows=24, columns=80):
    """The bytes that the command writes on a terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    written = b""
    while True:
        select.select([master], [], [])
        try:
            chunk = os.read(master, 65536)
        except OSError:
            break
        written += chunk
    process.wait()
    os.close(master)
    return written.decode("utf-8", "replace")


def last_picture(text):
    picture, _, rest = text[text.rindex("\x1b[?25l") + 6:].partition("\x1b[?25h")
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", picture + rest).replace("\r\n", "\n")
    return [line.rstrip() for line in text.split("\n")]


def main():
    oracle, *client = sys.argv[1:]
    work = pathlib.Path(oracle) / "build-display"
    recordings = []
    for name, dockerfile in CASES.items():
        context = work / name
        context.mkdir(parents=True, exist_ok=True)
        (context / "Dockerfile").write_text(dockerfile)
        build = [*client, "docker", "buildx", "build", *([] if name == "cached" else ["--no-cache"])]

        def run(*words):
            return subprocess.run([*client, "docker", "buildx", *words], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, check=True).stdout

        if name == "cached":
            subprocess.run([*build, str(context)], capture_output=True)
        plain = subprocess.run([*build, "--progress=plain", str(context)], capture_output=True).stderr.decode("utf-8", "replace")
        entry = run("history", "ls", "--format", "{{.Ref}}").decode().splitlines()[0].split("/")[-1]
        logs = run("history", "logs", "--progress=plain", entry)
        recordings.append({
            "name": name,
            "dockerfile": dockerfile,
            "status": json.loads(run("history", "logs", "--progress=rawjson", entry)),
            # Bytes that are no UTF-8, too.
            "plain": logs.decode("latin-1"),
            "report": plain[re.search(r"(?ms)\A.*?^(?=------$|Dockerfile:|ERROR|\n (?:\x1b\[\d+m)?\d+ warn)|\Z", plain).end():],
            "screen": last_picture(on_terminal([*build, str(context)])),
        })
        print(name, file=sys.stderr)
    path = pathlib.Path(__file__).with_name("recordings.json")
    path.write_text(json.dumps(recordings, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
