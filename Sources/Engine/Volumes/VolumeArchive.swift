import Images
import Archive
import Bytes
import ContainerSpec
package import Errors
import Linux
import Store
import Workers

extension Engine {
    /// Whether there is a volume of that name. Throws where that cannot be told.
    package func hasVolume(_ name: String) throws(EngineError) -> Bool {
        do throws(StoreError) { return try volumes.find(name) != nil } catch { throw EngineError(error) }
    }

    /// Writes the files of the volume `name` to `output`, which is borrowed, as a tar archive: owners as containers with the
    /// usual ids see them, and the same bytes for the same files. Containers may go on writing. Throws `EngineError`; what
    /// `output` has then is no archive.
    package func exportVolume(_ name: String, to output: CInt) throws(EngineError) {
        let volume = try holdFiles(of: name)
        do throws(EngineError) {
            _ = try write(TreeArchive(form: .plain, directories: [volume.directory]), to: output)
        } catch { throw EngineError("cannot export volume \(name): \(error.message)", error.kind) }
    }

    /// Adds what the tar archive has that is read from `input`, which is borrowed, to the volume `name`, compressed or not:
    /// files of the same names are replaced, directories merged. Containers may use the volume meanwhile. Throws
    /// `EngineError`; what was written before stays.
    package func importVolume(_ name: String, from input: CInt) throws(EngineError) {
        let volume = try holdFiles(of: name)
        do throws(EngineError) {
            _ = try Worker.extractTree.answer(
                executable, [paths.run, volume.directory], passing: [input, volume.lock])
        } catch { throw EngineError("cannot import into volume \(name): \(error.message)", error.kind) }
    }

    private func holdFiles(of name: String) throws(EngineError) -> HeldVolume {
        let lock: FileDescriptor
        do throws(StoreError) { lock = try volumes.hold(name) } catch { throw EngineError(error) }
        let source: VolumeSource
        do throws(StoreError) { source = VolumeSource(try volumes.read(name), in: volumes) } catch {
            throw EngineError(error)
        }
        guard let content = source.content else {
            let type = source.definition.options["type"] ?? ""
            throw EngineError(
                "volume \(name) is a file system of the type '\(type)' that only its containers mount: 'cp' copies from and "
                    + "to them", .unsupported)
        }
        return HeldVolume(directory: content, lock: lock)
    }
}

/// The files of a volume that is not removed as long as this lives.
private struct HeldVolume: ~Copyable {
    let directory: String
    private let held: FileDescriptor

    init(directory: String, lock: consuming FileDescriptor) {
        self.directory = directory
        held = lock
    }

    deinit { held.unlock() }

    var lock: CInt { held.rawValue }
}
