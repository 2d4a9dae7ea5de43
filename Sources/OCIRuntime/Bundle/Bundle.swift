import Glibc
import Linux
import OCI

/// A directory with a configuration and a root file system (bundle.md).
struct Bundle {
    /// Absolute.
    let path: String
    var configuration: Configuration

    /// Reads `file` (`config.json`) of the bundle, completes what is relative to it, and checks what can be checked
    /// before anything is made.
    init(_ path: String, config file: String? = nil) throws(OCIError) {
        guard let absolute = realpath(path, nil) else {
            throw OCIError("cannot open the bundle \(path): \(Errno.current)")
        }
        defer { free(absolute) }
        self.path = String(cString: absolute)
        let name = file ?? "\(self.path)/config.json"
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try Files.read(name, limit: 64 << 20) } catch {
            throw OCIError("cannot read the configuration \(name): \(error.errno)")
        }
        configuration = try Configuration(bytes, name: name)
        try SpecValidation(configuration.spec).check()
        let root = configuration.spec.root!.path
        let full = root.utf8.first == UInt8(ascii: "/") ? root : "\(self.path)/\(root)"
        guard let resolved = realpath(full, nil) else {
            throw OCIError("cannot open the root file system \(full): \(Errno.current)")
        }
        defer { free(resolved) }
        configuration.spec.root!.path = String(cString: resolved)
        guard (try? Files.status(rootfs))?.isDirectory == true else {
            throw OCIError("the root file system \(rootfs) is no directory")
        }
        // Sources of binds may be relative to the bundle (config.md, Mounts).
        for (index, mount) in (configuration.spec.mounts ?? []).enumerated() {
            guard let source = mount.source, !source.isEmpty, source.utf8.first != UInt8(ascii: "/"),
                mount.type == "bind" || (mount.options ?? []).contains(where: { $0 == "bind" || $0 == "rbind" })
            else { continue }
            configuration.spec.mounts![index].source = "\(self.path)/\(source)"
        }
    }

    /// The absolute path of the root file system.
    var rootfs: String { configuration.spec.root!.path }
}
