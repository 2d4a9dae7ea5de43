import Bytes
import Dockerfile
import Errors
import Linux
import OCI
import Testing

@testable import Build

/// What `body` complains of; empty where it does not.
func complaint(_ body: () throws(OptionError) -> Void) -> String {
    do throws(OptionError) { try body() } catch { return error.description }
    return ""
}

@Suite struct RequestTests {
    /// A directory with the file "f" and the directory "d", which is removed afterwards.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = "/tmp/apus-request.\(randomHex(bytes: 6))"
        try Files.makeDirectories("\(folder)/d")
        try Files.write(Array("x".utf8), to: "\(folder)/f")
        defer { do throws(SystemError) { try Files.removeTree(folder) } catch { Issue.record(error) } }
        try body(folder)
    }

    @Test func argumentsAndLabelsHaveNames() throws {
        func caller(_ name: String) -> String? { name == "HOME" ? "/h" : nil }
        #expect(try KeyValueOption.argument("A=b=c", caller: caller).map { [$0.name, $0.value] } == ["A", "b=c"])
        #expect(try KeyValueOption.argument("HOME", caller: caller).map { [$0.name, $0.value] } == ["HOME", "/h"])
        #expect(try KeyValueOption.argument("NOPE", caller: caller) == nil)
        #expect(try KeyValueOption.argument("A=", caller: caller)?.value == "")
        for text in ["", "=x"] {
            #expect(
                complaint { () throws(OptionError) in _ = try KeyValueOption.argument(text, caller: caller) }
                    == "invalid key-value pair \"\(text)\": empty key")
            #expect(
                complaint { () throws(OptionError) in _ = try KeyValueOption.label(text) }
                    == "invalid key-value pair \"\(text)\": empty key")
        }
        #expect(try KeyValueOption.label("a").value == "")
        // An accent on the equals sign does not hide it.
        #expect(try KeyValueOption.label("a=\u{301}b").key == "a")
    }

    @Test(
        arguments: [
            ("5", 5), ("-5", -5), ("", nil), ("9223372036854775807", Int64.max),
        ] as [(String, Int64?)])
    func anEpochIsANumber(_ text: String, _ seconds: Int64?) throws {
        #expect(try SourceDateEpoch.seconds(text) == seconds)
    }

    @Test func anEpochThatIsNoneIsRefused() {
        #expect(
            complaint { () throws(OptionError) in _ = try SourceDateEpoch.seconds("abc") }
                == "failed to solve: invalid SOURCE_DATE_EPOCH: abc: strconv.ParseInt: parsing \"abc\": invalid syntax")
        #expect(
            complaint { () throws(OptionError) in _ = try SourceDateEpoch.seconds("9223372036854775808") }
                .hasSuffix("value out of range"))
    }

    @Test func secretsAreVariablesOrFiles() throws {
        try withFolder { folder throws in
            func read(_ text: String) throws(OptionError) -> String? {
                guard
                    let (id, secret) = try SecretOption.read(
                        text, directory: folder, caller: { $0 == "TOKEN" ? "t" : nil })
                else { return nil }
                switch secret {
                case .file(let path): return "\(id) file \(path)"
                case .value(let bytes): return "\(id) value \(String(decoding: bytes, as: UTF8.self))"
                }
            }
            let good: [(String, String?)] = [
                ("", nil), ("id=TOKEN", "TOKEN value t"), ("id=f", "f file \(folder)/f"),
                ("id=a,src=f", "a file \(folder)/f"), ("id=a,source=\(folder)/f", "a file \(folder)/f"),
                ("id=a,env=TOKEN", "a value t"), ("id=a,env=NOPE", "a value "),
                ("ID=a,type=env,src=TOKEN", "a value t"),
                ("id=a,type=file,src=f", "a file \(folder)/f"), ("id=a,\"src=f\"", "a file \(folder)/f"),
            ]
            for (text, wanted) in good { #expect(try read(text) == wanted, "\(text)") }
            let bad = [
                ("foo", "invalid field 'foo' must be a key=value pair"),
                ("id=a,type=bogus,src=f", "unsupported secret type \"bogus\""),
                ("id=a,bogus=f", "unexpected key 'bogus' in 'bogus=f'"), ("src=f", "secret missing ID"),
                ("env=TOKEN", "secret missing ID"),
                ("id=a,src=/nonexistent", "failed to stat /nonexistent: stat /nonexistent: no such file or directory"),
                ("id=foo", "failed to stat foo: stat foo: no such file or directory"),
                ("id=a,src=d", "secret d is a directory: name a file"),
                ("id=a,\"src=f", "parse error on line 1: extraneous or missing \" in quoted-field"),
            ]
            for (text, wanted) in bad {
                #expect(complaint { () throws(OptionError) in _ = try read(text) } == wanted, "\(text)")
            }
            try Files.write([UInt8](repeating: 0, count: SecretOption.sizeLimit + 1), to: "\(folder)/f")
            #expect(
                complaint { () throws(OptionError) in _ = try read("id=f") } == "secret f too big. max size 500KB")
        }
    }

    @Test func agentsAreSocketsOrKeys() throws {
        try withFolder { folder throws in
            func read(_ text: String, socket: String? = nil) throws(OptionError) -> String? {
                guard
                    let (id, agent) = try AgentOption.read(
                        text, directory: folder, caller: { $0 == "SSH_AUTH_SOCK" ? socket : nil })
                else { return nil }
                switch agent {
                case .socket(let path): return "\(id) socket \(path)"
                case .keys(let paths): return "\(id) keys \(paths.joined(separator: " "))"
                }
            }
            let listener = try UnixSocket.listen(at: folder + "/s")
            #expect(listener.rawValue >= 0)
            #expect(try read("") == nil)
            #expect(try read("default", socket: "\(folder)/s") == "default socket \(folder)/s")
            #expect(try read("a=s") == "a socket \(folder)/s")
            #expect(try read("=f") == "default keys \(folder)/f")
            #expect(try read("a=f,\(folder)/f") == "a keys \(folder)/f \(folder)/f")
            let bad = [
                ("default", "invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set"),
                ("id=/nonexistent", "failed to convert agent config for ID: \"id\": stat /nonexistent: no such file"),
                ("a=x=y", "stat x=y: no such file or directory"), ("a=d", "neither a socket nor a file with a key"),
                ("a=s,s", "only one socket can be given"), ("a=s,f", "give either a socket or files with keys"),
            ]
            for (text, wanted) in bad {
                #expect(complaint { () throws(OptionError) in _ = try read(text) }.contains(wanted), "\(text)")
            }
        }
    }

    @Test func contextsAreDirectoriesBeforeTheyAreURLs() throws {
        try withFolder { folder throws in
            try Files.makeDirectories("\(folder)/github.com/x")
            func read(_ text: String) throws(OptionError) -> ContextArgument {
                try ContextArgument(text, directory: folder)
            }
            let good: [(String, ContextArgument)] = [
                ("-", .standardInput), (".", .directory(folder)), ("d", .directory("\(folder)/d")),
                ("./d//../d/", .directory("\(folder)/d/../d")),
                ("/", .directory("/")), ("github.com/x", .directory("\(folder)/github.com/x")),
                ("github.com/y/z", .git("https://github.com/y/z")), ("git://h/x", .git("git://h/x")),
                ("git@h:x/y.git", .git("git@h:x/y.git")), ("me@h.example:x", .git("me@h.example:x")),
                ("ssh://h/x", .git("ssh://h/x")), ("https://h/x.git", .git("https://h/x.git")),
                ("https://h/x.git#main:sub", .git("https://h/x.git#main:sub")),
                ("http://h/x.tar", .url("http://h/x.tar")),
                ("https://h/x.gitx", .url("https://h/x.gitx")), ("https://h/x#y.git", .url("https://h/x#y.git")),
            ]
            for (text, wanted) in good { #expect(try read(text) == wanted, "\(text)") }
            let bad = [
                ("", "please specify build context (e.g. \".\" for the current directory)"),
                ("nothere", "unable to prepare context: path \"nothere\" not found"),
                ("f", "unable to prepare context: path \"f\" not found"),
                ("f/x", "unable to prepare context: path \"f/x\": not a directory"),
                ("ftp://h/x", "unable to prepare context: path \"ftp://h/x\" not found"),
            ]
            for (text, wanted) in bad {
                #expect(complaint { () throws(OptionError) in _ = try read(text) } == wanted, "\(text)")
            }
        }
    }

    @Test func namedContextsAreImagesLayoutsURLsAndDirectories() throws {
        try withFolder { folder throws in
            let digest = "sha256:" + String(repeating: "0", count: 64)
            let index = #"{"manifests":[{"mediaType":"\#(MediaType.ociManifest)","digest":"\#(digest)","size":1}]}"#
            try Files.write(Array(index.utf8), to: "\(folder)/d/index.json")
            func read(_ text: String) throws(OptionError) -> String {
                let (name, context) = try NamedContextOption.read(text, directory: folder)
                switch context {
                case .directory(let path): return "\(name) directory \(path)"
                case .image(let image): return "\(name) image \(image)"
                case .layout(let path, let reference): return "\(name) layout \(path) \(reference ?? "-")"
                case .git(let url, _): return "\(name) git \(url)"
                case .url(let url): return "\(name) url \(url)"
                case .archive, .empty: return name
                }
            }
            let good = [
                ("foo=d", "foo directory \(folder)/d"), ("docker.io/library/foo:latest=d", "foo directory \(folder)/d"),
                ("foo:1=d", "foo:1 directory \(folder)/d"), ("foo=docker-image://alpine:3", "foo image alpine:3"),
                ("foo=oci-layout://d", "foo layout \(folder)/d -"),
                ("foo=oci-layout://d:1", "foo layout \(folder)/d 1"),
                ("foo=oci-layout://\(folder)/d@\(digest)", "foo layout \(folder)/d \(digest)"),
                ("foo=https://h/x.git", "foo git https://h/x.git"), ("foo=https://h/x", "foo url https://h/x"),
            ]
            for (text, wanted) in good { #expect(try read(text) == wanted, "\(text)") }
            let bad = [
                ("foo", "invalid context value: foo, expected key=value"),
                ("=x", "invalid context name : invalid reference format"), ("UP=d", "must be lowercase"),
                ("foo=/nonexistent", "failed to get build context foo: stat /nonexistent: no such file or directory"),
                ("foo=", "failed to get build context foo: stat : no such file or directory"),
                ("foo=f", "failed to get build context foo: f is not a directory"),
                ("foo=docker-image://", "invalid image in build context foo"),
                ("foo=oci-layout://nope", "could not be resolved"), ("foo=target:x", "only a bake has targets"),
                ("foo=oci-layout://d@sha256:1", "has no digest"),
            ]
            for (text, wanted) in bad {
                #expect(complaint { () throws(OptionError) in _ = try read(text) }.contains(wanted), "\(text)")
            }
        }
    }

    @Test func anArchiveIsToldFromADockerfile() throws {
        var header = [UInt8](repeating: 0, count: 512)
        header[0] = UInt8(ascii: "f")
        header.replaceSubrange(100..<107, with: Array("0000644".utf8))
        var sum = 8 * 32
        for (place, byte) in header.enumerated() where !(148..<156).contains(place) { sum += Int(byte) }
        header.replaceSubrange(
            148..<156, with: Array(String(sum, radix: 8).utf8) + [0] + [UInt8](repeating: 32, count: 3))
        #expect(ContextContent.isArchive(header))
        header[0] = UInt8(ascii: "g")
        #expect(!ContextContent.isArchive(header))
        #expect(ContextContent.isArchive([0x1f, 0x8b, 0x08, 0]))
        #expect(!ContextContent.isArchive(Array("FROM scratch\n".utf8)))
        #expect(!ContextContent.isArchive(Array(("FROM scratch\n" + String(repeating: "#", count: 600)).utf8)))
        #expect(!ContextContent.isArchive([]))
        #expect(!ContextContent.isArchive([UInt8](repeating: 0, count: 512)))
    }
}
