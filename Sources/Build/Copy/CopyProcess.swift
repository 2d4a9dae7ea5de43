import Archive
import Errors
import Glibc
import Linux
import Store
import Workers

/// Starts the process that reads or writes files for COPY, and hears it.
enum CopyProcess {
    /// Has `work` done with a directory for what only it needs; see `run`. Throws also where the build was cancelled before.
    @discardableResult
    static func perform(
        _ work: CopyRequest.Work, groups: [SelectedGroup] = [], _ tools: BuildTools
    ) throws(EngineError) -> [SelectedGroup] {
        try tools.checkCancellation()
        let temporary = try TemporaryTree(tools)
        defer { temporary.remove() }
        let request = CopyRequest(
            runDirectory: tools.paths.run, temporary: temporary.path, driver: tools.storageDriver, work: work)
        return try run(request, groups: groups, tools)
    }

    /// Has `request` done, and returns the groups that it found. `groups` are those that it is to copy. It is killed where the build
    /// ends before. Throws `EngineError`.
    private static func run(
        _ request: CopyRequest, groups: [SelectedGroup], _ tools: BuildTools
    ) throws(EngineError) -> [SelectedGroup] {
        try engine {
            var encoder = WireEncoder()
            encoder.write(request)
            let order = try MemoryFile.create("apus-copy", encoder.bytes)
            var list = WireEncoder()
            if case .copy = request.work { list.write(groups) }
            let files = try MemoryFile.create("apus-selection", list.bytes)
            var ends = try FileDescriptor.pipe()
            let output = ends.takeFirst()
            let input = ends.takeSecond()
            let worker = try Worker.buildCopy.start(
                tools.executable, [],
                inheriting: [
                    nil, input.rawValue, nil, order.rawValue, files.rawValue, DecodingMemory.sharedFile(),
                ])
            endLifetime(input)
            let answer: [UInt8]
            do { answer = try hear(output, tools.cancellation) } catch {
                kill(worker, SIGKILL)
                _ = try? waitForExit(of: worker)
                throw error
            }
            let end = try waitForExit(of: worker)
            var decoder = WireDecoder(answer)
            guard let word = try? decoder.read(CopyAnswer.self) else {
                throw EngineError("the process that copies ended early (\(end))")
            }
            if case .failed(let error) = word { throw error }
            guard case .select = request.work else { return groups }
            try files.rewind()
            var found = WireDecoder(try files.readAll(limit: 1 << 31))
            return try found.read()
        }
    }

    private static func hear(_ output: borrowing FileDescriptor, _ cancellation: Cancellation) throws -> [UInt8] {
        var answer: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 14, alignment: 16)
        defer { buffer.deallocate() }
        while answer.count < 1 << 20 {
            var poll = PollSet()
            poll.add(output.rawValue)
            poll.add(cancellation.number)
            _ = try poll.wait()
            if poll.isReadable(1) { throw EngineError("context canceled", .cancelled) }
            let got = try output.read(into: buffer)
            if got == 0 { break }
            answer += buffer[..<got]
        }
        return answer
    }
}
