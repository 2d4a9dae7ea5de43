import Errors
import Trees

/// One end of a copy: its path, and what is there.
struct CopyEnd {
    var path: [UInt8]
    var exists = false
    var isDirectory = false
    /// What the copy of a source is to be called where that is not the end of its path.
    var name: [UInt8]?
}

/// To where a source goes.
struct CopyPlan: Equatable {
    /// The directory into which it is copied, which exists or the copy fails.
    var directory: [UInt8]
    /// The name that it gets in there; nil: its content goes into the directory itself.
    var name: [UInt8]?

    /// Docker's rules (docs.docker.com, `docker container cp`). Throws `EngineError` with Docker's words.
    init(from source: CopyEnd, to destination: CopyEnd) throws(EngineError) {
        let (parent, name) = CopyPath.split(destination.path)
        if destination.exists, destination.isDirectory {
            directory = destination.path
            let base = source.name ?? CopyPath.split(source.path).base
            self.name = base == [UInt8(ascii: ".")] || base == [UInt8(ascii: "/")] ? nil : base
            return
        }
        if destination.exists, source.isDirectory { throw EngineError("cannot copy directory", .invalid) }
        if !destination.exists, !source.isDirectory, CopyPath.assertsDirectory(destination.path) {
            throw EngineError("no such directory", .notFound)
        }
        directory = parent
        self.name = name == [UInt8(ascii: ".")] || name == [UInt8(ascii: "/")] ? nil : name
    }
}
