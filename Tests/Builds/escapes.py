"""Dockerfiles and contexts that reach for what is outside. The numbers are of holes that builders had."""

import io
import os
import subprocess
import sys
import tarfile


def links_in_the_context(world):
    """Names that lead out by links, absolute and relative, at the end and in the middle."""
    victim = world.victim
    (world.context / "absolute").symlink_to(victim / "secret")
    (world.context / "relative").symlink_to(os.path.relpath(victim / "secret", world.context))
    (world.context / "folder").symlink_to(victim)
    (world.context / "root").symlink_to("/")
    (world.context / "up").symlink_to("../../../../../../../..")
    inside = str(victim).lstrip("/")
    for source in ("absolute", "relative", "folder/secret", "folder", f"root/{inside}/secret", f"up/{inside}/secret", "../victim/secret",
                   f"folder/../../{inside}/secret", "[a]bsolute", "fold*r/secret", "*/secret"):
        for verb in ("COPY", "ADD", "COPY --link"):
            _, output = world.build(f"FROM busybox\n{verb} {source} /t/\n")
            world.unharmed(output)
    for source in ("folder", "absolute", "root", "up"):
        _, output = world.build(f"FROM busybox\nRUN --mount=source={source},target=/m,rw cat /m /m/secret /m/{inside}/secret; touch /m/new; rm -rf /m/empty\n")
        world.unharmed(output)
    # A whole tree is copied with its links as links.
    output = world.built("FROM busybox\nCOPY . /t\n")
    world.unharmed(output)


def special_context_files(world):
    """.dockerignore, Dockerfile and heredocs by links out of the context: an error must not tell what is in them."""
    (world.context / ".dockerignore").symlink_to(world.victim / "secret")
    _, output = world.build("FROM busybox\nCOPY . /t\n")
    world.unharmed(output)
    (world.context / ".dockerignore").unlink()
    os.mkfifo(world.context / ".dockerignore")
    # Nobody writes to it: whoever opens it as a file waits for ever.
    world.build("FROM busybox\nCOPY Dockerfile /t\n", limit=30)


def swapped_while_it_copies(world):
    """A name of the context that is a directory and a link in turns."""
    inner = world.context / "d"
    inner.mkdir()
    (inner / "secret").write_text("harmless\n")
    swapper = subprocess.Popen([sys.executable, "-c", (
        "import os, sys\n"
        "os.chdir(sys.argv[1]); os.symlink(sys.argv[2], 'l')\n"
        "while True:\n"
        "    os.rename('d', 'x'); os.rename('l', 'd'); os.rename('d', 'l'); os.rename('x', 'd')\n"), str(world.context), str(world.victim)])
    try:
        for number in range(25):
            _, output = world.build(f"FROM busybox\nLABEL n={number}\nCOPY d /t\nCOPY d/secret /u\nRUN --mount=source=d,target=/m cp -r /m /v || true\n",
                                    "--no-cache")
            world.unharmed(output)
    finally:
        swapper.kill()
        swapper.wait()


def bind_source_links(world):
    """CVE-2024-1753: a bind mount's source of a stage that is a link to the host's root."""
    victim = world.victim
    for target in ("/", "/proc/1/root", str(victim), f"../../../../../../../../..{victim}"):
        _, output = world.build(
            f"FROM busybox AS evil\nRUN ln -s {target} /link\nFROM busybox\n"
            f"RUN --mount=type=bind,from=evil,source=/link,target=/m,rw ls /m; cat /m{victim}/secret /m/secret; echo x > /m{victim}/new; "
            "echo x > /m/new; rm -rf /m/empty; true\n", "--no-cache")
        world.unharmed(output)


def bind_options(world):
    """CVE-2024-9407: options of a mount that reach the kernel as they are."""
    for option in ("bind-propagation=shared", "propagation=rshared", "options=rbind", "dev", "suid", "idmap", "U", "z", "type=devpts"):
        code, output = world.build(f"FROM busybox\nRUN --mount=type=bind,target=/m,{option} true\n")
        world.expect(code != 0, f"--mount with {option} is taken")
        world.unharmed(output)


def mount_targets(world):
    """A mount's target that leads out by links of the image: the mount point would be made outside."""
    for kind in ("type=tmpfs", "type=cache", "type=bind", "type=bind,rw"):
        for target in ("/l/new", "/l/new/deep", "/l", "/l/empty", "/up/new"):
            _, output = world.build(
                f"FROM busybox\nRUN ln -s {world.victim} /l && ln -s ../../../../../../../..{world.victim} /up\n"
                f"RUN --mount={kind},target={target} ls {target}; true\n")
            world.unharmed(output)


def mount_points_swapped(world):
    """CVE-2024-23652: a mount point that was made is removed afterwards, by a name that the step has turned elsewhere."""
    for kind in ("type=tmpfs", "type=bind", "type=cache"):
        for name in ("empty", "nothing", "full"):
            _, output = world.build(
                f"FROM busybox\nRUN --mount={kind},target=/x/{name} mv /x /y && ln -s {world.victim} /x && ls -la /\n", "--no-cache")
            world.unharmed(output)
    # Nor by what the engine puts into /etc.
    _, output = world.build(f"FROM busybox\nRUN mv /etc /e2 && ln -s {world.victim} /etc; true\n", "--no-cache")
    world.unharmed(output)


def cache_names(world):
    """CVE-2024-9675: a cache's name that is a path."""
    victim = world.victim
    for identity in (str(victim), f"../../../../../../../../..{victim}", "../../../images", "..", ".", "/", "a/../../../../b", "%2e%2e%2f", "x" * 5000):
        _, output = world.build(
            f"FROM busybox\nRUN --mount=type=cache,id={identity},target=/c ls -la /c; cat /c/secret; touch /c/new; rm -rf /c/empty; true\n", "--no-cache")
        world.unharmed(output)
        world.expect("oci-layout" not in output, f"the cache {identity} shows the store")
    for source in (f"../../../../../../..{victim}", "/l"):
        _, output = world.build(
            f"FROM busybox AS s\nRUN ln -s {victim} /l\nFROM busybox\n"
            f"RUN --mount=type=cache,id=q{len(source)},from=s,source={source},target=/c cat /c/secret; touch /c/new; rm -rf /c/empty; true\n", "--no-cache")
        world.unharmed(output)
    world.whole()


def caches_swapped(world):
    """CVE-2024-23651 and CVE-2024-11218: one stage turns a directory of a cache into a link while another mounts it."""
    output = world.build(
        "FROM busybox AS a\n"
        f"RUN --mount=type=cache,id=race,target=/c for i in $(seq 300); do rm -rf /c/d; mkdir /c/d; rm -rf /c/d; ln -s {world.victim} /c/d; done\n"
        "FROM busybox AS b\n"
        + "".join(f"RUN --mount=type=cache,id=race,target=/c --mount=type=cache,id=race,source=d,target=/m cat /m/secret; touch /m/new{n}; true\n"
                  for n in range(10))
        + "FROM busybox\nCOPY --from=a /etc/passwd /a\nCOPY --from=b /etc/passwd /b\n", "--no-cache")[1]
    world.unharmed(output)
    # With the cache's directory as a whole, and what it holds as the next mount's source.
    output = world.build(
        f"FROM busybox AS a\nRUN --mount=type=cache,id=race2,target=/c ln -sfn {world.victim} /c/d\n"
        "FROM a\nRUN --mount=type=cache,id=race2,target=/c --mount=type=tmpfs,target=/c/d/new ls /c/d/; true\n", "--no-cache")[1]
    world.unharmed(output)


def passwd_of_all_kinds(world):
    """CVE-2024-9676: /etc/passwd and /etc/group that are links out, pipes or without an end."""
    for make in (f"ln -s {world.victim}/secret /etc/passwd", "mkfifo /etc/passwd", "ln -s /dev/zero /etc/passwd", "mkdir /etc/passwd",
                 "ln -s passwd /etc/passwd", "ln -s ../../../../../../../../etc/shadow /etc/passwd", "yes a:x:1:1 | head -c 30000000 > /etc/passwd"):
        for use in ("USER web\nRUN id", "COPY --chown=web Dockerfile /x", "USER web\nWORKDIR /w"):
            _, output = world.build(f"FROM busybox\nRUN rm /etc/passwd && {make}\n{use}\n", limit=60)
            world.unharmed(output)


def more_rights(world):
    """CVE-2024-23653: a step with more rights than it was allowed."""
    code, output = world.build("FROM busybox\nRUN --security=insecure true\n")
    world.expect(code != 0, "RUN --security=insecure is taken")
    output = world.built("FROM busybox\nRUN grep CapEff /proc/self/status; mount -t tmpfs x /mnt 2>&1; mknod /dev/sd b 8 0 2>&1; "
                         "echo x > /proc/sysrq-trigger; dmesg 2>&1 | head -n 1; true\n", "--no-cache")
    world.expect("0000003fffffffff" not in output and "000001ffffffffff" not in output, "a step has all capabilities")
    world.unharmed(output)


def targets_by_links(world):
    """COPY, ADD and WORKDIR through links of the image to the host."""
    world.file("x", "x\n")
    links = f"RUN ln -s {world.victim} /l && ln -s ../../../../../../../../../..{world.victim} /up && ln -s {world.victim}/nothing /f\n"
    for step in ("COPY x /l/", "COPY x /up/new", "ADD x /l/secret", "COPY x /f", "WORKDIR /l/new", "WORKDIR /up/a/b", "COPY --chown=1:1 x /l/",
                 "COPY --chmod=777 x /l/full/", "COPY --link x /l/", "COPY --from=busybox /etc /l", "COPY . /up"):
        for user in ("", "USER 1000\n"):
            _, output = world.build(f"FROM busybox\n{links}{user}{step}\n")
            world.unharmed(output)


def archive(*entries):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as out:
        for name, kind, target in entries:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.mode = kind, target if kind != tarfile.REGTYPE else "", 0o777
            data = target.encode() if kind == tarfile.REGTYPE else b""
            info.size = len(data)
            info.devmajor, info.devminor = (8, 0) if kind == tarfile.BLKTYPE else (1, 3)
            out.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def archives(world):
    """Archives with links out, as what ADD unpacks and as the whole context."""
    victim, file, link, hard = str(world.victim), tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
    bad = [
        archive(("l", link, victim), ("l/new", file, "x")), archive(("l", link, victim), ("l/secret", file, "x")),
        archive(("h", hard, f"{victim}/secret"), ("h", file, "x")), archive(("h", hard, "../" * 12 + victim + "/secret")),
        archive(("../" * 12 + victim + "/new", file, "x")), archive((f"{victim}/new", file, "x")),
        archive(("a", link, ".."), ("a/a", link, ".."), ("a/a/new", file, "x")), archive(("d", tarfile.BLKTYPE, ""), ("c", tarfile.CHRTYPE, "")),
        archive(("", file, "x"), (".", file, "x"), ("/", file, "x")), archive(("x" * 9000, file, "x")),
    ]
    for number, data in enumerate(bad):
        (world.context / "a.tar").write_bytes(data)
        for target in ("/", "/t/", f"{victim}/"):
            _, output = world.build(f"FROM busybox\nADD a.tar {target}\n")
            world.unharmed(output)
        (world.context / "a.tar").unlink()
        whole = world.folder / "context.tar"
        whole.write_bytes(data[:-1024] + archive(("Dockerfile", file, "FROM busybox\nCOPY . /t\nRUN cat /t/l/secret /t/h; true\n")))
        code, output, errors = world.engine.call("build", "-t", "hostile", "-", stdin=whole)
        world.expect(code >= 0 and code not in (124, 132, 133, 134, 139), f"the build of archive {number} crashed: {errors}")
        world.unharmed(output + errors)


def outputs_by_links(world):
    """`--output` into a directory in which a link leads out."""
    place = world.folder / "out"
    place.mkdir()
    (place / "d").symlink_to(world.victim)
    (place / "f").symlink_to(world.victim / "secret")
    world.file("d/new", "x\n")
    world.file("d/secret", "x\n")
    world.file("f", "x\n")
    code, output, errors = world.engine.call("build", "-o", place, world.context) if world.file("Dockerfile", "FROM scratch\nCOPY d /d\nCOPY f /f\n") else ()
    world.unharmed(output + errors)


def secrets_stay_out(world):
    """A secret's value is in no layer, no cache and no history."""
    world.file("Dockerfile", "FROM busybox\nRUN --mount=type=secret,id=k cat /run/secrets/k > /dev/null\nRUN --mount=type=secret,id=k,env=K test -n \"$K\"\n")
    code, output, errors = world.engine.call("build", "-t", "hostile", "--secret", f"id=k,src={world.victim}/secret", world.context)
    world.expect(code == 0, f"exit {code}: {errors}")
    world.unharmed(output + errors)
    found = subprocess.run(["grep", "-rl", world.SECRET, world.engine.folder], capture_output=True, text=True).stdout
    world.expect(not found, f"the secret is in {found}")


TESTS = [links_in_the_context, special_context_files, swapped_while_it_copies, bind_source_links, bind_options, mount_targets, mount_points_swapped,
         cache_names, caches_swapped, passwd_of_all_kinds, more_rights, targets_by_links, archives, outputs_by_links, secrets_stay_out]
