import Bytes
import Glibc
import Linux
import OCI
import Runtime

/// The volumes of the container, and what a new one gets of the image.
extension Supervisor {
    /// Mounts the file systems of those `volumes` that have one, each once. `failing` gets the directory of one that cannot be
    /// mounted, and why; what it throws ends the work. Those of `mounted` are the caller's to release also then.
    func mount(
        _ volumes: [MountedVolume], _ mounted: inout [SharedFileSystem],
        failing: (String, SupervisorFailure) throws(SupervisorFailure) -> Void
    ) throws(SupervisorFailure) {
        var directories: Set<String> = []
        for volume in volumes {
            guard let shared = SharedFileSystem(volume, container: request.id),
                directories.insert(volume.directory).inserted
            else { continue }
            do throws(SupervisorFailure) {
                try shared.acquire()
                mounted.append(shared)
            } catch { try failing(volume.directory, error) }
        }
    }

    /// Gives each empty volume what `root` has where it is to be, with its owners and modes, as Docker does when a container
    /// is made; not those whose directories are `absent`. Throws where that is no directory, or cannot be copied.
    func fillVolumes(
        _ root: borrowing FileDescriptor, leaving absent: Set<String> = []
    ) throws(SupervisorFailure) {
        for volume in request.volumes where !absent.contains(volume.directory) {
            guard let content = volume.content else { continue }
            let fill = VolumeFill(volume, content: content)
            do throws(SystemError) {
                if volume.copiesContent, let source = try open(volume.destination, in: root) {
                    try fill.fill(from: source)
                } else if volume.isOfRoot {
                    let root = outerIDs(.init())
                    try fill.give(to: root.user, root.group)
                }
            } catch {
                if error.errno == .notDirectory {
                    throw SupervisorFailure(
                        "cannot mount volume over existing file, file exists \(volume.destination)")
                }
                throw SupervisorFailure("cannot copy \(volume.destination) into volume \(volume.name): \(error)")
            }
        }
    }

    /// Waits for whoever still fills a volume.
    func awaitVolumes() {
        for volume in request.volumes where VolumeFill.isUnderWay(volume) {
            _ = try? FileDescriptor.open(volume.directory, O_RDONLY | O_DIRECTORY).lock(.shared)
        }
    }

    private func open(_ path: String, in root: borrowing FileDescriptor) throws(SystemError) -> FileDescriptor? {
        do throws(SystemError) {
            return try RootDirectory(root.duplicate()).open(path, O_RDONLY | O_DIRECTORY)
        } catch {
            if error.errno == .noEntry { return nil }
            throw error
        }
    }

    /// Leads the mounts of parts of volumes (`volume-subpath`) to those parts, whatever links there are in the volumes.
    /// Returns the descriptors that they are mounted by, which the caller closes when the container's process has them.
    func openSubpaths(_ spec: inout RuntimeSpec) throws(SupervisorFailure) -> [CInt] {
        var opened: [CInt] = []
        for volume in request.volumes {
            guard let subpath = volume.subpath, let content = volume.content,
                let place = spec.mounts?.firstIndex(where: { $0.destination.isSame(as: volume.destination) })
            else { continue }
            do throws(SystemError) {
                let root = RootDirectory(try FileDescriptor.open(content, FileDescriptor.pathOnly | O_DIRECTORY))
                let part = try root.open(subpath).release()
                opened.append(part)
                // By its number, which the process that becomes the container has too.
                spec.mounts?[place].source = "/proc/self/fd/\(part)"
            } catch {
                for descriptor in opened { close(descriptor) }
                throw SupervisorFailure(
                    "cannot access path \(content)/\(subpath): \(error.errno)", exitCode: 127)
            }
        }
        return opened
    }

    /// What `create` has a worker do: fills the volumes of a container that is not started. Throws where that fails.
    static func fillVolumes(of request: SupervisorRequest) throws(SupervisorFailure) {
        var supervisor = Supervisor(request, hold: -1, passed: [])
        try supervisor.enterUserNamespace(publishing: false)
        defer { supervisor.rootServer.finish() }
        var mounted: [SharedFileSystem] = []
        defer { for shared in mounted { shared.release() } }
        var absent: Set<String> = []
        try supervisor.mount(request.volumes.filter(\.copiesContent), &mounted) { directory, _ in
            // The start says what is wrong with it.
            absent.insert(directory)
        }
        let root = try supervisor.mountRoot(try supervisor.ownUserNamespace(), isFirst: true)
        defer { Overlay.letGo(root) }
        try supervisor.fillVolumes(root, leaving: absent)
    }
}
