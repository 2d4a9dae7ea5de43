import Glibc
import Linux
import TestSupport
import Testing

/// A pull as a terminal shows it: Docker's lines, and below them the whole as long as something comes.
@Suite struct TransferDisplayTests {
    /// Runs `body` with the name of an image of two layers, the second of which stops half-way until the gate is opened.
    private func withSlowImage(_ body: (String, Monitor<Bool>) throws -> Void) throws {
        var repository = HostilePullTests.Repository()
        let small = try HostilePullTests.layer()
        let large = small + Array(repeating: 0, count: 4 << 20)
        let layers = try [small, large].map { try repository.add($0, HostilePullTests.Repository.layerType) }
        let diffIDs = try [small, large].map { try HostilePullTests.sha256($0) }
        let config = try repository.add(HostilePullTests.config(diffIDs), HostilePullTests.Repository.configType)
        repository.tag(HostilePullTests.manifest(config, layers))
        let (answers, slow, gate) = (repository, diffIDs[1], Monitor(false))
        let server = HTTPServer { request in
            var response = answers.answer(request)
            if request.path.hasSuffix(slow) { response.pause = (2 << 20, { gate.when({ $0 }, { _ in }) }) }
            return response
        }
        // Whatever fails: nobody waits for ever.
        defer { gate.change { $0 = true } }
        try body("\(server.host)/a/b", gate)
    }

    private func session(
        _ sandbox: Sandbox, _ words: [String], _ terminal: String = "TERM=xterm", columns: UInt16 = 80
    ) throws -> TerminalSession {
        try TerminalSession(
            sandbox.spawn(Executable.path, words, adding: [terminal]), size: WindowSize(rows: 24, columns: columns))
    }

    @Test(arguments: TestUser.available)
    func theWholeIsShownWhileItComes(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            try withSlowImage { name, gate in
                let session = try session(sandbox, ["pull", name])
                try session.waitFor("/4.2")
                // Of what has come while it was watched.
                try session.waitFor("B/s  ETA ")
                gate.change { $0 = true }
                #expect(try session.wait() == .exited(code: 0))
                #expect(session.screen.contains("Total: 2."))
                var picture = TerminalPicture(rows: 24, columns: 80)
                picture.write(session.screen)
                let lines = picture.lines
                try #require(lines.count == 7, "\(lines)")
                #expect(lines[0] == "Using default tag: latest" && lines[1] == "latest: Pulling from a/b")
                #expect(lines[2...3].allSatisfy { $0.hasSuffix(": Pull complete") })
                #expect(lines[4].hasPrefix("Digest: sha256:"))
                #expect(lines[5] == "Status: Downloaded newer image for \(name):latest")
                #expect(lines[6] == "\(name):latest")
            }
        }
    }

    @Test func anotherWidthIsTakenUpAndAFailureLeavesNoWhole() throws {
        try withSandbox(.any) { sandbox throws in
            try withSlowImage { name, gate in
                let session = try session(sandbox, ["pull", name], columns: 120)
                try session.waitFor("Downloading [=")
                session.resize(WindowSize(rows: 24, columns: 60))
                try session.waitFor("\u{1b}[J")
                try session.waitFor("B/s  ETA ")
                // With its file gone, what comes is nowhere to be kept.
                for file in try Files.list("\(sandbox.store)/images/partial") {
                    try Files.removeTree("\(sandbox.store)/images/partial/\(file)")
                }
                gate.change { $0 = true }
                #expect(try session.wait() == .exited(code: 1))
                let end = session.screen.components(of: "Total: ").last ?? ""
                #expect(end.contains("\u{1b}[1A\r\u{1b}[2K") && end.contains("removed meanwhile"), "\(session.screen)")
            }
        }
    }

    @Test func anImageThatIsRunIsShownAsItComesToo() throws {
        try withSandbox(.any) { sandbox throws in
            try withSlowImage { name, gate in
                let session = try session(sandbox, ["run", "--rm", "--network", "none", name, "x"])
                try session.waitFor("B/s  ETA ")
                gate.change { $0 = true }
                // The image has no program.
                #expect(try session.wait() == .exited(code: 127))
                var picture = TerminalPicture(rows: 24, columns: 80)
                picture.write(session.screen)
                #expect(!picture.lines.contains { $0.hasPrefix("Total: ") }, "\(picture.lines)")
                #expect(picture.lines.filter { $0.hasSuffix("Pull complete") }.count == 2)
            }
        }
    }

    @Test func aTerminalThatCannotMoveItsCursorHasLinesThatStay() throws {
        try withSandbox(.any) { sandbox throws in
            try withSlowImage { name, gate in
                gate.change { $0 = true }
                let session = try session(sandbox, ["pull", name], "TERM=dumb")
                #expect(try session.wait() == .exited(code: 0))
                #expect(!session.screen.contains("\u{1b}") && !session.screen.contains("Total: "), "\(session.screen)")
                #expect(session.screen.components(of: ": Pull complete\r\n").count == 3)
            }
        }
    }
}

extension String {
    /// What is between the places of `separator`.
    fileprivate func components(of separator: String) -> [String] {
        var parts: [[UInt8]] = [[]]
        let (bytes, wanted) = (Array(utf8), Array(separator.utf8))
        var place = 0
        while place < bytes.count {
            if bytes[place...].starts(with: wanted) {
                parts.append([])
                place += wanted.count
            } else {
                parts[parts.count - 1].append(bytes[place])
                place += 1
            }
        }
        return parts.map { String(decoding: $0, as: UTF8.self) }
    }
}
