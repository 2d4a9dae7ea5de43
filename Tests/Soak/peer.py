#!/usr/bin/env python3
"""A server that does what its clients ask it for, in the first line that each sends; it runs in a container.

  echo             sends back what comes, to the end
  give N SEED      sends N bytes of that seed, and ends
  take             reads to the end, then says how many bytes, and their hash
  first N SEED     sends N bytes and shuts down its writing; then reads to the end and keeps the hash: `kept SEED`
  kept KEY         says what was kept under that name
  reset            resets the connection at once
  wait KEY         reads on; keeps by what that ended
  who              says the client's address and port
At PORT + 1 whoever comes is closed at once; at PORT, UDP, datagrams are answered with their sender's address.
"""

import asyncio
import errno
import hashlib
import random
import socket
import struct
import sys

KEPT = {}


def made(count, seed):
    """Bytes that both ends know."""
    return random.Random(f"soak {seed}").randbytes(count)


def reset(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def digest(reader):
    """The number and the hash of what comes up to the end, and by what it ended."""
    count, hashed = 0, hashlib.sha256()
    try:
        while data := await reader.read(1 << 16):
            count += len(data)
            hashed.update(data)
        ended = "end"
    except OSError as error:
        ended = errno.errorcode.get(error.errno, str(error))
    return f"{count} {hashed.hexdigest()} {ended}"


async def obey(reader, writer, word, rest):
    if word == "echo":
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    elif word == "give":
        writer.write(made(int(rest[0]), rest[1]))
        await writer.drain()
    elif word == "take":
        writer.write((await digest(reader)).encode())
    elif word == "first":
        writer.write(made(int(rest[0]), rest[1]))
        writer.write_eof()
        KEPT[rest[1]] = await digest(reader)
    elif word == "kept":
        writer.write(KEPT.get(rest[0], "nothing").encode())
    elif word == "reset":
        return reset(writer)
    elif word == "wait":
        KEPT[rest[0]] = await digest(reader)
    elif word == "who":
        writer.write("{} {}".format(*writer.get_extra_info("peername")[:2]).encode())
    if writer.can_write_eof():
        writer.write_eof()
    await writer.drain()


async def serve(reader, writer):
    try:
        words = (await reader.readline()).decode().split()
        if words:
            await obey(reader, writer, words[0], words[1:])
    except (OSError, asyncio.IncompleteReadError) as error:
        print("connection:", repr(error))
    finally:
        writer.close()


async def shut(reader, writer):
    writer.close()


class Datagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        self.transport.sendto(f"{peer[0]} {peer[1]} {len(data)}".encode(), peer)


async def main():
    port = int(sys.argv[1])
    hosts = sys.argv[2:] or ["0.0.0.0", "::"]
    loop = asyncio.get_running_loop()
    served = []
    for host in hosts:
        served.append(await asyncio.start_server(serve, host, port, backlog=4096, reuse_address=True))
        served.append(await asyncio.start_server(shut, host, port + 1, backlog=4096, reuse_address=True))
        datagrams = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        if ":" in host:
            datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        datagrams.bind((host, port))
        served.append(await loop.create_datagram_endpoint(Datagrams, sock=datagrams))
    print("ready")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
