import Archive
import Engine
import Errors
import Glibc
import Images
import Linux
import OCI
import Store
import TestSupport

/// An engine on a store of its own, whose workers are our executable; removed with the value.
final class EngineSandbox: Sendable {
    let path: String
    let engine: Engine

    init() throws {
        path = "/tmp/apus-engine-tests." + randomHex(bytes: 8)
        try Files.makeDirectory(path, mode: 0o755)
        var engine = try Engine(StorePaths(data: path + "/data", run: path + "/run"))
        engine.executable = Executable.path
        self.engine = engine
    }

    deinit {
        // Layers of an ordinary user have files of subordinate ids.
        try? engine.removeTrees([path])
    }

    /// Runs a shell script in the sandbox and throws unless it exits with 0; returns its standard output.
    @discardableResult
    func shell(_ script: String) throws -> String {
        var program = Spawn(
            "/bin/bash", ["-euc", script],
            environment: ["PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=\(path)", "LANG=C.UTF-8"])
        program.workingDirectory = path
        let running = try RunningProgram(program)
        running.closeInput()
        let result = try running.wait()
        guard result.code == 0 else { throw TestFailure("\(script): \(result)") }
        return result.text
    }

    /// Loads the archive at `name` in the sandbox, as a file.
    func load(_ name: String, platform: String? = nil) throws -> [LoadedImage] {
        let file = try FileDescriptor.open("\(path)/\(name)", O_RDONLY)
        return try engine.load(from: file.rawValue, platform: platform)
    }

    /// The layer directories of the image `name`, the lowest first.
    func layers(_ name: String) throws -> [String] {
        try engine.image(name).config.rootfs.imageLayers.map {
            engine.layers.path(of: engine.layers.find($0) ?? $0.diffID)
        }
    }

    /// Everything in the store that an image leaves there.
    var content: [String] {
        let store = engine.images.paths
        let blobs = (try? Files.list(store.images + "/blobs/sha256")) ?? []
        let layers = (try? Files.list(Files.split(engine.layers.path(of: Digest(of: []))).parent)) ?? []
        return blobs + layers + ((try? Files.list(store.images + "/tmp")) ?? [])
    }
}
