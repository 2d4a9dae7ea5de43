package import Archive
import Bytes
package import Errors
import Linux
package import OCI
package import Runtime
import Store
import Workers

/// Trees that are to be written as one archive; see `LayerWriter`.
package struct TreeArchive: Sendable {
    /// What is read, and what of it is written.
    package var form: LayerWriter.Form
    /// The topmost first; with `Form.upper` and `Form.difference` what is written, and what it is compared with.
    package var directories: [String]
    /// Whether fuse-overlayfs has written the topmost directory.
    package var isOfFuse = false
    /// Whether all that is in the topmost directory is written, also what the others have as it is (`LayerWriter.writesAll`).
    package var writesAll = false
    /// The map of the user namespace whose numbers the topmost directory's files have; nil for the user's own.
    package var map: IDMap?
    /// Absolute paths where something empty is no change.
    package var mountPlaces: [String] = []
    /// The latest time that a file gets, in seconds since 1970; nil for none.
    package var epoch: Int?

    /// An archive of `directories` in this form.
    package init(
        form: LayerWriter.Form, directories: [String], isOfFuse: Bool = false, map: IDMap? = nil,
        mountPlaces: [String] = []
    ) {
        self.form = form
        self.directories = directories
        self.isOfFuse = isOfFuse
        self.map = map
        self.mountPlaces = mountPlaces
    }

    /// What was written.
    package struct Result: Sendable {
        /// Of the archive.
        package var digest: Digest
        /// In bytes.
        package var size: Int64
        /// How many entries it has.
        package var entries: Int
        /// How many attributes were left out, whose names no archive can hold.
        package var skippedAttributes: Int
        /// The sizes of all files, each once, in bytes.
        package var contentSize: Int64
    }
}

extension ImageService {
    /// Writes `archive` to `output`, which is borrowed. Throws with the path of what cannot be read, and where `output`
    /// takes no more; what it has then is no archive.
    package func write(_ archive: TreeArchive, to output: CInt) throws(EngineError) -> TreeArchive.Result {
        let answer = try Worker.writeTree.answer(executable, [paths.run] + archive.arguments, passing: [output])
        let words = String(decoding: answer, as: UTF8.self).split(on: " ")
        guard words.count == 5, let digest = Digest(String(words[0])), let size = Int64(words[1]),
            let entries = Int(words[2]), let skipped = Int(words[3]), let content = Int64(words[4])
        else { throw EngineError("the process write-tree said something else") }
        return TreeArchive.Result(
            digest: digest, size: size, entries: entries, skippedAttributes: skipped, contentSize: content)
    }
}

extension TreeArchive {
    fileprivate var arguments: [String] {
        // Back from the numbers that the files have.
        func text(_ mappings: [RuntimeSpec.IDMapping]?) -> String {
            guard let mappings, !mappings.isEmpty else { return "-" }
            return mappings.map { "\($0.hostID)-\($0.containerID)-\($0.size)" }.joined(separator: "+")
        }
        // Without the slash that they begin with.
        let places = mountPlaces.map { String($0.dropping(1)) }.joined(separator: ":")
        return [
            form.rawValue + (isOfFuse ? "@fuse" : "") + (writesAll ? "@all" : ""), epoch.map(String.init) ?? "-",
            text(map?.users),
            text(map?.groups), places,
        ] + directories
    }
}
