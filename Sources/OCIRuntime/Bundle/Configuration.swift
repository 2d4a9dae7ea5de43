import JSON
import Linux
import OCI
import Seccomp

/// A `config.json`: the specification, and the bytes that it came from.
struct Configuration {
    let bytes: [UInt8]
    let name: String
    /// Without `linux.seccomp`, which is mostly names of system calls and by far the largest part: who needs the filter
    /// itself asks for it.
    var spec: RuntimeSpec
    private let seccompRange: Range<Int>?

    init(_ bytes: [UInt8], name: String) throws(OCIError) {
        self.bytes = bytes
        self.name = name
        do throws(JSONError) {
            let tree = try JSONTree.parse(bytes, passingOver: "seccomp")
            seccompRange = tree["linux"]?["seccomp"]?.range
            spec = try tree.decode(name: name)
        } catch { throw OCIError(error.description) }
    }

    /// The filter, compiled or from the cache, and where its listener goes; nil for none.
    func filter() throws(OCIError) -> Filter? {
        guard let range = seccompRange else { return nil }
        do {
            let program = try SeccompCache(directory: RuntimeOptions.cache())
                .program(specification: Array(bytes[range])) { () throws(SeccompError) in
                    do throws(JSONError) { return try specification(range) } catch {
                        throw .profile(file: name, field: "linux.seccomp", reason: error.description)
                    }
                }
            guard let program else { return nil }
            var filter = Filter(program: program)
            if program.needsListener {
                let profile = try specification(range)
                filter.listenerPath = profile.listenerPath
                filter.listenerMetadata = profile.listenerMetadata
            }
            return filter
        } catch { throw OCIError("\(error)") }
    }

    private func specification(_ range: Range<Int>) throws(JSONError) -> RuntimeSpec.Seccomp {
        try JSONTree.parse(bytes, in: range).decode(name: "\(name): linux.seccomp")
    }

    /// A compiled system call filter, and who answers its questions.
    struct Filter {
        var program: SeccompProgram
        var listenerPath: String?
        var listenerMetadata: String?

        init(program: SeccompProgram) { self.program = program }
    }
}
