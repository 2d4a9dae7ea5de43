/// Gathers what is printed, in runs of one stream.
package struct LogOutput {
    private var rendering: LogRendering
    private var stream = LogStream.output
    private var bytes: [UInt8] = []

    /// Renders lines as `rendering` says.
    package init(_ rendering: LogRendering) { self.rendering = rendering }

    /// Takes one line; what is ready goes to `emit`. Throws what `emit` throws.
    package mutating func take(_ entry: borrowing LogEntry, _ emit: (LogStream, [UInt8]) throws -> Void) throws {
        if entry.stream != stream || bytes.count > 64 << 10 { try flush(emit) }
        stream = entry.stream
        rendering.append(entry, to: &bytes)
    }

    /// Hands what is left to `emit`. Throws what `emit` throws.
    package mutating func flush(_ emit: (LogStream, [UInt8]) throws -> Void) throws {
        guard !bytes.isEmpty else { return }
        try emit(stream, bytes)
        bytes.removeAll(keepingCapacity: true)
    }
}
