"""Dockerfiles and contexts beyond all measure: they end, with an answer."""

import os
import random


def million_lines(world):
    """A million comments, and a build that takes no notice of them; a hundred thousand labels are another matter."""
    world.built("FROM busybox\n" + "# comment\n" * 1_000_000 + "RUN true\n", limit=120)
    code, output = world.build("FROM busybox\n" + "".join(f"LABEL l{n}=1\n" for n in range(100_000)), limit=120)
    return f"100,000 labels: exit {code}"


def long_things(world):
    """Long lines, deep nestings, endless heredocs."""
    deep = "${A:-" * 20_000 + "x" + "}" * 20_000
    for text in ("FROM busybox\nENV A=" + "x" * 20_000_000 + "\n", "FROM busybox\nENV A=" + deep + "\n", "FROM busybox\nRUN " + "a \\\n" * 300_000 + "\n",
                 "FROM busybox\nRUN <<E\n" + "x\n" * 500_000 + "E\n", "FROM busybox\nCOPY " + "x " * 200_000 + "/\n",
                 "FROM busybox\nCOPY " + "*" * 3000 + "a /t/\n", "FROM busybox\nRUN [" + '"a",' * 200_000 + '"b"]\n', "FROM busybox\nRUN [" + "[" * 200_000 + "\n",
                 "".join(f"FROM busybox AS s{n}\nCOPY --from=s{n - 1} /x /x\n" if n else "FROM busybox AS s0\n" for n in range(3000)),
                 "FROM busybox\n" + "ONBUILD " * 10_000 + "RUN x\n", "FROM busybox\nRUN " + " ".join(f"<<E{n}" for n in range(20_000)) + "\n",
                 "FROM busybox\nLABEL " + " ".join(f"a{n}={n}" for n in range(50_000)) + "\n", "FROM busybox\nEXPOSE 1-65535\nEXPOSE 0-99999999999\n",
                 "FROM busybox\nHEALTHCHECK --interval=99999999999999999999h CMD x\n", "\x00" * 100_000, "FROM busybox\nRUN \xff\xfe\x00\n"):
        world.build(text, limit=60)


def noise(world):
    """Bytes by chance, and Dockerfiles with bytes changed by chance."""
    good = b"# escape=\\\nFROM busybox AS a\nARG A=1\nENV B=${A:-x}\nRUN --mount=type=cache,target=/x <<E\necho\nE\nCOPY --chown=1:2 --from=a [\"x\", \"/y\"]\nHEALTHCHECK CMD x\n"
    for number in range(60):
        data = bytearray(good)
        for _ in range(random.randrange(1, 6)):
            data[random.randrange(len(data))] = random.randrange(256)
        (world.context / "Dockerfile").write_bytes(bytes(data) if number % 6 else random.randbytes(2000))
        code, _, errors = world.engine.call("build", "--check", world.context, limit=30)
        world.expect(code >= 0 and code not in (124, 132, 133, 134, 139), f"{bytes(data)}: exit {code}: {errors}")
    for number in range(20):
        whole = world.folder / "noise.tar"
        whole.write_bytes([b"", b"\x1f\x8b", b"BZh9", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"][number % 5] + random.randbytes(5000))
        code, _, errors = world.engine.call("build", "-", stdin=whole, limit=30)
        world.expect(code > 0 and code not in (124, 132, 133, 134, 139), f"a context of noise: exit {code}: {errors}")


def many_files(world):
    """A context of 100,000 files."""
    for folder in range(100):
        place = world.context / f"d{folder}"
        place.mkdir()
        for number in range(1000):
            os.close(os.open(place / str(number), os.O_CREAT | os.O_WRONLY, 0o644))
    output = world.built("FROM busybox\nCOPY . /t\nRUN find /t -type f | wc -l\n", limit=300)
    world.expect(" 100001" in output, f"not all files are there: {output[-500:]}")


def deep_directories(world):
    """Directories in directories, to a depth that no path has."""
    place = os.open(world.context, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d" * 10, dir_fd=place)
        inner = os.open("d" * 10, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)
    code, output = world.build("FROM busybox\nCOPY . /t\n", limit=60)
    return f"1,500 levels: exit {code}"


def much_output(world):
    """A step that writes more than anybody reads."""
    world.built("FROM busybox\nRUN yes 'a line of some length that goes on' | head -c 50000000\nRUN head -c 3000000 /dev/urandom\n", limit=120)


TESTS = [million_lines, long_things, noise, many_files, deep_directories, much_output]
