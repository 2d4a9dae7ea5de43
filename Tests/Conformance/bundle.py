"""The configuration that tests start from: what a usual caller writes, with little in it that is not needed."""

CAPABILITIES = [
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SYS_CHROOT", "CAP_MKNOD", "CAP_AUDIT_WRITE", "CAP_SETFCAP",
]
NUMBERS = {
    "CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_FOWNER": 3, "CAP_FSETID": 4, "CAP_KILL": 5, "CAP_SETGID": 6,
    "CAP_SETUID": 7, "CAP_SETPCAP": 8, "CAP_NET_BIND_SERVICE": 10, "CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13,
    "CAP_SYS_CHROOT": 18, "CAP_SYS_ADMIN": 21, "CAP_MKNOD": 27, "CAP_AUDIT_WRITE": 29, "CAP_SETFCAP": 31,
}
ENVIRONMENT = ["PATH=/usr/bin:/bin", "TERM=xterm"]


def base(world):
    namespaces = ["pid", "network", "ipc", "uts", "mount", "cgroup"] + (["user"] if world.is_rootless else [])
    config = {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": 0, "gid": 0},
            "args": ["/probe", "report"],
            "env": list(ENVIRONMENT),
            "cwd": "/",
            "capabilities": {name: list(CAPABILITIES) for name in ("bounding", "effective", "permitted")},
        },
        "root": {"path": "rootfs"},
        "hostname": "conformance",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
             "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
             "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
            {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
             "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
            {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec", "nodev"]},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
        ],
        "linux": {"namespaces": [{"type": name} for name in namespaces]},
    }
    if world.is_rootless:
        config["linux"].update(world.mappings())
    return config


def without_namespace(config, kind):
    config["linux"]["namespaces"] = [space for space in config["linux"]["namespaces"] if space["type"] != kind]


def namespace(config, kind, **rest):
    """Replaces or adds the entry of `kind`."""
    without_namespace(config, kind)
    config["linux"]["namespaces"].append({"type": kind, **rest})


def mount(config, destination, kind=None, source=None, options=(), **rest):
    entry = {"destination": destination, **rest}
    if kind:
        entry["type"] = kind
    if source:
        entry["source"] = str(source)
    if options:
        entry["options"] = list(options)
    config["mounts"].append(entry)
    return entry


def remove_mount(config, destination):
    config["mounts"] = [entry for entry in config["mounts"] if entry["destination"] != destination]
