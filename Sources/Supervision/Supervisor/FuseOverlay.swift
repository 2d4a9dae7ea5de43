import Bytes
import ContainerSpec
import Glibc
package import Linux
import OCI
import Runtime

/// Root file systems that the program fuse-overlayfs serves, where the kernel refuses an overlay, or where the files are to
/// show other owners than they have on the disk.
package enum FuseOverlay {
    private static let work = "fuse-work"

    /// A mount that is attached nowhere, and who serves it.
    struct Served: ~Copyable {
        let root: FileDescriptor
        let server: FuseServer

        /// Gives the root away.
        consuming func takeRoot() -> FileDescriptor { root }
    }

    /// Why a container of this user cannot have one, as far as that shows without a mount; nil where nothing speaks
    /// against it.
    package static func obstacle() -> SystemError? {
        guard HelperProgram.path(of: StorageDriver.fuseOverlay.rawValue) != nil else {
            return SystemError("execve", StorageDriver.fuseOverlay.rawValue, .noEntry)
        }
        do throws(SystemError) {
            _ = try FileDescriptor.open("/dev/fuse", O_RDWR)
            return nil
        } catch { return error }
    }

    /// Mounts `layers` with the container's own directory in `directory` over them, or where `isReadOnly` without one. With
    /// `map` the owners that the files have are shown as it says, and what is written has the owners that it had without.
    /// Returns the mount, attached nowhere, and its server.
    ///
    /// Throws `SystemError`; then nothing serves, and a directory that was made is empty.
    static func mount(
        _ layers: RootMount.Layers, map: IDMap?, directory: String, isReadOnly: Bool, volatile: Bool,
        opensDevices: Bool
    ) throws(SystemError) -> Served {
        guard let program = HelperProgram.path(of: StorageDriver.fuseOverlay.rawValue) else {
            throw SystemError("execve", StorageDriver.fuseOverlay.rawValue, .noEntry)
        }
        // Before the mount: where nothing can be mounted detached, that covers the directory.
        if !isReadOnly {
            _ = try RootMount.makeUpper(StorageDriver.fuseOverlay.directory, work, layers, directory: directory)
        }
        let mount = try FuseMount.make(
            name: StorageDriver.fuseOverlay.rawValue, opensDevices: opensDevices, at: directory)
        var numbers: [CInt] = []
        defer { for number in numbers { close(number) } }
        // By descriptors, whatever there is in a path that the options would be split at, and however long it is.
        func add(_ path: String) throws(SystemError) -> String {
            numbers.append(try FileDescriptor.open(path, FileDescriptor.pathOnly | O_DIRECTORY).release())
            return "/proc/self/fd/\(numbers.count + 3)"
        }
        var lowers = ""
        for lower in layers.lowers { lowers += (lowers.isEmpty ? "" : ":") + (try add(lower)) }
        // What is written is written: with the kernel's cache of writes nobody hears of a full disk before he closes the
        // file, and all that was not written back would be lost with the server.
        var options = "writeback=0,lowerdir=\(lowers)"
        if !isReadOnly {
            let name = StorageDriver.fuseOverlay.directory
            // These two it resolves before it splits them.
            options += ",upperdir=\(FuseServer.place)/\(name),workdir=\(FuseServer.place)/\(work)"
            if volatile { options += ",volatile" }
        }
        if let map { options += ",uidmapping=\(text(map.users)),gidmapping=\(text(map.groups))" }
        let server: FuseServer
        do throws(SystemError) {
            server = try FuseServer(
                program, ["-f", "-o", options, "/dev/fd/3"], serving: mount, numbers, of: directory)
        } catch {
            Overlay.letGo(mount.takeRoot())
            throw error
        }
        let root = mount.takeRoot()
        do throws(SystemError) {
            // The server's first answer.
            _ = try root.status()
            return Served(root: root, server: server)
        } catch {
            Overlay.letGo(root)
            throw SystemError(server.failure(waiting: true) ?? "fuse-overlayfs: \(error.call)", nil, error.errno)
        }
    }

    /// The number on the disk, the number that is shown, and how many.
    private static func text(_ mappings: [RuntimeSpec.IDMapping]) -> String {
        var text = ""
        for mapping in mappings {
            text += (text.isEmpty ? "" : ":") + "\(mapping.containerID):\(mapping.hostID):\(mapping.size)"
        }
        return text
    }

    /// Removes what `mount` made in the container's `directory` before it failed, so that another driver may have it.
    static func giveWay(in directory: String) throws(SystemError) {
        for name in [StorageDriver.fuseOverlay.directory, work] { try Files.removeTree("\(directory)/\(name)") }
    }
}
