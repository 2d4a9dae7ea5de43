"""What containers and clients ask during the soak, and which answers are right."""

import asyncio
import hashlib
import random
import time

import dns
import peer
from lab import MACHINE
from services import PORT, kill_network_process

LATE = 3.0  # seconds, past which an answer that needs nobody from outside is late


async def ask(port, line):
    reader, writer = await asyncio.open_connection(MACHINE, port)
    try:
        writer.write(line.encode() + b"\n")
        return await reader.read()
    finally:
        writer.close()


class Questions:
    """A question is asked of a service that is up; the answer counts if the service was so all the while."""

    def probe(self, probe, number):
        chance = random.Random(f"{self.seed} probe {number}")
        questions = [self.local, self.local, self.reverse, self.connect, self.connect, self.unknown, self.forwarded]
        killed = time.monotonic()
        while not self.wait(0.02):
            chance.choice(questions)(probe, chance)
            if time.monotonic() - killed > 30:
                killed = time.monotonic()
                kill_network_process(self, probe.name)

    def local(self, probe, chance):
        service = chance.choice(self.services)
        seen = service.look()
        if not seen or probe.network not in seen[1]:
            return
        name = chance.choice([service.name, f"alias-{service.name}", f"{service.name}.{probe.network}"])
        got = probe.ask(do="resolve", name=name, kind="A", seconds=2, tries=3)
        if not service.is_same(seen):
            return
        self.count("names")
        if got.get("answers") != [seen[1][probe.network]] or got["took"] > LATE:
            self.note("name", f"{probe.name} asks for {name} and gets {got}, not {seen[1][probe.network]}")

    def reverse(self, probe, chance):
        service = chance.choice(self.services)
        seen = service.look()
        if not seen or probe.network not in seen[1]:
            return
        name = ".".join(reversed(seen[1][probe.network].split("."))) + ".in-addr.arpa"
        got = probe.ask(do="resolve", name=name, kind="PTR", seconds=2, tries=3)
        if not service.is_same(seen):
            return
        self.count("reverse names")
        if got.get("answers", []) != [f"{service.name}.{probe.network}"]:
            self.note("reverse name", f"{probe.name} asks for {name} and gets {got}, not {service.name}.{probe.network}")

    def unknown(self, probe, chance):
        """Somebody who is on another network only is nobody's name here: it is the upstream servers' word."""
        service = chance.choice(self.services)
        seen = service.look()
        if not seen or probe.network in seen[1] or not self.forwarding[2]:
            return
        got = probe.ask(do="resolve", name=service.name, kind="A", seconds=4, tries=3)
        if not service.is_same(seen):
            return
        self.count("names of other networks")
        if got.get("answers"):
            self.note("foreign name", f"{probe.name} asks for {service.name}, which is on {list(seen[1])}, and gets {got}")

    def connect(self, probe, chance):
        service = chance.choice(self.services)
        seen = service.look()
        if not seen or probe.network not in seen[1]:
            return
        kind, place = chance.choice([("address", seen[1][probe.network]), ("name", service.name), ("name", f"alias-{service.name}")])
        got = probe.ask(do="talk", address=place, port=PORT, line="who", seconds=10)
        if not service.is_same(seen):
            return
        self.count(f"connections by {kind}")
        if got.get("said", "").split(" ")[0] != got.get("own") or got["took"] > LATE:
            self.note("connection", f"{probe.name} connects to {place} ({seen[1][probe.network]}): {got}")

    def forwarded(self, probe, chance):
        (allowed, since, must), way = self.forwarding, self.way
        number = chance.randrange(65536)
        kind = chance.choice(["A", "TXT"])
        name = f"n{number}.{dns.ZONE}"
        size = chance.choice([None, 1232, 8192])
        got = probe.ask(do="resolve", name=name, kind=kind, seconds=5, tries=3, size=size)
        if self.forwarding[1] != since or time.monotonic() - since < got["took"] + 0.2:
            return
        self.count(f"forwarded names ({way})")
        wanted = [f"10.{server}.{number >> 8}.{number & 255}" for server in allowed]
        if kind == "TXT":
            wanted = [hashlib.sha256(dns.long_text(name)).hexdigest()]
        answers = got.get("answers", [])
        if (must and len(answers) != 1) or any(answer not in wanted for answer in answers):
            self.note("forwarded name", f"{probe.name} asks for {name} {kind} (room {size}) and gets {got}; server {allowed} is {way}")

    def published(self, number):
        self.machine.lab.enter("outside")
        chance = random.Random(f"{self.seed} outside {number}")
        while not self.wait(0.02):
            service = chance.choice(self.services)
            seen, begun = service.look(), time.monotonic()
            if not seen:
                continue
            size = chance.choice([10, 1000, 300_000])
            try:
                got = asyncio.run(asyncio.wait_for(ask(service.port, f"give {size} {number}"), 10))
            except (OSError, asyncio.TimeoutError) as error:
                got = error
            took = time.monotonic() - begun
            if not service.is_same(seen) or not service.is_served(begun):
                continue
            self.count("published ports")
            if got != peer.made(size, number) or took > LATE:
                what = f"{len(got)} bytes" if isinstance(got, bytes) else repr(got)
                self.note("published port", f"port {service.port} of {service.name} gives {what} of {size} after {took:.1f} s")
