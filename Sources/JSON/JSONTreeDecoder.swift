import Bytes

extension JSONTree {
    /// Makes a value of the document, as Go's `encoding/json` reads one, which the tools that write these documents are tested
    /// with: names of members in any case, the last of several (objects are merged), null as if the member were not there,
    /// null in a list or a map as an empty value. What a type must have and does not find is an error all the same. `name` is
    /// what errors call the document. Values that were passed over count as missing.
    package func decode<T: Decodable>(_ type: T.Type = T.self, name: String) throws(JSONError) -> T {
        do throws(JSONError) { return try decode() } catch { throw JSONError("\(name): \(error.description)") }
    }

    /// As the other; errors begin with the place in the document.
    package func decode<T: Decodable>(_ type: T.Type = T.self) throws(JSONError) -> T {
        do {
            return try TreeDecoder(tree: self, codingPath: []).value(type)
        } catch let error as JSONError {
            throw error
        } catch {
            throw JSONError("\(error)")
        }
    }

    /// Parses a whole document and makes a value of it.
    package static func decode<T: Decodable>(_ type: T.Type = T.self, from bytes: [UInt8]) throws(JSONError) -> T {
        try parse(bytes).decode()
    }
}

/// A collection that must not be decoded as the standard library does, which knows neither null for an empty value nor two
/// members of one name.
private protocol TreeCollection {
    static func decode(_ decoder: TreeDecoder) throws -> Self
}

/// What may be a member's name.
private protocol TreeKey: Hashable { init(_ name: String) }
extension String: TreeKey {}
extension ByteKey: TreeKey {}

extension Dictionary: TreeCollection where Key: TreeKey, Value: Decodable {
    fileprivate static func decode(_ decoder: TreeDecoder) throws -> Self {
        var result: Self = [:]
        for member in try decoder.members() {
            let path = decoder.codingPath + [MemberKey(member.name)]
            result[Key(member.name)] = try TreeDecoder(tree: member.value, codingPath: path).value(Value.self)
        }
        return result
    }
}

extension Array: TreeCollection where Element: Decodable {
    fileprivate static func decode(_ decoder: TreeDecoder) throws -> Self {
        let elements = try decoder.elements()
        var result: Self = []
        result.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            let path = decoder.codingPath + [ElementKey(index)]
            result.append(try TreeDecoder(tree: element, codingPath: path).value(Element.self))
        }
        return result
    }
}

private struct TreeDecoder: Decoder {
    let tree: JSONTree
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Keyed<Key>(members: try members(), codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        Unkeyed(elements: try elements(), codingPath: codingPath)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { Single(decoder: self) }

    func members() throws -> [JSONTree.Member] {
        if isNull { return [] }
        guard let members = tree.members else { throw mismatch("an object") }
        return members
    }

    func elements() throws -> [JSONTree] {
        if isNull { return [] }
        guard let elements = tree.array else { throw mismatch("a list") }
        return elements
    }

    func mismatch(_ wanted: String) -> JSONError { JSONError(Self.path(codingPath), "is not \(wanted)") }

    static func path(_ keys: [any CodingKey]) -> String? {
        var text = ""
        for key in keys {
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += (text.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return text.isEmpty ? nil : text.excerpt
    }

    var isNull: Bool {
        switch tree {
        case .null, .raw: true
        default: false
        }
    }

    func string() throws -> String {
        if isNull { return "" }
        guard case .string(let value) = tree else { throw mismatch("a text") }
        return value
    }

    func bool() throws -> Bool {
        if isNull { return false }
        guard case .bool(let value) = tree else { throw mismatch("true or false") }
        return value
    }

    func integer<T: FixedWidthInteger>() throws -> T {
        if isNull { return 0 }
        guard case .number(let digits) = tree else { throw mismatch("a number") }
        if let value = T(digits) { return value }
        // Some writers give whole numbers a fraction or an exponent.
        if let number = Double(digits), let value = T(exactly: number) { return value }
        throw JSONError(
            Self.path(codingPath), "is \(digits.prefix(40)), which is not a whole number from \(T.min) to \(T.max)")
    }

    func number() throws -> Double {
        if isNull { return 0 }
        guard case .number(let digits) = tree, let value = Double(digits) else { throw mismatch("a number") }
        return value
    }

    func value<T: Decodable>(_ type: T.Type) throws -> T {
        if type == String.self { return try string() as! T }
        if type == [String].self, case .array(let elements) = tree { return try strings(elements) as! T }
        if let collection = type as? any TreeCollection.Type { return try collection.decode(self) as! T }
        do {
            return try T(from: self)
        } catch DecodingError.dataCorrupted(let context) {
            if type is any RawRepresentable.Type, case .string(let word) = tree {
                throw JSONError(Self.path(codingPath), "has the unknown value \"\(word.excerpt)\"")
            }
            throw JSONError(Self.path(codingPath), "is wrong (\(context.debugDescription))")
        }
    }

    // The list that most members are, without a decoder for each text.
    private func strings(_ elements: [JSONTree]) throws -> [String] {
        var list: [String] = []
        list.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            switch element {
            case .string(let text): list.append(text)
            case .null: list.append("")
            default: throw JSONError(Self.path(codingPath + [ElementKey(index)]), "is not a text")
            }
        }
        return list
    }
}

private struct MemberKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

private struct ElementKey: CodingKey {
    let number: Int
    var intValue: Int? { number }
    var stringValue: String { String(number) }
    init(_ number: Int) { self.number = number }
    init?(intValue: Int) { number = intValue }
    init?(stringValue: String) { nil }
}

private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let members: [JSONTree.Member]
    let codingPath: [any CodingKey]
    var allKeys: [Key] { members.compactMap { Key(stringValue: $0.name) } }

    private func find(_ key: Key) -> JSONTree? {
        switch JSONTree.find(key.stringValue, in: members) {
        case nil, .null, .raw: nil
        case let found: found
        }
    }

    private func decoder(_ key: Key) throws -> TreeDecoder {
        let path = codingPath + [key]
        guard let tree = find(key) else { throw JSONError(TreeDecoder.path(path), "is missing") }
        return TreeDecoder(tree: tree, codingPath: path)
    }

    func contains(_ key: Key) -> Bool { find(key) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { find(key) == nil }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decoder(key).bool() }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try decoder(key).string() }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try decoder(key).number() }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { Float(try decoder(key).number()) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoder(key).integer() }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try decoder(key).integer() }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try decoder(key).integer() }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try decoder(key).integer() }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try decoder(key).integer() }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try decoder(key).integer() }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try decoder(key).integer() }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try decoder(key).integer() }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try decoder(key).integer() }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try decoder(key).integer() }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try decoder(key).value(type) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try decoder(key).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(key).unkeyedContainer()
    }
    func superDecoder() throws -> any Decoder { TreeDecoder(tree: .object(members), codingPath: codingPath) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

private struct Unkeyed: UnkeyedDecodingContainer {
    let elements: [JSONTree]
    let codingPath: [any CodingKey]
    var currentIndex = 0

    init(elements: [JSONTree], codingPath: [any CodingKey]) {
        self.elements = elements
        self.codingPath = codingPath
    }

    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    private mutating func next() throws -> TreeDecoder {
        let path = codingPath + [ElementKey(currentIndex)]
        guard currentIndex < elements.count else { throw JSONError(TreeDecoder.path(path), "is missing") }
        defer { currentIndex += 1 }
        return TreeDecoder(tree: elements[currentIndex], codingPath: path)
    }

    mutating func decodeNil() throws -> Bool {
        guard currentIndex < elements.count, case .null = elements[currentIndex] else { return false }
        currentIndex += 1
        return true
    }
    mutating func decode(_ type: Bool.Type) throws -> Bool { try next().bool() }
    mutating func decode(_ type: String.Type) throws -> String { try next().string() }
    mutating func decode(_ type: Double.Type) throws -> Double { try next().number() }
    mutating func decode(_ type: Float.Type) throws -> Float { Float(try next().number()) }
    mutating func decode(_ type: Int.Type) throws -> Int { try next().integer() }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try next().integer() }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try next().integer() }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try next().integer() }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try next().integer() }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try next().integer() }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try next().integer() }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try next().integer() }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try next().integer() }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try next().integer() }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next().value(type) }
    mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        try next().container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
    mutating func superDecoder() throws -> any Decoder { try next() }
}

private struct Single: SingleValueDecodingContainer {
    let decoder: TreeDecoder
    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool { decoder.isNull }
    func decode(_ type: Bool.Type) throws -> Bool { try decoder.bool() }
    func decode(_ type: String.Type) throws -> String { try decoder.string() }
    func decode(_ type: Double.Type) throws -> Double { try decoder.number() }
    func decode(_ type: Float.Type) throws -> Float { Float(try decoder.number()) }
    func decode(_ type: Int.Type) throws -> Int { try decoder.integer() }
    func decode(_ type: Int8.Type) throws -> Int8 { try decoder.integer() }
    func decode(_ type: Int16.Type) throws -> Int16 { try decoder.integer() }
    func decode(_ type: Int32.Type) throws -> Int32 { try decoder.integer() }
    func decode(_ type: Int64.Type) throws -> Int64 { try decoder.integer() }
    func decode(_ type: UInt.Type) throws -> UInt { try decoder.integer() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try decoder.integer() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try decoder.integer() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try decoder.integer() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try decoder.integer() }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try decoder.value(type) }
}
