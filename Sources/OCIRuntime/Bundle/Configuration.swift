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
            seccompRange = try Self.seccompRange(tree)
            spec = try tree.decode(name: name)
        } catch { throw OCIError(error.place == nil ? error.description : "\(name): \(error.description)") }
    }

    private static func seccompRange(_ tree: JSONTree) throws(JSONError) -> Range<Int>? {
        guard let linux = tree["linux"], let value = linux["seccomp"], value != .null else { return nil }
        // A part that is passed over in silence would be a container without its filter.
        guard let range = value.range else { throw JSONError("linux.seccomp", "is not an object") }
        var others = linux
        others["seccomp"] = nil
        let count = (linux.members?.count ?? 0) - (others.members?.count ?? 0)
        guard count == 1 else { throw JSONError("linux.seccomp", "is there \(count) times") }
        return range
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
