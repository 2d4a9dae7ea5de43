import Bytes
import Testing

/// Durations and sizes as Go's libraries read them.
@Suite struct GoQuantityTests {
    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("1ns", 1), ("1us", 1_000), ("1\u{b5}s", 1_000), ("1\u{3bc}s", 1_000),
            ("3ms", 3_000_000), ("1h15m30.918s", 4_530_918_000_000), ("+1.5h", 5_400_000_000_000),
            ("-.5s", -500_000_000),
            ("1.s", 1_000_000_000), ("0.57s", 570_000_000), ("0.000000001s", 1),
            ("0.3333333333333333333h", 1_200_000_000_000),
            ("9223372036854775807ns", .max), ("-9223372036854775808ns", .min),
            ("0.100000000000000000000h", 360_000_000_000), ("39h9m14.425s", 140_954_425_000_000),
        ] as [(String, Int64)])
    func durations(_ text: String, _ nanoseconds: Int64) throws { #expect(try goDuration(text) == nanoseconds) }

    @Test(
        arguments: [
            ("", "time: invalid duration \"\""), ("-", "time: invalid duration \"-\""),
            (".s", "time: invalid duration \".s\""),
            ("soon", "time: invalid duration \"soon\""), ("1", "time: missing unit in duration \"1\""),
            ("1h3", "time: missing unit in duration \"1h3\""), ("+.", "time: invalid duration \"+.\""),
            ("1d", "time: unknown unit \"d\" in duration \"1d\""),
            ("1 s", "time: unknown unit \" s\" in duration \"1 s\""),
            ("9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""),
            ("99999999999999999999s", "time: invalid duration \"99999999999999999999s\""),
            ("3000000h", "time: invalid duration \"3000000h\""),
            ("1\u{e9}", #"time: unknown unit "\xc3\xa9" in duration "1\xc3\xa9""#),
        ])
    func noDurations(_ text: String, _ sentence: String) {
        #expect { try goDuration(text) } throws: { ($0 as? GoDurationFailure)?.sentence(of: text) == sentence }
    }

    @Test(
        arguments: [
            ("0", 0), ("32", 32), ("32b", 32), ("32B", 32), ("32k", 32 << 10), ("32 kB", 32 << 10),
            ("1.5 GiB", 3 << 29),
            ("2T", 2 << 40), ("1p", 1 << 50), ("1e3", 1000), (".5k", 512), ("9223372036854775807", .max), ("-0", 0),
            ("0.7", 0),
        ] as [(String, Int64)])
    func sizes(_ text: String, _ bytes: Int64) throws { #expect(try goByteSize(text) == bytes) }

    @Test(
        arguments: [
            ("", "invalid size: ''"), ("k", "invalid size: 'k'"), ("-1", "invalid size: '-1'"),
            ("9223372036854775807k", "invalid size: '9223372036854775807k'"), ("1e30", "invalid size: '1e30'"),
            ("9223372036854775808", "invalid size: '9223372036854775808'"), ("inf ", "invalid size: 'inf '"),
            ("nan ", "invalid size: 'nan '"), ("1z", "invalid suffix: 'z'"), ("1Ki", "invalid suffix: 'ki'"),
            ("1bb", "invalid suffix: 'bb'"), ("1ib", "invalid suffix: 'ib'"), ("1kbb", "invalid suffix: 'kbb'"),
            ("1  k", #"strconv.ParseFloat: parsing "1 ": invalid syntax"#),
            ("0x10", #"strconv.ParseFloat: parsing "0x10": invalid syntax"#),
            (".", #"strconv.ParseFloat: parsing ".": invalid syntax"#),
        ])
    func noSizes(_ text: String, _ sentence: String) {
        #expect { try goByteSize(text) } throws: { "\($0)" == sentence }
    }

    @Test func aPartIsFoundByItsBytes() {
        #expect(
            "abcab\u{301}".contains(bytesOf: "ab\u{301}") && "abc".contains(bytesOf: "") && "".contains(bytesOf: ""))
        #expect("aaab".contains(bytesOf: "aab") && "xe\u{301}".contains(bytesOf: "e"))
        #expect(!"abc".contains(bytesOf: "abcd") && !"abc".contains(bytesOf: "ac") && !"\u{e9}".contains(bytesOf: "e"))
    }
}
