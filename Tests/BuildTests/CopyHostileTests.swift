import Errors
import Glibc
import Linux
import TestSupport
import Testing

@testable import Build

/// Trees, layers and archives that would have COPY read or write outside of them. Each has a secret or a victim outside, and a way there.
@Suite struct CopyHostileTests {
    private static let secret = "what is nobody else to see"

    /// A sandbox with a file outside of every root.
    private func sandbox() throws -> (sandbox: CopySandbox, secret: String) {
        let sandbox = try CopySandbox()
        let secret = sandbox.path + "/secret"
        try Files.write(Array(Self.secret.utf8), to: secret)
        return (sandbox, secret)
    }

    /// Links that lead to `path`, whose beginning is above the root they are in.
    private static func links(to path: String) -> [String] {
        [path, "../../../../../../../../../.." + path, "/proc/self/root" + path, "/../.." + path]
    }

    @Test func sourcesStayInTheContext() throws {
        let (sandbox, secret) = try sandbox()
        for link in Self.links(to: secret) {
            try sandbox.shell("ln -sfn '\(link)' l; ln -sfn '\(Files.split(link).parent)' d")
            for line in [
                "COPY l /x", "COPY d/secret /x", "COPY l* /x/", "COPY d/* /x/", "COPY --parents l/. /x/", "ADD l /x",
            ] {
                let upper = try? sandbox.copy(line)
                guard let upper else { continue }
                #expect(
                    try sandbox.shell("grep -rs '\(Self.secret)' \(upper) || true", inNamespace: true) == "",
                    "\(line) \(link)")
            }
        }
        for line in ["COPY ../secret /x", "COPY /../../secret /x", "COPY \(secret) /x", "COPY ../secre* /x/"] {
            let upper = try? sandbox.copy(line)
            if let upper { #expect(try sandbox.list(upper) == [], "\(line)") }
        }
    }

    @Test func linksInsideTheContextAreFollowedInside() throws {
        let (sandbox, _) = try sandbox()
        try sandbox.shell(
            "mkdir -p etc a/b; echo inner > etc/passwd; ln -s /../../etc/passwd a/b/l; ln -s ../../../../etc a/e")
        let upper = try sandbox.copy("COPY a/b/l a/e/passwd /x/")
        #expect(try sandbox.shell("cat \(upper)/x/l \(upper)/x/passwd", inNamespace: true) == "inner\ninner\n")
    }

    // CVE-2024-9407 and its like: the source of another stage or image is a link out of it.
    @Test func sourcesStayInTheirLayers() throws {
        let (sandbox, secret) = try sandbox()
        for link in Self.links(to: secret) {
            let layer = try sandbox.layer("ln -s '\(link)' l; ln -s '\(Files.split(link).parent)' d")
            for line in ["COPY --from=0 /l /x", "COPY --from=0 /d/secret /x", "COPY --from=0 /d/sec* /x/"] {
                let step = try sandbox.step(line, from: .layers([layer]))
                guard let selection = try? step.select(sandbox.tools), !selection.groups.isEmpty else { continue }
                let upper = try sandbox.execute(step, selection)
                #expect(
                    try sandbox.shell("grep -rs '\(Self.secret)' \(upper) || true", inNamespace: true) == "",
                    "\(line) \(link)")
            }
        }
    }

    // CVE-2024-1753 and its like: the destination is a link out of the root.
    @Test func destinationsStayInTheRoot() throws {
        let (sandbox, _) = try sandbox()
        let victim = sandbox.path + "/victim"
        try Files.makeDirectory(victim, mode: 0o777)
        try sandbox.shell(
            "mkdir -p evil/l evil/d; echo evil > evil/l/file; echo evil > f; tar cf a.tar f; chmod 777 ../victim")
        for link in Self.links(to: victim) {
            let base = try sandbox.layer("ln -s '\(link)' l; ln -s '\(link)/file' f")
            for line in [
                "COPY f /l/", "COPY f /l", "COPY f /l/deep/er", "COPY f /f", "COPY evil/l /l", "COPY evil /",
                "ADD a.tar /l/",
                "ADD a.tar /", "COPY <<f /l/\nx\nf", "COPY --link f /l/", "COPY --chown=3 f /l/new/",
                "COPY --parents evil/l/file /l/",
            ] {
                _ = try? sandbox.copy(line, on: [base])
                #expect(try Files.list(victim) == [], "\(line) \(link)")
            }
        }
    }

    @Test func namesAreLookedUpInTheRoot() throws {
        let (sandbox, _) = try sandbox()
        let outside = sandbox.path + "/passwd"
        try Files.write(Array("bob:x:7:7::/:/bin/sh\n".utf8), to: outside)
        try sandbox.shell("echo a > a")
        for link in Self.links(to: outside) {
            let base = try sandbox.layer("mkdir etc; ln -s '\(link)' etc/passwd")
            // Root is whom BuildKit takes for somebody who is nowhere.
            #expect(try sandbox.result("COPY --chown=bob a /x", on: [base]) == ["f 644 0:0 x"])
        }
        let base = try sandbox.layer("mkdir etc; mkfifo etc/passwd")
        #expect(try sandbox.failure("COPY --chown=bob a /x", on: [base]).contains("not a regular file"))
    }

    @Test func archivesStayInTheirDestination() throws {
        let (sandbox, _) = try sandbox()
        let victim = sandbox.path + "/victim"
        try Files.makeDirectory(victim, mode: 0o777)
        let archives = [
            "t = tarfile.TarInfo('../../../../../../..\(victim)/a'); add(t)",
            "t = tarfile.TarInfo('\(victim)/a'); add(t)",
            "link('l', '\(victim)'); t = tarfile.TarInfo('l/a'); add(t)",
            "link('l', '../../../../../../../../..\(victim)'); t = tarfile.TarInfo('l/a'); add(t)",
            "link('l', '\(victim)/a'); t = tarfile.TarInfo('l'); add(t)",
            "t = tarfile.TarInfo('h'); t.type = tarfile.LNKTYPE; t.linkname = '../../../../../..\(sandbox.path)/secret'; add(t)",
        ]
        for (number, body) in archives.enumerated() {
            let script = """
                import io, tarfile
                tar = tarfile.open('a\(number).tar', 'w')
                def add(t):
                    t.size = 4 if t.type == tarfile.REGTYPE else 0
                    tar.addfile(t, io.BytesIO(b'evil'))
                def link(name, target):
                    t = tarfile.TarInfo(name); t.type = tarfile.SYMTYPE; t.linkname = target; add(t)
                \(body)
                tar.close()
                """
            try Files.write(Array(script.utf8), to: sandbox.context + "/make.py")
            try sandbox.shell("python3 make.py")
            let base = try sandbox.layer("mkdir un")
            let upper = try? sandbox.copy("ADD a\(number).tar /un/", on: [base])
            #expect(try Files.list(victim) == [], "\(body)")
            if let upper {
                #expect(
                    try sandbox.shell("grep -rs '\(Self.secret)' \(upper) || true", inNamespace: true) == "", "\(body)")
            }
            // The same as a context.
            let file = try FileDescriptor.open("\(sandbox.context)/a\(number).tar", O_RDONLY)
            _ = try? ContextSource(named: .archive(file.rawValue), sandbox.tools)
            #expect(try Files.list(victim) == [], "\(body)")
        }
    }

    @Test func ignoredFilesAreNotReachedByLinks() throws {
        let (sandbox, _) = try sandbox()
        try sandbox.shell(
            "mkdir keys; echo private > keys/id; ln -s keys/id l; ln -s keys k; echo keys > .dockerignore")
        for line in [
            "COPY l /x", "COPY k/id /x", "COPY k /x", "COPY keys/../keys/id /x", "COPY keys/i* /x/", "COPY k* /x/",
        ] {
            let upper = try? sandbox.copy(line)
            if let upper { #expect(try sandbox.list(upper).allSatisfy { !$0.hasSuffix("id") }, "\(line)") }
        }
    }

    @Test func loopsOfLinksEnd() throws {
        let (sandbox, _) = try sandbox()
        try sandbox.shell("ln -s b a; ln -s a b; ln -s . self; echo f > f")
        #expect(try sandbox.failure("COPY a /x").contains("too many levels"))
        #expect(try sandbox.result("COPY self/self/self/f /x") == ["f 644 0:0 x"])
        let base = try sandbox.layer("ln -s b a; ln -s a b")
        #expect(try sandbox.failure("COPY f /a/x", on: [base]) != "")
        #expect(try sandbox.failure("COPY f /a", on: [base]) != "")
    }

    @Test func oddNamesAreBytes() throws {
        let (sandbox, _) = try sandbox()
        try sandbox.shell("mkdir d; printf x > $'d/\\xff\\n'; printf y > $'d/e\\u0301'; printf z > 'd/ $(x) '")
        let upper = try sandbox.copy("COPY d /x")
        #expect(
            try sandbox.shell(
                "cat \(upper)/x/$'\\xff\\n' \(upper)/x/$'e\\u0301' \(upper)/x/' $(x) '", inNamespace: true) == "xyz")
    }
}
