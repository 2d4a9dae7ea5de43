import Bytes
package import Errors
import Glibc

/// A condition on records of the cache, as BuildKit and Docker write them: "type=regular", "id~=^ab", "inuse".
package struct BuildCacheFilter: Sendable {
    /// What of a record is looked at.
    package enum Field: String, Sendable, CaseIterable {
        case id, parents, description, type, inuse, mutable, immutable, shared, `private`
    }

    private enum Comparison: Sendable { case equal, unequal, matching }

    private let field: Field
    private let comparison: Comparison
    private let value: String

    /// The condition of `--filter key=value`. `key` may end in "!" or "~", as of "type!=regular"; a second "=" belongs to the comparison.
    /// Throws `OptionError` for a key that no record has and a value that cannot be.
    package init(key: String, value: String) throws(OptionError) {
        var name = key[...]
        comparison = name.ends(with: "!") ? .unequal : name.ends(with: "~") ? .matching : .equal
        if comparison != .equal { name = name.droppingLast(1) }
        guard let field = Field(rawValue: String(name)) else {
            throw OptionError("invalid filter '\(key.excerpt)'")
        }
        self.field = field
        let text = comparison == .equal && value.begins(with: "=") ? String(value.dropping(1)) : value
        switch field {
        case .inuse, .mutable, .immutable, .shared, .private:
            guard comparison == .equal, text.isEmpty || goBool(text) != nil else {
                throw OptionError("invalid filter '\(key.excerpt)=\(value.excerpt)': it is true or false")
            }
        default: break
        }
        if comparison == .matching {
            var expression = regex_t()
            guard regcomp(&expression, text, REG_EXTENDED | REG_NOSUB) == 0 else {
                throw OptionError("invalid filter '\(key.excerpt)=\(value.excerpt)': it is no regular expression")
            }
            regfree(&expression)
        }
        self.value = text
    }

    /// Whether `record` satisfies it.
    package func admits(_ record: BuildCacheRecord) -> Bool {
        switch field {
        case .id: compare(record.id)
        case .parents: record.parents.contains { compare($0) }
        case .description: compare(record.description)
        case .type: compare(record.kind.rawValue)
        case .inuse: record.isInUse == isTrue
        case .mutable: record.isMutable == isTrue
        case .immutable: record.isMutable != isTrue
        case .shared: record.isShared == isTrue
        case .private: record.isShared != isTrue
        }
    }

    private var isTrue: Bool { goBool(value) ?? true }

    private func compare(_ text: String) -> Bool {
        switch comparison {
        case .equal: return text.isSame(as: value)
        case .unequal: return !text.isSame(as: value)
        case .matching:
            var expression = regex_t()
            guard regcomp(&expression, value, REG_EXTENDED | REG_NOSUB) == 0 else { return false }
            defer { regfree(&expression) }
            return regexec(&expression, text, 0, nil, 0) == 0
        }
    }
}
