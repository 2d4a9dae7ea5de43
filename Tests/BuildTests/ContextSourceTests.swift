import Images
import Archive
import Dockerfile
import Errors
import Glibc
import Linux
import OCI
import Store
import TestSupport
import Testing

@testable import Build

/// Where the files of a build come from.
@Suite struct ContextSourceTests {
    private func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    private func main(_ sandbox: CopySandbox, _ dockerfile: DockerfileSource = .standard) throws -> ContextSource {
        var request = BuildRequest(context: .directory(sandbox.context), pulling: PullOptions(agent: "apus-test"))
        request.dockerfile = dockerfile
        return try ContextSource(main: request, sandbox.tools)
    }

    private func failure(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch { return "\(error)" }
    }

    // MARK: the Dockerfile

    @Test func findsTheDockerfile() throws {
        let sandbox = try CopySandbox()
        #expect(
            failure { _ = try main(sandbox) }
                == "failed to read dockerfile: open Dockerfile: no such file or directory")
        #expect(
            failure { _ = try main(sandbox, .inContext("nope")) }
                == "failed to read dockerfile: open nope: no such file or directory")
        try sandbox.shell(
            "echo container > Containerfile; mkdir sub; echo sub > sub/Dockerfile; ln -s ../Containerfile sub/l")
        #expect(try text(main(sandbox).dockerfile?.bytes) == "container\n")
        #expect(try main(sandbox).dockerfile?.name == "Containerfile")
        try sandbox.shell("echo docker > Dockerfile")
        #expect(try text(main(sandbox).dockerfile?.bytes) == "docker\n")
        #expect(try text(main(sandbox, .inContext("sub/Dockerfile")).dockerfile?.bytes) == "sub\n")
        #expect(try text(main(sandbox, .inContext("sub/l")).dockerfile?.bytes) == "container\n")
        #expect(try text(main(sandbox, .file(sandbox.context + "/sub/Dockerfile")).dockerfile?.bytes) == "sub\n")
        #expect(try text(main(sandbox, .bytes([65], name: "-")).dockerfile?.bytes) == "A")
        #expect(failure { _ = try main(sandbox, .inContext("sub")) }.contains("is a directory"))
        // Not out of the context.
        try sandbox.shell("echo outside > ../outside; ln -sf ../outside Dockerfile")
        #expect(failure { _ = try main(sandbox) }.contains("no such file or directory") == false)
        #expect(try text(main(sandbox).dockerfile?.bytes) == "container\n")
    }

    @Test func leavesOutWhatTheNearestFileSays() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell(
            "echo x > Dockerfile; mkdir sub; echo x > sub/other; printf 'Dockerfile\\na\\n' > .dockerignore")
        func ignores(_ source: ContextSource, _ path: String) -> Bool {
            source.tree.ignored?.ignores(Array(path.utf8)) ?? false
        }
        let first = try main(sandbox)
        // It is read all the same.
        #expect(text(first.dockerfile?.bytes) == "x\n" && ignores(first, "a") && ignores(first, "Dockerfile"))
        try sandbox.shell("echo b > Dockerfile.dockerignore; echo c > sub/other.dockerignore")
        let second = try main(sandbox)
        #expect(!ignores(second, "a") && ignores(second, "b"))
        let third = try main(sandbox, .inContext("sub/other"))
        #expect(!ignores(third, "b") && ignores(third, "c"))
        let fourth = try main(sandbox, .file(sandbox.context + "/sub/other"))
        #expect(ignores(fourth, "c"))
        let named = try ContextSource(named: .directory(sandbox.context), sandbox.tools)
        #expect(named.dockerfile == nil && ignores(named, "a"))
        try sandbox.shell("echo '[' > .dockerignore; rm Dockerfile.dockerignore")
        #expect(failure { _ = try main(sandbox) }.contains("failed to read .dockerignore"))
    }

    @Test func namesAContextThatIsNone() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell("echo > file")
        func open(_ context: BuildContext) -> String {
            failure { _ = try ContextSource(named: context, sandbox.tools) }
        }
        #expect(open(.directory("/no/such")) == "unable to prepare context: path \"/no/such\" not found")
        #expect(open(.directory(sandbox.context + "/file")).contains("must be a directory"))
        #expect(open(.image("alpine")) != "" && open(.layout("/x", reference: nil)) != "")
        let empty = try ContextSource(named: .empty, sandbox.tools)
        #expect(try Files.list(empty.tree.directory) == [])
    }

    // MARK: archives

    @Test(arguments: ["tar -cf", "tar -czf", "tar -cJf", "tar -cjf", "tar --zstd -cf"])
    func unpacksArchives(_ command: String) throws {
        let sandbox = try CopySandbox()
        try sandbox.shell(
            "mkdir -p t/d; echo 'FROM x' > t/Dockerfile; echo a > t/d/a; chmod 4755 t/d/a; ln -s a t/d/l; echo d > t/.dockerignore; \(command) ../c -C t ."
        )
        let directory: String
        do {
            let file = try FileDescriptor.open(sandbox.path + "/c", O_RDONLY)
            let source = try ContextSource(
                main: BuildRequest(context: .archive(file.rawValue), pulling: PullOptions(agent: "apus-test")),
                sandbox.tools)
            directory = source.tree.directory
            #expect(text(source.dockerfile?.bytes) == "FROM x\n")
            // As Docker, which leaves out nothing of an archive.
            #expect(source.tree.ignored == nil)
            #expect(
                try sandbox.shell("cd \(directory); stat -c '%a %n' d/a; readlink d/l; cat d/l") == "4755 d/a\na\na\n")
            // It is held: no sweep takes it.
            #expect(try sandbox.tools.layers.condemnAbandoned() == [])
        }
        #expect(!Files.exists(directory))
        #expect(try Files.list(sandbox.tools.layers.folder) == [])
    }

    @Test func leavesNothingOfWhatIsNoArchive() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell(
            "mkdir t; head -c 100000 /dev/urandom > t/a; tar czf ../c -C t .; head -c 5000 ../c > ../cut; echo text > ../text"
        )
        for name in ["cut", "text"] {
            let file = try FileDescriptor.open(sandbox.path + "/" + name, O_RDONLY)
            #expect(
                failure { _ = try ContextSource(named: .archive(file.rawValue), sandbox.tools) }.contains(
                    "the context cannot be unpacked"))
        }
        #expect(try Files.list(sandbox.tools.layers.folder) == [])
    }

    @Test func whatAKillLeftIsSwept() throws {
        let sandbox = try CopySandbox()
        let tree = try TemporaryTree(sandbox.tools)
        let left = Files.split(tree.path).parent + "/.tmp.build-99.dead"
        try Files.makeDirectories(left + "/work")
        let doomed = try sandbox.tools.layers.condemnAbandoned()
        #expect(doomed.count == 1 && !Files.exists(left) && Files.exists(tree.path))
        for path in doomed { try Files.removeTree(path) }
    }

    // MARK: addresses

    // Not on a thread that the transfer itself may need.
    @Test func fetchesFilesForADD() async throws { try await onOwnThread { try fetchFilesForADD() } }

    private func fetchFilesForADD() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell("mkdir t; echo a > t/a; tar cf ../c.tar -C t .")
        let archive = try Files.read(sandbox.path + "/c.tar", limit: 1 << 20)
        let server = HTTPServer { request in
            switch request.path {
            case "/f/one%20two": .text(200, "hello", [("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")])
            case "/c.tar": HTTPServer.Response(body: archive)
            case "/moved": .text(302, "", [("Location", "/f/one%20two")])
            default: .text(404, "no")
            }
        }
        let base = "http://\(server.host)"
        func look(_ line: String) throws -> String {
            let upper = try sandbox.copy(line)
            return try sandbox.shell(
                "cd \(upper); find . -type f -printf '%m %Ts %P ' -exec cat {} \\;", inNamespace: true)
        }
        #expect(try look("ADD \(base)/f/one%20two /x/") == "600 784111777 x/one two hello")
        #expect(try look("ADD --chmod=644 --chown=1:1 \(base)/moved /x") == "644 784111777 x hello")
        #expect(try look("ADD --unpack=true \(base)/c.tar /x/").hasSuffix(" x/a a\n"))
        let whole = try sandbox.list(try sandbox.copy("ADD \(base)/c.tar /x/"))
        #expect(whole == ["d 755 0:0 x", "f 600 0:0 x/c.tar"])
        #expect(try sandbox.failure("ADD \(base)/none /x") == "\(base)/none: invalid response status 404")
        let sum = Digest(of: Array("hello".utf8))
        #expect(try sandbox.failure("ADD --checksum=\(sum) \(base)/moved /x") == "")
        let other = Digest(of: [])
        #expect(try sandbox.failure("ADD --checksum=\(other) \(base)/moved /x").contains("digest mismatch \(sum)"))
        #expect(try sandbox.failure("ADD http://127.0.0.1:1/x /x").contains("cannot fetch"))
        #expect(try Files.list(sandbox.tools.layers.folder) == [])
    }

    @Test func fetchesContexts() async throws { try await onOwnThread { try fetchContexts() } }

    private func fetchContexts() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell("mkdir t; echo 'FROM a' > t/Dockerfile; tar czf ../c.tgz -C t .")
        let archive = try Files.read(sandbox.path + "/c.tgz", limit: 1 << 20)
        let server = HTTPServer { request in
            request.path == "/c" ? HTTPServer.Response(body: archive) : .text(200, "FROM b\n")
        }
        for (path, expected) in [("c", "FROM a\n"), ("plain", "FROM b\n")] {
            let request = BuildRequest(
                context: .url("http://\(server.host)/\(path)"), pulling: PullOptions(agent: "apus-test"))
            #expect(try text(ContextSource(main: request, sandbox.tools).dockerfile?.bytes) == expected)
        }
        #expect(
            failure { _ = try ContextSource(named: .url("http://\(server.host)/plain"), sandbox.tools) }.contains(
                "no tar archive"))
        #expect(
            failure { _ = try ContextSource(named: .url("file:///etc/passwd"), sandbox.tools) }.contains("cannot fetch")
        )
    }

    @Test(arguments: [
        ("http://h/a/b.tgz", "b.tgz"), ("http://h/a/b.tgz?x=/c#d", "b.tgz"), ("http://h/", "__unnamed__"),
        ("http://h", "__unnamed__"), ("http://h/a/", "a"), ("http://h/%2e%2e", "__unnamed__"),
        ("http://h/a%2fb", "__unnamed__"),
        ("http://h/a%00b", "__unnamed__"), ("http://h/%41", "A"), ("http://h/100%", "100%"),
    ])
    func namesFilesByTheirAddress(_ address: String, _ expected: String) {
        #expect(WebFile.name(of: address) == expected)
    }
}
