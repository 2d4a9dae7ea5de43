import Bytes

/// The flags of one instruction, held against those that it knows.
struct InstructionFlags {
    /// What a flag takes.
    enum Kind {
        /// Nothing, or "=true" or "=false".
        case bool
        /// One value.
        case text
        /// A value each time.
        case list
    }

    private var values: [String: [String]] = [:]

    /// Reads `flags`. Throws BuildKit's sentences for a flag that is not in `known`, is there twice or has no value.
    init(_ flags: [String], known: KeyValuePairs<String, Kind>) throws(Fault) {
        for flag in flags {
            let body = flag.dropping(2)
            let name = String(body.until("="))
            let value = body.place(of: "=").map { String(body.behind($0)) }
            guard let kind = known.first(where: { $0.key.isSame(as: name) })?.value else {
                throw Fault("unknown flag: --\(name.excerpt)", given: name, among: known.map(\.key))
            }
            if values[name] != nil, kind != .list { throw Fault("duplicate flag specified: --\(name)") }
            values[name, default: []].append(try Self.checked(name, value, kind))
        }
    }

    private static func checked(_ name: String, _ value: String?, _ kind: Kind) throws(Fault) -> String {
        guard kind == .bool else {
            guard let value else { throw Fault("missing a value on flag: --\(name)") }
            return value
        }
        switch value?.lowercased() {
        case nil, "true": return "true"
        case "false": return "false"
        case "": throw Fault("missing a value on flag: --\(name)")
        case .some(let other): throw Fault("expecting boolean value for flag --\(name), not: \(other.excerpt)")
        }
    }

    /// The value of a flag that was given.
    func text(_ name: String) -> String? { values[name]?.last }
    /// The values of a flag.
    func list(_ name: String) -> [String] { values[name] ?? [] }
    /// What a flag says; nil where it was not given.
    func bool(_ name: String) -> Bool? { text(name).map { $0 == "true" } }
}
