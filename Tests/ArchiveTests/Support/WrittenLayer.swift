import Archive
import Glibc
import Linux

/// What `LayerWriter` writes of the directories at `paths`, the topmost first.
func writtenLayer(
    _ form: LayerWriter.Form, _ paths: [String], owners: OwnerMap? = nil, mountPlaces: [String] = [],
    times: TarWriter.Times = .own
) throws -> (bytes: [UInt8], report: LayerWriter.Report) {
    var layer = LayerWriter(form, owners: owners)
    layer.mountPlaces = Set(mountPlaces.map { Array($0.utf8) })
    var bytes: [UInt8] = []
    let writer = TarWriter(times: times) { bytes.append(contentsOf: $0) }
    let open = try paths.map { try Open($0) }
    let report = try layer.write(open.map(\.number), to: writer)
    _ = try writer.finish()
    withExtendedLifetime(open) {}
    return (bytes, report)
}

/// The entries of an archive, in its order.
func entries(_ bytes: [UInt8], in folder: Folder) throws -> [TarEntry] {
    let archive = try FileDescriptor.open(folder.file("list-\(randomHex(bytes: 4)).tar", bytes), O_RDONLY)
    let reader = try TarReader(reading: archive.rawValue)
    var entries: [TarEntry] = []
    while let entry = try reader.next() { entries.append(entry) }
    _ = try reader.finish()
    return entries
}

/// A layer with something of each kind.
func variedBase() -> TarBuilder {
    var base = TarBuilder()
    for name in ["kept", "changed", "removed", "replaced", "toFile", "inner", "inner/deep"] {
        base.directory(name, mode: 0o750, time: 1_000)
        base.file("\(name)/old", name)
    }
    base.add("toDirectory", content: [1], mode: 0o640, user: 7, group: 8)
    base.add("owned", content: Array("owned".utf8), mode: 0o640, user: 7, group: 3_000_000)
    base.add("one", content: Array("hard".utf8))
    base.hardLink("two", to: "one")
    base.link("l", to: "kept")
    return base
}

/// Changes to a tree of `variedBase`, as a shell makes them in it.
let variedChanges = """
    set -e
    echo more >>changed/old; rm -r removed; rm -r replaced; mkdir replaced; echo new >replaced/new
    rm -r toFile; echo text >toFile; rm toDirectory; mkdir toDirectory; echo in >toDirectory/in
    chmod 4711 owned; rm l; ln -s elsewhere l; echo changed >>one
    mkdir -p new/a; echo x >new/a/f; ln new/a/f new/g; mkfifo new/p; mknod new/null c 1 3; chown 12:3000001 new/a/f
    touch -d '2001-02-03 04:05:06.123456789 UTC' new/a/f; touch -d '1960-01-01 00:00:00.5 UTC' new/p
    chmod 700 inner/deep; rm inner/old; setfattr -n user.note -v text new/a/f; setfattr -n user.note -v d new/a
    setcap cap_net_raw+ep new/g; printf x >"new/$(printf '\\351\\377 \\n')"; mkdir "new/$(printf 'n%.0s' $(seq 200))"
    truncate -s 5M new/sparse; printf data | dd of=new/sparse bs=1 seek=2000000 conv=notrunc 2>/dev/null
    """
