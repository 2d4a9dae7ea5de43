import Glibc
import Linux
import Testing

@Suite struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy"),
    ])
    func theExamplesOfTheSpecification(_ text: String, _ encoded: String) {
        #expect(Base64.encoded(Array(text.utf8)) == encoded)
        #expect(Base64.decoded(encoded.utf8) == Array(text.utf8))
        #expect(Base64.decoded(encoded.utf8.filter { $0 != 61 }) == Array(text.utf8))
    }

    @Test func everyByteIsKept() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(Base64.decoded(Base64.encoded(bytes).utf8) == bytes)
    }

    @Test(arguments: ["A", "AAAAA", "Zg=", "Zg===", "Z===", "====", "Zg==Zg==", "Zm8-", "Zm 9v", "Zm9v\n", "é"])
    func whatIsNoBase64IsRefused(_ text: String) { #expect(Base64.decoded(text.utf8) == nil) }
}

@Suite struct HexadecimalTests {
    @Test func percentSignsStandForBytes() {
        #expect(percentDecoded("a%2Fb%fF".utf8) == [97, 47, 98, 255])
        for text in ["%", "%1", "%+1", "%-1", "%g0", "%0g"] { #expect(percentDecoded(text.utf8) == nil) }
    }
}

@Suite struct NameTableTests {
    @Test(arguments: [("CAP_CHOWN", 0), ("CAP_SYS_ADMIN", 21), ("CAP_AUDIT_READ", 37), ("CAP_CHECKPOINT_RESTORE", 40)])
    func capabilitiesHaveTheKernelsNumbers(_ name: String, _ number: UInt8) {
        #expect(Capability.number(of: name) == number && Capability.names[Int(number)] == name)
    }

    @Test func resourcesHaveTheKernelsNumbers() {
        #expect(ResourceLimit.number(of: "RLIMIT_CPU") == 0 && ResourceLimit.number(of: "RLIMIT_NOFILE") == 7)
        #expect(ResourceLimit.number(of: "RLIMIT_AS") == 9 && ResourceLimit.number(of: "RLIMIT_RTTIME") == 15)
    }

    // The last is a KELVIN SIGN, which is canonically a K.
    @Test(arguments: ["", "CAP_", "chown", "CAP_CHOWNX", "cap_chown", "CAP_\u{212a}ILL"])
    func otherNamesAreNone(_ name: String) {
        #expect(Capability.number(of: name) == nil && ResourceLimit.number(of: name) == nil)
    }
}

@Suite struct SearchPathTests {
    @Test func entriesAreTriedInTheirOrder() {
        #expect(SearchPath("/a:/b").candidates(for: "x") == ["/a/x", "/b/x"])
        #expect(SearchPath("/a::rel:").candidates(for: "x") == ["/a/x", "./x", "rel/x", "./x"])
        #expect(SearchPath("/a::rel:/b", isAbsolute: true).candidates(for: "x") == ["/a/x", "/b/x"])
        #expect(SearchPath("/a").candidates(for: "./x") == ["./x"] && SearchPath("/a").candidates(for: "").isEmpty)
    }

    @Test func onlyAFileThatCanBeExecutedIsFound() throws {
        let folder = try TemporaryFolder()
        for name in ["a", "b", "c"] { try Files.makeDirectory("\(folder.path)/\(name)") }
        try Files.makeDirectory("\(folder.path)/a/tool")
        try Files.write([], to: "\(folder.path)/b/tool", mode: 0o644)
        try Files.write([], to: "\(folder.path)/c/tool", mode: 0o755)
        let path = SearchPath(["a", "b", "c"].map { "\(folder.path)/\($0)" })
        #expect(path.find("tool") == "\(folder.path)/c/tool")
        #expect(path.find("other") == nil && path.find("\(folder.path)/b/tool") == nil)
    }
}

@Suite struct UnixSocketTests {
    private func meet(_ path: String) throws {
        let listener = try UnixSocket.listen(at: path)
        let client = try UnixSocket.connect(.packets, to: path)
        let accepted = try #require(UnixSocket.accept(listener.rawValue))
        #expect(accepted.user == geteuid())
        let server = FileDescriptor(owning: accepted.connection)
        try PacketSocket.send([1, 2, 3], attachment: client.rawValue, to: client.rawValue)
        guard var packet = PacketSocket.receive(from: server.rawValue) else {
            Issue.record("nothing came")
            return
        }
        let bytes = packet.bytes
        let attachment = packet.attachment.take()
        #expect(bytes == [1, 2, 3] && attachment.number != nil)
    }

    @Test func aSocketIsReachedByAPathOfAnyLength() throws {
        let folder = try TemporaryFolder()
        var path = folder.path
        try meet(path + "/s")
        for _ in 0..<5 {
            path += "/" + String(repeating: "d", count: 60)
            try Files.makeDirectory(path)
        }
        try meet(path + "/s")
    }

    @Test func anAbstractNameIsOneToo() throws { try meet("@apus-test-\(randomHex(bytes: 8))") }

    @Test func whereNobodyListensTheKernelsAnswerIsThrown() throws {
        let folder = try TemporaryFolder()
        func errno(_ path: String) -> Errno? {
            do throws(SystemError) {
                _ = try UnixSocket.connect(.stream, to: path)
                return nil
            } catch { return error.errno }
        }
        try Files.write([], to: folder.path + "/file")
        #expect(errno(folder.path + "/none") == .noEntry && errno(folder.path + "/file") == Errno(ECONNREFUSED))
        #expect(errno("") == .noEntry && errno("@" + String(repeating: "x", count: 200)) == .nameTooLong)
        #expect(errno(folder.path + "/" + String(repeating: "x", count: 200)) == .nameTooLong)
    }
}

struct InterfaceNameTests {
    // What dev_valid_name() takes, and patterns besides.
    @Test func namesAreTheKernels() {
        for name in ["eth0", "a", "br-0123456789ab", "ü", "a.b", "...", "\u{1}\u{7f}"] {
            #expect(NetworkInterface.isName(name), "\(name)")
        }
        for name in ["", ".", "..", "a/b", "a:b", "a b", "a\tb", "a\u{b}", "0123456789abcdef", "eth%d", "à", "a\0b"] {
            #expect(!NetworkInterface.isName(name), "\(name)")
        }
    }
}

@Suite struct TimestampTests {
    /// The C library is the judge, of every month's ends and of moments far off.
    @Test func datesAreThoseOfTheCLibrary() {
        var moments = [0, -1, 1, 951_782_399, 951_782_400, 4_107_542_400, -62_135_596_800, 253_402_300_799]
        for year in -400...1600 {
            for day in [0, 58, 59, 60, 364, 365] { moments.append((year * 365 + year / 4 + day) * 86_400 + day * 131) }
        }
        for moment in moments where (-62_135_596_800...253_402_300_799).contains(moment) {
            var (value, time) = (moment, tm())
            gmtime_r(&value, &time)
            var text = [CChar](repeating: 0, count: 64)
            strftime(&text, text.count, "%m-%dT%H:%M:%S.000000007Z", &time)
            let year = String(Int(time.tm_year) + 1900)
            let rest = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let expected = String(repeating: "0", count: 4 - year.count) + year + "-" + rest
            #expect(Timestamp(seconds: moment, nanoseconds: 7).rfc3339 == expected)
        }
    }

    @Test func theEndsOfTimeAreNoEnd() {
        for seconds in [Int.min, Int.max] { #expect(Timestamp(seconds: seconds).rfc3339.hasSuffix(".000000000Z")) }
    }
}
