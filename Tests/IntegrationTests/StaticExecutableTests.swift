import Linux
import TestSupport
import Testing

/// The executable is one static file, and stays so at run time.
@Suite struct StaticExecutableTests {
    @Test func theFileNamesNoLoaderAndNoLibrary() throws {
        let bytes = try Files.read(Executable.path)
        let image = try #require(ElfFile(bytes))
        #expect(!image.hasInterpreter)
        #expect(image.neededLibraries == 0)
    }

    @Test func aDynamicExecutableIsToldApart() throws {
        let image = try #require(ElfFile(try Files.read("/bin/cat")))
        #expect(image.hasInterpreter)
        #expect(image.neededLibraries > 0)
    }

    @Test(arguments: TestUser.available)
    func lddFindsNothing(_ user: TestUser) throws {
        try withSandbox(user) { sandbox throws in
            let result = try RunningProgram(sandbox.spawn("/usr/bin/ldd", [Executable.path])).wait()
            #expect((result.text + result.errorText).contains("not a dynamic executable"))
        }
    }
}

/// As much of an ELF file of this machine's class and byte order as the tests ask about (elf(5)).
private struct ElfFile {
    private(set) var hasInterpreter = false
    private(set) var neededLibraries = 0

    init?(_ bytes: [UInt8]) {
        guard bytes.count > 64, bytes[0...3] == [0x7f, 0x45, 0x4c, 0x46], bytes[4] == 2 else { return nil }
        func number(_ offset: Int, _ size: Int) -> Int {
            (0..<size).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
        }
        let (table, entrySize, count) = (number(32, 8), number(54, 2), number(56, 2))
        for index in 0..<count {
            let header = table + index * entrySize
            switch number(header, 4) {
            case 3: hasInterpreter = true  // PT_INTERP
            case 2:  // PT_DYNAMIC, whose entries of type 1 are DT_NEEDED
                let (start, size) = (number(header + 8, 8), number(header + 32, 8))
                neededLibraries += stride(from: start, to: start + size, by: 16).count { number($0, 8) == 1 }
            default: break
            }
        }
    }
}
