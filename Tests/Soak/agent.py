#!/usr/bin/env python3
"""Asks and connects in a container what it is told on its standard input, a line of JSON each; answers so."""

import json
import random
import socket
import struct
import sys
import time

import dns

RESOLVER = ("127.0.0.11", 53)


def by_datagram(message, number, seconds):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.settimeout(seconds)
        own.connect(RESOLVER)
        own.send(message)
        while True:
            answer = own.recv(65536)
            if dns.read(answer)[0] == number:
                return answer


def by_stream(message, seconds):
    with socket.create_connection(RESOLVER, seconds) as own:
        own.settimeout(seconds)
        own.sendall(struct.pack("!H", len(message)) + message)
        head = own.recv(2, socket.MSG_WAITALL)
        if len(head) < 2:
            raise ConnectionError("the resolver ends the connection")
        length = struct.unpack("!H", head)[0]
        answer = own.recv(length, socket.MSG_WAITALL)
        if len(answer) < length:
            raise ConnectionError(f"the resolver ends the connection after {len(answer)} of {length} bytes")
        return answer


def resolve(name, kind, seconds, tries, size=None):
    """Asks as resolvers in libraries do: again where nobody answers, and by a connection what is cut off."""
    for attempt in range(1, tries + 1):
        number = random.randrange(65536)
        message = dns.question(number, name, kind, size)
        try:
            answer = dns.read(by_datagram(message, number, seconds))
            if answer[2]:
                answer = dns.read(by_stream(message, seconds))
            return {"code": answer[1], "answers": answer[4], "tries": attempt}
        except OSError as error:
            last = repr(error)
    return {"error": last, "tries": tries}


def talk(address, port, line, seconds):
    with socket.create_connection((address, port), seconds) as own:
        own.settimeout(seconds)
        own.sendall(line.encode() + b"\n")
        own.shutdown(socket.SHUT_WR)
        said = b""
        while data := own.recv(65536):
            said += data
        return {"said": said.decode(errors="replace"), "own": own.getsockname()[0]}


def main():
    calls = {"resolve": resolve, "talk": talk}
    for line in sys.stdin:
        words = json.loads(line)
        begun = time.monotonic()
        try:
            result = calls[words.pop("do")](**words)
        except Exception as error:  # noqa: B902 (told to who asks)
            result = {"error": repr(error)}
        print(json.dumps(result | {"took": time.monotonic() - begun}), flush=True)


if __name__ == "__main__":
    main()
