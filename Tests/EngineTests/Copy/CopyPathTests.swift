import Errors
import Testing

import Trees
@testable import Engine

@Suite struct CopyPathTests {
    private func clean(_ text: String) -> String { CopyPath.text(CopyPath.clean(Array(text.utf8))) }

    /// As Go's path/filepath has them.
    @Test func pathsAreCleanedAsByGo() {
        let cases = [
            "": ".", ".": ".", "/": "/", "//": "/", "a/b/../c": "a/c", "/../a": "/a", "../a": "../a", "a/../..": "..",
            "a//b/./c/": "a/b/c", "/a/..": "/", "./a": "a",
        ]
        for (path, cleaned) in cases { #expect(clean(path) == cleaned, "\(path)") }
    }

    @Test func theEndOfAPathSaysWhatItIs() {
        func end(_ cleaned: String, _ original: String) -> String {
            CopyPath.text(CopyPath.keepingEnd(Array(cleaned.utf8), of: Array(original.utf8)))
        }
        #expect(end("/a", "a/") == "/a/")
        #expect(end("/a", "a/.") == "/a/.")
        #expect(end("/", "/") == "/")
        #expect(end("/a", "a") == "/a")
        #expect(CopyPath.assertsDirectory(Array("a/.".utf8)) && !CopyPath.assertsDirectory(Array("a".utf8)))
    }

    @Test func aPlanFollowsWhatIsThere() throws {
        func end(_ path: String, exists: Bool = false, isDirectory: Bool = false) -> CopyEnd {
            CopyEnd(path: Array(path.utf8), exists: exists, isDirectory: isDirectory)
        }
        let (file, directory) = (end("/s/f", exists: true), end("/s/d", exists: true, isDirectory: true))
        let content = end("/s/d/.", exists: true, isDirectory: true)
        func plan(_ source: CopyEnd, _ target: CopyEnd) throws(EngineError) -> String {
            let plan = try CopyPlan(from: source, to: target)
            return CopyPath.text(plan.directory) + " " + (plan.name.map(CopyPath.text) ?? "-")
        }
        #expect(try plan(file, end("/t", exists: true, isDirectory: true)) == "/t f")
        #expect(try plan(directory, end("/t", exists: true, isDirectory: true)) == "/t d")
        #expect(try plan(content, end("/t", exists: true, isDirectory: true)) == "/t -")
        #expect(try plan(content, end("/t/new")) == "/t new")
        #expect(try plan(file, end("/t/new")) == "/t new")
        let missing = #expect(throws: EngineError.self) { try plan(file, end("/t/new/")) }
        #expect(missing?.message == "no such directory")
        let taken = #expect(throws: EngineError.self) { try plan(directory, end("/t/x", exists: true)) }
        #expect(taken?.message == "cannot copy directory")
    }
}
