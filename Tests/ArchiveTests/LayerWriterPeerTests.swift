import Archive
import Glibc
import Linux
import OCI
import Testing

/// Written layers against what the kernel, GNU tar and umoci make of the same changes: as root, because only root can
/// give files to everybody without a namespace.
@Suite(
    .enabled(
        if: Tool.isRoot && Tool.has("umoci", "setfattr", "setcap"),
        "root, for owners of all kinds, umoci, attr and libcap2-bin are needed")
)
struct LayerWriterPeerTests {
    private let folder = try! Folder()

    private func run(_ script: String, in directory: String? = nil) throws {
        let (status, output) = try Tool.shell(script, in: directory ?? folder.path)
        try #require(status == 0, "\(output)")
    }

    // The root's time is that of an overlay's upper directory, or of a copy.
    private func snapshot(_ path: String) throws -> Snapshot {
        var snapshot = try Snapshot(path)
        snapshot.nodes["."] = nil
        return snapshot
    }

    private func expectEqual(_ path: String, _ other: String) throws {
        let differences = try snapshot(path).differences(from: snapshot(other))
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    /// The base layer, an upper directory that the kernel has made of the changes, and what the two show.
    private func changed() throws -> (base: String, upper: String, shown: String) {
        let base = try unpack(variedBase().finished(), in: folder, as: "base").path
        _ = try folder.file("change.sh", Array(variedChanges.utf8))
        try run(
            """
            mkdir upper work merged; unshare -m sh -c 'set -e
              mount -t overlay -o userxattr,lowerdir=base,upperdir=upper,workdir=work none merged
              (cd merged; sh ../change.sh); cp -a merged shown'
            """)
        return (base, "\(folder.path)/upper", "\(folder.path)/shown")
    }

    @Test func anOverlaysChangesComeBack() throws {
        let (base, upper, shown) = try changed()
        let (bytes, report) = try writtenLayer(.upper, [upper, base])
        #expect(report.skippedAttributes == 0)
        let layer = try unpack(bytes, in: folder, as: "again").path
        try expectEqual(try copyTree(.overlay, [layer, base], in: folder, as: "mine").path, shown)
        // And once more from what was unpacked: the same archive.
        #expect(try writtenLayer(.upper, [layer, base]).bytes == bytes)
    }

    @Test func aCopysChangesComeBack() throws {
        let (base, _, _) = try changed()
        let copy = try copyTree(.overlay, [base], in: folder, as: "copy").path
        try run("sh ../change.sh", in: copy)
        let (bytes, _) = try writtenLayer(.difference, [copy, base])
        let layer = try unpack(bytes, in: folder, as: "again").path
        try expectEqual(try copyTree(.overlay, [layer, base], in: folder, as: "mine").path, copy)
        let kept = try entries(bytes, in: folder).map(\.name.printable)
        #expect(!kept.contains("kept/") && kept.contains("two") && kept.contains(".wh.removed"), "\(kept)")
    }

    @Test func gnuTarReadsTheWholeTree() throws {
        let (base, upper, shown) = try changed()
        _ = try folder.file("whole.tar", writtenLayer(.merged, [upper, base]).bytes)
        try run("mkdir tar && tar -C tar --numeric-owner --xattrs --xattrs-include='*' -xpf whole.tar")
        try expectEqual("\(folder.path)/tar", shown)
    }

    /// umoci unpacks our layer, and the layer that it makes of the same changes comes to the same tree.
    @Test func umociAgrees() throws {
        let (base, upper, shown) = try changed()
        _ = try folder.file("base.tar", variedBase().finished())
        _ = try folder.file("layer.tar", writtenLayer(.upper, [upper, base]).bytes)
        try run(
            """
            set -e; umoci init --layout oci; umoci new --image oci:base; umoci raw add-layer --image oci:base base.tar
            umoci raw add-layer --image oci:base --tag ours layer.tar
            umoci unpack --image oci:ours ours; umoci unpack --image oci:base theirs
            (cd theirs/rootfs; sh ../../change.sh); umoci repack --image oci:repacked theirs
            umoci unpack --image oci:repacked repacked
            """)
        try expectEqual("\(folder.path)/ours/rootfs", shown)
        // Another run of the same changes has other times.
        var (one, other) = (try snapshot("\(folder.path)/ours/rootfs"), try snapshot("\(folder.path)/repacked/rootfs"))
        // What has several names below has one more file in an overlay that changes it.
        for name in ["./one", "./two"] { (one.nodes[name], other.nodes[name]) = (nil, nil) }
        for name in one.nodes.keys { one.nodes[name]?.modification = nil }
        for name in other.nodes.keys { other.nodes[name]?.modification = nil }
        let differences = one.differences(from: other)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }
}
