import Bytes

/// Variables and their values, in the order in which they were first set.
package struct Variables: Equatable, Sendable {
    /// The names.
    package private(set) var names: [String] = []
    private var values: [ByteKey: String] = [:]

    /// None.
    package init() {}

    /// Of entries "NAME=value", as an image's configuration has them; one without "=" has an empty value.
    package init(entries: [String]) {
        for entry in entries {
            let name = String(entry.until("="))
            self[name] = String(entry.dropping(name.utf8.count + 1))
        }
    }

    /// The value of `name`; nil where it is not set. Setting nil removes it.
    package subscript(name: String) -> String? {
        get { values[ByteKey(name)] }
        set {
            let key = ByteKey(name)
            let old = values.updateValue(newValue ?? "", forKey: key)
            if old == nil { names.append(name) }
            guard newValue == nil else { return }
            values[key] = nil
            names.removeAll { $0.isSame(as: name) }
        }
    }

    /// As entries "NAME=value".
    package var entries: [String] { names.map { "\($0)=\(self[$0] ?? "")" } }
}
