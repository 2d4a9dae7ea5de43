"""Times commands where the bench itself is not: as root, or in the namespaces of a real Docker engine.

A line of JSON in: the words of a command. A line of JSON out: the seconds that it took and what it printed, or why it failed."""

import json
import os
import shutil
import subprocess
import sys

import measure


def serve():
    """Answers until the input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        words = request["words"]
        words[0] = shutil.which(words[0]) or words[0]
        try:
            if request["timed"]:
                answer = {"seconds": measure.wall(words, dict(os.environ), timeout=60)}
            else:
                done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                answer = {"text": done.stdout} if done.returncode == 0 else {"failure": f"{' '.join(words)}: {done.stdout.strip()}"}
        except (OSError, measure.Failure) as failure:
            answer = {"failure": str(failure)}
        print(json.dumps(answer), flush=True)


class Remote:
    """The other side: a process that was started by `command`, to which this file's path is added."""

    def __init__(self, command, environment=None):
        self.process = subprocess.Popen([*map(str, command), sys.executable, os.path.abspath(__file__)], env=environment, cwd="/",
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        # What the command needs of the machine may be out of sight soon.
        self.call(["true"])

    def ask(self, words, timed):
        self.process.stdin.write(json.dumps({"words": [str(word) for word in words], "timed": timed}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise measure.Failure(f"{words[0]}: whoever was to run it has ended")
        answer = json.loads(line)
        if "failure" in answer:
            raise measure.Failure(answer["failure"])
        return answer

    def wall(self, words):
        """Seconds from the start of the command to its end. Raises measure.Failure."""
        return self.ask(words, True)["seconds"]

    def call(self, words):
        """What the command printed. Raises measure.Failure."""
        return self.ask(words, False)["text"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


if __name__ == "__main__":
    serve()
