#!/usr/bin/python3
"""Writes the table of `cp` as cases of the differential suite: cases/cp/{in,out}-*.sh, each form of a source to each form of a
destination.  `differential.py --record cp` asks Docker for the answers."""

import pathlib

HERE = pathlib.Path(__file__).resolve().parent / "cases" / "cp"
# What a source and a destination may be; both sides have the same tree.
SOURCES = {
    "file": ["f", "f/", "f/."],
    "directory": ["d", "d/", "d/."],
    "link-to-file": ["lf", "lf/", "-L lf", "-L lf/"],
    "link-to-directory": ["ld", "ld/", "ld/.", "-L ld", "-L ld/", "-L ld/."],
    "dangling": ["dang", "-L dang", "nope", "nope/x", "f/x"],
    "archive-mode": ["-a f", "-a d", "-a -L ld", "-a d/."],
}
DESTINATIONS = ["e", "e/", "e/.", "old", "old/", "lold", "le", "le/", "ldang", "ldeep", "new", "new/", "new/.", "no/x", "old/x"]
SOURCE_TREE = "mkdir -p d/sub d/empty; echo f >f; echo x >d/x; echo y >d/sub/y; ln -s x d/lx; ln -s f lf; ln -s d ld; ln -s nope dang"
TARGET_TREE = "mkdir -p e/d; echo old >old; ln -s old lold; ln -s e le; ln -s born ldang; ln -s no/deep ldeep"
SHOW = 'find . | sort | while read -r n; do if [ -L "$n" ]; then echo "$n -> $(readlink "$n")"; elif [ -f "$n" ]; then echo "$n: $(cat "$n")"; else echo "$n/"; fi; done'
MASK = '# mask: ^time=.*level=error msg="Can\'t .*\\n =>'
LINK = "Docker takes a link for no directory although its path ends in a slash; the content goes to where it leads, as with le"


def inwards(name, sources):
    lines = [f"# what: {name} into a container, to each form of destination", MASK,
             "@ D run -d --name c1 busybox sleep 86400",
             f"@ {SOURCE_TREE}",
             f"@ show() {{ D exec c1 sh -c 'cd /w && {SHOW}'; }}".replace("'", "'"),
             f"@ t() {{ D exec c1 sh -c 'rm -rf /w; mkdir /w; cd /w; {TARGET_TREE}'; D cp $1 \"c1:/w/$2\"; echo \"rc=$?\"; show; }}"]
    lines += [f"t '{source}' {target}" for source in sources for target in DESTINATIONS]
    return lines


def outwards(name, sources):
    lines = [f"# what: {name} out of a container, to each form of destination", MASK, *accepted(sources),
             f"@ D run -d --name c1 busybox sh -c 'mkdir /s; cd /s; {SOURCE_TREE}; sleep 86400'",
             "@ until D exec c1 test -L /s/dang; do sleep 0.1; done",
             f"@ t() {{ rm -rf w; mkdir w; cd w; {TARGET_TREE}; s=${{1##* }}; o=${{1%\"$s\"}}; D cp $o \"c1:/s/$s\" \"$2\"; echo \"rc=$?\"; {SHOW}; cd ..; }}"]
    lines += [f"t '{source}' {target}" for source in sources for target in DESTINATIONS]
    return lines


def accepted(sources):
    """The steps that differ, which follow those of preparation."""
    pairs = [(source, target) for source in sources for target in DESTINATIONS]
    return [f"# accept {number} {stream}: {LINK}" for number, (source, target) in enumerate(pairs, 4)
            if source.endswith("d/.") and target == "le/" for stream in ("out", "err")]


for name, sources in SOURCES.items():
    for direction, make in ("in", inwards), ("out", outwards):
        (HERE / f"{direction}-{name}.sh").write_text("\n".join(make(name.replace("-", " "), sources)) + "\n")
