import Bytes
import JSON
import Linux

/// What is wrong with a policy: a sentence that names the place in it.
struct PolicyFault: Error, Equatable {
    let cause: String

    init(_ cause: String) { self.cause = cause }
}

/// An object of a document in which nothing may be left that is not understood: names are those of their bytes, and each is there once.
struct PolicyObject {
    /// What it is called in errors.
    let place: String
    /// In the order of the document.
    let members: [JSONTree.Member]
    private let values: [ByteKey: JSONTree]

    /// Throws where `tree` is no object, or has a name twice.
    init(_ tree: JSONTree, _ place: String) throws(PolicyFault) {
        guard let members = tree.members else { throw PolicyFault("\(place) is no object") }
        self.place = place
        self.members = members
        var values: [ByteKey: JSONTree] = [:]
        for member in members where values.updateValue(member.value, forKey: ByteKey(member.name)) != nil {
            throw PolicyFault("\(place) has \"\(member.name.excerpt)\" more than once")
        }
        self.values = values
    }

    /// Throws where there is a member that is not among `names`.
    func allow(_ names: [String]) throws(PolicyFault) {
        for member in members where !names.has(member.name) {
            throw PolicyFault(
                "\(place) has \"\(member.name.excerpt)\", and may have nothing but \(names.joined(separator: ", "))")
        }
    }

    subscript(name: String) -> JSONTree? { values[name] }

    /// How errors call the member `name`.
    func place(of name: String) -> String { "\(place).\(name)" }

    /// nil where there is none. Throws for one that is no text.
    func text(_ name: String) throws(PolicyFault) -> String? {
        guard let value = values[name] else { return nil }
        guard let text = value.string else { throw PolicyFault("\(place(of: name)) is no text in quotes") }
        return text
    }

    /// As `text`; throws also where there is none, or one that is empty.
    func requiredText(_ name: String) throws(PolicyFault) -> String {
        guard let text = try text(name), !text.isEmpty else { throw PolicyFault("\(place) has no \"\(name)\"") }
        return text
    }

    /// A list of texts, which has one at least; nil where there is none. Throws for anything else.
    func texts(_ name: String) throws(PolicyFault) -> [String]? {
        guard let value = values[name] else { return nil }
        guard let elements = value.array, !elements.isEmpty else {
            throw PolicyFault("\(place(of: name)) is no list with one text at least")
        }
        var texts: [String] = []
        for element in elements {
            guard let text = element.string else {
                throw PolicyFault("\(place(of: name)) has something else than texts in quotes")
            }
            texts.append(text)
        }
        return texts
    }

    /// The bytes that a text in base64 stands for. `name` is its place, for errors.
    static func bytes(_ text: String, _ place: String) throws(PolicyFault) -> [UInt8] {
        // Line ends may be anywhere in it, and its padding must not be missing.
        let letters = text.utf8.filter { $0 != 10 && $0 != 13 }
        guard letters.count.isMultiple(of: 4), let bytes = Base64.decoded(letters) else {
            throw PolicyFault("\(place) is not base64")
        }
        return bytes
    }
}
