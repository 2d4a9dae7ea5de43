/// A JSON document as it stands: members keep their order, and numbers their digits, because the specifications have
/// numbers that no floating point value holds (RLIM_INFINITY, arguments of system calls).
package enum JSONTree: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The digits as they are written.
    case number(String)
    case string(String)
    case array([JSONTree])
    case object([Member])
    /// A value that was passed over: where it is among the document's bytes.
    case raw(Range<Int>)

    /// A name and its value.
    package struct Member: Hashable, Sendable {
        package var name: String
        package var value: JSONTree

        package init(_ name: String, _ value: JSONTree) {
            self.name = name
            self.value = value
        }
    }

    /// The member `name` of an object, the last of them if there are several; nil for other values. Setting replaces it in
    /// its place or appends it, and nil removes it; other values than objects stay as they are.
    package subscript(name: String) -> JSONTree? {
        get {
            guard case .object(let members) = self else { return nil }
            return members.last { Self.isEqual($0.name, name) }?.value
        }
        set {
            guard case .object(var members) = self else { return }
            if let newValue {
                if let place = members.lastIndex(where: { Self.isEqual($0.name, name) }) {
                    members[place].value = newValue
                } else {
                    members.append(Member(name, newValue))
                }
            } else {
                members.removeAll { Self.isEqual($0.name, name) }
            }
            self = .object(members)
        }
    }

    // By bytes: `==` would take names for one that differ in their normal form.
    private static func isEqual(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }

    /// Whether Go's `encoding/json` takes `left` and `right` for names of the same member: they may differ in the case of
    /// ASCII letters.
    static func isSame(_ left: String, _ right: String) -> Bool {
        func folded(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }
        return left.utf8.count == right.utf8.count
            && left.utf8.elementsEqual(right.utf8) { folded($0) == folded($1) }
    }

    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var integer: Int64? { if case .number(let digits) = self { Int64(digits) } else { nil } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var array: [JSONTree]? { if case .array(let value) = self { value } else { nil } }
    package var members: [Member]? { if case .object(let value) = self { value } else { nil } }
    /// Where a value that was passed over is.
    package var range: Range<Int>? { if case .raw(let value) = self { value } else { nil } }

    /// A number.
    package static func integer(_ value: some BinaryInteger) -> JSONTree { .number(String(value)) }
    /// A list of texts.
    package static func strings(_ values: [String]) -> JSONTree { .array(values.map { .string($0) }) }
    /// An object whose members have texts, in the order of their names.
    package static func strings(_ values: [String: String]) -> JSONTree {
        .object(values.sorted { $0.key < $1.key }.map { Member($0.key, .string($0.value)) })
    }
    /// An object without the members that have no value.
    package static func record(_ members: [(String, JSONTree?)]) -> JSONTree {
        .object(members.compactMap { name, value in value.map { Member(name, $0) } })
    }
}

/// Why bytes are no JSON, or not the JSON that was expected.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The member that is meant ("layers[2].digest"); nil for the document itself.
    package let place: String?
    /// What is wrong, as the rest of a sentence about the place: "is missing"; a whole sentence without place.
    package let cause: String

    package init(_ sentence: String) { self.init(sentence: sentence, place: nil) }

    /// `cause` of the member at `place`, nil for the document itself.
    package init(_ place: String?, _ cause: String) {
        self.init(sentence: place == nil ? "the document \(cause)" : cause, place: place)
    }

    private init(sentence: String, place: String?) {
        self.place = place
        cause = sentence
    }

    /// One sentence, which names the place.
    package var description: String { place.map { "\($0) \(cause)" } ?? cause }
}
