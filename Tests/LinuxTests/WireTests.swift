import Bytes
import Linux
import Testing

@Suite struct WireTests {
    enum Colour: UInt8, WireCodable { case red = 1, green = 2 }

    struct Sample: WireCodable, Equatable {
        var number: Int64
        var name: String?
        var list: [String]
        var labels: [ByteKey: String]
        var colour: Colour

        func encode(to encoder: inout WireEncoder) {
            encoder.write(number)
            encoder.write(name)
            encoder.write(list)
            encoder.write(labels)
            encoder.write(colour)
        }

        init(from decoder: inout WireDecoder) throws(WireError) {
            number = try decoder.read()
            name = try decoder.read()
            list = try decoder.read()
            labels = try decoder.read()
            colour = try decoder.read()
        }

        init() {
            number = -7
            name = "käse"
            list = ["a", "", "c"]
            labels = ["x": "1", "a": "2", "\u{e9}": "3", "e\u{301}": "4"]
            colour = .green
        }
    }

    func encoded() -> [UInt8] {
        var encoder = WireEncoder()
        encoder.write(Sample())
        return encoder.bytes
    }

    @Test func aValueComesBackAsItWas() throws {
        var decoder = WireDecoder(encoded())
        #expect(try decoder.read(Sample.self) == Sample())
        try decoder.finish()
    }

    @Test func everyPrefixIsTruncated() {
        let bytes = encoded()
        for length in 0..<bytes.count {
            var decoder = WireDecoder(Array(bytes[..<length]))
            #expect {
                _ = try decoder.read(Sample.self)
            } throws: {
                if case .truncated = $0 as? WireError { true } else { false }
            }
        }
    }

    @Test func anUnknownCaseIsRefused() {
        var bytes = encoded()
        bytes[bytes.count - 1] = 9
        var decoder = WireDecoder(bytes)
        #expect(throws: WireError.self) { try decoder.read(Sample.self) }
    }

    @Test func bytesAfterTheValueAreRefused() throws {
        var decoder = WireDecoder(encoded() + [0])
        _ = try decoder.read(Sample.self)
        #expect(throws: WireError.trailing(1)) { try decoder.finish() }
    }

    @Test func aCountThatLiesIsTruncatedAndAllocatesNothing() {
        var decoder = WireDecoder([0xff, 0xff, 0xff, 0xff])
        #expect(throws: WireError.truncated(missing: 4)) { try decoder.read([String].self) }
    }

    @Test func textThatIsNoUTF8IsRefused() {
        var decoder = WireDecoder([1, 0, 0, 0, 0xff])
        #expect(throws: WireError.invalidText) { try decoder.read(String.self) }
    }

    @Test func equalDictionariesHaveEqualBytes() {
        var first = WireEncoder()
        var second = WireEncoder()
        first.write(Dictionary(uniqueKeysWithValues: (0..<50).map { (ByteKey("k\($0)"), "v") }))
        second.write(Dictionary(uniqueKeysWithValues: (0..<50).reversed().map { (ByteKey("k\($0)"), "v") }))
        #expect(first.bytes == second.bytes)
    }
}
