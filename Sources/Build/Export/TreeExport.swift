import Archive
import Errors
import Glibc
import Images
import Linux
import Trees

/// The files of what a build has come to, outside of the store.
struct TreeExport {
    let request: BuildRequest
    let tools: BuildTools

    private func archive(_ result: StageResult) -> TreeArchive {
        var archive = TreeArchive(form: .merged, directories: result.directories.reversed())
        archive.epoch = request.epoch.map { Int($0) }
        return archive
    }

    /// As a tar archive into `output`, which is borrowed. Throws `EngineError`; it has no whole archive then.
    func write(_ result: StageResult, to output: CInt) throws(EngineError) {
        guard !result.layers.isEmpty else {
            return try engine { _ = try TarWriter(to: output).finish() }
        }
        _ = try tools.images.write(archive(result), to: output)
    }

    /// Into the directory `path`, which is made where it is missing: as the caller's own files. What is there already and has other names
    /// stays. Throws `EngineError`; what was written before stays.
    func write(_ result: StageResult, toDirectory path: String) throws(EngineError) {
        guard !result.layers.isEmpty else {
            return try engine { try Files.makeDirectories(path) }
        }
        try engine {
            try Files.makeDirectories(path)
            let directory = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
            var ends = try FileDescriptor.pipe()
            let output = ends.takeFirst()
            let number = ends.takeSecond().release()
            let (archive, images) = (archive(result), tools.images)
            let writing = try begin {
                defer { close(number) }
                _ = try images.write(archive, to: number)
            }
            let reading = Result { try extract(output.rawValue, into: directory.rawValue, called: path) }
            // The writer ends with its reader.
            endLifetime(output)
            let written = Result { try writing.wait() }
            try reading.get()
            try written.get()
        }
    }

    private func extract(_ input: CInt, into directory: CInt, called name: String) throws {
        TarReader.prepare()
        var sink = TreeSink(
            directory: directory, label: Array(name.utf8), .creator, tellsWholePaths: true, obstacles: .replaced)
        let reader = try TarReader(reading: input)
        while let entry = try reader.next() {
            try tools.checkCancellation()
            switch entry.kind {
            // Nobody but root can make them, and what a build gives to a directory is files.
            case .characterDevice, .blockDevice: continue
            default: try sink.add(entry, nil, nil, from: reader)
            }
        }
        _ = try reader.finish()
        try sink.finish()
    }
}
