import Bytes
import OCI

extension RegistriesFile {
    /// The name of the table of aliases.
    private static let table = "aliases"

    /// The aliases of the file at `path`: a full name in its normal form for each, or nothing where it takes one away. None where there
    /// is no file. Throws as `init`.
    static func aliases(_ path: String) throws(RegistryError) -> [ByteKey: String] {
        // A key can be written with escapes, too. Without either there is no such table, whatever else is in the file: what a start costs,
        // it costs each time.
        guard let bytes = try read(path), bytes.contains(bytesOf: table) || bytes.place(of: UInt8(ascii: "\\")) != nil
        else {
            return [:]
        }
        return try RegistriesFile(bytes, path: path).aliases()
    }

    /// What `[aliases]` says. Throws for what is no short name, and for one that stands for no full name.
    func aliases() throws(RegistryError) -> [ByteKey: String] {
        guard let entry = tree.entry(Self.table) else { return [:] }
        guard case .table(let entries) = entry.value else {
            throw refusal(
                entry.line, "aliases is no table: write [aliases] and below it NAME = \"REGISTRY/REPOSITORY\"")
        }
        var aliases: [ByteKey: String] = [:]
        for entry in entries {
            guard Self.isAlias(entry.key) else {
                throw refusal(
                    entry.line,
                    "\"\(entry.key.excerpt)\" can be no alias: it is a name without registry, tag and digest")
            }
            guard case .string(let text) = entry.value else {
                throw refusal(entry.line, "the alias \(entry.key) is no text in quotes")
            }
            guard let name = text.isEmpty ? "" : Self.fullName(text) else {
                throw refusal(
                    entry.line,
                    "the alias \(entry.key) stands for \"\(text.excerpt)\", which is no full name: give"
                        + " REGISTRY/REPOSITORY, without tag and digest")
            }
            aliases[ByteKey(entry.key)] = name
        }
        return aliases
    }

    private static func isAlias(_ text: String) -> Bool {
        guard let short = ShortName(text), short.suffix.isEmpty else { return false }
        do throws(ReferenceError) { _ = try Reference(text, defaultTag: nil) } catch { return false }
        return true
    }

    private static func fullName(_ text: String) -> String? {
        guard ShortName(text) == nil else { return nil }
        do throws(ReferenceError) {
            let reference = try Reference(text, defaultTag: nil)
            return reference.tag == nil && reference.digest == nil ? reference.name : nil
        } catch { return nil }
    }
}
