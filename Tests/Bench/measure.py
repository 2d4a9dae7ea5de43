"""Times commands and reads the memory of processes."""

import os
import pathlib
import select
import signal
import statistics
import time


class Failure(Exception):
    pass


def start(command, environment, log):
    """Starts `command` with nothing to read; what it prints goes to the file descriptor `log`."""
    null = os.open("/dev/null", os.O_RDONLY)
    try:
        actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
        return os.posix_spawn(command[0], command, environment, file_actions=actions)
    finally:
        os.close(null)


def finish(pid, command, timeout=None):
    """Waits for the end of a command that was started; after `timeout` seconds it is killed and has failed."""
    if timeout is not None:
        watched = os.pidfd_open(pid)
        ended, _, _ = select.select([watched], [], [], timeout)
        os.close(watched)
        if not ended:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise Failure(f"{' '.join(command)}: no end within {timeout} s")
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        raise Failure(f"{' '.join(command)}: exit {code}")


def with_log(body):
    """Calls `body` with a descriptor for output; a failure carries what was printed."""
    log = os.memfd_create("log")
    try:
        return body(log)
    except Failure as failure:
        text = os.pread(log, 4000, 0).decode(errors="replace").strip()
        raise Failure(f"{failure}: {text}") from None
    finally:
        os.close(log)


def wall(command, environment, count=1, timeout=None):
    """Seconds from starting `count` copies of `command` at once to the end of the last."""

    def body(log):
        begin = time.perf_counter()
        pids = [start(command, environment, log) for _ in range(count)]
        for pid in pids:
            finish(pid, command, timeout)
        return time.perf_counter() - begin

    return with_log(body)


def median(values):
    return statistics.median(values)


def spread(values):
    """The 10th and the 90th percentile."""
    ordered = sorted(values)
    return ordered[len(ordered) // 10], ordered[min(len(ordered) - 1, len(ordered) * 9 // 10)]


def ratio(values, others):
    """The median of the rounds' own ratios: both sides of each were measured next to each other."""
    return statistics.median(a / b for a, b in zip(values, others))


def processes():
    """{pid: (parent, name, command line)}"""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        close = stat.rindex(")")
        found[int(entry.name)] = (int(stat[close + 2 :].split()[1]), stat[stat.index("(") + 1 : close], line)
    return found


def memory(pid):
    """{"pss", "private_dirty", "private", "peak"} of a process in KB; peak is its largest resident set."""
    fields = {}
    for name in ("smaps_rollup", "status"):
        for line in pathlib.Path(f"/proc/{pid}/{name}").read_text().splitlines():
            key, _, value = line.partition(":")
            if value.endswith(" kB"):
                fields[key] = int(value.split()[0])
    dirty = fields["Private_Dirty"]
    return {"pss": fields["Pss"], "private_dirty": dirty, "private": dirty + fields["Private_Clean"], "peak": fields["VmHWM"]}
