import Archive
import Glibc
import Linux
import OCI
import Testing

/// What depends on who unpacks: in a user namespace, after a chroot.
@Suite(.enabled(if: Tool.isRoot, "a user namespace with a map of many ids needs root or newuidmap"))
struct NamespaceTests {
    private let folder = try! Folder()

    private func archive(_ build: (inout TarBuilder) -> Void) throws {
        var tar = TarBuilder()
        build(&tar)
        _ = try folder.file("a.tar", tar.finished())
        // The namespace's root is an ordinary user outside.
        try Tool.shell("mkdir -p layer; chown 100000:100000 layer", in: folder.path)
    }

    private func driver(_ words: String, namespace: String? = "100000:65536") throws -> (status: CInt, output: String) {
        try Tool.shell("\(Tool.driver) \(namespace.map { "--namespace \($0)" } ?? "") \(words)", in: folder.path)
    }

    @Test func ownersAreThoseOfTheNamespace() throws {
        try archive { tar in
            tar.add("etc/shadow", content: [1], mode: 0o640, group: 42)
            tar.add("bin/su", content: [1], mode: 0o4755)
            tar.add("home", "5", mode: 0o755, user: 1000, group: 1000)
            tar.add("l", "2", link: "x", user: 7, group: 8)
            tar.add(
                "ping", content: [1], mode: 0o755,
                pax: [
                    ("SCHILY.xattr.security.capability", [1, 0, 0, 2, 0, 32, 0, 0] + [UInt8](repeating: 0, count: 12))
                ])
            tar.file(".wh.gone")
            tar.file("o/.wh..wh..opq")
        }
        let (status, output) = try driver("unpack a.tar layer")
        #expect(status == 0, "\(output)")
        let nodes = try Snapshot("\(folder.path)/layer").nodes
        #expect(nodes["./etc/shadow"]?.user == 100_000 && nodes["./etc/shadow"]?.group == 100_042)
        #expect(nodes["./bin/su"]?.mode == 0o4755)
        #expect(nodes["./home"]?.user == 101_000)
        #expect(nodes["./l"]?.user == 100_007 && nodes["./l"]?.group == 100_008)
        #expect(nodes["./etc"]?.user == 100_000)
        #expect(Look("\(folder.path)/layer/gone").isWhiteout)
        #expect(Look("\(folder.path)/layer/o").isOpaque)
        // Outside, the capability names the namespace's root (capabilities(7), VFS_CAP_REVISION_3).
        #expect(nodes["./ping"]?.attributes["security.capability"]?.suffix(4) == [0xa0, 0x86, 0x01, 0x00])
    }

    @Test func devicesAreSkippedAndCounted() throws {
        try archive { tar in
            tar.add("dev/null", "3", mode: 0o666, device: (1, 3))
            tar.add("dev/sda", "4", mode: 0o660, device: (8, 0))
            tar.add("dev/fifo", "6", mode: 0o600)
        }
        let (status, output) = try driver("unpack a.tar layer")
        #expect(status == 0 && output.contains("skippedNodes: 2"), "\(output)")
        #expect(try Files.list("\(folder.path)/layer/dev") == ["fifo"])
    }

    @Test func anOwnerOutsideTheMapIsNamed() throws {
        try archive { $0.add("srv/data", content: [1], user: 70_000) }
        let (status, output) = try driver("unpack a.tar layer")
        #expect(status == 1)
        #expect(
            output == """
                the user 70000 of "srv/data" is not mapped into the user namespace: add a range that is large enough \
                to /etc/subuid for your user\n
                """)
        try Tool.shell("rm -rf layer", in: folder.path)
        try archive { $0.add("srv", "5", mode: 0o755, group: 80_000) }
        #expect(try driver("unpack a.tar layer").output.hasPrefix("the group 80000 of \"srv\" is not mapped"))
    }

    @Test func aMapOfOneIdTakesEverythingSquashed() throws {
        try archive { tar in
            tar.add("etc", "5", mode: 0o750, user: 33, group: 44)
            tar.add("etc/shadow", content: [1], mode: 0o640, user: 70_000, group: 42)
            tar.file("etc/.wh.x")
        }
        let (status, output) = try driver("unpack --squash a.tar layer", namespace: "100000:1")
        #expect(status == 0, "\(output)")
        let nodes = try Snapshot("\(folder.path)/layer").nodes
        #expect(nodes.values.allSatisfy { $0.user == 100_000 && $0.group == 100_000 })
        #expect(nodes["./etc"]?.mode == 0o750 && nodes["./etc/shadow"]?.mode == 0o640)
        #expect(Look("\(folder.path)/layer/etc/x").isWhiteout)
        try Tool.shell("rm -rf layer", in: folder.path)
        try archive { $0.add("etc/shadow", content: [1], user: 5) }
        #expect(try driver("unpack a.tar layer", namespace: "100000:1").output.hasPrefix("the user 5 of"))
    }

    /// The driver is as static as the executable: its C library would look for converters of letters where the layer may
    /// have its own.
    @Test(
        .enabled(if: Tool.has("strace"), "strace is needed"),
        arguments: ["unpack --chroot a.tar layer", "rewrite --chroot layer a.tar again.tar"])
    func afterAChrootNothingIsOpenedByAnAbsolutePath(command: String) throws {
        try archive { tar in
            tar.add("Főtanúsítvány", pax: [("path", [0xff, 0xfe] + Array("Főtanúsítvány".utf8))])
            tar.add("l2", "2", pax: [("linkpath", Array("Főtanúsítvány".utf8)), ("uname", [0xe9])])
            tar.add(
                "acl", pax: [("SCHILY.acl.access", Array("user::rw-,user:é:r--,group::r--,mask::r--,other::r--".utf8))])
            tar.add(raw: [0xe9], pax: [("hdrcharset", Array("BINARY".utf8)), ("gname", Array("é".utf8))])
            for name in [
                "gconv/gconv-modules.cache", "gconv/gconv-modules", "locale/locale-archive", "ssl/openssl.cnf",
            ] {
                tar.file("usr/lib/\(name)", "evil")
                tar.file("usr/lib/x86_64-linux-gnu/\(name)", "evil")
            }
            tar.link("l", to: "/usr/lib")
            tar.file("l/x", "text")
            tar.add("owned", content: [1], user: 1000, group: 1000)
        }
        let (status, output) = try Tool.shell(
            "strace -f -o trace -e trace=%file \(Tool.driver) \(command)", in: folder.path)
        #expect(status == 0, "\(output)")
        let lines = try Files.readText("\(folder.path)/trace").split(separator: "\n")
        let root = try #require(lines.lastIndex { $0.contains("chroot(") })
        let absolute = lines[(root + 1)...].filter { $0.contains("(AT_FDCWD, \"/") || $0.contains("open(\"/") }
        #expect(absolute.isEmpty, "\(absolute.joined(separator: "\n"))")
        // What would be missing otherwise: the list of converters was looked for before.
        #expect(lines[..<root].contains { $0.contains("gconv") })
        if command.hasPrefix("unpack") { #expect(Look("\(folder.path)/layer/usr/lib/x").text == "text") }
    }

    private static let userWithSubordinateIDs: String = {
        let script = "user=$(awk -F: '{print $1; exit}' /etc/subuid) && id -u $user >/dev/null && printf %s $user"
        guard let found = try? Tool.shell(script), found.status == 0 else { return "" }
        return found.output
    }()

    @Test(
        .enabled(if: Tool.has("su", "unshare", "newuidmap"), "su, unshare and newuidmap are needed"),
        .enabled(if: !userWithSubordinateIDs.isEmpty, "no user of this machine has subordinate ids"))
    func anOrdinaryUserUnpacksWithItsSubordinateIds() throws {
        let user = Self.userWithSubordinateIDs
        try archive { tar in
            tar.add("etc/shadow", content: [1], mode: 0o640, user: 3, group: 42)
            tar.add("dev/null", "3", mode: 0o666, device: (1, 3))
            tar.file(".wh.gone")
        }
        let script = """
            rm -rf layer; mkdir layer; chown \(user) layer; cp \(Tool.driver) driver
            su -s /bin/sh \(user) -c 'unshare --map-auto --map-root-user ./driver unpack a.tar layer'
            """
        let (status, output) = try Tool.shell(script, in: folder.path)
        #expect(status == 0 && output.contains("skippedNodes: 1"), "\(output)")
        let owner = Look("\(folder.path)/layer/etc/shadow").status
        let own = Look("\(folder.path)/layer/etc").status
        #expect(owner?.user != 3 && owner?.user != own?.user)
        #expect(Look("\(folder.path)/layer/gone").isWhiteout)
    }
}
