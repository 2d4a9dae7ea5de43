import Bytes
import JSON
import Testing

@testable import Dockerfile

@Suite struct RecordedTests {
    @Test func sentencesAreBuildKits() throws {
        let cases = try RecordedAnswers.cases("errors")
        #expect(cases.count > 180)
        for recorded in cases {
            var sentence: String?
            do throws(DockerfileError) { _ = try DryBuild(recorded) } catch { sentence = error.description }
            if recorded.differs == nil {
                #expect(sentence == recorded.answer.string, "\(recorded.dockerfile) \(recorded.flags)")
            } else {
                #expect(sentence != recorded.answer.string, "no longer differs: \(recorded.dockerfile)")
            }
        }
    }

    @Test func configurationsAreBuildKits() throws {
        let cases = try RecordedAnswers.cases("configurations")
        #expect(cases.count > 400)
        for recorded in cases {
            let theirs = Dictionary(
                (recorded.answer.members ?? []).map { ($0.name, Self.sorted($0.value)) }, uniquingKeysWith: { $1 })
            var ours: [String: JSONTree] = [:]
            do throws(DockerfileError) {
                ours = try DryBuild(recorded).configuration.mapValues(Self.sorted)
                for (name, value) in ours where value == .strings([String]()) { ours[name] = nil }
            } catch {
                ours = ["error": .string(error.description)]
            }
            if recorded.differs == nil {
                #expect(ours == theirs, "\(recorded.dockerfile) \(recorded.flags)")
            } else {
                #expect(ours != theirs, "no longer differs: \(recorded.dockerfile)")
            }
        }
    }

    @Test func documentsAreBuildKits() throws {
        let cases = try RecordedAnswers.cases("documents")
        #expect(cases.count > 20)
        for recorded in cases {
            do throws(DockerfileError) {
                let build = try DryBuild(recorded)
                guard case .copy(let copy) = build.instructions[build.target]?.last?.action else {
                    Issue.record("no COPY: \(recorded.dockerfile)")
                    continue
                }
                let content = copy.files.map { String(decoding: $0.content, as: UTF8.self) }
                #expect(content == [recorded.answer.string], "\(recorded.dockerfile)")
            } catch {
                #expect(recorded.answer["error"]?.string == error.description, "\(recorded.dockerfile)")
            }
        }
    }

    @Test func ignoredFilesAreBuildKits() throws {
        let files = try (RecordedAnswers.tree("files").array ?? []).compactMap(\.string) + [".dockerignore"]
        let cases = try RecordedAnswers.tree("ignore").array ?? []
        #expect(files.count > 20 && cases.count > 120)
        for recorded in cases {
            let text = recorded["ignore"]?.string ?? ""
            do throws(DockerfileError) {
                let matcher = try IgnoreMatcher(Array(text.utf8))
                let ignored = files.filter { matcher.ignores(Array($0.utf8)) }.sorted { $0.comes(before: $1) }
                let theirs = recorded["answer"]?.array?.compactMap(\.string).sorted { $0.comes(before: $1) }
                if recorded["differs"] != nil {
                    #expect(ignored != theirs, "no longer differs: \(text)")
                } else {
                    #expect(ignored == theirs, "\(text)")
                }
                for path in files where !ignored.has(path) {
                    #expect(!Self.prunesParent(of: path, matcher), "\(text): \(path)")
                }
            } catch {
                #expect(recorded["answer"]?["error"]?.string == error.sentence, "\(text)")
            }
        }
    }

    // What is kept must not be in a directory that is not read.
    private static func prunesParent(of path: String, _ matcher: IgnoreMatcher) -> Bool {
        let bytes = Array(path.utf8)
        return bytes.indices.contains { place in
            bytes[place] == UInt8(ascii: "/") && matcher.ignores(Array(bytes[..<place]))
                && matcher.prunes(bytes[..<place])
        }
    }

    // Objects are sets here: their members have no order.
    private static func sorted(_ tree: JSONTree) -> JSONTree {
        guard case .object(let members) = tree else { return tree }
        return .object(members.sorted { $0.name.comes(before: $1.name) })
    }
}
