import Bytes

extension JSONTree {
    /// The document that `value` encodes itself as, without Foundation, whose encoder costs a process a millisecond at its first
    /// use. Members are in the order of their names, so that the same value is the same text. Throws what the value throws.
    package init(encoding value: some Encodable) throws {
        let node = EncodingNode(path: [])
        try node.encode(value)
        self = node.tree
    }
}

/// A value that is being written; containers hold on to theirs.
private final class EncodingNode: Encoder {
    private enum Content {
        case value(JSONTree)
        case object([(String, EncodingNode)])
        case array([EncodingNode])
    }

    private var content = Content.value(.null)
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(path: [any CodingKey]) { codingPath = path }

    var tree: JSONTree {
        switch content {
        case .value(let tree): tree
        case .object(let members):
            .object(members.sorted { $0.0.comes(before: $1.0) }.map { JSONTree.Member($0.0, $0.1.tree) })
        case .array(let elements): .array(elements.map(\.tree))
        }
    }

    func set(_ tree: JSONTree) { content = .value(tree) }

    func encode(_ value: some Encodable) throws {
        switch value {
        case let text as String: set(.string(text))
        case let flag as Bool: set(.bool(flag))
        case let number as any FixedWidthInteger: set(.number(String(describing: number)))
        default: try value.encode(to: self)
        }
    }

    func member(_ key: any CodingKey) -> EncodingNode {
        let node = EncodingNode(path: codingPath + [key])
        var members: [(String, EncodingNode)] = []
        if case .object(let present) = content { members = present }
        // So that nobody else has the list, and it need not be copied for each member.
        content = .value(.null)
        members.append((key.stringValue, node))
        content = .object(members)
        return node
    }

    func element() -> EncodingNode {
        let node = EncodingNode(path: codingPath)
        var elements: [EncodingNode] = []
        if case .array(let present) = content { elements = present }
        content = .value(.null)
        elements.append(node)
        content = .array(elements)
        return node
    }

    var count: Int { if case .array(let elements) = content { elements.count } else { 0 } }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .value = content { content = .object([]) }
        return KeyedEncodingContainer(KeyedNode<Key>(node: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .value = content { content = .array([]) }
        return UnkeyedNode(node: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { SingleNode(node: self) }
}

private struct KeyedNode<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: EncodingNode
    var codingPath: [any CodingKey] { node.codingPath }

    func encodeNil(forKey key: Key) { node.member(key).set(.null) }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try node.member(key).encode(value) }
    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { node.member(key).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { node.member(key).unkeyedContainer() }
    func superEncoder() -> any Encoder { node }
    func superEncoder(forKey key: Key) -> any Encoder { node.member(key) }
}

private struct UnkeyedNode: UnkeyedEncodingContainer {
    let node: EncodingNode
    var codingPath: [any CodingKey] { node.codingPath }
    var count: Int { node.count }

    func encodeNil() { node.element().set(.null) }
    func encode<T: Encodable>(_ value: T) throws { try node.element().encode(value) }
    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        node.element().container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { node.element().unkeyedContainer() }
    func superEncoder() -> any Encoder { node.element() }
}

private struct SingleNode: SingleValueEncodingContainer {
    let node: EncodingNode
    var codingPath: [any CodingKey] { node.codingPath }

    func encodeNil() { node.set(.null) }
    func encode<T: Encodable>(_ value: T) throws { try node.encode(value) }
}
