import Errors
import JSON
import Testing

@testable import ContainerSpec

/// Against what Docker 28.2's client and engine answered to the same texts.
@Suite struct PortMappingTests {
    private func parsed(_ text: String) -> [String] {
        do {
            return try PortMapping.parse(text).map { "\($0)" }
        } catch {
            #expect(error.isOfCommandLine)
            return ["error: \(error)"]
        }
    }

    @Test(
        arguments: [
            ("80", ["80/tcp"]), (":80", ["80/tcp"]), ("::80", ["80/tcp"]), ("80/", ["80/tcp"]), ("080", ["80/tcp"]),
            ("80/TCP", ["80/tcp"]), ("80/Sctp", ["80/sctp"]), ("80//tcp", ["80/tcp"]), ("80/udp/tcp", ["80/udp"]),
            ("80-82", ["80/tcp", "81/tcp", "82/tcp"]), ("80-80", ["80/tcp"]), ("::80-81", ["80/tcp", "81/tcp"]),
            ("8080:80", ["8080:80/tcp"]), ("065535:80", ["65535:80/tcp"]), ("8000-8000:80", ["8000:80/tcp"]),
            ("8000-8001:80-81", ["8000:80/tcp", "8001:81/tcp"]), ("8000-8005:80", ["8000-8005:80/tcp"]),
            ("1-2:3-4-5", ["1:3/tcp", "2:4/tcp"]), ("80-81-82:80", ["80-81:80/tcp"]), ("0:80", ["0:80/tcp"]),
            ("0", ["0/tcp"]), ("8080:0", ["8080:0/tcp"]), ("0-0:80", ["0:80/tcp"]), ("0-1:80", ["0-1:80/tcp"]),
            ("127.0.0.1::80", ["127.0.0.1::80/tcp"]), ("[1.2.3.4]:80:80", ["1.2.3.4:80:80/tcp"]),
            ("127.0.0.1:80-81:90-91/udp", ["127.0.0.1:80:90/udp", "127.0.0.1:81:91/udp"]),
            ("[::1]:8080:80", ["[::1]:8080:80/tcp"]), ("[::1]::80", ["[::1]::80/tcp"]), ("[]:80:80", ["80:80/tcp"]),
            ("::1:8080:80", ["[::1]:8080:80/tcp"]), ("::::80", ["[::]::80/tcp"]), ("::1", ["1/tcp"]),
            ("::ffff:1.2.3.4:80:80", ["[::ffff:1.2.3.4]:80:80/tcp"]),
            ("published=8080,target=80", ["8080:80/tcp"]), ("target=80", ["80/tcp"]),
            ("target=80,protocol=udp", ["80/udp"]), ("target=80,target=81,other=1", ["81/tcp"]),
            ("published=127.0.0.1:80,target=80", ["127.0.0.1:80:80/tcp"]),
        ] as [(String, [String])])
    func allForms(_ text: String, _ mappings: [String]) { #expect(parsed(text) == mappings) }

    @Test(arguments: [
        ("", "no port specified: <empty>"), (":", "no port specified: :<empty>"),
        ("8080:", "no port specified: 8080:<empty>"), ("/tcp", "no port specified: /tcp<empty>"),
        ("target=,published=1", "no port specified: 1:/tcp<empty>"),
        ("abc", "invalid containerPort: abc"), ("70000", "invalid containerPort: 70000"),
        (" 80", "invalid containerPort:  80"), ("+80", "invalid containerPort: +80"), ("-", "invalid containerPort: -"),
        ("80-", "invalid containerPort: 80-"), ("-80", "invalid containerPort: -80"),
        ("8080:81-80", "invalid containerPort: 81-80"), ("99999:x/foo", "invalid containerPort: x"),
        ("80-é", "invalid containerPort: 80-é"), ("65535-65536", "invalid containerPort: 65535-65536"),
        ("65536:80", "invalid hostPort: 65536"), ("8001-8000:80", "invalid hostPort: 8001-8000"),
        ("8000-:80", "invalid hostPort: 8000-"), ("8080/tcp:80/tcp", "invalid hostPort: 8080/tcp"),
        ("127.0.0.1:80", "invalid hostPort: 127.0.0.1"), ("99999:80/foo", "invalid hostPort: 99999"),
        ("8000:80-81", "invalid ranges specified for container and host Ports: 80-81 and 8000"),
        ("8000-8002:80-81/foo", "invalid ranges specified for container and host Ports: 80-81 and 8000-8002"),
        ("80/foo", "invalid proto: foo"), ("80/FOO", "invalid proto: FOO"),
        ("localhost:80:80", "invalid IP address: localhost"), ("a:b:c:d", "invalid IP address: a:b"),
        ("01.2.3.4:80:80", "invalid IP address: 01.2.3.4"), ("1.2.3:x:y", "invalid IP address: 1.2.3"),
        ("[::1%lo]:80:80", "invalid IP address: ::1%lo"), ("[:::1]:80:80", "invalid IP address: :::1"),
        (":::80", "invalid IP address: :"), ("1.2.3.4]:80:80", "invalid IP address: 1.2.3.4]"),
        ("[::1]:90", "invalid IP address [:: address [::: missing ']' in address"),
        ("[1.2.3.4:80:80", "invalid IP address [1.2.3.4: address [1.2.3.4:: missing ']' in address"),
        ("[::1]:80:80:90", "invalid IP address [::1]:80: address [::1]:80:: too many colons in address"),
        ("[[::1]]:80:80", "invalid IP address [[::1]]: address [[::1]]:: missing port in address"),
        ("[a[b]:80:80", "invalid IP address [a[b]: address [a[b]:: unexpected '[' in address"),
        ("published=80,x", "invalid publish opts format (should be name=value but got 'x')"),
        ("=80", "invalid publish opts format (should be name=value but got '=80')"),
    ])
    func whatIsRefused(_ text: String, _ sentence: String) { #expect(parsed(text) == ["error: \(sentence)"]) }

    @Test func theWholeRangeIsRead() throws {
        let mappings = try PortMapping.parse("0-65535:0-65535")
        #expect(mappings.count == 65536)
        #expect(mappings.last == PortMapping(hostPorts: 65535...65535, containerPort: 65535))
    }

    @Test(arguments: ["80", "8000-8005:80/udp", "127.0.0.1::80", "[fd00::1]:8080:80/sctp"])
    func isItsTextInJSON(_ text: String) throws {
        let mapping = try #require(try PortMapping.parse(text).first)
        let tree = try JSONTree(encoding: [mapping])
        #expect(tree == .array([.string("\(mapping)")]))
        #expect(try tree.decode([PortMapping].self) == [mapping])
    }
}
