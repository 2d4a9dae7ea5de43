import Linux
import Testing

@Suite struct AccountFileTests {
    private func entries(_ bytes: [UInt8]) -> [AccountFile.Entry] {
        var file = AccountFile(bytes)
        var list: [AccountFile.Entry] = []
        while let entry = file.next() { list.append(entry) }
        return list
    }

    @Test func fieldsAreBytesBetweenColons() {
        let list = entries(Array("root:x:0:0::/root:/bin/sh\n\nshort\nu::7:8:::\nlast:x:9".utf8))
        #expect(list.map(\.count) == [7, 1, 7, 3])
        #expect(list[0].text(5) == "/root" && list[0].text(4) == "" && list[0].text(99) == "")
        #expect(list[2].number(2) == 7 && list[2].number(6) == nil && list[3].number(2) == 9)
    }

    @Test func whatIsNoEntryIsPassedOver() {
        #expect(entries(Array("+nis::0:0\n-\n# comment:x:1:1\n+\n\n".utf8)).isEmpty)
        #expect(entries(Array("a:x:1:1\nb\0:x:2:2\nc:x:3:3\n".utf8)).map { $0.text(0) } == ["a", "c"])
    }

    @Test(arguments: ["", "-1", "+1", "1 ", " 1", "0x1", "4294967296", "99999999999999999999", "١"])
    func aNumberHasDigitsAlone(_ text: String) {
        #expect(entries(Array("u:x:\(text):1".utf8))[0].number(2) == nil)
    }

    @Test func namesOfAnyBytesAreToldApart() {
        // "é" in one and in two scalars, and a byte that is no UTF-8.
        let file = Array("\u{e9}:x:1:1\ne\u{301}:x:2:2\n".utf8) + [0xe9] + Array(":x:3:3\n".utf8)
        let list = entries(file)
        #expect(list.map { $0.has(Array("e\u{301}".utf8), in: 0) } == [false, true, false])
        #expect(list.map { $0.has([0xe9], in: 0) } == [false, false, true])
    }

    @Test func membersAreWholeNames() {
        let entry = entries(Array("g:x:1:ab,b,,cd".utf8))[0]
        #expect(["ab", "b", "cd"].allSatisfy { entry.lists(Array($0.utf8), in: 3) })
        #expect(["a", "", "c", "d", "ab,b", ","].allSatisfy { !entry.lists(Array($0.utf8), in: 3) })
    }

    @Test func theHomeOfAUserIsThatOfItsFirstLine() {
        let text = Array(
            "root:x:0:0::/root:/bin/sh\nbad\nu:x:7:7::/h:/bin/sh\nv:x:7:7::/i:/bin/sh\nw:x:8:8::rel:\n".utf8)
        #expect(AccountFile.home(of: 7, in: text) == "/h")
        #expect(AccountFile.home(of: 8, in: text) == nil && AccountFile.home(of: 9, in: text) == nil)
    }
}
