import Glibc
import Linux
import TestSupport
import Testing

/// `system df` beside what the disk has, and beside what is given back.
@Suite struct DiskUsageTests {
    /// The content below `places` of the store: each file once, without holes.
    private func content(_ sandbox: Sandbox, _ places: String) throws -> Int {
        let script = """
            cd '\(sandbox.store)'; find \(places) \\( -type f -o -type l \\) -printf '%D:%i %y %s %b\\n' 2>/dev/null | sort -u |
            awk '{ size = $3; if ($2 == "f" && $4 * 512 < size) size = $4 * 512; sum += size } END { print sum + 0 }'
            """
        // What belongs to subordinate ids is closed to others.
        let text =
            sandbox.user == .ordinary
            ? try sandbox.output("unshare", "sh", "-c", script) : try sandbox.tool("sh", "-c", script).text
        return try #require(Int(text.split(separator: "\n").first ?? ""), "\(text)")
    }

    /// Four digits and a unit, as Docker shows bytes.
    private func shown(_ bytes: Int) -> String {
        var value = Double(bytes)
        var units = ["B", "kB", "MB", "GB"][...]
        while value >= 1000, units.count > 1 {
            value /= 1000
            units = units.dropFirst()
        }
        var digits = [CChar](repeating: 0, count: 64)
        withVaList([value]) { _ = vsnprintf(&digits, digits.count, "%.4g", $0) }
        return String(decoding: digits.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            + (units.first ?? "")
    }

    private func usage(_ sandbox: Sandbox) throws -> [String: (size: String, reclaimable: String)] {
        var rows: [String: (size: String, reclaimable: String)] = [:]
        for line in try sandbox.apus("system", "df", "--format", "{{.Type}}|{{.Size}}|{{.Reclaimable}}").lines {
            let parts = line.split(separator: "|").map(String.init)
            rows[parts[0]] = (size: parts[1], reclaimable: String(parts[2].prefix { $0 != " " }))
        }
        return rows
    }

    private func reclaimed(_ result: ProgramResult) throws -> String {
        #expect(result.code == 0, "\(result)")
        return String(try #require(result.lines.last).dropFirst("Total reclaimed space: ".count))
    }

    private static let images = "images/blobs layers*/sha256-*"
    private static let containers = "containers/*/upper containers/*/rootfs containers/*/fuse-upper"

    @Test(arguments: TestUser.inThreeModes)
    func theSizesAreThoseOfTheDisk(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            // Layers in common, several names, holes, hard links, an image without a name, a volume.
            try sandbox.output("load", "-i", try Fixtures.path("layers.docker.tar", of: .layers))
            try sandbox.output("tag", "layers", "other.example/name:1")
            try sandbox.output(
                "run", "--name", "one", "--network", "none", "-v", "data:/data", "busybox", "sh", "-c",
                """
                dd if=/dev/zero of=/a bs=1000 count=700 2>/dev/null; ln /a /b; ln -s a /c
                dd if=/dev/zero of=/hole bs=1 count=1 seek=9999999 2>/dev/null; head -c 300001 /dev/zero >/data/f; ln /data/f /data/g
                """)
            for _ in 0..<2 { try sandbox.output("commit", "one", "made") }
            let before = try usage(sandbox)
            let images = try content(sandbox, Self.images)
            #expect(before["Images"]?.size == shown(images))
            #expect(before["Containers"]?.size == shown(try content(sandbox, Self.containers)))
            #expect(before["Containers"]?.reclaimable == before["Containers"]?.size)
            #expect(before["Local Volumes"]?.size == "300kB" && before["Local Volumes"]?.reclaimable == "0B")
            #expect(before["Build Cache"]?.size == "0B")

            // Nothing runs, so that all images could go.
            #expect(before["Images"]?.reclaimable == shown(images))
            try sandbox.output("start", "one")
            try sandbox.output("wait", "one")
            try sandbox.output("run", "-d", "--name", "two", "--network", "none", "made", "sleep", "1000")
            let rows = try usage(sandbox)
            let total = try content(sandbox, Self.images + " " + Self.containers)
            let result = try sandbox.apus("system", "prune", "-af")
            let left = try content(sandbox, Self.images + " " + Self.containers)
            #expect(try reclaimed(result) == shown(total - left))
            #expect(try usage(sandbox)["Images"]?.size == shown(try content(sandbox, Self.images)))
            #expect(try usage(sandbox)["Images"]?.reclaimable == "0B")
            // The container's own files went, too: what is left of the sum is images'.
            #expect(rows["Local Volumes"]?.size == "300kB")
            try sandbox.output("rm", "-f", "two")
            let last = try content(sandbox, Self.images)
            #expect(try usage(sandbox)["Images"]?.reclaimable == shown(last))
            #expect(try reclaimed(try sandbox.apus("image", "prune", "-af")) == shown(last))
            #expect(try content(sandbox, Self.images) == 0)
            #expect(try usage(sandbox)["Local Volumes"]?.reclaimable == "300kB")
        }
    }

    /// What images and the cache of builds have in common counts once, as the images'.
    @Test(arguments: TestUser.available)
    func theCacheOfBuildsIsCountedOnce(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.write(
                """
                FROM busybox
                RUN --mount=type=cache,target=/cache head -c 200000 /dev/zero >/cache/f; head -c 300000 /dev/zero >/one
                RUN head -c 400000 /dev/zero >/two
                """, to: "Dockerfile")
            try sandbox.output("build", "-q", "-t", "built", "\(sandbox.path)/work")
            func everything() throws -> Int {
                try content(sandbox, Self.images + " cache/build-mounts")
            }
            var rows = try usage(sandbox)
            #expect(rows["Build Cache"]?.size == "200kB", "\(rows)")
            #expect(rows["Images"]?.size == shown(try content(sandbox, Self.images)))
            try sandbox.output("rmi", "built")
            rows = try usage(sandbox)
            // 300,000, 400,000 and what the cache mount has.
            #expect(rows["Build Cache"]?.size == "900kB", "\(rows)")
            #expect(rows["Build Cache"]?.reclaimable == "900kB", "\(rows)")
            #expect(rows["Images"]?.size == shown(try content(sandbox, Self.images) - 700_000), "\(rows)")
            let before = try everything()
            let result = try sandbox.apus("system", "prune", "-af")
            #expect(try reclaimed(result) == shown(before - (try everything())))
            rows = try usage(sandbox)
            #expect(rows["Build Cache"]?.size == "0B" && rows["Images"]?.size == "0B", "\(rows)")
        }
    }

    @Test func sharedAndUniqueSizesMakeTheWhole() throws {
        try withBusybox(.any) { sandbox throws in
            try sandbox.output(
                "run", "--name", "one", "--network", "none", "busybox", "sh", "-c", "head -c 500000 /dev/zero >/f")
            try sandbox.output("commit", "one", "made")
            try sandbox.output("rm", "one")
            let format = "{{range .Images}}{{.Repository}} {{.Size}} {{.SharedSize}} {{.UniqueSize}}\n{{end}}"
            let rows = try sandbox.apus("system", "df", "-v", "--format", format).lines.filter { !$0.isEmpty }.sorted()
            let size = try #require(Int(try sandbox.output("image", "inspect", "--format", "{{.Size}}", "busybox")))
            #expect(rows.count == 2, "\(rows)")
            #expect(rows[0].hasSuffix(" \(shown(size)) 0B") && rows[1].hasSuffix(" \(shown(size)) 500kB"), "\(rows)")
            // Without the note of a layer's size its files tell.
            try sandbox.tool("sh", "-c", "rm '\(sandbox.store)'/layers*/.size.*")
            #expect(
                try sandbox.apus("system", "df", "-v", "--format", format).lines.filter { !$0.isEmpty }.sorted().map {
                    $0.split(separator: " ").suffix(2)
                } == rows.map { $0.split(separator: " ").suffix(2) })
        }
    }

    /// Images that containers were made from keep one name, as with Docker: the last in the order of their bytes.
    @Test func pruningTakesNamesOfUsedImages() throws {
        try withBusybox(.any) { sandbox throws in
            for name in ["used:a", "used:b", "zz:1", "aa:1", "some.example/x:1"] {
                try sandbox.output("tag", "busybox", name)
            }
            try sandbox.output("rmi", "busybox")
            try sandbox.output("create", "--name", "one", "used:b", "true")
            #expect(
                try sandbox.apus("image", "prune", "-af").lines
                    == [
                        "Deleted Images:", "untagged: aa:1", "untagged: used:a", "untagged: used:b", "untagged: zz:1",
                        "Total reclaimed space: 0B",
                    ])
            #expect(try sandbox.output("images", "--format", "{{.Repository}}:{{.Tag}}") == "some.example/x:1")
            #expect(try sandbox.output("image", "prune", "-af") == "Total reclaimed space: 0B")
            #expect(try sandbox.output("start", "-a", "one").isEmpty)
            try sandbox.output("rm", "one")
            #expect(
                try sandbox.output("image", "prune", "-af").hasPrefix(
                    "Deleted Images:\nuntagged: some.example/x:1\ndeleted: "))
        }
    }
}
