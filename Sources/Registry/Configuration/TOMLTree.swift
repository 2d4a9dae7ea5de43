import Bytes

/// A document of TOML 1.0 as a tree.
package indirect enum TOMLTree: Equatable, Sendable {
    case string(String)
    case bool(Bool)
    /// An integer, a floating point number, a date or a time, as it is written: nothing that is read here has any.
    case other(String)
    case array([TOMLTree])
    case table([Entry])

    /// A key with its value and the line that it is on, from 1.
    package struct Entry: Equatable, Sendable {
        package var key: String
        package var value: TOMLTree
        package let line: Int
    }

    /// The value of `key` in a table; nil where there is none, and for other values.
    package subscript(key: String) -> TOMLTree? { entry(key)?.value }

    func entry(_ key: String) -> Entry? {
        guard case .table(let entries) = self else { return nil }
        return entries.first { $0.key.isSame(as: key) }
    }
}

/// Why a text is no TOML.
package struct TOMLError: Error, Equatable, Sendable, CustomStringConvertible {
    /// From 1.
    package let line: Int
    package let cause: String

    package var description: String { "line \(line): \(cause)" }
}

extension TOMLTree {
    /// The document that `bytes` are. Throws with the line for what is no TOML: a key twice, an open text, more than 128 levels.
    package static func parse(_ bytes: [UInt8]) throws(TOMLError) -> TOMLTree {
        var parser = TOMLParser(bytes)
        return try parser.document()
    }
}

/// A table while it is read: what may still be added to it depends on how it came to be.
final class TOMLTable {
    enum Content {
        case value(TOMLTree)
        case table(TOMLTable)
        case tables(List)
    }
    /// Tables of one name, to which more are added without a copy of the others.
    final class List {
        var tables: [TOMLTable]
        init(_ first: TOMLTable) { tables = [first] }
    }
    /// How a table came to be (TOML 1.0, "Table").
    enum Origin { case header, implied, dotted }

    var origin: Origin
    private(set) var entries: [(key: String, content: Content, line: Int)] = []
    private var places: [ByteKey: Int] = [:]

    init(_ origin: Origin) { self.origin = origin }

    func content(_ key: String) -> Content? { places[ByteKey(key)].map { entries[$0].content } }

    func set(_ key: String, _ content: Content, line: Int) {
        if let place = places[ByteKey(key)] {
            entries[place].content = content
            return
        }
        places[ByteKey(key)] = entries.count
        entries.append((key, content, line))
    }

    /// The tree that the table has become.
    var tree: TOMLTree {
        .table(
            entries.map { entry in
                let value: TOMLTree =
                    switch entry.content {
                    case .value(let value): value
                    case .table(let table): table.tree
                    case .tables(let list): .array(list.tables.map(\.tree))
                    }
                return TOMLTree.Entry(key: entry.key, value: value, line: entry.line)
            })
    }
}
