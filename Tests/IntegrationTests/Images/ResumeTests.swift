import Glibc
import Linux
import Synchronization
import TestSupport
import Testing

/// Pulls that end before their end, and pulls of the same at the same time: what has come is not fetched again.
@Suite struct ResumeTests {
    /// A registry with one image, "a/b", of one layer of some megabytes, which knows ranges.
    private final class Registry: Sendable {
        let layer: [UInt8]
        let digest: String
        private let answers: HostilePullTests.Repository

        init(megabytes: Int = 4) throws {
            let script =
                "cd $(mktemp -d) && head -c \(megabytes << 20) /dev/urandom >file && tar --create --owner=0 --group=0 file"
                + " && rm -r \"$PWD\""
            let program = try RunningProgram(Spawn("/bin/sh", ["-c", script], environment: ["PATH=/usr/bin:/bin"]))
            program.closeInput()
            layer = try program.wait().output
            digest = try HostilePullTests.sha256(layer)
            var repository = HostilePullTests.Repository()
            let blob = try repository.add(layer, HostilePullTests.Repository.layerType)
            let config = try repository.add(
                HostilePullTests.config([digest]), HostilePullTests.Repository.configType)
            repository.tag(HostilePullTests.manifest(config, [blob]))
            answers = repository
        }

        /// Serves it; `change` may make something else of an answer with the layer, given the number of such requests, from 1.
        func serve(
            _ change: @escaping @Sendable (Int, HTTPServer.Request, inout HTTPServer.Response) -> Void = { _, _, _ in }
        ) -> HTTPServer {
            let count = Mutex(0)
            return HTTPServer { [self] request in
                guard request.path.hasSuffix(digest) else { return answers.answer(request) }
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                var response = part(request)
                change(number, request, &response)
                return response
            }
        }

        private func part(_ request: HTTPServer.Request) -> HTTPServer.Response {
            guard let first = request.headers["range"].flatMap({ Int($0.dropFirst(6).dropLast()) }) else {
                return HTTPServer.Response(body: layer)
            }
            return HTTPServer.Response(
                status: 206, headers: [("Content-Range", "bytes \(first)-\(layer.count - 1)/\(layer.count)")],
                body: Array(layer[first...]))
        }

        /// The ranges of the requests for the layer; "all" where there was none.
        func asked(_ server: HTTPServer) -> [String] {
            server.requests.filter { $0.path.hasSuffix(digest) }.map { $0.headers["range"] ?? "all" }
        }

        func file(_ sandbox: Sandbox) -> String { "\(sandbox.store)/images/partial/sha256-\(digest.dropFirst(7))" }

        /// Waits until the store has `count` bytes of the layer.
        func awaitBytes(_ count: Int, in sandbox: Sandbox) throws {
            for _ in 0..<1200 {
                // The number of bytes of the only piece is the last of the table behind the blob.
                if let bytes = try? Files.read(file(sandbox)), bytes.count == layer.count + 24,
                    bytes.suffix(8).reversed().reduce(0, { $0 << 8 | Int($1) }) == count
                {
                    return
                }
                RunningProgram.pause()
            }
            throw TestFailure("the store does not get \(count) bytes of \(digest)")
        }
    }

    private func isTidy(_ sandbox: Sandbox, _ place: SourceLocation = #_sourceLocation) throws {
        #expect(try Files.list("\(sandbox.store)/images/partial").isEmpty, sourceLocation: place)
        #expect(try Files.list("\(sandbox.store)/images/tmp").isEmpty, sourceLocation: place)
        // What was killed has left its lease, which a prune removes.
        try sandbox.output("system", "prune", "--force")
        #expect(try sandbox.output("system", "check") == "everything is in order", sourceLocation: place)
    }

    @Test(arguments: TestUser.available)
    func aKilledPullGoesOnWhereItWas(_ user: TestUser) throws {
        let registry = try Registry()
        let (stop, gate) = (registry.layer.count * 9 / 10, Monitor(false))
        let server = registry.serve { number, _, response in
            if number == 1 { response.pause = (stop, { gate.when({ $0 }, { _ in }) }) }
        }
        try withSandbox(user) { sandbox throws in
            let first = try sandbox.start(["pull", "\(server.host)/a/b"])
            try registry.awaitBytes(stop, in: sandbox)
            first.send(SIGKILL)
            #expect(try first.wait().code == 137)
            gate.change { $0 = true }
            #expect(try Files.status(registry.file(sandbox)).permissions == 0o600)
            // It is no fault, as the killed pull's lease is and the layer that was being unpacked, and it takes room.
            let faults = try sandbox.apus("system", "check").errorText.split(separator: "\n")
            #expect(faults.contains { $0.contains("/leases/") }, "\(faults)")
            #expect(faults.allSatisfy { $0.contains("/leases/") || $0.contains("/layers/.tmp.") }, "\(faults)")
            let usage = try sandbox.output("system", "df", "--format", "{{.Type}} {{.Size}} {{.Reclaimable}}")
            #expect(usage.contains("Images 3.7") && usage.contains("(100%)"), "\(usage)")

            let second = try sandbox.apus("pull", "\(server.host)/a/b")
            #expect(second.code == 0, "\(second)")
            #expect(registry.asked(server) == ["all", "bytes=\(stop)-"])
            try isTidy(sandbox)
        }
    }

    @Test(arguments: TestUser.available)
    func twoPullsAtOnceFetchALayerOnce(_ user: TestUser) throws {
        let registry = try Registry()
        let (stop, gate) = (registry.layer.count / 2, Monitor(false))
        let server = registry.serve { number, _, response in
            if number == 1 { response.pause = (stop, { gate.when({ $0 }, { _ in }) }) }
        }
        try withSandbox(user) { sandbox throws in
            let first = try sandbox.start(["pull", "\(server.host)/a/b"])
            try registry.awaitBytes(stop, in: sandbox)
            let second = try sandbox.start(["pull", "\(server.host)/a/b"])
            let third = try sandbox.start(["pull", "\(server.host)/a/b"])
            try second.waitForOutput(": Waiting")
            try third.waitForOutput(": Waiting")
            // Who waits can be called off.
            third.send(SIGINT)
            #expect(try third.wait().code == 128 + SIGINT)
            gate.change { $0 = true }
            for pull in [first, second] {
                let result = try pull.wait()
                #expect(result.code == 0, "\(result)")
                #expect(result.text.contains(": Pull complete"))
            }
            #expect(registry.asked(server) == ["all"])
            try isTidy(sandbox)
        }
    }

    @Test(arguments: TestUser.available)
    func whoWaitsGoesOnWhereOneThatWasKilledWas(_ user: TestUser) throws {
        let registry = try Registry()
        let (stop, gate) = (registry.layer.count / 2, Monitor(false))
        let server = registry.serve { number, _, response in
            if number == 1 { response.pause = (stop, { gate.when({ $0 }, { _ in }) }) }
        }
        try withSandbox(user) { sandbox throws in
            let first = try sandbox.start(["pull", "\(server.host)/a/b"])
            try registry.awaitBytes(stop, in: sandbox)
            let second = try sandbox.start(["pull", "\(server.host)/a/b"])
            try second.waitForOutput(": Waiting")
            first.send(SIGKILL)
            #expect(try first.wait().code == 137)
            let result = try second.wait()
            gate.change { $0 = true }
            #expect(result.code == 0, "\(result)")
            #expect(registry.asked(server) == ["all", "bytes=\(stop)-"])
            try isTidy(sandbox)
        }
    }

    @Test(arguments: TestUser.available)
    func whatIsLeftOfALayerIsRemovedByAPrune(_ user: TestUser) throws {
        let registry = try Registry(megabytes: 1)
        let server = registry.serve { _, request, response in
            // Cut, and then no more.
            if request.headers["range"] == nil {
                response.claimedLength = response.body.count
                response.body = Array(response.body.prefix(500_000))
            } else {
                response = .text(404, "")
            }
        }
        try withSandbox(user) { sandbox throws in
            let result = try sandbox.apus("pull", "\(server.host)/a/b")
            #expect(result.code == 1)
            #expect(result.errorText.contains("not found: blob unknown"), "\(result)")
            #expect(Files.exists(registry.file(sandbox)))
            try sandbox.output("image", "prune", "--all", "--force")
            #expect(Files.exists(registry.file(sandbox)))
            let pruned = try sandbox.output("system", "prune", "--force")
            #expect(pruned.contains("Total reclaimed space: ") && !pruned.contains(": 0B"), "\(pruned)")
            try isTidy(sandbox)
        }
    }

    /// Ranges that are ignored, refused, or answered with something else: the layer comes from its start.
    @Test(arguments: ["200", "416", "other size", "other place"])
    func aRegistryMayHaveNoUseForRanges(_ answer: String) throws {
        let registry = try Registry(megabytes: 1)
        let server = registry.serve { number, request, response in
            if number == 1 {
                // Cut, and the next request finds nobody.
                response.claimedLength = response.body.count
                response.body = Array(response.body.prefix(500_000))
            } else if number == 2 {
                response = .text(404, "")
            } else if request.headers["range"] != nil {
                switch answer {
                case "200": response = HTTPServer.Response(body: registry.layer)
                case "416": response = .text(416, "")
                case "other size":
                    let size = registry.layer.count
                    response.headers = [
                        ("Content-Range", "bytes \(size - response.body.count)-\(size - 1)/\(size + 1)")
                    ]
                default:
                    response.headers = [("Content-Range", "bytes 0-\(response.body.count - 1)/\(registry.layer.count)")]
                }
            }
        }
        try withSandbox(TestUser.any) { sandbox throws in
            #expect(try sandbox.apus("pull", "\(server.host)/a/b").code == 1)
            let second = try sandbox.apus("pull", "\(server.host)/a/b")
            #expect(second.code == 0, "\(second)")
            // Of a connection that is cut the last bytes may not have been read.
            let asked = registry.asked(server)
            let expected = answer == "200" ? 3 : 4
            #expect(asked.count == expected, "\(asked)")
            #expect(asked[1] == asked[2] && asked[1].hasPrefix("bytes="), "\(asked)")
            #expect(asked.dropFirst(3).allSatisfy { $0 == "all" }, "\(asked)")
            try isTidy(sandbox)
        }
    }

    /// Whatever stands in the place of what had come. What a link leads to stays as it is.
    @Test(arguments: TestUser.available)
    func whatHadComeMayHaveBeenReplaced(_ user: TestUser) throws {
        let registry = try Registry(megabytes: 1)
        let server = registry.serve()
        let size = registry.layer.count
        try withSandbox(user) { sandbox throws in
            let name = "\(server.host)/a/b"
            try sandbox.output("pull", "-q", name)
            let victim = try sandbox.write("precious", to: "victim")
            let file = registry.file(sandbox)
            // Number of bytes that are there, as the table says it, little-endian.
            let table = "printf 'apus-p01\\\(Self.octal(size))\\\(Self.octal(size / 2))' >>'\(file)'"
            for (kind, command) in [
                ("link", "ln -s '\(victim)' '\(file)'"), ("hard link", "ln '\(victim)' '\(file)'"),
                ("directory", "mkdir -p '\(file)/a' && touch '\(file)/a/b'"),
                ("pipe", "mkfifo '\(file)'"),
                ("longer", "head -c \(size + 100_000) /dev/urandom >'\(file)'"),
                ("closed", "head -c 1000 /dev/urandom >'\(file)' && chmod 0 '\(file)'"),
                ("of the right size", "head -c \(size) /dev/urandom >'\(file)'"),
                ("zeros after a loss of power", "head -c \(size) /dev/zero >'\(file)' && \(table)"),
            ] {
                try sandbox.output("rmi", name)
                let before = registry.asked(server).count
                try sandbox.tool("/bin/sh", "-c", command)
                let result = try sandbox.apus("pull", "-q", name)
                #expect(result.code == 0, "\(kind): \(result)")
                let asked = registry.asked(server).dropFirst(before)
                #expect(asked.last == "all", "\(kind): \(asked)")
                #expect(Array(asked.dropLast()) == (kind.hasPrefix("zeros") ? ["bytes=\(size / 2)-"] : []), "\(kind)")
                #expect(try Files.readText(victim) == "precious", "\(kind)")
                try isTidy(sandbox)
            }
        }
    }

    /// The bytes of `number` as printf(1) reads them, without the first backslash.
    private static func octal(_ number: Int) -> String {
        (0..<8).map { String(number >> (8 * $0) & 255, radix: 8) }.joined(separator: "\\")
    }

    @Test(.enabled(if: TestUser.root.isAvailable, "only root can mount a small file system"))
    func aFullDiskKeepsWhatHasComeAndAPruneGivesItBack() throws {
        let registry = try Registry(megabytes: 8)
        let server = registry.serve()
        try withSandbox(.root) { sandbox throws in
            let result = try sandbox.tool(
                "unshare", "--mount", "bash", "-euc",
                """
                apus='\(Executable.path)'; small='\(sandbox.path)/work/small'; mkdir "$small"
                mount -t tmpfs -o size=32m none "$small"
                export APUS_ROOT="$small/data"
                used() { df --output=used -k "$small" | tail -n 1; }
                "$apus" system prune -f >/dev/null; "$apus" import '\(try Fixtures.busyboxTar)' busybox >/dev/null; empty=$(used)
                head -c $(( ($(df --output=avail -k "$small" | tail -n 1) - 4096) * 1024 )) /dev/zero >"$small/filler"
                "$apus" pull -q '\(server.host)/a/b' 2>&1 || echo "failed with $?"
                "$apus" system check
                rm "$small/filler"
                "$apus" pull -q '\(server.host)/a/b'
                "$apus" rmi '\(server.host)/a/b' >/dev/null
                head -c $(( ($(df --output=avail -k "$small" | tail -n 1) - 4096) * 1024 )) /dev/zero >"$small/filler"
                "$apus" pull -q '\(server.host)/a/b' 2>/dev/null || echo "failed with $?"
                "$apus" system prune -f >/dev/null
                rm "$small/filler"
                [ "$(used)" -le $((empty + 64)) ] && echo given back || echo "$empty, now $(used)"
                """)
            #expect(
                result.lines == [
                    "apus: cannot write blob \(registry.digest) to the store \(sandbox.path)/work/small/data: no space left on"
                        + " device: make room there and pull again, which goes on with what has come",
                    "failed with 1", "everything is in order", "\(server.host)/a/b:latest", "failed with 1",
                    "given back",
                ], "\(result)")
            let asked = registry.asked(server)
            #expect(asked.count == 3 && asked[0] == "all" && asked[2] == "all", "\(asked)")
            let start = Int(asked[1].dropFirst(6).dropLast()) ?? 0
            #expect(start > 1 << 20 && start < registry.layer.count, "\(asked)")
        }
    }
}
