"""The verbs that change state: what comes before each, the command, and what must be true after it, whatever became of it."""

import hashlib
import json
import os
import shutil
import subprocess
import time

from world import Failure

NET = ["--network", "none"]
TRUE = ["busybox", "true"]
SLEEP = ["busybox", "sleep", "86397"]
MARK = "sleep 86397"


class Verb:
    """`before` makes what the command needs; `command` is traced; with `attached`, the supervisor is traced instead.

    `committed`: names of which at least one must still lead to a container afterwards, because it was there before.
    `names`: all that may lead to one. `images`: names of images that must be whole, or not there; `kept`: there.
    `networks`, `volumes`, `lists`: names of those that may be there. `layouts`: directories that are image layouts, or not there."""

    def __init__(self, name, command, before=(), committed=(), names=("fc",), images=(), kept=("busybox",), attached=False,
                 redo=False, gone=False, networks=(), volumes=(), layouts=(), lists=()):
        self.name, self.command, self.before, self.networks = name, command, before, networks
        self.volumes, self.layouts, self.lists = volumes, layouts, lists
        self.committed, self.names, self.images, self.kept = committed, names, images, kept
        self.attached, self.redo, self.gone = attached, redo, gone


def create(*flags):
    return ["create", "--name", "fc", *NET, *flags, *TRUE]


def run_once():
    return ["run", "--name", "fc", *NET, "busybox", "sh", "-c", "echo x >/x; rm /etc/passwd"]


def running(*flags):
    return ["run", "-d", "--name", "fc", *NET, *flags, *SLEEP]


def network_verbs():
    network, other = ["network", "create", "fn"], ["create", "--name", "fc", *TRUE]
    on_bridge = ["run", "-d", "--name", "fc", "-p", "127.0.0.1::80", *SLEEP]
    on_network = ["run", "-d", "--name", "fc", "--network", "fn", "-p", "127.0.0.1::80", *SLEEP]
    both = [network, on_network, ["network", "connect", "bridge", "fc"]]
    found = [
        ("network create", network, [], {}),
        ("network rm", ["network", "rm", "fn"], [network], {}),
        ("network prune", ["network", "prune", "--force"], [network], {}),
        ("run on a network", ["run", "--rm", "--name", "fc", *on_network[4:-3], *TRUE], [network], {}),
        ("network connect", ["network", "connect", "fn", "fc"], [network, other], {"committed": ("fc",)}),
        ("network disconnect", ["network", "disconnect", "bridge", "fc"],
         [network, other, ["network", "connect", "fn", "fc"]], {"committed": ("fc",)}),
        ("network connect of a running one", ["network", "connect", "fn", "fc"], [network, on_bridge], {"committed": ("fc",)}),
        ("network connect (supervisor)", ["network", "connect", "fn", "fc"], [network, on_bridge],
         {"committed": ("fc",), "attached": True}),
        ("network disconnect of a running one", ["network", "disconnect", "fn", "fc"], both, {"committed": ("fc",)}),
        ("network disconnect (supervisor)", ["network", "disconnect", "fn", "fc"], both,
         {"committed": ("fc",), "attached": True}),
        ("rm -f of one on a network (supervisor)", ["rm", "-f", "fc"], [network, on_network], {"gone": True, "attached": True}),
    ]
    return [Verb(name, command, before, networks=("fn",), **more) for name, command, before, more in found]


def volume_verbs(fixtures):
    volume, mounts = ["volume", "create", "fv"], ["-v", "fv:/v", "-v", "/bin"]
    run = ["run", "-d", "--rm", "--name", "fc", *NET, *mounts, *SLEEP]
    memory = ["volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "fv"]
    shared = ["run", "-d", "--rm", "--name", "fc", *NET, "-v", "fv:/v", *SLEEP]
    found = [
        ("volume create", volume, [], {}),
        ("volume rm", ["volume", "rm", "fv"], [volume], {}),
        ("volume prune", ["volume", "prune", "-fa"], [volume, ["volume", "create"]], {}),
        ("volume export", ["volume", "export", "-o", "/dev/null", "fv"], [volume], {}),
        ("volume import", ["volume", "import", "fv", str(fixtures.small)], [volume], {"redo": True}),
        ("run --rm with a tmpfs volume", ["run", "--rm", "--name", "fc", *NET, "-v", "fv:/v", *TRUE], [memory], {}),
        ("rm -f of one with a tmpfs volume (supervisor)", ["rm", "-f", "fc"], [memory, shared], {"gone": True, "attached": True}),
        ("run --rm with volumes", ["run", "--rm", "--name", "fc", *NET, *mounts, *TRUE], [], {}),
        ("run --rm with a volume of its user's", ["run", "--rm", "--name", "fc", *NET, "-u", "33:33", "-v", "fv:/etc:U", *TRUE], [], {}),
        ("create with volumes", create(*mounts), [], {}),
        ("rm -v", ["rm", "-v", "fc"], [create(*mounts)], {"gone": True}),
        ("rm -f of a --rm with volumes (supervisor)", ["rm", "-f", "fc"], [run], {"gone": True, "attached": True}),
        ("run --volumes-from", ["run", "--rm", "--name", "fd", *NET, "--volumes-from", "fc", *TRUE], [create(*mounts)],
         {"committed": ("fc",)}),
    ]
    return [Verb(name, command, before, volumes=("fv",), **more) for name, command, before, more in found]


def driver_verbs():
    def run(driver):
        return ["--storage-driver", driver, *run_once()]

    image = ["--mount", "type=image,source=busybox,target=/image"]
    found = [("run with vfs", run("vfs"), [], {}), ("create with an image mount", create(*image), [], {}),
             ("run with an image mount", ["run", "--rm", "--name", "fc", *NET, *image, *TRUE], [], {})]
    if shutil.which("fuse-overlayfs") and os.access("/dev/fuse", os.R_OK | os.W_OK):
        found += [("run with fuse-overlayfs", run("fuse-overlayfs"), [], {}),
                  ("start with fuse-overlayfs", ["start", "-a", "fc"], [["--storage-driver", "fuse-overlayfs", *create()]], {"committed": ("fc",)})]
    return [Verb(name, command, before, **more) for name, command, before, more in found]


def build_verbs(fixtures):
    def build(name, *flags):
        return ["build", "-q", "--network", "none", "-t", "fi", *flags, str(fixtures.contexts[name])]

    cached = build("copy", "--cache-to", "type=local,dest=cache,mode=max")
    layouts = {"layouts": ("cache",)}
    found = [("build (cache to a directory)", cached, [build("copy")], layouts),
             ("build (cache from a directory)", build("copy", "--cache-from", "type=local,src=cache"),
              [cached, ["rmi", "fi"], ["builder", "prune", "-af"]], layouts),
             ("build (run)", build("run"), [], {}), ("build (copy)", build("copy"), [], {}),
             ("build (stages)", build("stages"), [], {}), ("build from the cache", build("run"), [build("run")], {}),
             ("builder prune", ["builder", "prune", "-af"], [build("run")], {"redo": False})]
    return [Verb(name, command, before, images=("fi",), **{"redo": True} | more) for name, command, before, more in found]


def all_verbs(fixtures):
    busybox = ("fc",)
    verbs = [
        Verb("run --rm", ["run", "--rm", "--name", "fc", *NET, *TRUE]),
        Verb("run", ["run", "--name", "fc", *NET, *TRUE]),
        Verb("run -d", ["run", "-d", "--name", "fc", *NET, *TRUE]),
        Verb("run (egress)", ["run", "--rm", "--name", "fc", *TRUE]),
        Verb("create", create()),
        Verb("start", ["start", "fc"], [create()], busybox),
        Verb("start -a", ["start", "-a", "fc"], [create()], busybox),
        Verb("start again", ["start", "-a", "fc"], [create(), ["start", "-a", "fc"]], busybox),
        Verb("stop", ["stop", "-t", "0", "fc"], [running()], busybox),
        Verb("stop (supervisor)", ["stop", "-t", "0", "fc"], [running()], busybox, attached=True),
        Verb("kill", ["kill", "fc"], [running()], busybox),
        Verb("kill (supervisor)", ["kill", "fc"], [running()], busybox, attached=True),
        Verb("restart", ["restart", "-t", "0", "fc"], [running()], busybox),
        Verb("restart (supervisor)", ["restart", "-t", "0", "fc"], [running()], busybox, attached=True),
        Verb("restart of a stopped one", ["restart", "-t", "0", "fc"], [create()], busybox),
        Verb("rm", ["rm", "fc"], [create()], gone=True),
        Verb("rm of a used one", ["rm", "fc"], [create(), ["start", "-a", "fc"]], gone=True),
        Verb("rm -f", ["rm", "-f", "fc"], [running()], gone=True),
        Verb("rm -f (supervisor)", ["rm", "-f", "fc"], [running()], gone=True, attached=True),
        Verb("rm -f of a --rm (supervisor)", ["rm", "-f", "fc"], [running("--rm")], gone=True, attached=True),
        Verb("rename", ["rename", "fc", "fd"], [create()], ("fc", "fd"), names=("fc", "fd")),
        Verb("rename of a running one", ["rename", "fc", "fd"], [running()], ("fc", "fd"), names=("fc", "fd")),
        Verb("update", ["update", "--restart", "on-failure:3", "fc"], [create()], busybox),
        Verb("update of a running one", ["update", "--restart", "on-failure:3", "fc"], [running()], busybox),
        Verb("update (supervisor)", ["update", "--restart", "on-failure:3", "fc"], [running()], busybox, attached=True),
        Verb("exec", ["exec", "fc", "true"], [running()], busybox),
        Verb("exec -d (supervisor)", ["exec", "-d", "fc", "true"], [running()], busybox, attached=True),
        Verb("cp in", ["cp", str(fixtures.small), "fc:/copied"], [create()], busybox),
        Verb("cp in of a running one", ["cp", str(fixtures.small), "fc:/copied"], [running()], busybox),
        Verb("cp out", ["cp", "fc:/etc", "-"], [create()], busybox),
        Verb("cp out of a running one", ["cp", "fc:/etc", "-"], [running()], busybox),
        Verb("container prune", ["container", "prune", "--force"], [create(), ["create", "--name", "fd", *NET, *TRUE]],
             names=("fc", "fd"), gone=True),
        Verb("system prune", ["system", "prune", "--force"], [create()], gone=True),
        Verb("import", ["import", str(fixtures.small), "fi"], images=("fi",), redo=True),
        Verb("import over a name", ["import", str(fixtures.small), "fi"], [["tag", "busybox", "fi"]], images=("fi",), redo=True),
        Verb("load", ["load", "-q", "-i", str(fixtures.archive)], images=("fl",), redo=True),
        Verb("commit", ["commit", "fc", "fi"], [run_once()], busybox, images=("fi",)),
        Verb("commit of a running one", ["commit", "fc", "fi"], [running()], busybox, images=("fi",)),
        Verb("commit of a running one (supervisor)", ["commit", "fc", "fi"], [running()], busybox, images=("fi",), attached=True),
        Verb("export", ["export", "-o", "/dev/null", "fc"], [run_once()], busybox),
        Verb("tag", ["tag", "busybox", "ft"], images=("ft",), redo=True),
        Verb("rmi of a name", ["rmi", "ft"], [["tag", "busybox", "ft"]], images=("ft",)),
        Verb("image prune", ["image", "prune", "-af"], [["load", "-q", "-i", str(fixtures.archive)], create()], busybox,
             images=("fl",)),
        Verb("rmi", ["rmi", "fl"], [["load", "-q", "-i", str(fixtures.archive)]], images=("fl",)),
        Verb("manifest create", ["manifest", "create", "-a", "fm", "containers-storage:busybox"], lists=("fm",), redo=True),
        Verb("manifest add", ["manifest", "add", "fm", "busybox"], [["manifest", "create", "-a", "fm"]], lists=("fm",),
             redo=True),
        Verb("manifest rm", ["manifest", "rm", "fm"], [["manifest", "create", "-a", "fm", "containers-storage:busybox"]],
             lists=("fm",)),
    ]
    verbs += network_verbs() + volume_verbs(fixtures) + driver_verbs() + build_verbs(fixtures)
    if fixtures.registry:
        reference = f"{fixtures.registry}/fl:latest"
        verbs.append(Verb("pull", ["pull", "-q", reference], images=(reference,), redo=True))
        pushed = f"{fixtures.registry}/fp:latest"
        verbs.append(Verb("push", ["push", "-q", pushed], [["tag", "busybox", pushed]], images=(pushed,), redo=True))
    return verbs


def prepare(world, verb):
    for words in verb.before:
        world.do(*words)


def perform(world, verb, fault=None):
    """The command with the fault; returns its result and the trace."""
    if not verb.attached:
        return world.traced(verb.command, fault)
    tracer, trace = world.attach(world.supervisor(MARK), fault)
    result = world.try_apus(*verb.command)
    # A container that goes on running has a supervisor to be traced on: the fault has happened, or will not.
    limit = time.monotonic() + 0.4
    while tracer.poll() is None and time.monotonic() < limit:
        time.sleep(0.01)
    if tracer.poll() is None:
        tracer.terminate()
    try:
        tracer.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.communicate()
        raise Failure("strace does not leave its supervisor") from None
    return result, trace.read_text(errors="replace")


def verify(world, verb):
    """Everything that must be true after any fault. Leaves the store as it was before the verb."""
    there = world.containers()
    unknown = set(there) - set(verb.names)
    if unknown:
        raise Failure(f"ps shows {sorted(unknown)}, which nobody made")
    known = set(there) & set(verb.names)
    if verb.committed and len(known) != 1:
        raise Failure(f"container lost or doubled: ps shows {there}")
    world.do("run", "--rm", *NET, *TRUE, quietly=True)
    # A verb that died before the removal is done once more, by whoever wanted it.
    for name in sorted(known):
        result = world.try_apus("start", name)
        ephemeral = result.code != 0 and name not in world.containers()
        if result.code != 0 and not (ephemeral and not verb.committed):
            raise Failure(f"'apus start {name}' of one that was {there[name]}: {result}")
        if not verb.committed and name not in world.containers():
            continue
        world.do("stop", "-t", "0", name, quietly=True)
        if name not in world.containers():
            if verb.committed:
                raise Failure(f"container {name} is gone after stop")
            continue
        world.do("rm", "-f", name, quietly=True)
    for name in verb.names:
        world.do("run", "--rm", "--name", name, *NET, *TRUE, quietly=True)
    left = world.containers()
    if left:
        raise Failure(f"ps shows {left} after all were removed")
    verify_layouts(world, verb)
    verify_images(world, verb)
    verify_layouts(world, verb)
    for name in verb.layouts:
        shutil.rmtree(world.path / "work" / name, ignore_errors=True)
    verify_networks(world, verb)
    verify_volumes(world, verb)
    verify_lists(world, verb)
    world.check_tidy()


def verify_networks(world, verb):
    """A network that may be there can be used and removed, and one that may not be made."""
    for name in verb.networks:
        listed = world.do("network", "ls", "--format", "{{.Name}}", quietly=True).split()
        if name not in listed:
            world.do("network", "create", name, quietly=True)
        world.do("run", "--rm", "--network", name, *TRUE, quietly=True)
        world.do("network", "rm", name, quietly=True)


def verify_volumes(world, verb):
    """A volume that may be there can be used and removed, and one that may not be made."""
    for name in verb.volumes:
        world.do("run", "--rm", *NET, "-v", f"{name}:/v", "busybox", "touch", "/v/x", quietly=True)
        world.do("volume", "rm", name, quietly=True)
        # Those without a name whose container was removed by somebody who did not ask for it.
        world.do("volume", "prune", "-f", quietly=True)


def verify_lists(world, verb):
    """A manifest list that may be there is a whole one, and can be made and removed."""
    for name in verb.lists:
        if world.try_apus("manifest", "exists", name).code == 0:
            json.loads(world.do("manifest", "inspect", name, quietly=True))
        world.do("manifest", "create", "--amend", name, "containers-storage:busybox", quietly=True)
        world.do("manifest", "rm", name, quietly=True)


def verify_layouts(world, verb):
    """All that a layout's index leads to is there, and is what its digest says."""
    def blob(folder, descriptor):
        content = (folder / "blobs" / descriptor["digest"].replace(":", "/")).read_bytes()
        if len(content) != descriptor["size"] or "sha256:" + hashlib.sha256(content).hexdigest() != descriptor["digest"]:
            raise Failure(f"layout {folder}: blob {descriptor['digest']} is not what its name says")
        return content

    for name in verb.layouts:
        folder = world.path / "work" / name
        try:
            index = json.loads((folder / "index.json").read_text())
        except FileNotFoundError:
            continue
        for descriptor in index["manifests"]:
            manifest = json.loads(blob(folder, descriptor))
            for part in [manifest["config"], *manifest["layers"]]:
                blob(folder, part)


def verify_images(world, verb):
    world.do("images", quietly=True)
    if verb.redo:
        world.do(*verb.command)
    for name in (*verb.images, *verb.kept):
        listed = world.do("images", "-q", name, quietly=True)
        if not listed:
            if name in verb.kept or verb.redo:
                raise Failure(f"image {name} is lost")
            continue
        world.do("run", "--rm", *NET, name, "true", quietly=True)
        if name in verb.images:
            world.do("rmi", name)
