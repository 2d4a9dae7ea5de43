"""What may differ between two runs of one case whoever runs it, and what is left after that."""

import difflib
import re

UNIT = r"(?:nano|micro|milli)?(?:second|minute|hour|day|week|month|year)s?"
AGO = re.compile(rf"(?:Less than a second|About an? (?:minute|hour)|\d+ {UNIT})( ago)?")
TIME = re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|[+-]\d\d:?\d\d))?( (UTC|CET|Z))?")
PLACES = (("/run/case-store/root", "<STORE>"), ("/run/case-store/run", "<RUN>"))


def normalised(text, case, engine, images, ids):
    """`text` without times, ids and ports. `images` are names by id, `ids` the ids of this run that were met so far: they keep
    their identity."""
    for pattern, to in case.masks:
        text = pattern.sub(to, text)
    if engine == "apus":
        text = re.sub(r"\bapus\b", "docker", text).replace("Apus", "Docker")
    for full, name in images.items():
        text = text.replace(full, f"<{name}>").replace(full[:12], f"<{name.lower()}>")
    text = TIME.sub(lambda m: m.group(0) if m.group(0).startswith("0001-01-01") else "<TIME>", text)
    text = AGO.sub(lambda m: "<AGO>" + (m.group(1) or ""), text)
    # Columns are as wide as what stands in them.
    text = re.sub(r"(?m)^.*<AGO>.*$", lambda m: re.sub(" {2,}", "  ", m.group(0)), text)
    text = re.sub(r"\b(CREATED|STATUS) {2,}", r"\1  ", text)
    # A slip of Docker's client.
    text = text.replace("\nSRun '", "\nRun '")

    def identity(match):
        found = match.group(0)
        if not re.search("[a-f]", found) or not re.search("[0-9]", found):
            return found
        known = next((number for key, number in ids.items() if key.startswith(found[:12])), None)
        if known is None:
            known = ids[found] = str(len(ids) + 1)
        return ("<ID%s>" if len(found) == 64 else "<id%s>") % known

    text = re.sub(r"(?<![0-9a-zA-Z])(?:[0-9a-f]{64}|[0-9a-f]{12})(?![0-9a-zA-Z])", identity, text)
    text = re.sub(r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", "<MAC>", text)
    text = re.sub(r"(0\.0\.0\.0|\[::\]|::|127\.0\.0\.1):(3[2-9]\d{3}|[45]\d{4}|60\d{3})\b", r"\1:<PORT>", text)
    text = re.sub(r'("(?:Pid|HostPid)": )[1-9]\d*', r"\1<PID>", text)
    for place, name in PLACES:
        text = text.replace(place, name)
    return text


# What only says through how many processes a message came.
WRAPPERS = [
    (re.compile(pattern), to)
    for pattern, to in (
        (r"(?m)^(?:docker: )?(?:Error response from daemon: |Error: |error: )?", ""),
        (r"failed to create task for container: failed to create shim task: ", ""),
        (r"failed to (?:create|start) shim task: ", ""),
        (r"failed to create task for container: ", ""),
        (r"OCI runtime (?:create|exec|start) failed: ", ""),
        (r"(?:runc create|exec) failed: ", ""),
        (r"unable to start container process: ", ""),
        (r"error during container init: ", ""),
        (r"(?m)(?:: unknown)+$", ""),
        (r"\n*Run 'docker [a-z ]*--help' for more information\n?", "\n"),
        (r"(?m)^[A-Z](?=[a-z])", lambda match: match.group(0).lower()),
        (r"\n+\Z", "\n"),
    )
]


def essence(text):
    """A message without its wrapping."""
    for pattern, to in WRAPPERS:
        text = pattern.sub(to, text)
    return text.strip("\n")


def differences(case, docker, apus, strict=False):
    """The differences of two answers: dictionaries with step, stream, docker, apus, accepted (a reason or "")."""
    found, ids = [], ({}, {})
    for number, step in enumerate(case.steps, 1):
        sides = []
        for engine, answer, known in (("docker", docker, ids[0]), ("apus", apus, ids[1])):
            raw = answer["steps"][str(number)]
            side = {s: normalised(raw[s], case, engine, answer["images"], known) for s in ("out", "err")} | {"rc": raw["rc"]}
            if number in case.sorts:
                side["out"] = "".join(sorted(side["out"].splitlines(True)))
            sides.append(side)
        if step.startswith("@"):
            continue
        left, right = sides
        for stream in ("rc", "out", "err"):
            if left[stream] == right[stream]:
                continue
            if stream == "err" and not strict and essence(left["err"]) == essence(right["err"]):
                continue
            reason = case.accept.get((number, stream)) or case.accept.get((number, "*")) or case.accepted
            found.append({"step": number, "stream": stream, "docker": left[stream], "apus": right[stream], "accepted": reason})
    return found


def lines(difference, limit):
    """A difference for people, at most `limit` lines of it."""
    if difference["stream"] == "rc":
        return [f"rc: docker {difference['docker']}, apus {difference['apus']}"]
    unified = difflib.unified_diff(difference["docker"].splitlines(), difference["apus"].splitlines(), lineterm="", n=0)
    shown = [line for line in unified if not line.startswith(("---", "+++", "@@"))]
    shown = [("docker " if l[0] == "-" else "apus   ") + l[1:].replace("\t", "\\t").replace("\r", "\\r") for l in shown]
    shown = shown or ["(the end of the last line, or white space)"]
    more = [f"... {len(shown) - limit} more lines"] if len(shown) > limit else []
    return [f"{difference['stream']}:"] + [line[:240] for line in shown[:limit]] + more
