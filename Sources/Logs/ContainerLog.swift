import Bytes
import JSON
import Linux

/// The log of a running container, as its supervisor writes it.
///
/// It never throws and never holds the container up: what the disk has no room for is lost, and when there is room
/// again the log goes on with a whole line. Nothing is opened before the first byte.
package struct ContainerLog: ~Copyable {
    private var file: RotatingFile?
    private var journal: JournalSocket?
    private let format: LogFormat
    private let attributes: [UInt8]
    private var output = LineAssembler()
    private var errorOutput = LineAssembler()

    /// The log of the container `id`, whose directory is `directory`; nil where its driver keeps none.
    package init?(_ configuration: LogConfiguration, directory: String, id: String) {
        var attributes: [UInt8] = []
        switch configuration.driver {
        case .passthrough, .none: return nil
        case .journald:
            format = .json
            journal = JournalSocket(configuration, id: id)
        case .jsonFile:
            format = .json
            if !configuration.attributes.isEmpty {
                var writer = JSONWriter(.markup)
                writer.strings(configuration.attributes)
                attributes = writer.bytes
            }
        case .kubernetesFile: format = .kubernetes
        case .local: format = .frames
        }
        self.attributes = attributes
        if let path = configuration.path(directory: directory, id: id) {
            file = RotatingFile(
                path: path, maximumSize: configuration.maximumSize, maximumFiles: configuration.maximumFiles,
                format: format)
        }
    }

    /// Takes what was read from `stream` at this moment. Every whole line of it is in the log when this returns.
    package mutating func append(_ stream: LogStream, _ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        let time = LogTime(.now())
        var assembler = LineAssembler()
        swap(&assembler, stream)
        bytes.withUnsafeBufferPointer { chunk in
            assembler.take(chunk, at: time) { text, isPart, time in write(text, isPart, stream, time) }
        }
        swap(&assembler, stream)
        file?.flush()
    }

    /// Writes what has no line feed behind it yet: the container has ended. What is appended later begins anew.
    package mutating func finish() {
        for stream in [LogStream.output, .errorOutput] {
            var assembler = LineAssembler()
            swap(&assembler, stream)
            assembler.finish { text, isPart, time in write(text, isPart, stream, time) }
        }
        file?.flush()
    }

    // The assembler is out of `self` while its lines are written into `self`.
    private mutating func swap(_ assembler: inout LineAssembler, _ stream: LogStream) {
        switch stream {
        case .output: Swift.swap(&assembler, &output)
        case .errorOutput: Swift.swap(&assembler, &errorOutput)
        }
    }

    private mutating func write(
        _ text: UnsafeBufferPointer<UInt8>, _ isPart: Bool, _ stream: LogStream, _ time: LogTime
    ) {
        journal?.send(text, isPart: isPart, stream, time)
        let (format, attributes) = (format, attributes)
        file?.add { buffer in
            format.append(text, isPart: isPart, stream, time, attributes: attributes, to: &buffer)
        }
    }
}
