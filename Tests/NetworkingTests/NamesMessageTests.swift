import Addresses
import Linux
import Testing

@testable import Networking

@Suite("Messages of the name system")
struct NamesMessageTests {
    private func question(_ name: [UInt8], type: UInt16 = 1, flags: UInt16 = 0x0100, rest: [UInt8] = []) -> [UInt8] {
        [0x12, 0x34, UInt8(flags >> 8), UInt8(flags & 255), 0, 1, 0, 0, 0, 0, 0, rest.isEmpty ? 0 : 1] + name
            + [UInt8(type >> 8), UInt8(type & 255), 0, 1] + rest
    }

    private func query(_ bytes: [UInt8]) throws -> DNSQuery {
        guard case .query(let query) = DNSQuery.read(bytes) else { throw Unreadable() }
        return query
    }

    private struct Unreadable: Error {}

    private func refusal(_ bytes: [UInt8]) -> UInt8? {
        if case .refusal(let answer) = DNSQuery.read(bytes) { answer[3] & 15 } else { nil }
    }

    private let web: [UInt8] = [3, 0x57, 0x65, 0x62, 0]

    @Test("a name reads back as it was written")
    func names() {
        #expect(DNSName("Web.Net1")?.text == "web.net1")
        #expect(DNSName("web.")?.wire == [3, 0x77, 0x65, 0x62, 0])
        for wrong in ["", ".", "a..b", ".a", String(repeating: "a", count: 64)] { #expect(DNSName(wrong) == nil) }
        let long = Array(repeating: String(repeating: "a", count: 63), count: 4).joined(separator: ".")
        #expect(DNSName(long) == nil)
        #expect(DNSName(String(long.dropLast(2)))?.wire.count == 255)
        #expect(DNSName(checked: [3, 0x61, 0x2e, 0xff, 0]).text == "a\\046\\255")
    }

    @Test("names of addresses are read")
    func reversed() {
        #expect(DNSName("4.3.18.172.in-addr.ARPA")?.reversedAddress == IPAddress("172.18.3.4"))
        let zeros = String(repeating: "0.", count: 23)
        #expect(DNSName("1." + zeros + "8.b.d.0.1.0.0.2.ip6.arpa")?.reversedAddress == IPAddress("2001:db8::1"))
        for wrong in ["3.18.172.in-addr.arpa", "256.1.1.1.in-addr.arpa", "x.ip6.arpa", "in-addr.arpa"] {
            #expect(DNSName(wrong)?.reversedAddress == nil)
        }
    }

    @Test("compression is undone, and loops are none")
    func compression() {
        var reader = DNSReader([1, 0x61, 0, 1, 0x62, 0xc0, 0, 7], at: 3)
        #expect(reader.name()?.text == "b.a")
        #expect(reader.byte() == 7)
        for wrong: [UInt8] in [
            [0xc0, 0], [0xc0, 2, 0], [0xc0, 2, 0xc0, 0], [1, 0x61, 0xc0, 0], [0xc0], [0x40, 1], [5, 1], [],
        ] {
            var reader = DNSReader(wrong)
            #expect(reader.name() == nil)
        }
        // A pointer to a pointer and so on: few are followed.
        var chain: [UInt8] = [0, 0xc0, 0]
        for hop in 0..<500 {
            let target = hop * 2 + 1
            chain += [0xc0 | UInt8(target >> 8), UInt8(target & 255)]
        }
        var far = DNSReader(chain, at: chain.count - 2)
        #expect(far.name() == nil)
        var near = DNSReader(chain, at: 21)
        #expect(near.name()?.wire == [0])
    }

    @Test("an answer keeps the question's case and number")
    func answer() throws {
        let asked = try query(question(web))
        let answer = asked.answer(.success, [.address(.v4(0x0a00_0001))], limit: 512)
        var expected: [UInt8] = [0x12, 0x34, 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]
        expected += web
        expected += [0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1, 0, 0, 2, 88, 0, 4, 10, 0, 0, 1]
        #expect(answer == expected)
        #expect(asked.accepts(answer, number: 0x1234))
        #expect(!asked.accepts(answer, number: 0x1235))
        #expect(!asked.accepts(asked.bytes, number: 0x1234))
        #expect(try !query(question([3, 0x57, 0x65, 0x63, 0])).accepts(answer, number: 0x1234))
        #expect(DNSQuery.addresses(in: answer) == ([.v4(0x0a00_0001)], 600))
        let lower = try query(question([3, 0x77, 0x65, 0x62, 0]))
        #expect(lower.accepts(answer, number: 0x1234))
        #expect(lower.relayed(answer, limit: 512)[13...15] == [0x77, 0x65, 0x62])
    }

    @Test("what does not fit is left out, and said")
    func truncation() throws {
        let many = (0..<100).map { DNSQuery.Record.address(.v4($0)) }
        let small = try query(question(web)).answer(.success, many, limit: 512)
        #expect(small.count <= 512)
        #expect(small[2] & 2 == 2)
        #expect(DNSQuery.addresses(in: small).addresses.count == (512 - 21) / 16)
        let asked = try query(question(web, rest: [0, 0, 41, 16, 0, 0, 0, 0x80, 0, 0, 0]))
        #expect(asked.datagramSize == 4096)
        let large = asked.answer(.success, many, limit: asked.datagramSize)
        #expect(large[2] & 2 == 0)
        #expect(large.suffix(11) == [0, 0, 41, 16, 0, 0, 0, 0x80, 0, 0, 0])
        let cut = try query(question(web)).relayed(large, limit: 512)
        #expect(cut.count == 21)
        #expect(cut[2] & 2 == 2)
    }

    @Test("what is no question is refused, or passed over")
    func malformed() {
        #expect(refusal(question([4, 0x57])) == 1)
        #expect(refusal(question([0xc0, 12])) == 1)
        #expect(refusal(question(web, flags: 0x2000)) == 4)
        #expect(refusal([0, 1, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0]) == 1)
        #expect(refusal(Array(question(web, rest: [0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 9]))) == 1)
        for silent in [[], [1, 2, 3], question(web, flags: 0x8000), Array(question(web).prefix(11))] {
            guard case .nothing = DNSQuery.read(silent) else {
                Issue.record("\(silent)")
                continue
            }
        }
    }

    @Test("no input stops the reader")
    func random() throws {
        let template = question(web, rest: [0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0])
        let asked = try query(template)
        let model = asked.answer(.success, [.address(.v4(1)), .address(.v6(1, 2))], limit: 4096)
        var readable = 0
        for round in 0..<50_000 {
            var bytes: [UInt8] = round % 3 == 1 ? template : model
            if round % 3 == 0 { bytes = (0..<Int.random(in: 0...80)).map { _ in UInt8.random(in: 0...255) } }
            for _ in 0..<Int.random(in: 0...4) where !bytes.isEmpty {
                bytes[.random(in: bytes.indices)] = .random(in: 0...255)
            }
            if Bool.random() { bytes.removeLast(.random(in: 0...bytes.count)) }
            if case .query(let read) = DNSQuery.read(bytes) {
                readable += 1
                _ = read.answer(.success, [.address(.v4(1))], limit: read.datagramSize)
                _ = (read.name.text, read.name.reversedAddress, read.accepts(model, number: 0x1234))
            }
            if asked.accepts(bytes, number: 0x1234) {
                _ = (asked.relayed(bytes, limit: 512), asked.relayed(bytes, limit: 30))
            }
            _ = DNSQuery.addresses(in: bytes)
        }
        #expect(readable > 0)
    }

    @Test("servers of a resolv.conf")
    func resolvConf() {
        let text =
            "# nameserver 9.9.9.9\nsearch a\nnameserver\t127.0.0.53\r\nnameserver fe80::1%7 # x\nnameserver bad\n"
        let servers = ServerList.servers(in: text + "nameserver 8.8.8.8\nnameserver 1.1.1.1\n")
        #expect(servers.map(\.description) == ["127.0.0.53:53", "[fe80::1]:53", "8.8.8.8:53"])
        #expect(servers[1].scope == 7)
    }
}
