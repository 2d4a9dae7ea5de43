import JSON
import Linux
import OCI

/// The process that `exec` runs: a whole one from a file, or the container's own with some changes.
struct ExecProcess {
    private(set) var process: RuntimeSpec.Process

    init(_ request: ExecRequest, _ configuration: Configuration) throws(OCIError) {
        if let file = request.processFile {
            process = try reporting("cannot read the process from \(file)") {
                try JSONTree.parse(try Files.read(file, limit: 16 << 20)).decode(name: file)
            }
        } else {
            guard let own = configuration.spec.process else {
                throw OCIError("the container's configuration has no process")
            }
            process = own
            process.args = request.arguments
            process.terminal = request.hasTerminal
            process.consoleSize = nil
        }
        if let directory = request.workingDirectory { process.cwd = directory }
        if !request.environment.isEmpty { process.env = Self.merge(process.env ?? [], request.environment) }
        if let user = request.user { try change(to: user) }
        for text in request.additionalGroups {
            guard let group = UInt32(text) else { throw OCIError("the group \"\(text)\" is no number") }
            process.user.additionalGids = (process.user.additionalGids ?? []) + [group]
        }
        if let profile = request.apparmorProfile { process.apparmorProfile = profile }
        if let label = request.selinuxLabel { process.selinuxLabel = label }
        if let restricted = request.noNewPrivileges { process.noNewPrivileges = restricted }
        for capability in request.capabilities { add(capability) }
        guard process.args?.isEmpty == false else { throw OCIError("no command is given") }
        guard process.cwd.utf8.first == UInt8(ascii: "/") else {
            throw OCIError("the working directory \"\(process.cwd)\" is no absolute path")
        }
    }

    private mutating func change(to text: String) throws(OCIError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let user = UInt32(parts[0]), parts.count == 1 || parts.count == 2 && UInt32(parts[1]) != nil else {
            throw OCIError("the user \"\(text)\" is not of the form UID or UID:GID")
        }
        process.user.uid = user
        if parts.count == 2 { process.user.gid = UInt32(parts[1])! }
    }

    private mutating func add(_ name: String) {
        func with(_ list: [String]?) -> [String] { (list ?? []).contains(name) ? list! : (list ?? []) + [name] }
        var sets = process.capabilities ?? .init()
        sets.bounding = with(sets.bounding)
        sets.effective = with(sets.effective)
        sets.permitted = with(sets.permitted)
        // Ambient capabilities have to be inheritable: those of a container that has such, as runc has it.
        if sets.inheritable != nil { sets.ambient = with(sets.ambient) }
        process.capabilities = sets
    }

    // A variable that is there twice means its first value to some programs and its last to others: the last is meant.
    static func merge(_ base: [String], _ added: [String]) -> [String] {
        var seen: Set<[UInt8]> = []
        var kept: [String] = []
        for entry in (base + added).reversed()
        where seen.insert(Array(entry.utf8.prefix { $0 != UInt8(ascii: "=") })).inserted { kept.append(entry) }
        return kept.reversed()
    }
}
