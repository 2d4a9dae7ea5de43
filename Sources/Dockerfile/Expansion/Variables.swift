import Bytes

/// Variables and their values, in the order in which they were first set.
package struct Variables: Equatable, Sendable {
    /// How many bytes all of them may have: what the kernel takes for a program with the usual limits (execve(2), "Limits on size of
    /// arguments and environment"), so that a file whose variables double with each line does not fill the memory.
    package static let sizeLimit = 2 << 20

    /// How many bytes names and values have.
    package private(set) var size = 0
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
            if let old { size -= old.utf8.count } else { size += name.utf8.count }
            size += newValue?.utf8.count ?? 0
            if old == nil { names.append(name) }
            guard newValue == nil else { return }
            values[key] = nil
            size -= name.utf8.count
            names.removeAll { $0.isSame(as: name) }
        }
    }

    /// Throws where they are larger than `sizeLimit`.
    func checkSize(_ lines: LineRange) throws(DockerfileError) {
        guard size > Self.sizeLimit else { return }
        throw DockerfileError("variables of more than \(Self.sizeLimit >> 20) MiB are refused", [lines])
    }

    /// As entries "NAME=value".
    package var entries: [String] { names.map { "\($0)=\(self[$0] ?? "")" } }
}
