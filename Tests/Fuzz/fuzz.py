"""Feeds what others write (bundles, Dockerfiles, what registries and archives have, configuration) to libFuzzer, which begins with
Tests/Fuzz/corpus.

    fuzz.py --driver PATH --fuzzer PATH [--seconds 60 | --total N] [--target NAME] [--seed N]

The fuzzer is the driver, built with `--sanitize=fuzzer` (`make fuzz`). What libFuzzer finds on its way is kept in .build-fuzz/found for
the next run. An input that ends the driver is kept beside it and is a failure; put it into the corpus with its repair.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT / "Tests/Fuzz/corpus"
# By their dictionaries.
DICTIONARIES = {
    "json.dict": ("config", "seccomp", "manifest", "image", "layout", "policy", "signature", "credentials", "answers"),
    "text.dict": ("key", "registries", "headers"),
    None: ("protocol", "dockerfile"),
}
TARGETS = [target for targets in DICTIONARIES.values() for target in targets]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--total", type=int, help="seconds for all targets together")
    parser.add_argument("--target", choices=TARGETS, action="append")
    parser.add_argument("--seed", type=int, default=0, help="0: by the clock")
    parser.add_argument("--driver", required=True)
    parser.add_argument("--fuzzer", required=True)
    arguments = parser.parse_args()
    targets = arguments.target or TARGETS
    seconds = arguments.total // len(targets) if arguments.total else arguments.seconds
    if seconds < 1:
        parser.error("each target needs a second at least: libFuzzer takes none for ever")
    failed = 0
    for target in targets:
        seeds = CORPUS / target
        subprocess.run([arguments.driver, target, *sorted(seeds.iterdir())], check=True)
        found = ROOT / ".build-fuzz/found" / target
        crashes = ROOT / ".build-fuzz/crashes"
        for folder in (found, crashes):
            folder.mkdir(parents=True, exist_ok=True)
        options = [f"-max_total_time={seconds}", f"-seed={arguments.seed}", "-max_len=65536", "-timeout=20",
                   "-rss_limit_mb=4096", f"-artifact_prefix={crashes}/{target}-", "-print_final_stats=1"]
        options += [f"-dict={ROOT / 'Tests/Fuzz' / name}" for name, users in DICTIONARIES.items() if name and target in users]
        done = subprocess.run([arguments.fuzzer, *options, found, seeds], capture_output=True, text=True, errors="replace",
                              env={**os.environ, "FUZZ_TARGET": target})
        runs = re.search(r"stat::number_of_executed_units: *(\d+)", done.stderr)
        coverage = re.findall(r"cov: (\d+)", done.stderr)
        print(f"{target}: {runs[1] if runs else 'no'} inputs, {coverage[-1] if coverage else 'no'} edges covered", flush=True)
        if done.returncode or not runs or int(runs[1]) == 0:
            failed += 1
            print(f"{target}: FAILED ({done.returncode}), its input is in {crashes}\n{done.stderr.strip()[-3000:]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
