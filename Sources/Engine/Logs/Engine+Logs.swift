import ContainerSpec
import DockerTypes
import Errors
package import Linux
package import Logs
import Store

/// What `logs` is asked for.
package struct LogRequest: Sendable {
    package var follow = false
    package var since: Timestamp?
    package var until: Timestamp?
    /// How many lines of the end; nil for all.
    package var tail: Int?
    package var timestamps = false
    package var details = false
    /// What ends a wait for more.
    package var stop = StopConditions()

    package init() {}
}

extension Engine {
    /// Hands what the container `text` has written to `emit`, in order, and with `follow` what it goes on to write until
    /// it ends. Throws `EngineError` where there is no such container or it keeps no log, and what
    /// `emit` throws.
    package func logs(
        of text: String, _ request: LogRequest, emit: (LogStream, [UInt8]) throws -> Void
    ) throws {
        let snapshot = try container(text)
        let configuration = try snapshot.description.logConfiguration()
        let rendering = LogRendering(
            timestamps: request.timestamps, details: request.details, attributes: configuration.attributes)
        guard let format = configuration.format else {
            guard configuration.driver == .journald else {
                throw EngineError("configured logging driver does not support reading", .unsupported)
            }
            return try journal(of: snapshot, request, rendering, emit)
        }
        let name = Files.split(configuration.path(directory: "", id: snapshot.id)!).name
        try follow(snapshot, request, LogOutput(rendering), name: name, format: format, emit)
    }

    private func follow(
        _ snapshot: ContainerSnapshot, _ request: LogRequest, _ rendered: LogOutput, name: String, format: LogFormat,
        _ emit: (LogStream, [UInt8]) throws -> Void
    ) throws {
        var output = rendered
        let directory = containers.directory(snapshot.id)
        let series: RotatedFiles
        do throws(SystemError) { series = try RotatedFiles(name, in: directory) } catch {
            throw EngineError("cannot read the log of container \(snapshot.name): \(error)")
        }
        var reader = LogFileReader(consume series, format, since: request.since, until: request.until)
        // Watched from before the first look, so that nothing comes between.
        let isFollowing = request.follow && snapshot.state.isActive
        let wait =
            isFollowing
            ? LogWait(
                directories: [directory, containers.runDirectory(snapshot.id)], supervisor: snapshot.state.supervisor,
                stop: request.stop)
            : nil
        if let tail = request.tail { reader.startAtTail(tail) }
        while true {
            // What is written before the end is there when the end can be seen, so this comes first.
            let isRunning = isFollowing ? try state(snapshot.id).isActive : false
            try reader.readAll { entry throws in try output.take(entry, emit) }
            try output.flush(emit)
            if !isRunning || reader.isOver { return }
            if let until = request.until, Timestamp.now() > until { return }
            switch wait {
            case .some(let wait): if !wait.next(until: request.until) { return }
            case .none: return
            }
        }
    }
}

extension ContainerDescription {
    /// Where the container's output is kept. Throws `EngineError`.
    func logConfiguration() throws(EngineError) -> LogConfiguration {
        do throws(OptionError) {
            return try LogConfiguration(options, image: imageConfig, id: id, name: name, imageID: imageID)
        } catch { throw EngineError(error) }
    }
}
