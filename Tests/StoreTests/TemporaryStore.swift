import Glibc
import Linux
import Store

/// A store in a directory of its own, removed with the value.
final class TemporaryStore: Sendable {
    let root: String
    let paths: StorePaths
    let images: ImageStore
    let containers: ContainerStore

    init() throws {
        root = "/tmp/apus-store-tests." + randomHex(bytes: 8)
        paths = StorePaths(data: root + "/data", run: root + "/run")
        try Files.makeDirectory(root, mode: 0o700)
        try paths.prepared()
        images = ImageStore(paths)
        containers = ContainerStore(paths)
    }

    deinit { try? Files.removeTree(root) }
}
