import Bytes
import Glibc
import Linux

extension Cgroup {
    /// What the names of our containers' cgroups begin with; the container's id follows.
    package static let namePrefix = "apus-"

    // An id is 64 hexadecimal digits: an administrator may well have called a cgroup apus-ci, and that is not ours.
    private static func isContainers(_ name: String) -> Bool {
        let id = name.dropping(namePrefix.utf8.count)
        return name.begins(with: namePrefix) && id.utf8.count == 64 && isHex(id)
    }

    /// Kills what is in the cgroup at `path` and removes it. Throws `CgroupError`; one that is gone is no error, nor one
    /// that goes meanwhile: systemd removes a scope as soon as nothing runs in it.
    package static func end(_ path: String) throws(CgroupError) {
        do throws(CgroupError) {
            let cgroup = try open(path)
            if cgroup.isPopulated { try cgroup.kill() }
            try cgroup.remove()
        } catch {
            if Files.exists(path) { throw error }
        }
    }

    /// Removes the cgroups that supervisors left which were killed: those with a container's name, where ours are made,
    /// that hold no process and are older than `seconds` (one that is being made holds none yet), or are in `dead`, at
    /// any age. What is in use the kernel does not remove. Never fails; systemd removes its own.
    package static func sweep(_ support: CgroupSupport = .detect(), olderThan seconds: Int = 60, dead: Set<String> = [])
    {
        guard support.hierarchy == .v2 || support.hierarchy == .hybrid else { return }
        for place in support.ownPlaces() {
            // Where it cannot be read, nothing is removed: that is tried again by the next.
            for name in (try? childDirectories(of: place.path)) ?? [] where isContainers(name) {
                let path = "\(place.path)/\(name)"
                let age = (try? Files.status(path)).map { time(nil) - $0.raw.st_ctim.tv_sec } ?? 0
                guard dead.contains(name) || age >= seconds else { continue }
                guard let cgroup = try? open(path), !cgroup.isPopulated else { continue }
                try? cgroup.remove()
            }
        }
    }
}
