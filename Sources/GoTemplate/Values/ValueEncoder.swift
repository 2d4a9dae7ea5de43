import Bytes

extension TemplateValue {
    /// `value` as its `encode(to:)` describes it: members in the order of encoding, integers as integers, optional
    /// members without a value kept as `absent`. Throws what `encode(to:)` throws.
    package init(encoding value: some Encodable) throws {
        self = try ValueEncoder.encoded(value, path: [])
    }
}

private protocol TextKeyed {}
private protocol TextKey {}
extension String: TextKey {}
extension ByteKey: TextKey {}
extension Dictionary: TextKeyed where Key: TextKey {}

/// What Go has for a value that is not there.
private protocol GoNil { static var zero: TemplateValue { get } }
extension Array: GoNil { fileprivate static var zero: TemplateValue { .list([]) } }
extension String: GoNil { fileprivate static var zero: TemplateValue { .string("") } }
extension Dictionary: GoNil {
    fileprivate static var zero: TemplateValue {
        .map(TemplateMap([], missing: Value.self is String.Type ? .string("") : .null))
    }
}
extension Optional: GoNil {
    fileprivate static var zero: TemplateValue { (Wrapped.self as? any GoNil.Type)?.zero ?? .null }
}

/// An `Encoder` whose product is a `TemplateValue`.
private final class ValueEncoder: Encoder {
    /// What has been encoded so far. Containers share it by reference.
    final class Box {
        var value: TemplateValue
        /// Parts that are still being filled, by key or position.
        var members: [(key: String, box: Box)]?
        var elements: [Box]?
        init(_ value: TemplateValue = .map(TemplateMap())) { self.value = value }

        var final: TemplateValue {
            if let members { return .map(TemplateMap(members.map { ($0.key, $0.box.final) }, kind: .structure)) }
            if let elements { return .list(elements.map(\.final)) }
            return value
        }
    }

    let box = Box()
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(path: [any CodingKey]) { codingPath = path }

    static func encoded(_ value: some Encodable, path: [any CodingKey]) throws -> TemplateValue {
        switch value {
        case let value as String: return .string(value)
        case let value as [String: String]:
            let members = TemplateMap(value.map { ($0.key, .string($0.value)) }).sorted
            return .map(TemplateMap(members, missing: .string("")))
        case let value as [ByteKey: String]:
            // `index` gives an empty text for a missing key of such a map.
            let members = TemplateMap(value.map { ($0.key.text, .string($0.value)) }).sorted
            return .map(TemplateMap(members, missing: .string("")))
        default:
            let encoder = ValueEncoder(path: path)
            try value.encode(to: encoder)
            if case .null = encoder.box.final, let type = type(of: value) as? any GoNil.Type {
                let zero = type.zero
                return .empty(zero.isNull ? .absent : zero, isLeftOut: false)
            }
            // A dictionary's keys come in no order of their own: Go sorts them.
            if value is any TextKeyed, case .map(let map) = encoder.box.final { return .map(TemplateMap(map.sorted)) }
            return encoder.box.final
        }
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if box.members == nil { box.members = [] }
        return KeyedEncodingContainer(KeyedContainer<Key>(box: box, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if box.elements == nil { box.elements = [] }
        return UnkeyedContainer(box: box, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        SingleContainer(box: box, codingPath: codingPath)
    }
}

/// Numbers of every width as template values.
private func number(_ value: some BinaryInteger) -> TemplateValue {
    Int64(exactly: value).map { .int($0) } ?? .double(Double(value))
}

private struct KeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let box: ValueEncoder.Box
    let codingPath: [any CodingKey]

    private func put(_ value: TemplateValue, _ key: Key) { slot(key.stringValue).value = value }

    private func slot(_ key: String) -> ValueEncoder.Box {
        if let known = box.members?.first(where: { $0.key.isSame(as: key) }) { return known.box }
        let part = ValueEncoder.Box()
        box.members?.append((key, part))
        return part
    }

    mutating func encodeNil(forKey key: Key) { put(.null, key) }
    mutating func encode(_ value: Bool, forKey key: Key) { put(.bool(value), key) }
    mutating func encode(_ value: String, forKey key: Key) { put(.string(value), key) }
    mutating func encode(_ value: Double, forKey key: Key) { put(.double(value), key) }
    mutating func encode(_ value: Float, forKey key: Key) { put(.double(Double(value)), key) }
    mutating func encode(_ value: Int, forKey key: Key) { put(number(value), key) }
    mutating func encode(_ value: Int8, forKey key: Key) { put(number(value), key) }
    mutating func encode(_ value: Int16, forKey key: Key) { put(number(value), key) }
    mutating func encode(_ value: Int32, forKey key: Key) { put(number(value), key) }
    mutating func encode(_ value: Int64, forKey key: Key) { put(number(value), key) }
    mutating func encode(_ value: UInt, forKey key: Key) { put(number(value), key) }
    mutating func encode(_ value: UInt8, forKey key: Key) { put(number(value), key) }
    mutating func encode(_ value: UInt16, forKey key: Key) { put(number(value), key) }
    mutating func encode(_ value: UInt32, forKey key: Key) { put(number(value), key) }
    mutating func encode(_ value: UInt64, forKey key: Key) { put(number(value), key) }
    mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        put(try ValueEncoder.encoded(value, path: codingPath + [key]), key)
    }

    private mutating func optional(_ value: (some Encodable)?, _ key: Key) throws {
        if let value { return try encode(value, forKey: key) }
        // Of the others Go has pointers.
        let zero = type(of: value).zero
        put(zero.isNull ? .absent : .empty(zero, isLeftOut: true), key)
    }
    mutating func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: String?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try optional(value, key) }
    mutating func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws { try optional(value, key) }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        let part = slot(key.stringValue)
        if part.members == nil { part.members = [] }
        return KeyedEncodingContainer(KeyedContainer<Nested>(box: part, codingPath: codingPath + [key]))
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        let part = slot(key.stringValue)
        if part.elements == nil { part.elements = [] }
        return UnkeyedContainer(box: part, codingPath: codingPath + [key])
    }

    mutating func superEncoder() -> any Encoder { fatalError("classes are not encoded into template values") }
    mutating func superEncoder(forKey key: Key) -> any Encoder { superEncoder() }
}

private struct UnkeyedContainer: UnkeyedEncodingContainer {
    let box: ValueEncoder.Box
    let codingPath: [any CodingKey]
    var count: Int { box.elements?.count ?? 0 }

    private func put(_ value: TemplateValue) { box.elements?.append(ValueEncoder.Box(value)) }

    mutating func encodeNil() { put(.null) }
    mutating func encode<T: Encodable>(_ value: T) throws { put(try ValueEncoder.encoded(value, path: codingPath)) }

    private func part() -> ValueEncoder.Box {
        let part = ValueEncoder.Box()
        box.elements?.append(part)
        return part
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        let part = part()
        part.members = []
        return KeyedEncodingContainer(KeyedContainer<Nested>(box: part, codingPath: codingPath))
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        let part = part()
        part.elements = []
        return UnkeyedContainer(box: part, codingPath: codingPath)
    }

    mutating func superEncoder() -> any Encoder { fatalError("classes are not encoded into template values") }
}

private struct SingleContainer: SingleValueEncodingContainer {
    let box: ValueEncoder.Box
    let codingPath: [any CodingKey]

    mutating func encodeNil() { box.value = .null }
    mutating func encode(_ value: Bool) { box.value = .bool(value) }
    mutating func encode(_ value: String) { box.value = .string(value) }
    mutating func encode(_ value: Double) { box.value = .double(value) }
    mutating func encode(_ value: Float) { box.value = .double(Double(value)) }
    mutating func encode(_ value: Int) { box.value = number(value) }
    mutating func encode(_ value: Int8) { box.value = number(value) }
    mutating func encode(_ value: Int16) { box.value = number(value) }
    mutating func encode(_ value: Int32) { box.value = number(value) }
    mutating func encode(_ value: Int64) { box.value = number(value) }
    mutating func encode(_ value: UInt) { box.value = number(value) }
    mutating func encode(_ value: UInt8) { box.value = number(value) }
    mutating func encode(_ value: UInt16) { box.value = number(value) }
    mutating func encode(_ value: UInt32) { box.value = number(value) }
    mutating func encode(_ value: UInt64) { box.value = number(value) }
    mutating func encode<T: Encodable>(_ value: T) throws {
        box.value = try ValueEncoder.encoded(value, path: codingPath)
    }
}
