import Images
import Errors
import Glibc
import Linux
import TestSupport
import Testing

@testable import Build

private let hasGit = SearchPath(["/usr/bin", "/usr/local/bin", "/bin"]).find("git") != nil

/// Contexts and sources in git repositories.
@Suite struct ContextGitTests {
    @Test func readsAddresses() throws {
        let one = try GitAddress("https://h/r.git#v1:sub/dir", isOwn: false)
        #expect(one.remote == "https://h/r.git" && one.reference == "v1" && one.directory == "sub/dir")
        let two = try GitAddress(
            "https://h/r.git?branch=b&subdir=s&checksum=abc&submodules=0&keep-git-dir", isOwn: false)
        #expect(two.reference == "refs/heads/b" && two.directory == "s" && two.checksum == "abc")
        #expect(!two.hasSubmodules && two.keepsGitDirectory)
        #expect(try GitAddress("git@h:o/r.git#:s", isOwn: false).directory == "s")
        #expect(try GitAddress("github.com/o/r", isOwn: true).remote == "https://github.com/o/r")
        #expect(GitAddress.isAddress("https://h/r.git#x") && GitAddress.isAddress("git@h:r"))
        #expect(!GitAddress.isAddress("https://h/r.tgz") && !GitAddress.isAddress("r.git"))
    }

    @Test(arguments: [
        "ext::sh -c true", "file:///etc", "--upload-pack=x", "https://h/r.git#--upload-pack=x", "git@-x",
        "https://h/r.git?ref=-x",
        "https://h/r.git?nope=1", "https://h/r.git?submodules=maybe", "https://h/r\n.git",
        "https://h/r.git#a:b:../..\0", "https://h/r.git#+x",
        "fd::17", "ssh://h/r.git?checksum=-x", "/etc/r.git", "git@h",
    ])
    func refusesAddresses(_ text: String) {
        if text.hasSuffix("\0") { return #expect(GitAddress.isAddress(text)) }
        #expect(throws: EngineError.self) { try GitAddress(text, isOwn: false) }
    }

    private static let repository = """
        export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
        mkdir repo; cd repo; git init -q -b main; mkdir sub; echo 'FROM one' > Dockerfile; echo s > sub/s; ln -s /etc/passwd out
        ln -s ../../../../../../etc up; git add .; git commit -qm one; git tag v1; git rev-parse HEAD > ../first
        echo 'FROM two' > Dockerfile; git commit -qam two; git branch side; echo 'FROM three' > Dockerfile; git commit -qam three
        printf '#!/bin/sh\\ntouch \(marker)\\n' > .git/hooks/post-checkout; chmod +x .git/hooks/post-checkout
        """
    private static let marker = "/tmp/apus-git-hook"

    @Test(.enabled(if: hasGit, "git is not installed"))
    func checksOut() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell(Self.repository)
        let first = try Files.readText(sandbox.context + "/first").split(separator: "\n").map(String.init)[0]
        let address = "file://\(sandbox.context)/repo"
        func main(_ fragment: String, checksum: String? = nil) throws -> ContextSource {
            try ContextSource(
                main: BuildRequest(
                    context: .git(address + fragment, checksum: checksum), pulling: PullOptions(agent: "apus-test")),
                sandbox.tools)
        }
        for (fragment, expected) in [
            ("", "FROM three\n"), ("#v1", "FROM one\n"), ("#side", "FROM two\n"), ("#\(first)", "FROM one\n"),
            ("#\(first.prefix(8))", "FROM one\n"), ("?branch=side", "FROM two\n"), ("?tag=v1", "FROM one\n"),
            ("?ref=v1&checksum=\(first.prefix(12))", "FROM one\n"), ("#refs/heads/side", "FROM two\n"),
        ] {
            let source = try main(fragment)
            #expect(source.dockerfile.map { String(decoding: $0.bytes, as: UTF8.self) } == expected, "\(fragment)")
            #expect(!Files.exists(source.tree.directory + "/.git"))
        }
        #expect(throws: EngineError.self) { try main("#none") }
        #expect(throws: EngineError.self) { try main("#side", checksum: first) }
        #expect(throws: EngineError.self) { try main("#" + String(repeating: "a", count: 40)) }
        let below = try ContextSource(named: .git(address + "#v1:sub"), sandbox.tools)
        #expect(try Files.list(below.tree.directory) == ["s"])
        for path in ["none", "out", "up", "../../..", "Dockerfile"] {
            let found = try? ContextSource(named: .git(address + "#main:" + path), sandbox.tools)
            if let found { #expect(try Files.list(found.tree.directory).contains("Dockerfile"), "\(path)") }
        }
        #expect(!Files.exists(Self.marker))
        let kept = try ContextSource(named: .git(address + "?keep-git-dir=true"), sandbox.tools)
        #expect(Files.exists(kept.tree.directory + "/.git/HEAD"))
    }

    @Test(.enabled(if: hasGit, "git is not installed"))
    func aDockerfileNamesNoRepositoryOfTheMachine() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell(Self.repository)
        // Neither itself, nor by a submodule of another.
        #expect(try sandbox.failure("ADD file://\(sandbox.context)/repo /x") != "")
        #expect(try sandbox.failure("ADD git@localhost:x.git#-o /x").contains("refused"))
    }
}
