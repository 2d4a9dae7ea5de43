package import Bytes

/// A mount of RUN, its values expanded (Dockerfile reference, "RUN --mount").
package struct RunMount: Hashable, Sendable {
    /// What is mounted.
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        case bind, cache, tmpfs, secret, ssh
    }

    /// Who may write to a cache at the same time.
    package enum Sharing: String, CaseIterable, Hashable, Sendable {
        case shared, `private`, locked
    }

    /// What is mounted.
    package private(set) var kind = Kind.bind
    /// `from`: a stage, an image or a context; nil for the build's context.
    package private(set) var from: String?
    /// `source`: the path in what it is from, or of a secret its identifier.
    package private(set) var source: String?
    /// `target`: the path in the container.
    package private(set) var target: String?
    /// `id` of a cache, a secret or an agent.
    package private(set) var id: String?
    /// Whether the step cannot write to it.
    package private(set) var isReadOnly = true
    /// Whether the step fails without the secret or the agent.
    package private(set) var isRequired = false
    /// `size` in bytes; nil where there is no limit.
    package private(set) var size: Int64?
    /// `sharing`; nil where it is not given, which is shared.
    package private(set) var sharing: Sharing?
    /// `mode`.
    package private(set) var mode: UInt32?
    /// `uid`.
    package private(set) var user: UInt32?
    /// `gid`.
    package private(set) var group: UInt32?
    /// `env`: the variable that a secret becomes.
    package private(set) var variable: String?
    /// The variables that the text used.
    package private(set) var used: Set<ByteKey> = []
    /// The variables that the text asked for and that are not set.
    package private(set) var unset: Set<ByteKey> = []

    private var saysWritable = false

    private static let keys = [
        "type", "from", "source", "target", "readonly", "id", "sharing", "required", "size", "mode", "uid", "gid",
        "src", "dst",
        "destination", "ro", "rw", "readwrite", "env",
    ]

    /// Reads `text` with `variables`. Throws BuildKit's sentence for what no mount can be.
    package init(_ text: String, _ variables: Variables, escape: UInt8) throws(ExpansionError) {
        do throws(Fault) {
            for field in try Self.fields(text) {
                guard let sign = field.place(of: "=") else {
                    try setFlag(field.lowercased(), field)
                    continue
                }
                let key = field[..<sign].lowercased()
                try set(key, try expanded(String(field.behind(sign)), variables, escape), field)
            }
            try check()
        } catch {
            throw ExpansionError(error.sentence, used: used, unset: unset)
        }
    }

    /// Throws for what can be seen of `text` before variables have values: that it is no list, or that its `from` has some.
    static func check(_ text: String) throws(Fault) { _ = try from(text) }

    /// The stage, image or context that `text` refers to.
    static func from(_ text: String) throws(Fault) -> String? {
        var result: String?
        for field in try fields(text) {
            guard let sign = field.place(of: "="), field[..<sign].lowercased().isSame(as: "from") else { continue }
            let value = field.behind(sign)
            if let dollar = value.place(of: "$"), !value.behind(dollar).isEmpty {
                throw Fault("'from' doesn't support variable expansion, define alias stage instead")
            }
            result = String(value)
        }
        return result
    }

    /// The target in `text`, not expanded: for messages.
    static func writtenTarget(_ text: String) -> String {
        let fields: [String]
        do throws(Fault) { fields = try CSVLine.fields(text) } catch { return "" }
        for field in fields {
            guard let sign = field.place(of: "=") else { continue }
            if ["target", "dst", "destination"].has(field[..<sign].lowercased()) { return String(field.behind(sign)) }
        }
        return ""
    }

    private static func fields(_ text: String) throws(Fault) -> [String] {
        do throws(Fault) { return try CSVLine.fields(text) } catch {
            throw Fault("failed to parse csv mounts: \(error.sentence)")
        }
    }

    private mutating func expanded(_ value: String, _ variables: Variables, _ escape: UInt8) throws(Fault) -> String {
        do throws(ExpansionError) {
            let result = try Expansion(value, variables, escape: escape)
            used.formUnion(result.used)
            unset.formUnion(result.unset)
            return result.text
        } catch {
            used.formUnion(error.used)
            unset.formUnion(error.unset)
            throw Fault(error.description)
        }
    }

    private mutating func setFlag(_ key: String, _ field: String) throws(Fault) {
        switch key {
        case "readonly", "ro": setReadOnly(true)
        case "readwrite", "rw": setReadOnly(false)
        case "required":
            try allow(key, [.secret, .ssh])
            isRequired = true
        default: throw Fault("invalid field '\(field.excerpt)' must be a key=value pair")
        }
    }

    private mutating func setReadOnly(_ flag: Bool) {
        isReadOnly = flag
        saysWritable = true
    }

    private func allow(_ key: String, _ kinds: [Kind]) throws(Fault) {
        guard kinds.contains(kind) else { throw Fault("unexpected key '\(key)' for mount type '\(kind.rawValue)'") }
    }

    private mutating func set(_ key: String, _ value: String, _ field: String) throws(Fault) {
        switch key {
        case "type": kind = try Self.choice(value, "unsupported mount type")
        case "from": from = value.isEmpty ? nil : value
        case "source", "src": source = value.isEmpty ? nil : value
        case "target", "dst", "destination": target = value.isEmpty ? nil : value
        case "id": id = value.isEmpty ? nil : value
        case "env": variable = value
        case "readonly", "ro": setReadOnly(try Self.flag(key, value))
        case "readwrite", "rw": setReadOnly(try !Self.flag(key, value))
        case "required":
            try allow(key, [.secret, .ssh])
            isRequired = try Self.flag(key, value)
        case "size":
            try allow(key, [.tmpfs])
            guard let bytes = try? goByteSize(value) else { throw Fault("invalid value for size: \(value.excerpt)") }
            size = bytes
        case "sharing": sharing = try Self.choice(value, "unsupported sharing value")
        case "mode": mode = try Self.number(key, value, radix: 8)
        case "uid": user = try Self.number(key, value, radix: 10)
        case "gid": group = try Self.number(key, value, radix: 10)
        default: throw Fault("unexpected key '\(key.excerpt)' in '\(field.excerpt)'", given: key, among: Self.keys)
        }
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ value: String, _ complaint: String
    ) throws(Fault) -> Choice where Choice.RawValue == String {
        guard let choice = Choice(rawValue: value.lowercased()) else {
            throw Fault("\(complaint) \(GoValue.quoted(value))", given: value, among: Choice.allCases.map(\.rawValue))
        }
        return choice
    }

    private static func flag(_ key: String, _ value: String) throws(Fault) -> Bool {
        guard let flag = goBool(value) else { throw Fault("invalid value for \(key): \(value.excerpt)") }
        return flag
    }

    private static func number(_ key: String, _ value: String, radix: Int) throws(Fault) -> UInt32 {
        guard let number = GoValue.unsigned(value, radix: radix) else {
            throw Fault("invalid value \(value.excerpt) for \(key)")
        }
        return number
    }

    private mutating func check() throws(Fault) {
        if kind == .bind || kind == .tmpfs {
            for (key, value) in [("mode", mode), ("uid", user), ("gid", group)] where value != nil {
                throw Fault("\(key) not allowed for \"\(kind.rawValue)\" type mounts")
            }
        }
        if !saysWritable { isReadOnly = kind != .cache && kind != .tmpfs }
        if variable != nil, kind != .secret { throw Fault("unexpected key 'env' for mount type '\(kind.rawValue)'") }
        if kind == .secret {
            if from != nil { throw Fault("secret mount should not have a from") }
            if sharing != nil { throw Fault("secret mount should not define sharing") }
            if source == nil, target == nil, id == nil {
                throw Fault("invalid secret mount. one of source, target required")
            }
            if source != nil, id != nil { throw Fault("both source and id can't be set") }
        }
        if sharing != nil, kind != .cache { throw Fault("invalid cache sharing set for \(kind.rawValue) mount") }
        // Docker names the target that this is without one.
        if kind == .bind || kind == .cache || kind == .tmpfs, target == nil || target?.isSame(as: "/") == true {
            throw Fault("invalid mount target \"/\"")
        }
    }
}
