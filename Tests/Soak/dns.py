"""Messages of DNS (RFC 1035), and a server of it that can be slow, stop, and say much."""

import contextlib
import hashlib
import ipaddress
import socket
import struct
import threading
import time

A, PTR, TXT, OPT = 1, 12, 16, 41
TYPES = {"A": A, "PTR": PTR, "TXT": TXT}
ZONE = "upstream.test"


def encode(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".")) + b"\0"


def question(number, name, kind, size=None):
    more = b"\0" + struct.pack("!HHIH", OPT, size, 0, 0) if size else b""
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, bool(more)) + encode(name) + struct.pack("!2H", TYPES[kind], 1) + more


def read_name(message, place):
    labels, after = [], None
    for _ in range(128):
        length = message[place]
        if length >= 0xc0:
            after = after or place + 2
            place = struct.unpack_from("!H", message, place)[0] & 0x3fff
        elif not length:
            return ".".join(labels), after or place + 1
        else:
            labels.append(message[place + 1:place + 1 + length].decode())
            place += 1 + length
    raise ValueError("a name without an end")


def read(message):
    """(number, response code, whether it is cut off, question (name, type), answers, room that the asker has)."""
    number, flags, questions, answers, authorities, additional = struct.unpack_from("!6H", message)
    place, asked, found, room = 12, None, [], 512
    for _ in range(questions):
        name, place = read_name(message, place)
        asked = name, struct.unpack_from("!H", message, place)[0]
        place += 4
    for _ in range(answers + authorities + additional):
        _, place = read_name(message, place)
        kind, size, _, length = struct.unpack_from("!HHIH", message, place)
        data = message[place + 10:place + 10 + length]
        if kind == A:
            found.append(str(ipaddress.ip_address(data)))
        elif kind == PTR:
            found.append(read_name(message, place + 10)[0])
        elif kind == TXT:
            found.append(hashlib.sha256(data).hexdigest())
        elif kind == OPT:
            room = max(512, size)
        place += 10 + length
    return number, flags & 15, bool(flags & 0x0200), asked, found, room


def long_text(name):
    """Four kilobytes of TXT, as they are in a record."""
    strings = [hashlib.sha256(f"{name} {part}".encode()).hexdigest() * 3 for part in range(21)]
    return b"".join(bytes([len(text)]) + text.encode() for text in strings)


class Upstream:
    """A server of DNS at `address`, in the network of the thread that calls `serve`.

    nN.upstream.test has the address 10.SERVER.N.N; the TXT of any name there is long. `delay` is before each answer.
    """

    def __init__(self, address, server):
        self.address, self.server = address, server
        self.delay, self.asked, self.is_stopped = 0.0, 0, False

    def answer(self, message, stream):
        number, _, _, asked, _, room = read(message)
        name, kind = asked
        code, data = 3, b""
        if name.endswith("." + ZONE) and kind == TXT:
            code, data = 0, long_text(name.lower())
        elif name.endswith("." + ZONE) and kind == A:
            low = int(name.split(".")[0][1:])
            code, data = 0, bytes([10, self.server, low >> 8 & 255, low & 255])
        tail = encode(name) + struct.pack("!2H", kind, 1)
        record = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 30, len(data)) + data if data else b""
        if not stream and 12 + len(tail) + len(record) > room:
            return struct.pack("!6H", number, 0x8380, 1, 0, 0, 0) + tail
        return struct.pack("!6H", number, 0x8180 | code, 1, bool(record), 0, 0) + tail + record

    def open(self, kind):
        made = socket.socket(socket.AF_INET, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((self.address, 53))
        made.settimeout(0.2)
        return made

    def serve(self, is_over):
        """Serves until `is_over()`; while `is_stopped` nobody listens."""
        while not is_over():
            if self.is_stopped:
                time.sleep(0.1)
                continue
            with self.open(socket.SOCK_DGRAM) as datagrams, self.open(socket.SOCK_STREAM) as streams:
                streams.listen(64)
                threads = [threading.Thread(target=self.loop, args=(one, is_over), daemon=True) for one in (datagrams, streams)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()

    def loop(self, own, is_over):
        stream = own.type == socket.SOCK_STREAM
        while not is_over() and not self.is_stopped:
            with contextlib.suppress(OSError):
                if stream:
                    client, _ = own.accept()
                    threading.Thread(target=self.talk, args=(client,), daemon=True).start()
                else:
                    message, peer = own.recvfrom(65536)
                    threading.Thread(target=self.tell, args=(own, message, peer), daemon=True).start()

    def tell(self, own, message, peer):
        self.asked += 1
        time.sleep(self.delay)
        with contextlib.suppress(OSError):
            own.sendto(self.answer(message, False), peer)

    def talk(self, client):
        self.asked += 1
        client.settimeout(20)
        with client, contextlib.suppress(OSError, struct.error):
            while True:
                length = struct.unpack("!H", client.recv(2, socket.MSG_WAITALL))[0]
                message = client.recv(length, socket.MSG_WAITALL)
                time.sleep(self.delay)
                answer = self.answer(message, True)
                client.sendall(struct.pack("!H", len(answer)) + answer)
