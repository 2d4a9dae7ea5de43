import Archive
import Glibc
import Linux
import OCI
import Testing

/// The same layers, unpacked by us and by others, compared file by file: as root, because only root can give
/// files to everybody without a namespace.
@Suite(.enabled(if: Tool.isRoot, "owners of all kinds need root; NamespaceTests have the ordinary user"))
struct PeerTests {
    private let folder = try! Folder()

    /// An OCI layout of the layers, in the bottom's order, as the tag "latest" of `name`.
    private func image(_ name: String, _ layers: [[UInt8]]) throws -> String {
        let path = try folder.directory(name)
        try Files.makeDirectories("\(path)/blobs/sha256")
        func blob(_ bytes: [UInt8]) throws -> String {
            let digest = Digest(of: bytes)
            try Files.write(bytes, to: "\(path)/blobs/sha256/\(digest.hex)")
            return #""digest":"\#(digest)","size":\#(bytes.count)"#
        }
        let descriptors = try layers.map {
            #"{"mediaType":"application/vnd.oci.image.layer.v1.tar",\#(try blob($0))}"#
        }
        let ids = layers.map { #""\#(Digest(of: $0))""# }.joined(separator: ",")
        let config = try blob(
            Array(
                #"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[\#(ids)]}}"#
                    .utf8))
        let manifest = try blob(
            Array(
                #"""
                {"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json",\#(config)},
                "layers":[\#(descriptors.joined(separator: ","))]}
                """#.utf8))
        try Files.write(
            Array(
                #"""
                {"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",
                "annotations":{"org.opencontainers.image.ref.name":"latest"},\#(manifest)}]}
                """#.utf8), to: "\(path)/index.json")
        try Files.write(Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), to: "\(path)/oci-layout")
        return path
    }

    /// Our layers, merged by `TreeCopy`.
    private func merged(_ layers: [[UInt8]]) throws -> String {
        var paths: [String] = []
        for (index, layer) in layers.enumerated() {
            paths.insert(try unpack(layer, in: folder, as: "l\(index)", lowers: paths).path, at: 0)
        }
        return try copyTree(.overlay, paths, in: folder, as: "merged").path
    }

    /// Our layers, merged by the kernel; the script sees them as $PWD/overlay.
    private func overlayListing(_ layers: [String]) throws -> String {
        let script = """
            mkdir -p overlay; unshare -m sh -c 'mount -t overlay -o ro,userxattr,lowerdir=\(layers.joined(separator: ":")) \
            none overlay && cd overlay && find . ! -name . -printf "%y %m %U %G %p %l\\n" | LC_ALL=C sort'
            """
        let (status, output) = try Tool.shell(script, in: folder.path)
        #expect(status == 0, "\(output)")
        return output
    }

    private func changingLayers() -> [[UInt8]] {
        var base = TarBuilder()
        base.add("etc", "5", mode: 0o755, user: 3, group: 4)
        base.add("etc/passwd", content: Array("root".utf8), mode: 0o640, user: 7, group: 8)
        base.add("usr/bin/su", content: Array("su".utf8), mode: 0o4755, user: 9)
        base.add(
            "usr/bin/ping", content: Array("ping".utf8), mode: 0o755,
            pax: [("SCHILY.xattr.security.capability", [1, 0, 0, 2, 0, 32, 0, 0] + [UInt8](repeating: 0, count: 12))])
        for name in ["a", "b", "c"] {
            base.directory(name)
            base.file("\(name)/old", name)
        }
        base.link("lib", to: "usr/lib")
        base.add("hard1", content: Array("hard".utf8), user: 1)
        base.add("links/one", content: Array("linked".utf8), user: 1)
        base.hardLink("links/two", to: "links/one")
        base.add("fifo", "6", mode: 0o600, user: 2)
        base.add("null", "3", mode: 0o666, device: (1, 3))
        base.add("disk", "4", mode: 0o660, group: 6, device: (8, 1))
        base.file("gone")
        var top = TarBuilder()
        top.file(".wh.gone")
        top.file("a/.wh..wh..opq")
        top.file("a/new", "a")
        top.file(".wh.b")
        top.directory("b")
        top.file("b/new", "b")
        top.file("c/new", "c")
        top.file(".wh.c")
        top.add("etc/passwd", content: Array("root2".utf8), mode: 0o600, user: 11)
        top.hardLink("hard3", to: "hard1")
        return [base.finished(), top.finished()]
    }

    @Test(.enabled(if: Tool.has("umoci"), "umoci is needed"))
    func changesAreThoseOfUmoci() throws {
        let layers = changingLayers()
        let image = try image("image", layers)
        let (status, output) = try Tool.shell("umoci unpack --image \(image):latest bundle", in: folder.path)
        try #require(status == 0, "\(output)")
        // umoci leaves the time of its own work on directories that no entry describes, or that lost a name.
        let implied: Set<String> = [".", "./usr", "./usr/bin", "./links", "./c"]
        func snapshot(_ path: String) throws -> Snapshot {
            var snapshot = try Snapshot(path)
            for name in implied { snapshot.nodes[name]?.modification = nil }
            snapshot.nodes["."]?.mode = 0
            return snapshot
        }
        let differences = try snapshot(merged(layers)).differences(from: snapshot("\(folder.path)/bundle/rootfs"))
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    @Test(.enabled(if: Tool.has("umoci"), "umoci is needed"))
    func umociUnpacksWhatWeWrite() throws {
        let layers = [try writtenTree(in: folder)]
        let image = try image("image", layers)
        let (status, output) = try Tool.shell("umoci unpack --image \(image):latest bundle", in: folder.path)
        try #require(status == 0, "\(output)")
        func snapshot(_ path: String) throws -> Snapshot {
            var snapshot = try Snapshot(path)
            // Nobody gave the root.
            snapshot.nodes["."] = nil
            return snapshot
        }
        let differences = try snapshot(merged(layers)).differences(from: snapshot("\(folder.path)/bundle/rootfs"))
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    @Test(.enabled(if: Tool.has("unshare", "mount"), "unshare and mount are needed"))
    func theKernelMergesTheLayersAsTreeCopyDoes() throws {
        let layers = changingLayers()
        let target = try merged(layers)
        let listing = try Tool.shell(
            #"find . ! -name . -printf "%y %m %U %G %p %l\n" | LC_ALL=C sort"#, in: target
        ).output
        #expect(try overlayListing(["l1", "l0"]) == listing)
    }

    @Test(.enabled(if: Tool.has("tar"), "GNU tar is needed"), arguments: ["--format=gnu", "--format=posix"])
    func aRealTreeIsWhatGNUTarUnpacks(format: String) throws {
        let script = """
            set -e; mkdir src; cd src; mkdir -p a/b c; echo hello > a/f; ln a/f a/b/g; ln -s ../a c/link
            chown 12:34 a/f; chown -h 56:78 c/link; chmod 6755 a/f; chmod 1777 c; mkfifo fifo; chmod 600 fifo
            mknod null c 1 3; printf 'x' > "$(printf 'n\\351\\377')"; setfattr -n user.k -v v a/f || true
            n=$(printf 'n%.0s' $(seq 1 100)); mkdir -p long/$n/$n/$n; echo deep > long/$n/$n/$n/$n
            touch -d '2001-02-03 04:05:06.789012345' a/f; touch -h -d '1999-01-01 00:00:00.5' c/link; touch -d @-5.25 c a
            truncate -s 1M sparse; echo end >> sparse; chown 100000:200000 sparse; cd ..
            tar \(format) -S --xattrs --xattrs-include='*' --numeric-owner -C src -cf src.tar .
            mkdir peer; tar --xattrs --xattrs-include='*' --numeric-owner -C peer -xpf src.tar
            """
        let (status, output) = try Tool.shell(script, in: folder.path)
        try #require(status == 0, "\(output)")
        let path = try unpack(try Files.read("\(folder.path)/src.tar"), in: folder).path
        let differences = try Snapshot(path).differences(from: Snapshot("\(folder.path)/peer"))
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    @Test(
        .enabled(if: Tool.has("buildah", "skopeo"), "buildah and skopeo are needed"),
        arguments: ["", "--dest-compress-format zstd", "--dest-compress-format gzip"])
    func anImageOfBuildahUnpacksToWhatBuildahShowed(compression: String) throws {
        let script = """
            set -e; export STORAGE_DRIVER=vfs; export BUILDAH_ISOLATION=chroot
            o="--root $PWD/store --runroot $PWD/run"
            c=$(buildah $o from scratch); m=$(buildah $o mount $c)
            mkdir -p $m/a/b $m/d; echo one > $m/a/one; ln $m/a/one $m/a/b/two; echo x > $m/d/x; chown 5:6 $m/a/one
            chmod 4755 $m/a/one; buildah $o commit -q $c one >/dev/null; buildah $o rm $c >/dev/null
            c=$(buildah $o from --pull-never one); m=$(buildah $o mount $c); rm -rf $m/d $m/a/b; mkdir $m/d; echo y > $m/d/y
            mkdir $m/a/b; echo z > $m/a/b/z; buildah $o commit -q $c oci:$PWD/built:latest >/dev/null
            cp -a $m peer; buildah $o rm $c >/dev/null
            skopeo copy -q \(compression) oci:built:latest oci:copied:latest
            """
        let (status, output) = try Tool.shell(script, in: folder.path)
        defer { _ = try? Tool.shell("umount -R store/* 2>/dev/null; rm -rf store run", in: folder.path) }
        try #require(status == 0, "\(output)")
        let layers = try Tool.shell(
            #"m=$(sed 's/.*"digest":"sha256:\([0-9a-f]*\)".*/\1/' copied/index.json); tr '{' '\n' < copied/blobs/sha256/$m | grep image.layer | sed 's/.*sha256:\([0-9a-f]*\).*/\1/'"#,
            in: folder.path
        ).output.split(separator: "\n")
        try #require(layers.count == 2)
        let blobs = try layers.map { try Files.read("\(folder.path)/copied/blobs/sha256/\($0)") }
        let ours = try Snapshot(merged(blobs), times: false)
        // No layer says anything of the root itself, and buildah gives its own the mode 0555.
        let differences = try ours.differences(from: Snapshot("\(folder.path)/peer", times: false))
            .filter { !$0.hasPrefix(".: ") }
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }
}
