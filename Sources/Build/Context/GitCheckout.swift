import Bytes
import Dockerfile
import Errors
import Glibc
import Linux
import Registry

/// Gets files from git repositories by the program `git`.
///
/// A repository is not trusted: it has no hooks and no configuration here, and its submodules come by no other protocols than it did.
struct GitCheckout {
    private let program: String
    private let tools: BuildTools
    private let tree: TemporaryTree
    private let environment: [String]

    /// Checks `address` out. Returns the directory that was meant, and what keeps it. Throws `EngineError`.
    static func fetch(
        _ address: GitAddress, isOwn: Bool, _ tools: BuildTools
    ) throws(EngineError) -> (directory: String, tree: TemporaryTree) {
        guard let program = SearchPath(["/usr/bin", "/usr/local/bin", "/bin"]).find("git") else {
            throw EngineError(
                "\(address.remote.excerpt) needs the program git, which is not installed: install the package git",
                .unsupported)
        }
        let tree = try TemporaryTree(tools)
        let checkout = GitCheckout(program, tools, tree, allowsFiles: isOwn && address.remote.begins(with: "file://"))
        try checkout.fetch(address)
        return (try checkout.directory(of: address), tree)
    }

    private init(_ program: String, _ tools: BuildTools, _ tree: TemporaryTree, allowsFiles: Bool) {
        self.program = program
        self.tools = tools
        self.tree = tree
        var environment = [
            "PATH=/usr/local/bin:/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
            "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=/bin/false", "GIT_LFS_SKIP_SMUDGE=1", "LC_ALL=C",
            "GIT_ALLOW_PROTOCOL=http:https:git:ssh\(allowsFiles ? ":file" : "")",
            "GIT_SSH_COMMAND=ssh -o BatchMode=yes",
        ]
        let own = RegistryOptions.processEnvironment()
        let passed = [
            "HOME", "SSH_AUTH_SOCK", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
            "SSL_CERT_FILE", "SSL_CERT_DIR",
        ]
        for name in passed { if let value = own[name] { environment.append("\(name)=\(value)") } }
        self.environment = environment
    }

    private var work: String { tree.path + "/work" }

    private static func isCommit(_ text: String) -> Bool {
        let digits = text.utf8
        return (digits.count == 40 || digits.count == 64)
            && digits.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    private func fetch(_ address: GitAddress) throws(EngineError) {
        _ = try git(["init", "--quiet", "--template=", "--", work], in: "/")
        _ = try git(["remote", "add", "origin", address.remote])
        let reference = address.reference ?? "HEAD"
        var commit = "FETCH_HEAD"
        do throws(EngineError) {
            _ = try git(["fetch", "--quiet", "--depth=1", "--no-tags", "--", "origin", reference])
        } catch {
            // Not every server gives single commits, or knows a short name of one; all have branches and tags.
            guard error.kind != .cancelled, Self.isPossibleCommit(reference) else { throw error }
            _ = try git([
                "fetch", "--quiet", "--tags", "--", "origin", "+refs/heads/*:refs/remotes/origin/*",
            ])
            commit = reference
        }
        _ = try git(["checkout", "--quiet", "--force", "--detach", commit, "--"])
        let head = try git(["rev-parse", "HEAD"])
        if let checksum = address.checksum, !head.begins(with: checksum) || checksum.utf8.count < 7 {
            throw EngineError(
                "expected checksum to match \(checksum.excerpt), got \(String(head.until("\n")))", .invalid)
        }
        if Self.isCommit(reference), !head.begins(with: reference) {
            throw EngineError("the commit \(reference) is not in \(address.remote.excerpt)", .notFound)
        }
        if address.hasSubmodules, Files.exists(work + "/.gitmodules") {
            _ = try git(["submodule", "--quiet", "update", "--init", "--recursive", "--depth=1"])
        }
        guard !address.keepsGitDirectory else { return }
        try engine { try Files.removeTree(work + "/.git") }
    }

    private static func isPossibleCommit(_ text: String) -> Bool {
        text.utf8.count >= 4 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    // A link in the repository leads no further than that.
    private func directory(of address: GitAddress) throws(EngineError) -> String {
        guard let path = address.directory else { return work }
        return try engine {
            let root = try FileDescriptor.open(work, O_RDONLY | O_DIRECTORY)
            let view = SelectionView(root: root.rawValue, ignored: nil)
            guard let place = try view.find(Array(path.utf8)), place.status.isDirectory else {
                throw EngineError("\(address.remote.excerpt) has no directory \(path.excerpt)", .notFound)
            }
            return work + "/" + String(decoding: place.path, as: UTF8.self)
        }
    }

    // MARK: the program

    /// Runs git; returns what it wrote. Throws `EngineError` with what it wrote to its standard error.
    private func git(_ arguments: [String], in directory: String? = nil) throws(EngineError) -> String {
        let options = [
            "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.symlinks=true",
            "-c", "protocol.ext.allow=never", "-c", "init.defaultBranch=main", "-c", "advice.detachedHead=false",
            "-c", "safe.directory=*",
        ]
        var spawn = Spawn(program, options + arguments, environment: environment)
        spawn.workingDirectory = directory ?? work
        let ready = spawn
        return try engine {
            var ends = try FileDescriptor.pipe()
            let output = ends.takeFirst()
            let input = ends.takeSecond()
            let null = try FileDescriptor.open("/dev/null", O_RDWR)
            // In one stream: what is answered is one line, and errors come without one.
            let process = try ready.start(descriptors: [null.rawValue, input.rawValue, input.rawValue])
            endLifetime(input)
            let text: [UInt8]
            do { text = try hear(output) } catch {
                kill(-process, SIGKILL)
                _ = try? waitForExit(of: process)
                throw error
            }
            guard try waitForExit(of: process) == .exited(code: 0) else {
                let words = String(decoding: text.filter { $0 != 13 }, as: UTF8.self).split(on: "\n").last ?? ""
                throw EngineError("failed to load git repository: git \(arguments[0]): \(words.excerpt)", .unavailable)
            }
            return String(decoding: text, as: UTF8.self)
        }
    }

    private func hear(_ output: borrowing FileDescriptor) throws -> [UInt8] {
        var text: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 14, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            var poll = PollSet()
            poll.add(output.rawValue)
            poll.add(tools.cancellation.number)
            _ = try poll.wait()
            try tools.checkCancellation()
            let got = try output.read(into: buffer)
            if got == 0 { return text }
            if text.count < 1 << 16 { text += buffer[..<got] }
        }
    }
}
