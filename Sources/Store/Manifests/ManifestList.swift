import Archive
import Bytes
import JSON
import Linux
package import OCI

/// A manifest list, or an image index, that is being put together: what it will list, with the manifests themselves.
package struct ManifestList: Equatable, Sendable {
    /// The canonical name, with its tag.
    package let name: Reference
    /// In the order of their names, as Docker's client keeps them.
    package private(set) var members: [Member]

    /// One manifest of the list.
    package struct Member: Equatable, Sendable {
        /// What it was added as, with its tag or digest.
        package let name: Reference
        /// Whether what it names is in the store; if not, it is in the repository of `name`.
        package let isStored: Bool
        /// As the list has it: with its platform.
        package var descriptor: Descriptor
        /// The manifest itself, whose digest the descriptor has.
        package let manifest: [UInt8]

        package init(name: Reference, isStored: Bool, descriptor: Descriptor, manifest: [UInt8]) {
            self.name = name
            self.isStored = isStored
            self.descriptor = descriptor
            self.manifest = manifest
        }

        // Docker's client names files so, and lists them by their bytes.
        fileprivate var place: [UInt8] {
            name.description.utf8.map { byte in
                switch byte {
                case UInt8(ascii: ":"): UInt8(ascii: "-")
                case UInt8(ascii: "/"): UInt8(ascii: "_")
                default: byte
                }
            }
        }
    }

    /// A list of nothing.
    package init(_ name: Reference) {
        self.name = name
        members = []
    }

    /// The index that the list stands for.
    package var index: ImageIndex { ImageIndex(listing: members.map(\.descriptor)) }

    /// Takes `member` in, in the place of one of the same name.
    package mutating func set(_ member: Member) {
        members.removeAll { $0.name == member.name }
        let place = members.firstIndex { member.place.lexicographicallyPrecedes($0.place) }
        members.insert(member, at: place ?? members.count)
    }

    /// Takes out what `isMeant` says; returns how many there were.
    package mutating func remove(where isMeant: (Member) -> Bool) -> Int {
        let before = members.count
        members.removeAll(where: isMeant)
        return before - members.count
    }
}

extension ManifestList {
    // What is in the file.
    private struct Record: Codable {
        struct Entry: Codable {
            var name: String
            var isStored: Bool
            var descriptor: Descriptor
            var manifest: String
        }
        var name: String
        var members: [Entry]
    }

    /// Reads a file of the store. Throws what is wrong with it, as a part of a sentence.
    init(file bytes: [UInt8]) throws(ManifestListFault) {
        let record: Record
        do throws(JSONError) { record = try JSONTree.decode(from: bytes) } catch {
            throw ManifestListFault(description: error.description)
        }
        self.init(try Self.reference(record.name))
        for entry in record.members {
            guard let manifest = Base64.decoded(entry.manifest.utf8),
                Digest(of: manifest, entry.descriptor.digest.algorithm) == entry.descriptor.digest
            else { throw ManifestListFault(description: "the manifest of \(entry.name.excerpt) has another digest") }
            set(
                Member(
                    name: try Self.reference(entry.name), isStored: entry.isStored, descriptor: entry.descriptor,
                    manifest: manifest))
        }
    }

    private static func reference(_ text: String) throws(ManifestListFault) -> Reference {
        do throws(ReferenceError) { return try Reference(text) } catch {
            throw ManifestListFault(description: error.description)
        }
    }

    /// The content of its file. Throws `JSONError`.
    func encoded() throws -> [UInt8] {
        let entries = members.map { member in
            Record.Entry(
                name: member.name.description, isStored: member.isStored, descriptor: member.descriptor,
                manifest: Base64.encoded(member.manifest))
        }
        let tree = try JSONTree(encoding: Record(name: name.description, members: entries))
        return Array(tree.text().utf8) + [10]
    }
}

/// What is wrong with the file of a list, as a part of a sentence.
struct ManifestListFault: Error { let description: String }
