import Glibc
import Linux
import TestSupport
import Testing

/// Every value of an image's documents, odd: what a registry or an archive says is taken or refused in a sentence, and never
/// ends a process of ours by a signal, then or later. APUS_ODD_DOCUMENTS=all has all 8,000 instead of a seventeenth.
@Suite struct OddDocumentTests {
    /// The repository "a/b" of the documents in `folder`.
    private static func answer(_ request: HTTPServer.Request, _ folder: String) -> HTTPServer.Response {
        if request.path == "/v2/" { return .text(200, "{}") }
        guard request.path.hasPrefix("/v2/a/b/"),
            let bytes = try? Files.read("\(folder)/pull/\(request.path.dropFirst(8))")
        else { return .text(404, "") }
        guard request.path.hasPrefix("/v2/a/b/manifests/"), let end = bytes.firstIndex(of: 10) else {
            return HTTPServer.Response(headers: [("Content-Type", "application/octet-stream")], body: bytes)
        }
        let type = String(decoding: bytes[..<end], as: UTF8.self)
        return HTTPServer.Response(headers: [("Content-Type", type)], body: Array(bytes[(end + 1)...]))
    }

    /// What is wrong with the way in which a command ended; nil for nothing.
    private static func fault(_ result: ProgramResult) -> String? {
        let lines = result.errorText.split(separator: "\n")
        if result.code >= 128, result.code != 255 { return "a signal" }
        if result.code != 0, lines.isEmpty { return "not a word" }
        if result.errorText.contains("without a word") { return "a supervisor that died" }
        // The second is where to find the help.
        if lines.count > (result.errorText.contains(" --help'") ? 2 : 1) { return "several sentences" }
        if lines.contains(where: { $0.utf8.count > 1000 }) { return "a sentence without end" }
        let isControlled = result.errorText.unicodeScalars.contains { $0.value < 32 && $0 != "\n" }
        return isControlled ? "control characters" : nil
    }

    private func expect(_ sandbox: Sandbox, _ words: [String], _ what: Substring) throws -> ProgramResult {
        let result = try sandbox.apus(words, seconds: 60)
        if let fault = Self.fault(result) {
            Issue.record("\(words.joined(separator: " ")): \(fault); \(what): \(result)")
        }
        return result
    }

    @Test func noneEndsAProcess() throws {
        let user = try #require(TestUser.available.last)
        try withSandbox(user) { sandbox throws in
            let folder = "\(sandbox.path)/work/odd"
            let extent = getenv("APUS_ODD_DOCUMENTS").map { String(cString: $0) } ?? ""
            try sandbox.tool(
                "/usr/bin/python3", "\(Executable.repository)/Tests/Harness/odd_documents.py", folder, extent)
            let server = HTTPServer { Self.answer($0, folder) }
            var taken = 0
            let list = try Files.readText("\(folder)/list").split(separator: "\n")
            for (number, line) in list.enumerated() {
                let words = line.split(separator: " ", maxSplits: 2)
                let what = words[2]
                var name = "\(server.host)/a/b:\(words[1])"
                if words[0] == "load" {
                    let loaded = try expect(sandbox, ["load", "-q", "-i", "\(folder)/load/\(words[1])"], what)
                    guard loaded.code == 0, let image = loaded.text.split(separator: ": ").last else { continue }
                    name = String(image.dropLast())
                } else if try expect(sandbox, ["pull", "-q", name], what).code != 0 {
                    continue
                }
                taken += 1
                _ = try expect(sandbox, ["run", "--rm", "--network", "none", name], what)
                for verb in ["inspect", "history"] { _ = try expect(sandbox, [verb, name], what) }
                if number % 8 == 0 {
                    if try expect(sandbox, ["create", "--name", "cc", "--network", "none", name], what).code == 0 {
                        for words in [["start", "-a", "cc"], ["inspect", "cc"], ["ps", "-a"], ["rm", "-f", "cc"]] {
                            _ = try expect(sandbox, words, what)
                        }
                    }
                    for words in [["images"], ["system", "df"]] { _ = try expect(sandbox, words, what) }
                }
                _ = try expect(sandbox, ["rmi", "-f", name], what)
            }
            // Far from all are refused.
            #expect(taken > list.count / 8, "\(taken) of \(list.count)")
            #expect(taken < list.count)
        }
    }
}
