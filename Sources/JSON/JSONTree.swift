package import Bytes

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

    /// The member of an object that Go's `encoding/json` fills the field `name` from: in any letter case, the last of several
    /// that are not null (objects are merged); nil for other values. Setting puts the last of them, or a new one, in the place
    /// of all, and nil removes them; other values than objects stay as they are.
    package subscript(name: String) -> JSONTree? {
        get { members.flatMap { Self.find(name, in: $0) } }
        set { replace(with: newValue.map { Member(name, $0) }) { Self.isSame($0, name) } }
    }

    /// The member whose name has the bytes of `key`, the last of several: of an object that is a map to Go. Setting is as that
    /// of fields.
    package subscript(key key: String) -> JSONTree? {
        get { members?.last { $0.name.isSame(as: key) }?.value }
        set { replace(with: newValue.map { Member(key, $0) }) { $0.isSame(as: key) } }
    }

    private mutating func replace(with member: Member?, _ isMeant: (String) -> Bool) {
        guard case .object(var members) = self else { return }
        let place = members.lastIndex { isMeant($0.name) }
        if let place, let member { members[place].value = member.value }
        if place == nil, let member { members.append(member) }
        let kept = member == nil ? nil : place ?? members.count - 1
        self = .object(members.enumerated().filter { $0.offset == kept || !isMeant($0.element.name) }.map(\.element))
    }

    /// What Go makes of the members that it takes for `name`: null says nothing, and leaves standing what an earlier member
    /// said. nil where there is none.
    static func find(_ name: String, in members: [Member]) -> JSONTree? {
        var found: JSONTree?
        // What objects of the name have together is gathered in one place: hostile documents have a hundred thousand of them, and a copy for
        // each would never end.
        var merged: [Member]?
        for member in members where isSame(member.name, name) {
            switch member.value {
            case .null where found != nil || merged != nil: break
            case .object(let later):
                found = nil
                if merged?.append(contentsOf: later) == nil { merged = later }
            case let value: (found, merged) = (value, nil)
            }
        }
        return merged.map { .object($0) } ?? found
    }

    /// Whether Go's `encoding/json` takes `left` and `right` for names of the same field: they may differ in the case of
    /// letters. Of those that are not ASCII two fold to letters that are, "ſ" and the sign of the Kelvin.
    static func isSame(_ left: String, _ right: String) -> Bool {
        func folded(_ scalar: Unicode.Scalar) -> UInt32 {
            switch scalar.value {
            case 65...90: scalar.value | 0x20
            case 0x17f: 0x73
            case 0x212a: 0x6b
            default: scalar.value
            }
        }
        return left.unicodeScalars.elementsEqual(right.unicodeScalars) { folded($0) == folded($1) }
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
    package static func strings(_ values: [ByteKey: String]) -> JSONTree {
        .object(values.sorted { $0.key < $1.key }.map { Member($0.key.text, .string($0.value)) })
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
