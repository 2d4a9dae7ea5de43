import Linux
import OCI

/// The root of a container without a mount namespace of its own: bound over itself in the caller's, so that all that is
/// mounted below it goes with one call.
enum SharedRoot {
    /// Binds the directory `path` where `spec` lists no mount namespace. Returns the namespace that it is bound in; nil for a
    /// container with one of its own.
    static func bind(_ path: String, _ spec: RuntimeSpec) throws(OCIError) -> String? {
        if spec.linux?.namespaces?.contains(where: { $0.type == .mount }) ?? false { return nil }
        return try reporting("cannot bind the root file system \(path)") {
            let namespace = try Files.readLink("/proc/self/ns/mnt")
            do throws(SystemError) { try MountCalls.mount(path, on: path, [.bind, .recursive]) } catch {
                guard error.errno == .notPermitted || error.errno == .access else { throw error }
                throw OCIError(
                    "a container without a mount namespace takes a caller who may mount: list one in linux.namespaces")
            }
            return namespace
        }
    }

    /// Takes away what `bind` made and all that is mounted below it. In another mount namespace, and where it is gone
    /// already, there is nothing to take.
    static func release(_ path: String, _ namespace: String?) throws(OCIError) {
        guard let namespace else { return }
        try reporting("cannot unmount the root file system \(path)") {
            guard try Files.readLink("/proc/self/ns/mnt") == namespace else { return }
            do throws(SystemError) { try MountCalls.detach(path) } catch {
                guard error.errno == .invalid || error.errno == .noEntry else { throw error }
            }
        }
    }
}
