import Addresses
import DockerTypes
import Store
import Testing

/// Against what Docker 28.2 printed for containers with the same ports; the image exposes 53/udp and 80/tcp.
@Suite struct PortTextsTests {
    /// `address:host:container/protocol`; without an address both unspecified ones.
    private func bound(_ texts: String) -> [BoundPort] {
        texts.split(separator: " ").flatMap { text in
            let fields = text.split(separator: ";")
            let addresses = fields.count == 4 ? [String(fields[0])] : ["0.0.0.0", "::"]
            return addresses.map {
                BoundPort(
                    hostAddress: IPAddress($0)!, hostPort: UInt16(fields[fields.count - 3])!,
                    containerPort: UInt16(fields[fields.count - 2])!, protocolName: String(fields[fields.count - 1]))
            }
        }
    }

    @Test(arguments: [
        ("", "", "53/udp, 80/tcp"),
        ("8080;80;tcp", "", "53/udp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"),
        (
            "9000;53;udp 8080;80;tcp 8081;81;tcp", "",
            "0.0.0.0:9000->53/udp, [::]:9000->53/udp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 0.0.0.0:8081->81/tcp, [::]:8081->81/tcp"
        ),
        (
            "8080;80;udp 8080;80;tcp", "",
            "53/udp, 0.0.0.0:8080->80/tcp, 0.0.0.0:8080->80/udp, [::]:8080->80/tcp, [::]:8080->80/udp"
        ),
        (
            "127.0.0.1;8080;80;tcp 127.0.0.1;8081;81;tcp ::1;8080;80;tcp 7000;70;tcp", "71/tcp 72/tcp 73/udp 74/udp",
            "53/udp, 73-74/udp, 71-72/tcp, 0.0.0.0:7000->70/tcp, [::]:7000->70/tcp, 127.0.0.1:8080->80/tcp, [::1]:8080->80/tcp, 127.0.0.1:8081->81/tcp"
        ),
        (
            "8080;80;tcp 8090;80;tcp 127.0.0.1;7070;80;tcp", "",
            "53/udp, 0.0.0.0:8080->80/tcp, 0.0.0.0:8090->80/tcp, 127.0.0.1:7070->80/tcp, [::]:8080->80/tcp, [::]:8090->80/tcp"
        ),
        (
            "100;100;tcp 99;99;tcp 9;9;tcp 10;10;udp 10;10;tcp", "",
            "0.0.0.0:9-10->9-10/tcp, [::]:9-10->9-10/tcp, 0.0.0.0:99-100->99-100/tcp, [::]:99-100->99-100/tcp, 0.0.0.0:10->10/udp, [::]:10->10/udp, 53/udp, 80/tcp"
        ),
        (
            "8080;9000;tcp 8081;9001;tcp", "1/tcp 2/tcp 3/tcp 4/tcp 5/tcp 9000/tcp 9001/tcp 9002/tcp 9003/tcp",
            "1-5/tcp, 80/tcp, 9002-9003/tcp, 53/udp, 0.0.0.0:8080->9000/tcp, [::]:8080->9000/tcp, 0.0.0.0:8081->9001/tcp, [::]:8081->9001/tcp"
        ),
        (
            "127.0.0.2;80;80;tcp 127.0.0.2;81;81;tcp 127.0.0.1;80;80;tcp 127.0.0.1;81;81;tcp 83;83;tcp", "",
            "53/udp, 127.0.0.1:80-81->80-81/tcp, 127.0.0.2:80-81->80-81/tcp, 0.0.0.0:83->83/tcp, [::]:83->83/tcp"
        ),
        (
            "80;80;tcp 81;80;tcp 82;82;tcp 81;81;udp 82;82;udp", "",
            "0.0.0.0:80->80/tcp, [::]:80->80/tcp, 53/udp, 0.0.0.0:82->82/tcp, [::]:82->82/tcp, 0.0.0.0:81-82->81-82/udp, [::]:81-82->81-82/udp, 0.0.0.0:81->80/tcp, [::]:81->80/tcp"
        ),
        (
            "9;9;tcp 99;999;tcp 100;1000;tcp 10;10;tcp", "",
            "0.0.0.0:9-10->9-10/tcp, [::]:9-10->9-10/tcp, 53/udp, 80/tcp, 0.0.0.0:99->999/tcp, [::]:99->999/tcp, 0.0.0.0:100->1000/tcp, [::]:100->1000/tcp"
        ),
    ])
    func theColumnOfPs(_ ports: String, _ exposed: String, _ column: String) {
        let exposed = exposed.split(separator: " ").map(String.init) + ["80/tcp", "53/udp"]
        #expect(PortTexts.column(bound(ports), exposed: exposed) == column)
        #expect(PortTexts.column(bound(ports).reversed(), exposed: exposed.reversed()) == column)
    }

    @Test func theWholeListOfPort() {
        let ports = bound("100;1000;tcp 9;9;tcp 81;80;udp 8080;80;tcp 127.0.0.1;7070;80;tcp 8090;80;tcp")
        #expect(
            PortTexts.lines(ports) == [
                "9/tcp -> 0.0.0.0:9", "9/tcp -> [::]:9", "80/tcp -> 0.0.0.0:8080", "80/tcp -> 0.0.0.0:8090",
                "80/tcp -> 127.0.0.1:7070", "80/tcp -> [::]:8080", "80/tcp -> [::]:8090", "80/udp -> 0.0.0.0:81",
                "80/udp -> [::]:81", "1000/tcp -> 0.0.0.0:100", "1000/tcp -> [::]:100",
            ])
    }

    @Test(arguments: [
        ("80", "0.0.0.0:80 [::]:80"), ("80/tcp", "0.0.0.0:80 [::]:80"), ("80/", "0.0.0.0:80 [::]:80"),
        ("53/udp", "0.0.0.0:8080 [::]:8080"),
        ("80/udp", "No public port '80/udp' published for c"), ("53", "No public port '53' published for c"),
        ("53/UDP", "No public port '53/UDP' published for c"), ("080", "No public port '080' published for c"),
        ("80/tcp/udp", "No public port '80/tcp/udp' published for c"),
        ("x", "invalid port (x): strconv.ParseUint: parsing \"x\": invalid syntax"),
        ("99999", "invalid port (99999): strconv.ParseUint: parsing \"99999\": value out of range"),
        ("80-81", "invalid port (80-81): strconv.ParseUint: parsing \"80-81\": invalid syntax"),
        ("/tcp", "invalid port (): strconv.ParseUint: parsing \"\": invalid syntax"),
        ("+80", "invalid port (+80): strconv.ParseUint: parsing \"+80\": invalid syntax"),
    ])
    func onePortOfPort(_ text: String, _ answer: String) {
        let ports = bound("80;80;tcp 8080;53;udp")
        do throws(PortError) {
            #expect(try PortTexts.lines(ports, of: text).joined(separator: " ") == answer)
        } catch { #expect(error.sentence("c") == answer) }
    }
}
