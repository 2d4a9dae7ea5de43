"""What crun's tests need of util-linux's module, for where Python has none: the options of mounts in a mountinfo."""


class Mount:
    def __init__(self, line):
        left, _, right = line.partition(" - ")
        self.target, self.vfs_options = left.split()[4:6]
        self.fs_options = right.split()[2]


class Table:
    def __init__(self, path):
        with open(path) as file:
            self.mounts = [Mount(line) for line in file.read().splitlines() if " - " in line]

    def find_target(self, target):
        return next((mount for mount in reversed(self.mounts) if mount.target == target), None)
