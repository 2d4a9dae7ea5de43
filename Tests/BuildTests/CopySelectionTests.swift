import Errors
import Glibc
import Linux
import OCI
import TestSupport
import Testing

@testable import Build

/// What a selection knows of files, and what it remembers of them.
@Suite struct CopySelectionTests {
    private func digest(_ sandbox: CopySandbox, _ line: String = "COPY . /x/") throws -> String {
        try sandbox.step(line).select(sandbox.tools).digest.description
    }

    @Test func digestIsOfWhatTheLayerGets() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell("mkdir -p d/e; echo a > d/a; echo b > d/e/b; ln -s a d/l; echo c > c; ln d/a d/hard")
        var last = try digest(sandbox)
        // Times and what the files are called by the machine do not count.
        try sandbox.shell("touch -d 2001-01-01 d/a d/e d; cp -a d copy; rm -r d; mv copy d")
        #expect(try digest(sandbox) == last)
        for change in [
            "echo A > d/a", "chmod 600 d/e/b", "chmod 711 d/e", "ln -sfn b d/l", "mv c C", "mkdir d/empty",
            "setfattr -n user.x -v 1 d/e/b", "setfattr -n user.x -v 2 d/e/b", "setfattr -n user.y -v 1 d/e",
            "rm d/l; echo a > d/l",
            "mkfifo d/pipe", "rm d/hard; cp -p d/a d/hard", "printf 'A\\n\\0' > d/a",
        ] {
            try sandbox.shell(change)
            let now = try digest(sandbox)
            #expect(now != last, "\(change)")
            last = now
        }
    }

    @Test func digestIsNotOfWhatIsLeftOut() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell("mkdir out d; echo a > d/a; echo secret > out/s; echo out > .dockerignore")
        let (all, one) = (try digest(sandbox), try digest(sandbox, "COPY d /x/"))
        try sandbox.shell("echo other > out/s; echo new > out/t")
        #expect(try digest(sandbox) == all)
        try sandbox.shell("echo b > b")
        #expect(try digest(sandbox) != all)
        #expect(try digest(sandbox, "COPY d /x/") == one)
    }

    @Test func namesOfFilesCount() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell("echo a > a; cp -p a b")
        #expect(try digest(sandbox, "COPY a /x/") != digest(sandbox, "COPY b /x/"))
    }

    // MARK: sums that are remembered

    private func settledFile(_ sandbox: CopySandbox, _ name: String) throws -> FileStamp {
        let status = try Files.status("\(sandbox.context)/\(name)")
        return FileStamp(status)
    }

    @Test func remembersSumsInAFile() throws {
        let sandbox = try CopySandbox()
        let directory = sandbox.path + "/sums/of/builds"
        let sums = try ContentSums(in: directory)
        func stamp(_ number: UInt64) -> FileStamp {
            FileStamp(device: number % 3, inode: number, size: number * 7, modified: -5, changed: Int64(number))
        }
        for number in 1...500 as ClosedRange<UInt64> {
            let sum = ContentSum((number, 2, 3, .max))
            sums.remember(stamp(number), .init(sum: sum, hasAttributes: number % 2 == 0))
        }
        #expect(sums.known(stamp(7))?.sum == ContentSum((7, 2, 3, .max)))
        try sums.save()
        // Another build has it, too, and adds to it.
        let second = try ContentSums(in: directory)
        for number in 1...500 as ClosedRange<UInt64> {
            let known = second.known(stamp(number))
            #expect(known?.sum == ContentSum((number, 2, 3, .max)) && known?.hasAttributes == (number % 2 == 0))
        }
        let changed = FileStamp(device: 1, inode: 7, size: 49, modified: -5, changed: 8)
        #expect(second.known(changed) == nil)
        second.remember(changed, .init(sum: .none, hasAttributes: false))
        try second.save()
        let third = try ContentSums(in: directory)
        #expect(
            third.known(changed)?.sum == ContentSum.none && third.known(stamp(7)) == nil && third.known(stamp(8)) != nil
        )
        #expect(try Files.list(directory).sorted() == ["contents", "contents.lock"])
    }

    @Test func damagedSumsAreNone() throws {
        let sandbox = try CopySandbox()
        let directory = sandbox.path + "/sums"
        let sums = try ContentSums(in: directory)
        let stamp = FileStamp(device: 1, inode: 2, size: 3, modified: 4, changed: 5)
        sums.remember(stamp, .init(sum: ContentSum((1, 2, 3, 4)), hasAttributes: false))
        try sums.save()
        let whole = try Files.read(directory + "/contents", limit: 1 << 20)
        #expect(whole.count == 16 + 80 + 32)
        for place in whole.indices {
            var damaged = whole
            damaged[place] ^= 0x10
            try Files.write(damaged, to: directory + "/contents")
            #expect(try ContentSums(in: directory).known(stamp) == nil, "byte \(place)")
        }
        for length in [0, 1, 16, 47, 48, 127] {
            try Files.write(Array(whole[..<length]), to: directory + "/contents")
            #expect(try ContentSums(in: directory).known(stamp) == nil)
        }
        // And are written anew.
        let again = try ContentSums(in: directory)
        again.remember(stamp, .init(sum: ContentSum((1, 2, 3, 4)), hasAttributes: false))
        try again.save()
        #expect(try Files.read(directory + "/contents", limit: 1 << 20).count == whole.count)
    }

    @Test func manyBuildsSaveSumsAtOnce() throws {
        let sandbox = try CopySandbox()
        let directory = sandbox.path + "/sums"
        let calls = try (0..<6 as Range<UInt64>).map { number in
            try begin {
                for round in 0..<5 as Range<UInt64> {
                    let sums = try ContentSums(in: directory)
                    let stamp = FileStamp(device: number, inode: round, size: 0, modified: 0, changed: 0)
                    sums.remember(stamp, .init(sum: ContentSum((number, round, 0, 0)), hasAttributes: false))
                    try sums.save()
                }
            }
        }
        for call in calls { try call.wait() }
        let all = try ContentSums(in: directory)
        for number in 0..<6 as Range<UInt64> {
            for round in 0..<5 as Range<UInt64> {
                #expect(all.known(FileStamp(device: number, inode: round, size: 0, modified: 0, changed: 0)) != nil)
            }
        }
    }

    @Test func doesNotTrustWhatIsFresh() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell("echo a > a; touch -d 2001-01-01 a")
        let selection = try sandbox.step("COPY a /x").select(sandbox.tools)
        // Its times can be set, but not that of its last change, which is now.
        #expect(selection.groups.first?.files.first?.isFresh == true)
        let sums = try ContentSums(in: sandbox.tools.paths.buildCache)
        #expect(try sums.known(settledFile(sandbox, "a")) == nil)
    }

    @Test func usesWhatItRemembers() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell("echo a > a")
        let sums = try ContentSums(in: sandbox.tools.paths.buildCache)
        sums.remember(try settledFile(sandbox, "a"), .init(sum: ContentSum((9, 9, 9, 9)), hasAttributes: false))
        try sums.save()
        let step = try sandbox.step("COPY a /x")
        let selection = try step.select(sandbox.tools)
        #expect(selection.groups.first?.files.first?.sum == ContentSum((9, 9, 9, 9)))
    }

    // MARK: files that change

    @Test(arguments: [
        "echo B > a", "chmod 755 a", "rm a; mkdir a", "rm a; ln -s /etc/passwd a", "rm a", "truncate -s 1 a",
    ])
    func doesNotCopyWhatWasNotSelected(_ change: String) throws {
        let sandbox = try CopySandbox()
        try sandbox.shell("echo b > a")
        let step = try sandbox.step("COPY a /x")
        let selection = try step.select(sandbox.tools)
        try sandbox.shell(change)
        let error = #expect(throws: EngineError.self) { try sandbox.execute(step, selection) }
        #expect(error?.message == "\"/a\" changed while it was copied: try again" && error?.kind == .conflict)
    }

    @Test func seesAChangeThatLeftNoTrace() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell("echo b > a; truncate -s 2M big")
        let step = try sandbox.step("COPY . /x/")
        var selection = try step.select(sandbox.tools)
        // As if the file had been changed and looked as before.
        for index in selection.groups[0].files.indices where selection.groups[0].files[index].kind == .regular {
            var copy = selection
            copy.groups[0].files[index].sum = ContentSum((1, 1, 1, 1))
            let error = #expect(throws: EngineError.self) { try sandbox.execute(step, copy) }
            #expect(error?.kind == .conflict)
        }
        selection.seal()
        _ = try sandbox.execute(step, selection)
    }

    @Test func copiesWhatWasSelectedAlone() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell("mkdir d; echo b > d/a")
        let step = try sandbox.step("COPY d /x")
        let selection = try step.select(sandbox.tools)
        try sandbox.shell("echo new > d/new")
        #expect(try sandbox.list(try sandbox.execute(step, selection)) == ["d 755 0:0 x", "f 644 0:0 x/a"])
    }

    @Test func worksInSeveralThreads() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell("mkdir d; for i in $(seq 50); do echo $i > d/$i; done")
        let base = try sandbox.layer("mkdir etc")
        let calls = try (0..<4).map { _ in
            try begin { try sandbox.list(try sandbox.copy("COPY d /x", on: [base])).count }
        }
        for call in calls { #expect(try call.wait() == 51) }
    }

    @Test func endsWithTheBuild() throws {
        let sandbox = try CopySandbox()
        try sandbox.shell("echo a > a")
        let step = try sandbox.step("COPY a /x")
        let selection = try step.select(sandbox.tools)
        sandbox.tools.cancellation.cancel()
        let error = #expect(throws: EngineError.self) { try sandbox.execute(step, selection) }
        #expect(error?.kind == .cancelled)
    }
}
