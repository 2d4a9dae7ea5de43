import Testing

@testable import Engine

@Suite struct JournalExportTests {
    @Test func entriesAreReadWithTextAndBinaryFields() throws {
        let first = Array("__CURSOR=s=1\nMESSAGE=plain=text\nPRIORITY=6\n\n".utf8)
        let binary: [UInt8] = [0x61, 10, 0xFF, 10]
        let second =
            Array("MESSAGE\n".utf8) + [4, 0, 0, 0, 0, 0, 0, 0] + binary + Array("\nPRIORITY=3\n\n".utf8)
        let bytes = first + second
        let one = try #require(JournalExport.entry(bytes, from: 0))
        #expect(one.end == first.count)
        #expect(one.fields["MESSAGE"] == Array("plain=text".utf8) && one.fields["__CURSOR"] == Array("s=1".utf8))
        let two = try #require(JournalExport.entry(bytes, from: one.end))
        #expect(two.end == bytes.count && two.fields["MESSAGE"] == binary && two.fields["PRIORITY"] == [51])
    }

    @Test func anEntryWithoutItsEndIsNotThereYet() {
        let bytes = Array("MESSAGE\n".utf8) + [4, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 10, 10]
        #expect(JournalExport.entry(bytes, from: 0) != nil)
        for count in 0..<bytes.count {
            #expect(JournalExport.entry(Array(bytes[..<count]), from: 0) == nil, "\(count)")
        }
    }
}
