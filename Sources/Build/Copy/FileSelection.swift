import Archive
import Linux
import OCI

/// What a COPY or an ADD takes.
struct FileSelection: Sendable {
    /// Over names, kinds, modes, owners, attributes and contents of all of it, as they would be in the layer; times do not count. With the
    /// instruction and what it stands on, it says all of the layer. Of `FileSource.layers`, which never change, it is always the same: it
    /// depends on those layers, the sources, `--exclude` and `--parents` alone.
    private(set) var digest = Digest(of: [])
    /// The files, in the order of the sources.
    var groups: [SelectedGroup] = []
    /// The roots that they are in.
    private(set) var roots: [CopyRequest.Root] = []
    // What was fetched; it goes with the last copy of this value.
    private var held: [TemporaryTree] = []

    /// How many bytes of content are copied.
    var size: Int64 {
        var size: Int64 = 0
        for group in groups {
            for file in group.files where file.kind == .regular {
                size = size.addingReportingOverflow(Int64(truncatingIfNeeded: file.stamp.size)).partialValue
            }
        }
        return size
    }

    mutating func add(_ found: [SelectedGroup]) { groups += found }

    mutating func add(_ group: SelectedGroup) { groups.append(group) }

    mutating func hold(_ tree: TemporaryTree) { held.append(tree) }

    /// The place of `root` among the roots.
    mutating func place(of root: CopyRequest.Root) -> Int {
        roots.append(root)
        return roots.count - 1
    }

    /// Says that layers which had the directories `old` have `new` now.
    mutating func replace(_ old: [String], by new: [String]) {
        for place in roots.indices {
            if case .layers(let directories) = roots[place], directories == old { roots[place] = .layers(new) }
        }
    }

    /// Computes the digest, when all is there.
    mutating func seal() {
        var hasher = DigestHasher()
        for group in groups {
            var encoder = WireEncoder()
            encoder.write(group.isDirectory)
            encoder.write(group.isArchive)
            if !group.isDirectory { encoder.write(name: group.name) }
            // The time of a directory alone is taken from it; an archive's own names and modes do not go into the layer.
            for file in group.files {
                if group.isDirectory, file.path.count <= 1 { continue }
                if group.isArchive { encoder.write(file.sum) } else { Self.write(file, to: &encoder) }
                if encoder.bytes.count > 1 << 16 {
                    hasher.update(encoder.bytes)
                    encoder = WireEncoder()
                }
            }
            encoder.write("end")
            hasher.update(encoder.bytes)
        }
        digest = hasher.finish()
    }

    private static func write(_ file: SelectedFile, to encoder: inout WireEncoder) {
        encoder.write(name: file.path)
        encoder.write(file.kind)
        encoder.writeInteger(file.mode)
        encoder.writeInteger(file.user)
        encoder.writeInteger(file.group)
        encoder.writeInteger(file.device)
        encoder.write(name: file.target.isEmpty ? [0] : file.target)
        encoder.writeInteger(UInt32(file.attributes.count))
        for attribute in file.attributes {
            encoder.write(name: attribute.name)
            encoder.write(data: attribute.value)
        }
        if file.kind == .regular {
            encoder.writeInteger(file.stamp.size)
            encoder.write(file.sum)
        }
    }
}
