import Addresses
import Testing

struct AddressesTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("fe80::1:0:0:2", "fe80::1:0:0:2"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.1"), ("64:ff9b::192.0.2.1", "64:ff9b::c000:201"),
        ("0:0:1:0:1:0:0:0", "0:0:1:0:1::"),
    ])
    func addressesAreReadAndWritten(_ text: String, _ canonical: String) {
        let address = IPAddress(text)
        #expect(address?.description == canonical)
        #expect(address.flatMap { IPAddress(bytes: $0.bytes) } == address)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "+1.2.3.4", "1.2.3.-4", "1..2.3", ":", ":::", "1::2::3",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "12345::", "g::", "::1%eth0", "1:2:3:4:5:6:7:8::", ":1", "1:", "::1.2.3", "١.2.3.4",
    ])
    func whatIsNoAddressIsNotRead(_ text: String) { #expect(IPAddress(text) == nil) }

    @Test func subnetsHoldTheirAddresses() throws {
        let subnet = try #require(Subnet("10.1.2.3/12"))
        #expect(subnet.description == "10.0.0.0/12")
        #expect(subnet.last == IPAddress("10.15.255.255"))
        #expect(subnet.contains(try #require(IPAddress("10.15.0.1"))))
        #expect(!subnet.contains(try #require(IPAddress("10.16.0.0"))))
        #expect(!subnet.contains(try #require(IPAddress("::a00:1"))))
        #expect(Subnet("0.0.0.0/0")?.last == IPAddress("255.255.255.255"))
        #expect(Subnet("fd00:1:2:3:4::/64")?.description == "fd00:1:2:3::/64")
        #expect(Subnet("fd00::/7")?.last.description == "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
        #expect(Subnet("::1/128")?.last == IPAddress("::1"))
        #expect(Subnet("10.0.0.0/8").map(subnet.overlaps) == true)
        #expect(Subnet("11.0.0.0/8").map(subnet.overlaps) == false)
        for text in ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "::/129", "10.0.0.0/ 8", "/8"] {
            #expect(Subnet(text) == nil, "\(text)")
        }
    }

    @Test func addressesAreCounted() {
        #expect(IPAddress("10.0.0.255")?.advanced(by: 1) == IPAddress("10.0.1.0"))
        #expect(IPAddress("255.255.255.255")?.advanced(by: 1) == nil)
        #expect(IPAddress("::ffff:ffff:ffff:ffff")?.advanced(by: 1) == IPAddress("0:0:0:1::"))
    }

    @Test func hardwareAddressesAreReadAndWritten() {
        #expect(HardwareAddress("02:42:AC:11:00:02")?.description == "02:42:ac:11:00:02")
        #expect(HardwareAddress(for: 0xac11_0002).description == "02:42:ac:11:00:02")
        #expect(HardwareAddress("02-42-ac-11-00-02") == HardwareAddress("02:42:ac:11:00:02"))
        #expect(HardwareAddress("0242.ac11.0002") == HardwareAddress("02:42:ac:11:00:02"))
        for text in [
            "", "0242.ac11", "02.42.ac.11.00.02", "02:42:ac:11:00", "2:42:ac:11:00:02", "02:42:ac:11:00:0g",
            "+2:42:ac:11:00:02",
        ] {
            #expect(HardwareAddress(text) == nil)
        }
    }
}
