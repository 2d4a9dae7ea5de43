import Linux
import Testing

@testable import Runtime

@Suite struct MountOptionsTests {
    @Test func flagsAndDataAreToldApart() {
        let options = MountOptions(["nosuid", "noexec", "nodev", "mode=1777", "size=64m"])
        #expect(options.set == [.noSUID, .noExec, .noDevices])
        #expect(options.data == "mode=1777,size=64m")
    }

    @Test func theLaterOfTwoOppositesWins() {
        #expect(MountOptions(["ro", "rw"]).set == [])
        #expect(MountOptions(["ro", "rw"]).clear == [.readOnly])
        #expect(MountOptions(["suid", "nosuid"]).set == [.noSUID])
        #expect(MountOptions(["suid", "nosuid"]).clear == [])
    }

    @Test func accessTimesAreOneOfSeveral() {
        #expect(MountOptions(["noatime", "strictatime"]).set == [.strictAccessTimes])
        #expect(
            MountChange.attributesToClear(set: [.noAccessTimes, .readOnly], clear: []) == .accessTimes)
    }

    @Test(arguments: [
        ("rro", MountFlags.readOnly), ("rnosuid", .noSUID), ("rnodev", .noDevices), ("rnoexec", .noExec),
        ("rnoatime", .noAccessTimes), ("rrelatime", .relativeAccessTimes), ("rnosymfollow", .noSymlinkFollow),
    ])
    func anROfAnAttributeIsRecursive(_ option: String, _ flags: MountFlags) {
        let options = MountOptions([option])
        #expect(options.recursiveSet == flags)
        #expect(options.set == [])
        #expect(options.data == "")
    }

    @Test func recursiveOppositesClear() {
        let options = MountOptions(["rro", "rrw", "rsuid"])
        #expect(options.recursiveSet == [])
        #expect(options.recursiveClear == [.readOnly, .noSUID])
    }

    @Test func wordsThatBeginWithAnROnlyByChanceStayThemselves() {
        #expect(MountOptions(["relatime"]).set == [.relativeAccessTimes])
        #expect(MountOptions(["rbind"]).isRecursive)
        #expect(MountOptions(["remount"]).isRemount)
        // There is no recursive form of what belongs to a file system.
        #expect(MountOptions(["rsync"]).data == "rsync")
    }

    @Test func propagationIsNoFlag() {
        let options = MountOptions(["rbind", "rslave", "ro"])
        #expect(options.isBind && options.isRecursive)
        #expect(options.propagation == .slave && options.propagationIsRecursive)
        #expect(options.set == [.readOnly])
        #expect(!MountOptions(["private"]).propagationIsRecursive)
    }

    @Test func whatIsUnknownIsLeftToTheFileSystem() {
        #expect(MountOptions(["defaults", "nr_inodes=5", "huge=always"]).data == "nr_inodes=5,huge=always")
    }
}
