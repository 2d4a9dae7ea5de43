#!/usr/bin/python3 -ISB
"""cc_once.py ARGUMENTS: the C compiler, which compiles BoringSSL once for the debug and the release build of one checkout.

SwiftPM calls it where $CC names it (the Makefile does, in CI). BoringSSL is a third of what a debug build computes, and debugging it
is nobody's business here: its files are compiled as the release wants them, and kept below .build/once, from where the other build
takes them. Everything else goes to the compiler as it is. It knows a file by its path and flags alone, which is right for a
fresh checkout, whose dependencies do not change.
"""
import hashlib
import os
import shutil
import subprocess
import sys

ONCE = "/checkouts/swift-nio-ssl/Sources/CNIOBoringSSL/"
KEPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.build/once")
# What tells the two builds apart, and is put back as the release has it.
DROPPED = {"-O0", "-O2", "-g", "-g0", "-DDEBUG=1", "-ffunction-sections", "-fdata-sections"}
RELEASE = ["-O2", "-g0", "-ffunction-sections", "-fdata-sections"]


def plan(arguments):
    """(flags, source, object, dependency file) of a file that is compiled once; None for anything else."""
    flags, paths, words = [], {}, iter(arguments)
    for word in words:
        if word in ("-o", "-MF", "-c"):
            paths[word] = next(words, "")
        elif word not in DROPPED:
            flags.append(word)
    if set(paths) != {"-o", "-MF", "-c"} or ONCE not in paths["-c"]:
        return None
    return flags + RELEASE, paths["-c"], paths["-o"], paths["-MF"]


def compiler():
    return os.path.join(os.path.dirname(os.path.realpath(shutil.which("swift"))), "clang")


def main(arguments):
    found = plan(arguments)
    if not found:
        os.execv(compiler(), [compiler(), *arguments])
    flags, source, output, dependencies = found
    name = os.path.join(KEPT, hashlib.sha256("\0".join([*flags, source]).encode()).hexdigest())
    if not os.path.exists(f"{name}.o"):
        os.makedirs(KEPT, exist_ok=True)
        new = f"{name}.{os.getpid()}"
        code = subprocess.call([compiler(), *flags, "-MF", f"{new}.d", "-c", source, "-o", f"{new}.o"])
        if code:
            for path in (f"{new}.d", f"{new}.o"):
                if os.path.exists(path):
                    os.remove(path)
            return code if code > 0 else 128 - code
        os.rename(f"{new}.d", f"{name}.d")
        os.rename(f"{new}.o", f"{name}.o")
    shutil.copyfile(f"{name}.d", dependencies)
    shutil.copyfile(f"{name}.o", output)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
