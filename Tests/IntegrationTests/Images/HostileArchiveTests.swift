import Glibc
import Linux
import TestSupport
import Testing

/// Archives of images whose documents, names and headers lie: each is loaded or refused in one clear sentence, and what was refused leaves nothing.
/// APUS_HOSTILE_ARCHIVES=all has all 500 instead of a sixth.
@Suite struct HostileArchiveTests {
    /// What is wrong with the way in which a command ended; nil for nothing.
    private static func fault(_ result: ProgramResult) -> String? {
        let lines = result.errorText.split(separator: "\n")
        if result.code != 0, result.code != 1 { return "the exit code \(result.code)" }
        if result.code == 1, lines.count != 1 { return "\(lines.count) sentences" }
        if result.code == 1, !result.text.isEmpty { return "something loaded" }
        if lines.contains(where: { $0.utf8.count > 1000 }) { return "a sentence without end" }
        return result.errorText.unicodeScalars.contains { $0.value < 32 && $0 != "\n" } ? "control characters" : nil
    }

    private func leftovers(_ sandbox: Sandbox) throws -> [String] {
        let layers = ["layers", "layers-squashed"].filter { Files.exists("\(sandbox.store)/\($0)") }
        let folders = ["images/blobs/sha256", "images/tmp", "leases"].filter { Files.exists("\(sandbox.store)/\($0)") }
        return try (layers + folders).flatMap { folder in
            try Files.list("\(sandbox.store)/\(folder)").map { "\(folder)/\($0)" }
        }
    }

    @Test func eachIsLoadedOrRefusedInASentence() throws {
        let user = try #require(TestUser.available.last)
        let isAll = getenv("APUS_HOSTILE_ARCHIVES").map { String(cString: $0) } == "all"
        try withSandbox(user) { sandbox throws in
            let folder = "\(sandbox.path)/work/hostile"
            try sandbox.tool(
                "/usr/bin/python3", "\(Executable.repository)/Tests/Harness/hostile_archives.py",
                try Fixtures.path("busybox.docker.tar", of: .busybox), try Fixtures.path("busybox.oci", of: .busybox),
                folder)
            let archives = try Files.list(folder).sorted()
            #expect(archives.count > 450)
            var loaded: Set<String> = []
            for (place, archive) in archives.enumerated() {
                let isSpecial = archive.hasPrefix("dir-") || archive.hasPrefix("header-") || archive.contains("many-")
                guard isAll || isSpecial || place % 8 == 0 else { continue }
                let result = try sandbox.apus("load", "-i", "\(folder)/\(archive)", seconds: 60)
                if let fault = Self.fault(result) { Issue.record("\(archive): \(fault): \(result)") }
                if result.code == 0 {
                    loaded.insert(archive)
                    try sandbox.output("image", "prune", "-af")
                }
                let left = try leftovers(sandbox)
                #expect(left.isEmpty, "\(archive): \(result)")
                if !left.isEmpty { try sandbox.output("system", "prune", "-af") }
            }
            // Not everything is refused.
            #expect(
                loaded.isSuperset(of: ["dir-whole.tar", "dir-whole.dir", "docker-many-tags.tar", "oci-many-tags.tar"]))
            #expect(try sandbox.output("system", "check") == "everything is in order")
        }
    }
}
