"""Many connections through one published port, and the ways in which connections end."""

import asyncio
import hashlib
import socket
import struct
import time

import peer
from descriptors import check, exhaust, open_files
from lab import MACHINE, OUTSIDE, Failure, enough_descriptors
from services import process_of

PORT = 7000
PATIENCE = 120
COMING = 200  # how many clients are on their way at once
MEGABYTE = 1 << 20


def summary(data, ended="end"):
    return f"{len(data)} {hashlib.sha256(data).hexdigest()} {ended}"


async def ask(line, send=b"", shut=True, source=None, limit=64 << 10):
    """Sends a line and bytes, and reads to the end."""
    reader, writer = await asyncio.open_connection(MACHINE, PORT, local_addr=source, limit=limit)
    try:
        writer.write(line.encode() + b"\n" + send)
        if shut:
            writer.write_eof()
        return await asyncio.wait_for(reader.read(-1), PATIENCE)
    finally:
        writer.close()


async def at_once(count):
    """Opens `count` connections, holds all, and says something on each, twice, the second time in another order."""
    door = asyncio.Semaphore(COMING)
    pairs = [None] * count

    async def open_one(number):
        # 28,000 ports are an address's own.
        source = (OUTSIDE if number % 2 else "192.0.2.3", 0)
        async with door:
            reader, writer = await asyncio.wait_for(asyncio.open_connection(MACHINE, PORT, local_addr=source), PATIENCE)
            writer.write(b"echo\n")
            pairs[number] = reader, writer

    async def talk(number, turn):
        reader, writer = pairs[number]
        sent = peer.made(1 + number % 3000, f"{number} {turn}")
        async with door:
            writer.write(sent)
            got = await asyncio.wait_for(reader.readexactly(len(sent)), PATIENCE)
        check(got == sent, f"connection {number} brought other bytes back")

    try:
        await asyncio.gather(*map(open_one, range(count)))
        for turn, numbers in enumerate((range(count), reversed(range(count)))):
            await asyncio.gather(*(talk(number, turn) for number in numbers))
        for _, writer in pairs:
            writer.write_eof()
        for number, (reader, _) in enumerate(pairs):
            check(await asyncio.wait_for(reader.read(), PATIENCE) == b"", f"connection {number} ends with bytes nobody sent")
    finally:
        for pair in pairs:
            if pair:
                pair[1].close()


async def half_close():
    for size in (0, 1, MEGABYTE, 8 * MEGABYTE):
        got = await ask(f"give {size} half")
        check(got == peer.made(size, "half"), f"of {size} bytes after the client's end came {len(got)}")
        data = peer.made(size, "up")
        check(await ask("take", data) == summary(data).encode(), f"{size} bytes up, and the answer after the client's end")
    # The server ends first, and reads on.
    reader, writer = await asyncio.open_connection(MACHINE, PORT)
    key = f"first-{time.time_ns()}"
    writer.write(f"first 100000 {key}\n".encode())
    check(await asyncio.wait_for(reader.read(-1), PATIENCE) == peer.made(100000, key), "bytes before the server's end")
    await asyncio.sleep(0.3)
    data = peer.made(MEGABYTE, "later")
    for place in range(0, MEGABYTE, 100_000):
        writer.write(data[place:place + 100_000])
        await writer.drain()
        await asyncio.sleep(0.02)
    writer.write_eof()
    await expect_kept(key, summary(data), "a megabyte after the server's end")
    writer.close()


async def expect_kept(key, wanted, what):
    limit = time.monotonic() + 15
    while (got := (await ask(f"kept {key}")).decode()) != wanted:
        if time.monotonic() > limit:
            raise Failure(f"{what}: the server has '{got}', and not '{wanted}'")
        await asyncio.sleep(0.1)


async def slow_readers():
    """A kilobyte each 10 ms of 2 MB, by five, while others are served at once."""
    size = 2 * MEGABYTE

    async def slowly(number):
        loop = asyncio.get_running_loop()
        plain = socket.socket()
        plain.setblocking(False)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        await loop.sock_connect(plain, (MACHINE, PORT))
        await loop.sock_sendall(plain, f"give {size} slow{number}\n".encode())
        data = bytearray()
        while piece := await asyncio.wait_for(loop.sock_recv(plain, 1024), PATIENCE):
            data += piece
            await asyncio.sleep(0.01)
        plain.close()
        check(bytes(data) == peer.made(size, f"slow{number}"), f"a slow reader got {len(data)} of {size} bytes, or others")

    slow = [asyncio.ensure_future(slowly(number)) for number in range(5)]
    longest, served = 0.0, 0
    while not all(task.done() for task in slow):
        before = time.monotonic()
        check(await ask("give 200000 quick") == peer.made(200000, "quick"), "a quick client beside slow ones got other bytes")
        longest, served = max(longest, time.monotonic() - before), served + 1
        await asyncio.sleep(0.1)
    await asyncio.gather(*slow)
    check(longest < 2, f"beside slow readers a quick one waited {longest:.1f} s")
    return f"{served} quick ones beside 5 slow ones, the slowest {longest * 1000:.0f} ms"


async def resets():
    for number in range(50):
        reader, writer = await asyncio.open_connection(MACHINE, PORT)
        key = f"reset-{number}-{time.time_ns()}"
        sent = peer.made(1000 * number, "before")
        writer.write(f"wait {key}\n".encode() + sent)
        await writer.drain()
        # What was sent is there, so that the reset does not overtake it.
        await asyncio.sleep(0.1 if number < 5 else 0.02)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        limit = time.monotonic() + 10
        while not (got := (await ask(f"kept {key}")).decode()).endswith("ECONNRESET"):
            check(time.monotonic() < limit, f"a client's reset is '{got}' for the server")
            await asyncio.sleep(0.05)
        check(number >= 5 or got == summary(sent, "ECONNRESET"), f"before a client's reset came '{got}'")
    for _ in range(50):
        try:
            got = await ask("reset", shut=False)
            raise Failure(f"a server's reset is an end for the client, after {len(got)} bytes")
        except ConnectionResetError:
            pass


async def closed_at_once():
    for _ in range(200):
        reader, writer = await asyncio.open_connection(MACHINE, PORT + 1)
        check(await asyncio.wait_for(reader.read(), PATIENCE) == b"", "bytes from a server that closes at once")
        writer.close()
    ended = await asyncio.gather(*(asyncio.open_connection(MACHINE, PORT + 1) for _ in range(200)))
    for reader, writer in ended:
        check(await asyncio.wait_for(reader.read(), PATIENCE) == b"", "bytes from a server that closes at once")
        writer.close()


def prepare(machine):
    machine.lab.shell("outside", "ip addr add 192.0.2.3/24 dev eth0 2>/dev/null || true")
    machine.do("run", "-d", "--name", "peer", "-p", f"{PORT}-{PORT + 1}:{PORT}-{PORT + 1}",
               *machine.python(), "/mnt/peer.py", PORT)
    machine.await_log("peer", "ready")


def run(machine, options):
    """Yields (scene, what was seen)."""
    prepare(machine)
    _, process = process_of(machine, "peer")
    check(process, "the network process is not found")
    before = open_files(process)

    def hold():
        # Two for each are the network process's.
        limit = enough_descriptors()
        count = min(options.connections, (limit - 60) // 2)
        asyncio.run(at_once(count))
        few = "" if count == options.connections else f" ({options.connections} takes more than this machine's {limit} descriptors)"
        return f"{count} connections held at once{few}"

    for name, call in (("many connections", hold), ("half-close", half_close), ("slow readers", slow_readers), ("resets", resets),
                       ("closed at once", closed_at_once)):
        yield name, lambda call=call: machine.lab.inside("outside", call if call is hold else lambda: asyncio.run(call()))

    def descriptors():
        # Some sockets are made ahead.
        limit = time.monotonic() + 20
        while (now := open_files(process)) > before + 16:
            check(time.monotonic() < limit, f"the network process had {before} descriptors, and keeps {now}")
            time.sleep(0.2)
        check(process_of(machine, "peer")[1] == process, "the network process is another")
        return f"{before} before, {now} now"

    yield "descriptors after all connections", descriptors
    yield "more clients than descriptors", lambda: exhaust(machine)
    yield "gone", lambda: (machine.do("rm", "-f", "peer"), machine.check_nothing_is_left())[1]
