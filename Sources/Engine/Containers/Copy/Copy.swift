import Archive
package import Errors
import Glibc
import Linux
import Store
import Trees

/// What is copied, or where to.
package enum CopyPlace: Sendable {
    /// A path in the container that `name` names.
    case container(String, path: [UInt8])
    /// A path of the caller's.
    case local([UInt8])
    /// A tar archive that is read from, or written to, a descriptor.
    case stream(CInt)
}

/// What becomes of a copy.
package struct CopyResult: Sendable {
    /// The bytes of the archive that Docker would have made of it; 0 for what was an archive, as its client has it.
    package var size: Int
    /// Where everything went.
    package var destination: String
}

extension Engine {
    /// `cp`: copies files between a container and the caller. `keepsOwners`: files keep their owners' numbers as far as
    /// possible; otherwise they belong to the container's root, or to the caller. `followsLink`: what a link that is named
    /// as the source leads to is copied. An archive's entries keep their owners always, as in Docker.
    ///
    /// A container that does not run is held meanwhile. Throws `EngineError` with Docker's words; what was copied before
    /// stays.
    package func copy(
        _ source: CopyPlace, to destination: CopyPlace, keepsOwners: Bool, followsLink: Bool
    ) throws(EngineError) -> CopyResult {
        switch (source, destination) {
        case (.container, .container): throw EngineError("copying between containers is not supported", .unsupported)
        case (.container(let name, let path), .stream(let output)):
            return try copyOut(name, path, followsLink, archive: output)
        case (.container(let name, let path), .local(let target)):
            return try copyOut(name, path, followsLink, to: try LocalPath.absolute(target), keepsOwners)
        case (.local(let path), .container(let name, let target)):
            return try copyIn(try LocalPath.absolute(path), followsLink, name, target, keepsOwners)
        case (.stream(let input), .container(let name, let target)):
            return try copyIn(archive: input, name, target)
        default: throw EngineError("must specify at least one container source", .invalid)
        }
    }

    /// What is at `path` of the container that `name` names. Throws `EngineError`, `notFound` where there is nothing.
    package func pathStatus(_ name: String, _ path: [UInt8]) throws(EngineError) -> ContainerPathStatus {
        try ContainerFiles(self, name).status(path)
    }

    // MARK: out of a container

    private func copyOut(
        _ name: String, _ path: [UInt8], _ follows: Bool, archive output: CInt
    ) throws(EngineError) -> CopyResult {
        let files = try ContainerFiles(self, name, streams: (nil, output))
        let source = try self.source(files, path, follows)
        do throws(EngineError) {
            try files.tell(.archive(source.path))
            let size = try files.done()
            try checkPresence(files)
            return CopyResult(size: size, destination: "-")
        } catch { throw files.naming(source.path, error) }
    }

    private func copyOut(
        _ name: String, _ path: [UInt8], _ follows: Bool, to target: [UInt8], _ keepsOwners: Bool
    ) throws(EngineError) -> CopyResult {
        try LocalPath.checkOutput(target)
        let files = try ContainerFiles(self, name)
        let source = try self.source(files, path, follows)
        let plan = try CopyPlan(from: source, to: try LocalPath.destination(target))
        let directory: FileDescriptor
        do throws(SystemError) {
            directory = try FileDescriptor.open(LocalPath.raw(plan.directory), O_RDONLY | O_DIRECTORY)
        } catch { throw EngineError("open \(CopyPath.text(plan.directory)): \(error.errno)") }
        var sink = TreeSink(
            directory: directory.rawValue, label: plan.directory, keepsOwners ? .entries : .creator,
            tellsWholePaths: true)
        // Docker counts before it renames.
        let longer = (source.name ?? CopyPath.split(source.path).base).count - (plan.name?.count ?? 1)
        var size = TarStreams.end
        try files.tell(.send(source.path, name: plan.name ?? [UInt8(ascii: ".")]))
        while true {
            let message = try files.receive()
            for reply in message.replies {
                switch reply {
                case .entry(let entry, let content):
                    size += TarStreams.size(of: entry, longer: longer)
                    try sink.add(entry, content, message.file)
                case .done:
                    try sink.finish()
                    try checkPresence(files)
                    endLifetime(directory)
                    return CopyResult(size: size, destination: CopyPath.text(target))
                case .failed(let error): throw files.naming(source.path, error)
                default: throw EngineError("the process that copies said something else")
                }
            }
        }
    }

    private func source(
        _ files: borrowing ContainerFiles, _ path: [UInt8], _ follows: Bool
    ) throws(EngineError) -> CopyEnd {
        let status = try files.status(path)
        guard follows, status.isSymbolicLink else {
            return CopyEnd(path: path, exists: true, isDirectory: status.isDirectory)
        }
        let target = CopyPath.target(status.linkTarget, ofLink: path)
        let (resolved, name) = CopyPath.following(path, to: target)
        return CopyEnd(
            path: resolved, exists: true, isDirectory: try files.status(resolved).isDirectory, name: name)
    }

    // What goes with a container that is removed is passed over, as anything that goes while a tree is read.
    private func checkPresence(_ files: borrowing ContainerFiles) throws(EngineError) {
        do throws(StoreError) { _ = try containers.readRecord(files.id) } catch {
            throw EngineError("container \(files.name) was removed while it was copied", .conflict)
        }
    }

    // MARK: into a container

    private func copyIn(
        _ path: [UInt8], _ follows: Bool, _ name: String, _ target: [UInt8], _ keepsOwners: Bool
    ) throws(EngineError) -> CopyResult {
        let files: ContainerFiles
        do throws(EngineError) { files = try ContainerFiles(self, name) } catch {
            // What is wrong with the source comes first.
            _ = try CopyPlan(from: try LocalPath.source(path, follows: follows), to: CopyEnd(path: target))
            throw error
        }
        let destination = try self.destination(files, target)
        let source = try LocalPath.source(path, follows: follows)
        let plan = try CopyPlan(from: source, to: destination)
        do throws(EngineError) {
            guard case .ready = try files.ask(.receive(into: plan.directory, keepsOwners: keepsOwners)) else {
                throw EngineError("the process that copies said something else")
            }
        } catch { throw files.naming(plan.directory, error) }
        let size = try send(source, as: plan.name ?? [UInt8(ascii: ".")], to: files)
        try files.finish()
        try checkPresence(files)
        return CopyResult(size: size, destination: "\(name):\(CopyPath.text(destination.path))")
    }

    private func send(
        _ source: CopyEnd, as name: [UInt8], to files: borrowing ContainerFiles
    ) throws(EngineError) -> Int {
        let counter = SizeCounter()
        let entries = EntryPackets(files.packets, asksForReason: true)
        var tree = TreeSource(name: name, label: source.path) { entry, file throws(EngineError) in
            counter.size += TarStreams.size(of: entry)
            try entries.add(entry, file)
        }
        let path = source.isDirectory ? source.path : CopyPath.split(source.path).directory
        let opened: FileDescriptor
        do throws(SystemError) {
            opened = try FileDescriptor.open(
                LocalPath.raw(path), source.isDirectory ? O_RDONLY | O_DIRECTORY : FileDescriptor.pathOnly | O_DIRECTORY
            )
        } catch { throw EngineError("open \(CopyPath.text(path)): \(error.errno)") }
        if source.isDirectory {
            try tree.read(directory: opened.rawValue)
        } else {
            try tree.read(file: LocalPath.raw(CopyPath.split(source.path).base), in: opened.rawValue)
        }
        endLifetime(opened)
        try entries.flush()
        return counter.size
    }

    private func copyIn(archive input: CInt, _ name: String, _ target: [UInt8]) throws(EngineError) -> CopyResult {
        func refusal() -> EngineError {
            EngineError("destination \"\(name):\(CopyPath.text(target))\" must be a directory", .invalid)
        }
        let files: ContainerFiles
        do throws(EngineError) { files = try ContainerFiles(self, name, streams: (input, nil)) } catch {
            throw error.kind == .notFound ? refusal() : error
        }
        let destination = try self.destination(files, target)
        guard destination.isDirectory else { throw refusal() }
        do throws(EngineError) {
            try files.tell(.extract(into: destination.path))
            _ = try files.done()
            try checkPresence(files)
            return CopyResult(size: 0, destination: "\(name):\(CopyPath.text(destination.path))")
        } catch { throw files.naming(destination.path, error) }
    }

    /// What is at `path`, behind a link; nothing where that cannot be told: the copy itself says what is wrong.
    private func destination(
        _ files: borrowing ContainerFiles, _ path: [UInt8]
    ) throws(EngineError) -> CopyEnd {
        var end = CopyEnd(path: path)
        var status = try? files.status(path)
        if let link = status, link.isSymbolicLink {
            end.path = CopyPath.target(link.linkTarget, ofLink: path)
            status = try? files.status(end.path)
        }
        guard let status else { return end }
        if let reason = refusedDestination(status.mode) {
            throw EngineError(
                "destination \"\(files.name):\(CopyPath.text(path))\" must be a directory or a regular file: \(reason)",
                .invalid)
        }
        end.exists = true
        end.isDirectory = status.isDirectory
        return end
    }
}

/// A number that a closure adds to.
private final class SizeCounter {
    var size = TarStreams.end
}
