import ContainerSpec
package import Errors
import Glibc
import Images
import Linux
package import OCI
import Runtime
import Store
import Supervision

/// What `commit` makes of a container.
package struct CommitOptions: Sendable {
    /// The image's name; nil for none.
    package var name: String?
    package var author = ""
    package var message = ""
    /// Dockerfile instructions, applied in order.
    package var changes: [String] = []
    /// Whether the container's processes stand still while its files are read.
    package var pauses = true

    package init() {}
}

extension Engine {
    /// `commit`: an image of what the container that `text` names has written, above its own image. Returns the image's
    /// id and a sentence for each thing that is not in it. Throws; then nothing is left of it.
    package func commitContainer(
        _ text: String, _ options: CommitOptions
    ) throws(EngineError) -> (id: Digest, warnings: [String]) {
        let name = try commitName(options.name)
        let id = try containerID(text)
        let record: ContainerRecord
        do throws(StoreError) { record = try containers.readRecord(id) } catch { throw EngineError(error) }
        let description = try description(id)
        let base = try baseImage(description, record)
        var commit = ImageCommit(config: ContainerConfig(of: description))
        commit.base = base
        commit.changes = options.changes
        commit.platform = description.platform ?? .host
        commit.name = name
        commit.author = options.author
        commit.message = options.message
        commit.createdBy = (commit.config.cmd ?? []).joined(separator: " ")
        let tree = try tree(description, record)
        // Without its image's blobs there is nothing to put a layer on: all becomes one.
        let archive = base == nil ? tree.whole : tree.changes
        var warnings: [String] = []
        let made = try imageService.commit(commit) { output throws(EngineError) in
            guard let archive else { return nil }
            let hold = options.pauses ? try hold(id) : nil
            defer { if let hold { release(hold, id) } }
            let written: TreeArchive.Result
            do throws(EngineError) { written = try write(archive, to: output) } catch {
                throw EngineError("cannot commit container \(text): \(error.message)", error.kind)
            }
            try requirePresence(id)
            if written.skippedAttributes > 0 {
                warnings.append(
                    "\(written.skippedAttributes) extended attributes are not in the image: no archive can hold their names"
                )
            }
            guard written.entries > 0 else { return nil }
            return (written.digest, written.size)
        }
        note(
            .commit(comment: options.message, image: made, reference: name?.familiar ?? ""), description,
            name: try currentName(id, was: description.name))
        return (made, warnings)
    }

    private func commitName(_ text: String?) throws(EngineError) -> Reference? {
        guard let text, !text.isEmpty else { return nil }
        let name = try engine { try Reference(typed: text) }
        guard name.digest == nil else {
            throw EngineError("refusing to create a tag with a digest reference", .invalid)
        }
        return name
    }

    // nil where the store has no such image any more, or the container never had one.
    private func baseImage(
        _ description: ContainerDescription, _ record: ContainerRecord
    ) throws(EngineError) -> StoredImage? {
        guard let image = record.image else { return nil }
        do throws(StoreError) { return try images.image(image.description, platform: description.platform) } catch {
            if case .unknownImage = error { return nil }
            throw EngineError(error)
        }
    }

    /// Has the container `id` stand still until the connection is given to `release`, or this process ends. nil where
    /// it does not run, or cannot be paused.
    private func hold(_ id: String) throws(EngineError) -> ControlConnectionBox? {
        guard try state(id).isActive,
            let reply = try connect(id, .hold, until: .now().adding(seconds: Self.patience))
        else { return nil }
        switch consume reply {
        case .gone: return nil
        case .open(let connection):
            do throws(SystemError) {
                // The kernel takes its time with a process that waits for a disk.
                guard case .done? = try connection.receive(milliseconds: CInt(Self.patience) * 2000) else { return nil }
            } catch { return nil }
            return ControlConnectionBox(connection)
        }
    }

    private func release(_ hold: consuming ControlConnectionBox, _ id: String) {
        hold.close()
        // Who goes on after the commit finds the container running.
        _ = try? ask(id, .ping)
    }
}

/// A connection where only copies can be.
private final class ControlConnectionBox {
    private var connection: ControlConnection?

    init(_ connection: consuming ControlConnection) { self.connection = consume connection }

    func close() { connection = nil }
}
