import Bytes

/// The arguments of ENV and LABEL: "name=value" several times, or, the old way, a name and all of the rest.
enum KeyValueWords {
    static func parse(_ arguments: ArraySlice<UInt8>, _ keyword: String, escape: UInt8) throws(Fault) -> [KeyValue] {
        let words = WordSplitter.split(arguments, escape: escape)
        guard let first = words.first else { return [] }
        guard first.contains(UInt8(ascii: "=")) else {
            let parts = Blanks.split(arguments, limit: 2)
            guard parts.count == 2 else { throw Fault("\(keyword) must have two arguments") }
            return [KeyValue(key: text(parts[0]), value: text(parts[1]), isLegacy: true)]
        }
        var result: [KeyValue] = []
        for word in words {
            guard let sign = word.firstIndex(of: UInt8(ascii: "=")) else {
                throw Fault(
                    "Syntax error - can't find = in \(GoValue.quoted(text(word))). Must be of the form: name=value")
            }
            result.append(KeyValue(key: text(word[..<sign]), value: text(word[(sign + 1)...]), isLegacy: false))
        }
        return result
    }

    static func checked(_ pairs: [KeyValue], _ keyword: String) throws(Fault) -> [KeyValue] {
        guard !pairs.isEmpty else { throw InstructionParser.needsOne(keyword) }
        guard !pairs.contains(where: { $0.key.isEmpty }) else { throw Fault("\(keyword) names can not be blank") }
        return pairs
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
