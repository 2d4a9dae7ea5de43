import Glibc

/// What the hooks get to read that a container's own process runs: the container's state as the parent wrote it, twice,
/// because the status changes between them, with a zero byte in between. Those hooks are in the container's pid
/// namespace, and so is the number of the process that they are told.
struct HookInput {
    /// For createContainer: "creating".
    let created: [UInt8]
    /// For startContainer: "created".
    let started: [UInt8]

    /// Of a container without hooks.
    static let none = HookInput(created: [], started: [])

    private init(created: [UInt8], started: [UInt8]) {
        self.created = created
        self.started = started
    }

    init(_ bytes: [UInt8]) {
        let parts = bytes.split(separator: 0, omittingEmptySubsequences: false)
        created = Self.withOwnNumber(parts.first ?? [])
        started = Self.withOwnNumber(parts.last ?? [])
    }

    // The first member of that name: before it, the document has only the version and the id, which has no quotes.
    private static func withOwnNumber(_ state: ArraySlice<UInt8>) -> [UInt8] {
        let name = Array("\"pid\":".utf8)
        for start in state.indices where state[start...].starts(with: name) {
            let digits = state[(start + name.count)...]
            return state[..<digits.startIndex] + Array(String(getpid()).utf8)
                + digits.drop { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        }
        return Array(state)
    }

    /// The bytes to hand over.
    static func bytes(creating: [UInt8], created: [UInt8]) -> [UInt8] { creating + [0] + created }
}
