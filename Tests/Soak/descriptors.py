"""What is left of a network process's descriptors, and what becomes of clients where there are too few."""

import asyncio
import contextlib
import os
import pathlib
import time

import peer
from lab import MACHINE, OUTSIDE, Failure
from services import process_of

FEW, PORT = 7100, 7000
LIMIT, CLIENTS = 200, 300


def check(condition, what):
    if not condition:
        raise Failure(what)


async def too_many(count, processor):
    """More clients than there are descriptors; then, when those have left, one that is served at once."""
    pairs, served = [], 0
    for number in range(count):
        pairs.append(await asyncio.open_connection(MACHINE, FEW, local_addr=(OUTSIDE, 0)))
        pairs[-1][1].write(b"echo\n" + peer.made(100, number))

    async def answer(number):
        try:
            got = await asyncio.wait_for(pairs[number][0].readexactly(100), 3)
        except TimeoutError as error:  # one of OSError's, which are refusals
            return error
        except (OSError, asyncio.IncompleteReadError):
            return 0
        check(got == peer.made(100, number), f"connection {number} brought other bytes back")
        return 1

    results = await asyncio.gather(*map(answer, range(count)), return_exceptions=True)
    for result in results:
        check(isinstance(result, (int, TimeoutError, asyncio.TimeoutError)), f"{result!r}")
    served = results.count(1)
    waiting = sum(isinstance(result, Exception) for result in results)
    before = processor()
    await asyncio.sleep(2)
    used = processor() - before
    for _, writer in pairs:
        writer.transport.abort()
    begun = time.monotonic()
    limit = begun + 5
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(MACHINE, FEW)
            writer.write(b"give 10 x\n")
            got = await asyncio.wait_for(reader.read(), 5)
            writer.close()
            if got == peer.made(10, "x"):
                break
        check(time.monotonic() < limit, "nobody is served any more after too many clients")
        await asyncio.sleep(0.1)
    seen = (f"of {count} clients {served} were served, {waiting} waited, {count - served - waiting} were refused; "
            f"one was served {time.monotonic() - begun:.1f} s after all had left")
    check(served > 40, f"{seen}: too few")
    check(used < 1, f"{seen}: it took {used:.1f} s of processor time in 2 s meanwhile")
    check(count - served - waiting == 0, f"{seen}: a client should wait until there is room")
    return seen


def processor_time(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def exhaust(machine):
    container = machine.python("--name", "few", "--ulimit", f"nofile={LIMIT}:{LIMIT}", "-p", f"{FEW}:{PORT}")
    limited = ["prlimit", f"--nofile={LIMIT}:{LIMIT}", machine.apus, "run", "-d"]
    started = machine.finish(machine.start([*limited, *container, "/mnt/peer.py", PORT]), "run")
    check(started.code == 0, f"run: {started}")
    machine.await_log("few", "ready")
    process = process_of(machine, "few")[1]
    try:
        return machine.lab.inside("outside", lambda: asyncio.run(too_many(CLIENTS, lambda: processor_time(process))))
    finally:
        machine.do("rm", "-f", "few")


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))
