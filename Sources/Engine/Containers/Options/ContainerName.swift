/// The names that a container may have.
package enum ContainerName {
    /// `text` without a leading slash, as Docker takes it. Throws `OptionError` for what is no name.
    package static func validated(_ text: String) throws(OptionError) -> String {
        let name = text.hasPrefix("/") ? String(text.dropFirst()) : text
        func isAlphanumeric(_ character: Character) -> Bool {
            character.isASCII && (character.isLetter || character.isNumber)
        }
        guard let first = name.first, name.utf8.count > 1, isAlphanumeric(first),
            name.dropFirst().allSatisfy({ isAlphanumeric($0) || "_.-".contains($0) })
        else {
            throw OptionError("invalid container name (\(text)), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
        }
        guard name.utf8.count <= 255 else { throw OptionError("invalid container name: it is longer than 255 bytes") }
        return name
    }
}
