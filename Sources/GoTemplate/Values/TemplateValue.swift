import Bytes

/// A value that a template works on: JSON's kinds, with integers kept as such and members in their order.
package indirect enum TemplateValue: Sendable {
    /// JSON's null, and what a map without the wanted key gives.
    case null
    /// A member that has no value and that JSON leaves out; Go has a nil pointer there.
    case absent
    /// A zero value whose type Go knows although JSON does not show it: an empty text, or a nil list or map. JSON leaves the
    /// member out, or has null for it; templates see the value.
    case empty(TemplateValue, isLeftOut: Bool)
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case list([TemplateValue])
    case map(TemplateMap)
    case record(TemplateRecord)
}

/// A Go map with text keys, or a JSON object.
package struct TemplateMap: Sendable {
    /// The members in the order in which JSON shows them. `range` and printing sort by key.
    package private(set) var members: [(key: String, value: TemplateValue)]
    /// What `index` gives for a missing key: the zero value of the map's element type.
    package var missing: TemplateValue
    /// What the members are in Go.
    package var kind: Kind

    /// What Go has in the place of a JSON object.
    package enum Kind: Sendable {
        /// A struct: to ask for a member that it does not have can be an error, and it prints in braces.
        case structure
        /// JSON that no type of Docker's describes: printed as a map, and a member that is not there can be an error.
        case document
        /// A map: a member that is not there has no value.
        case dictionary
    }

    package init(
        _ members: [(key: String, value: TemplateValue)] = [], missing: TemplateValue = .null, kind: Kind = .dictionary
    ) {
        self.members = members
        self.missing = missing
        self.kind = kind
    }

    /// The member `key`; setting replaces one in its place, or appends.
    package subscript(key: String) -> TemplateValue? {
        get { members.first { $0.key.isSame(as: key) }?.value }
        set {
            if let index = members.firstIndex(where: { $0.key.isSame(as: key) }) {
                if let newValue { members[index].value = newValue } else { members.remove(at: index) }
            } else if let newValue {
                members.append((key, newValue))
            }
        }
    }

    /// The members sorted by key (by bytes, as Go sorts), without those that are absent.
    package var sorted: [(key: String, value: TemplateValue)] {
        members.filter { !$0.value.isAbsent }.sorted { $0.key.comes(before: $1.key) }
    }
}

/// A Go struct: a field that it does not have is an error, and it may have methods.
package struct TemplateRecord: Sendable {
    package typealias Method = @Sendable ([TemplateValue]) throws(TemplateError) -> TemplateValue

    /// The name that error messages show ("*formatter.ContainerContext").
    package var typeName: String
    package var fields: [(name: String, value: TemplateValue)]
    /// Functions that take arguments, as `.Label "key"`.
    package var methods: [(name: String, call: Method)]
    /// What JSON calls fields that it does not call by their names.
    package var jsonNames: [String: String] = [:]
    /// What a field that it does not have gives; nil where asking for one is an error.
    package var missing: TemplateValue?

    package init(
        _ typeName: String, _ fields: [(name: String, value: TemplateValue)],
        methods: [(name: String, call: Method)] = []
    ) {
        self.typeName = typeName
        self.fields = fields
        self.methods = methods
    }

    /// Whether its JSON has `<`, `>` and `&` as escapes: Docker's lists are encoded with Go's defaults, its objects without.
    var escapesHTML: Bool { typeName.utf8.first == UInt8(ascii: "*") }

    package subscript(name: String) -> TemplateValue? { fields.first { $0.name == name }?.value }
}

extension TemplateValue {
    var isNull: Bool { if case .null = self { true } else { false } }

    /// Whether JSON leaves the member out.
    var isAbsent: Bool {
        switch self {
        case .absent, .empty(_, isLeftOut: true): true
        default: false
        }
    }

    /// The value as Go's types have it, whatever its JSON shows.
    package var plain: TemplateValue { if case .empty(let value, _) = self { value } else { self } }

    /// Whether `if` takes the value for true: neither false, zero, empty nor missing.
    package var isTrue: Bool {
        switch self {
        case .null, .absent: false
        case .empty(let value, _): value.isTrue
        case .bool(let value): value
        case .int(let value): value != 0
        case .double(let value): value != 0
        case .string(let value): !value.isEmpty
        case .list(let values): !values.isEmpty
        case .map(let map): !map.sorted.isEmpty
        case .record: true
        }
    }

    /// The text that `{{.}}` prints.
    package var printed: String {
        if case .null = self { return "<no value>" }
        return text
    }

    /// The text of Go's `%v`.
    package var text: String {
        switch self {
        case .null, .absent: "<nil>"
        case .empty(let value, _): value.text
        case .bool(let value): value ? "true" : "false"
        case .int(let value): String(value)
        case .double(let value): goFloat(value, smallest: -4)
        case .string(let value): value
        case .list(let values): "[" + values.map(\.text).joined(separator: " ") + "]"
        case .map(let map) where map.kind == .structure:
            "{" + map.members.map(\.value.text).joined(separator: " ") + "}"
        case .map(let map): "map[" + map.sorted.map { "\($0.key):\($0.value.text)" }.joined(separator: " ") + "]"
        case .record(let record): "{" + record.fields.map(\.value.text).joined(separator: " ") + "}"
        }
    }

    /// Go's name for the type, as error messages show it.
    var typeName: String {
        switch self {
        case .null, .absent: "interface {}"
        case .empty(let value, _): value.typeName
        case .bool: "bool"
        case .int: "int"
        case .double: "float64"
        case .string: "string"
        case .list(let values):
            !values.isEmpty && values.allSatisfy { if case .string = $0 { true } else { false } }
                ? "[]string" : "[]interface {}"
        case .map(let map): if case .string = map.missing { "map[string]string" } else { "map[string]interface {}" }
        case .record(let record): record.typeName
        }
    }
}

/// The shortest digits of `value`, with an exponent below 10^`smallest` and from 10^21 on, as Go prints floats.
func goFloat(_ value: Double, smallest: Int) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if value == 0 { return value.sign == .minus ? "-0" : "0" }
    // Swift's description has the shortest digits too; only the layout differs.
    let parts = value.magnitude.description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    var digits = String(mantissa[0]) + (mantissa.count > 1 ? mantissa[1] : "")
    var point = mantissa[0].count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    while digits.first == "0" {
        digits.removeFirst()
        point -= 1
    }
    while digits.last == "0" { digits.removeLast() }
    let sign = value < 0 ? "-" : ""
    let exponent = point - 1
    if exponent < smallest || exponent >= 21 {
        let rest = digits.dropFirst()
        let power = String(exponent.magnitude)
        return sign + digits.prefix(1) + (rest.isEmpty ? "" : "." + rest)
            + (exponent < 0 ? "e-" : "e+") + (power.count < 2 ? "0" : "") + power
    }
    if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
    if point >= digits.count { return sign + digits + String(repeating: "0", count: point - digits.count) }
    return sign + digits.prefix(point) + "." + digits.dropFirst(point)
}
