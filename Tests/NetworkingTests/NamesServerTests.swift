import Addresses
import Glibc
import Linux
import TestSupport
import Testing

@testable import Networking

@Suite("The resolver of a container")
struct NamesServerTests {
    @Test("local names are answered, and those of their addresses")
    func local() throws {
        let bench = try Bench([])
        #expect(try bench.dig("+short", "WEB.net", "A") == "10.0.0.1\n")
        #expect(try bench.dig("+short", "+tcp", "web.net", "AAAA") == "fd00::1\n")
        #expect(try bench.dig("+short", "-x", "10.0.0.1") == "web.net.\n")
        #expect(try bench.dig("+short", "-x", "fd00::1") == "web.net.\n")
        let none = try bench.dig("only4", "AAAA")
        #expect(none.contains("status: NOERROR") && none.contains("ANSWER: 0"))
        let whole = try bench.dig("WeB.net", "A")
        #expect(whole.contains("WeB.net.") && whole.contains(" aa ") && whole.contains("600") && whole.contains("EDNS"))
        #expect(try bench.dig("+edns=1", "+noednsnegotiation", "web.net").contains("status: BADVERS"))
        #expect(try bench.dig("web.net", "+opcode=STATUS").contains("status: NOTIMP"))
    }

    @Test("the addresses of one name take turns, and more than fit are asked for by TCP")
    func several() throws {
        let bench = try Bench([])
        let first = try bench.dig("+short", "+noedns", "pair").split(whereSeparator: \.isNewline)
        let second = try bench.dig("+short", "+noedns", "pair").split(whereSeparator: \.isNewline)
        #expect(first.count == 2 && second == first.reversed())
        #expect(try bench.dig("+ignore", "+noedns", "crowd").contains(" tc "))
        #expect(try bench.dig("+noedns", "crowd").contains("ANSWER: 100"))
        #expect(try bench.dig("+bufsize=4096", "+ignore", "crowd").contains("ANSWER: 100"))
    }

    @Test("without servers, and where none answers, the question fails")
    func nobody() throws {
        #expect(try Bench([]).dig("example.org").contains("status: SERVFAIL"))
        #expect(try Bench(["dead"]).dig("example.org").contains("status: SERVFAIL"))
        #expect(try Bench(["dead"]).dig("+tcp", "example.org").contains("status: SERVFAIL"))
    }

    @Test(
        "the next server is asked where one fails",
        arguments: ["dead", "silent", "servfail", "refused", "slow", "liar"])
    func next(_ mode: String) throws {
        let bench = try Bench([mode, "good"])
        #expect(try bench.dig("+short", "ExamPle.org") == "10.9.0.1\n")
        #expect(try bench.dig("+short", "+tcp", "example.org") == "10.9.0.1\n")
    }

    @Test("an answer counts that comes when another has been asked")
    func late() throws {
        #expect(try Bench(["late"]).dig("+short", "example.org") == "10.9.0.1\n")
        #expect(try Bench(["late", "silent"]).dig("+short", "example.org") == "10.9.0.1\n")
    }

    @Test("what a server says is passed on")
    func passedOn() throws {
        #expect(try Bench(["nxdomain"]).dig("example.org").contains("status: NXDOMAIN"))
        #expect(try Bench(["refused"]).dig("example.org").contains("status: REFUSED"))
        let big = try Bench(["big"])
        #expect(try big.dig("+bufsize=8192", "+ignore", "example.org").contains("ANSWER: 256"))
        #expect(try big.dig("+bufsize=1232", "+ignore", "example.org").contains(" tc "))
        #expect(try big.dig("+bufsize=1232", "example.org").contains("ANSWER: 256"))
        #expect(try Bench(["truncated"]).dig("example.org").contains("ANSWER: 256"))
        #expect(try Bench(["huge"]).dig("+tcp", "example.org").contains("ANSWER: 4000"))
    }

    @Test("many questions on one connection")
    func pipelined() throws {
        let bench = try Bench(["slow"])
        let script = """
            import socket, struct, sys
            c = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
            def q(i, n): return struct.pack('>HHHHHH', i, 256, 1, 0, 0, 0) + bytes([len(n)]) + n + b'\\0\\0\\x01\\0\\x01'
            for i in range(200):
                m = q(i, b'pair' if i % 2 else b'example')
                c.sendall(struct.pack('>H', len(m)) + m)
            c.shutdown(socket.SHUT_WR)
            f = c.makefile('rb'); seen = set()
            while True:
                h = f.read(2)
                if not h: break
                m = f.read(struct.unpack('>H', h)[0])
                assert m[3] & 15 == 0 and m[7] == (2 if m[1] % 2 else 1), m
                seen.add(m[1])
            print(len(seen))
            """
        #expect(try bench.run("/usr/bin/python3", ["-c", script, "\(bench.port)"]).contains("200\n"))
    }

    @Test("more questions than may wait fail at once, and rubbish is survived")
    func flood() throws {
        let bench = try Bench(["silent"])
        let script = """
            import os, random, socket, struct, sys, time
            c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); c.connect(('127.0.0.1', int(sys.argv[1])))
            c.settimeout(20)
            for i in range(300):
                if i % 50 == 0: time.sleep(0.2)
                c.send(struct.pack('>HHHHHH', i, 256, 1, 0, 0, 0) + b'\\x01a\\0\\0\\x01\\0\\x01')
            fast = [c.recv(512) for i in range(44)]
            print(len([m for m in fast if m[3] & 15 == 2 and struct.unpack('>H', m[:2])[0] >= 256]), 'refused')
            for i in range(2000): c.send(os.urandom(random.randrange(100)))
            for i in range(70):
                t = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
                try: t.sendall(os.urandom(2000))
                except OSError: pass
            print('sent')
            """
        let text = try bench.run("/usr/bin/python3", ["-c", script, "\(bench.port)"])
        #expect(text.contains("44 refused\nsent"))
        #expect(try bench.dig("+short", "web.net") == "10.0.0.1\n")
    }

    @Test("a policy says which names are asked for, and learns of the answers")
    func policy() throws {
        let policy = Policy()
        let bench = try Bench(["good"], policy: policy)
        #expect(try bench.dig("bad.example").contains("status: REFUSED"))
        #expect(try bench.dig("+short", "Good.example") == "10.9.0.1\n")
        #expect(try bench.dig("+short", "web.net") == "10.0.0.1\n")
        #expect(policy.seen == ["good.example 10.9.0.1 60"])
    }

    @Test("a resolv.conf is followed as it changes")
    func followed() throws {
        var template = Array("/tmp/names.XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        close(descriptor)
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer { unlink(path) }
        try Files.write(Array("nameserver 10.0.0.1\n".utf8), to: path)
        var list = ServerList(.host(path: path))
        #expect(list.current().map(\.description) == ["10.0.0.1:53"])
        try Files.write(Array("nameserver 10.0.0.22\n".utf8), to: path)
        #expect(list.current().map(\.description) == ["10.0.0.1:53"])
        usleep(1_100_000)
        #expect(list.current().map(\.description) == ["10.0.0.22:53"])
        unlink(path)
        usleep(1_100_000)
        #expect(list.current().isEmpty)
    }
}
