import Errors
import Glibc
import Linux
import Store
import TestSupport
import Testing

@testable import Build

/// COPY and ADD as a whole. What is expected are the recorded answers of Docker 28.5's BuildKit to the same instructions.
@Suite struct CopyStepTests {
    private static let files = """
        mkdir -p dir/sub two home
        echo a > a.txt; echo b > b.txt; echo x > dir/x.txt; echo y > dir/y.md; echo z > dir/sub/z.txt
        chmod 700 dir; chmod 2755 dir/sub; ln -s a.txt link; ln -s dir dlink; ln -s /a.txt abs; ln -s nowhere dangling
        ln -s ../../../etc/passwd esc; ln dir/x.txt dir/xhard; mkfifo dir/fifo
        tar --owner=0 --group=0 -cf arch.tar -C dir x.txt sub; gzip -k arch.tar; echo '[' > 'we[ird'
        echo ign > ignored; mkdir igdir; echo keep > igdir/keep; echo no > igdir/no
        printf 'ignored\\nigdir/*\\n!igdir/keep\\n' > .dockerignore
        """
    private static let base = """
        mkdir -p real d; ln -s /real ln; echo f > file; ln -s /file fl; ln -s /real/new dang; chmod 711 d
        mkdir etc; echo bob:x:77:78::/:/bin/sh > etc/passwd; echo grp:x:99: > etc/group
        """

    private static let dirContent = [
        "d 2755 0:0 sub", "f 644 0:0 sub/z.txt", "f 644 0:0 x.txt", "f 644 0:0 xhard", "f 644 0:0 y.md",
        "p 644 0:0 fifo",
    ]

    private static func below(_ folder: String, _ lines: [String]) -> [String] {
        lines.map { line in
            var words = line.split(separator: " ").map(String.init)
            words[3] = folder + "/" + words[3]
            return words.joined(separator: " ")
        }
    }

    @Test func copiesWhatBuildKitCopies() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell(Self.files)
        let base = [try sandbox.layer(Self.base)]
        let dirInX = ["d 755 0:0 x"] + Self.below("x", Self.dirContent)
        let table: [(String, [String])] = [
            ("COPY missing* /x", []),
            ("COPY a.txt missing* /x/", ["d 755 0:0 x", "f 644 0:0 x/a.txt"]),
            ("COPY abs /x", ["f 644 0:0 x"]),
            ("COPY link /x/", ["d 755 0:0 x", "f 644 0:0 x/link"]),
            ("COPY dlink /x", dirInX),
            ("COPY dir/ /x", dirInX),
            ("COPY dir /d", ["d 711 0:0 d"] + Self.below("d", Self.dirContent)),
            ("COPY a.txt /d", ["d 711 0:0 d", "f 644 0:0 d/a.txt"]),
            ("COPY a.txt /fl", ["f 644 0:0 file"]),
            ("COPY a.txt /ln", ["d 755 0:0 real", "f 644 0:0 real/a.txt"]),
            ("COPY a.txt /ln/q/r", ["d 755 0:0 real", "d 755 0:0 real/q", "f 644 0:0 real/q/r"]),
            ("COPY a.txt /dang", ["d 755 0:0 real", "f 644 0:0 real/new"]),
            ("COPY a.txt /dang/", ["d 755 0:0 real", "d 755 0:0 real/new", "f 644 0:0 real/new/a.txt"]),
            ("COPY --chown=3 a.txt /x/y/", ["d 755 3:3 x", "d 755 3:3 x/y", "f 644 3:3 x/y/a.txt"]),
            ("COPY --chown=bob a.txt /x/", ["d 755 77:78 x", "f 644 77:78 x/a.txt"]),
            ("COPY --chown=bob:grp a.txt /x/", ["d 755 77:99 x", "f 644 77:99 x/a.txt"]),
            ("COPY --chown=77 a.txt /x/", ["d 755 77:77 x", "f 644 77:77 x/a.txt"]),
            ("COPY --chown=nobob a.txt /x/", ["d 755 0:0 x", "f 644 0:0 x/a.txt"]),
            ("COPY --chown=bob:nogrp a.txt /x/", ["d 755 77:78 x", "f 644 77:78 x/a.txt"]),
            ("COPY --chmod=0600 a.txt /x/y/", ["d 600 0:0 x", "d 600 0:0 x/y", "f 600 0:0 x/y/a.txt"]),
            ("COPY --chmod=a+x a.txt /x", ["f 755 0:0 x"]),
            ("COPY we[[]ird /x/", ["d 755 0:0 x", "f 644 0:0 x/we[ird"]),
            ("COPY igdir /x", ["d 755 0:0 x", "f 644 0:0 x/keep"]),
            ("COPY ../../a.txt /x/", ["d 755 0:0 x", "f 644 0:0 x/a.txt"]),
            ("COPY a.txt/ /x", ["f 644 0:0 x"]),
            ("COPY */x.txt /x/", ["d 755 0:0 x", "f 644 0:0 x/x.txt"]),
            (
                "COPY --exclude=*.md --exclude=sub --exclude=fifo dir /x/",
                ["d 755 0:0 x", "f 644 0:0 x/x.txt", "f 644 0:0 x/xhard"]
            ),
            (
                "ADD arch.tar /un",
                ["d 2755 0:0 un/sub", "d 755 0:0 un", "f 644 0:0 un/sub/z.txt", "f 644 0:0 un/x.txt"]
            ),
            (
                "ADD arch.tar.gz /un/",
                ["d 2755 0:0 un/sub", "d 755 0:0 un", "f 644 0:0 un/sub/z.txt", "f 644 0:0 un/x.txt"]
            ),
            (
                "ADD --chown=9:9 --chmod=0777 arch.tar /un/",
                ["d 2755 9:9 un/sub", "d 755 9:9 un", "f 644 9:9 un/sub/z.txt", "f 644 9:9 un/x.txt"]
            ),
            ("ADD --unpack=false arch.tar /un", ["f 644 0:0 un"]),
            ("COPY a.txt /x/..", ["f 644 0:0 a.txt"]),
            ("COPY --parents dir/x.txt /p/", ["d 700 0:0 p/dir", "d 755 0:0 p", "f 644 0:0 p/dir/x.txt"]),
            ("COPY --parents ./dir/./sub/z.txt /p/", ["d 2755 0:0 p/sub", "d 755 0:0 p", "f 644 0:0 p/sub/z.txt"]),
            ("COPY --parents */*.md /p/", ["d 700 0:0 p/dir", "d 755 0:0 p", "f 644 0:0 p/dir/y.md"]),
        ]
        for (line, expected) in table {
            #expect(Set(try sandbox.result(line, on: base)) == Set(expected), "\(line)")
        }
    }

    @Test func failsWithBuildKitsSentences() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell(Self.files)
        let base = [try sandbox.layer(Self.base)]
        let table = [
            ("COPY missing /x", "\"/missing\": not found"), ("COPY a.txt no/file /x/", "\"/no/file\": not found"),
            ("COPY dangling /x", "\"/dangling\": not found"), ("COPY ignored /x", "\"/ignored\": not found"),
            ("COPY igdir/no /x", "\"/igdir/no\": not found"), ("COPY a.txt/b /x", "\"/a.txt/b\": not found"),
            ("COPY dir /file", "cannot copy to non-directory: /file"),
            ("COPY a.txt /file/", "mkdir /file: not a directory"),
            ("COPY dir/sub /file/x", "mkdir /file: not a directory"),
            ("ADD arch.tar /file", "mkdir /file: not a directory"),
            ("COPY we[ird /x/", "we[ird: syntax error in pattern"),
            (
                "COPY --chmod=99 a.txt /x",
                "invalid chmod parameter: '99'. it should be octal string and between 0 and 07777"
            ),
        ]
        for (line, expected) in table { #expect(try sandbox.failure(line, on: base) == expected, "\(line)") }
    }

    @Test func keepsTimesLinksHolesAndAttributes() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell(
            """
            mkdir d; echo one > d/a; ln d/a d/b; touch -d '2001-02-03 04:05:06.789' d/a; ln -s 'some where' d/l
            truncate -s 8M d/hole; printf x | dd of=d/hole bs=1 seek=4194304 conv=notrunc status=none
            setfattr -n user.note -v hello d/a; touch -d '2002-01-01' d
            """)
        let upper = try sandbox.copy("COPY d /x", on: [try sandbox.layer("mkdir etc")])
        let text = try sandbox.shell(
            """
            cd \(upper)/x; stat -c '%h %Y' a; test a -ef b && echo same; readlink l
            test $(stat -c %b hole) -lt 1000 && echo sparse; cmp hole \(sandbox.context)/d/hole && echo equal
            getfattr --only-values -n user.note a; echo; stat -c %Y .
            """)
        #expect(text == "2 981173106\nsame\nsome where\nsparse\nequal\nhello\n1009843200\n")
    }

    @Test func writesLinkedLayersOnNothing() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell("echo a > a; chmod 600 a")
        let base = [try sandbox.layer(Self.base)]
        // Not through the link that is there.
        let expected = ["d 755 0:0 ln", "f 600 0:0 ln/a"]
        #expect(try sandbox.result("COPY --link a /ln/", on: base) == expected)
        #expect(try sandbox.result("COPY --link a /ln/") == expected)
        #expect(try sandbox.failure("COPY --link --chown=bob a /x", on: base).contains("use numbers"))
    }

    @Test func writesDocumentsOfTheDockerfile() throws {
        let sandbox = try CopySandbox()
        let upper = try sandbox.copy("COPY --chown=3:4 --chmod=750 <<one <<two /x/\n1\none\n2\ntwo", in: "/w")
        #expect(try sandbox.list(upper) == ["d 750 3:4 x", "f 750 3:4 x/one", "f 750 3:4 x/two"])
        #expect(try sandbox.shell("cat \(upper)/x/one \(upper)/x/two", inNamespace: true) == "1\n2\n")
    }

    @Test func goesByTheWorkingDirectory() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell("echo a > a; mkdir d; echo b > d/b")
        #expect(try sandbox.result("COPY a x", in: "/w/v").contains("f 644 0:0 w/v/x"))
        #expect(try sandbox.result("COPY a .", in: "/w/v").contains("f 644 0:0 w/v/a"))
        #expect(try sandbox.result("COPY d ./", in: "/w").contains("f 644 0:0 w/b"))
        #expect(try sandbox.result("COPY a /abs/", in: "/w") == ["d 755 0:0 abs", "f 644 0:0 abs/a"])
    }

    @Test func takesFilesOfLayersWithTheirOwners() throws {
        let sandbox = try CopySandbox()
        let low = try sandbox.layer("mkdir -p d/e; echo 1 > d/f; chown 5:6 d/f; echo 2 > d/gone; ln -s /d/f s")
        let high = try sandbox.layer("mkdir d; echo 3 > d/g; chown 7 d/g; chmod 4711 d/g")
        let step = try sandbox.step("COPY --from=0 /d /s /x/", from: .layers([low, high]))
        let selection = try step.select(sandbox.tools)
        let lines = try sandbox.list(try sandbox.execute(step, selection, on: [low]))
        #expect(
            Set(lines)
                == [
                    "d 755 0:0 x", "d 755 0:0 x/e", "f 644 5:6 x/f", "f 4711 7:0 x/g", "f 644 0:0 x/gone",
                    "f 644 5:6 x/s",
                ])
        #expect(try step.select(sandbox.tools).digest == selection.digest)
        let other = try sandbox.step("COPY --from=0 /d /s /x/", from: .layers([low]))
        #expect(try other.select(sandbox.tools).digest != selection.digest)
        let missing = try sandbox.step("COPY --from=0 /nothere /x/", from: .layers([low]))
        let error = #expect(throws: EngineError.self) { try missing.select(sandbox.tools) }
        #expect(error?.message == "\"/nothere\": not found")
        #expect(try sandbox.shell("ls -A \(sandbox.tools.layers.folder)") == "")
    }
}
