import Errors
import Glibc
import Linux
import Testing

@testable import ContainerSpec
@testable import Runtime

/// A directory that is removed with the test.
private final class Root {
    let path: String

    init() throws {
        path = "/tmp/apus-user-resolver-\(randomHex(bytes: 8))"
        try Files.makeDirectories(path + "/etc")
    }

    deinit { try? Files.removeTree(path) }

    func write(_ name: String, _ text: String) throws { try Files.write(Array(text.utf8), to: "\(path)/etc/\(name)") }

    func resolve(_ user: String, groups: [String] = []) throws -> ResolvedUser {
        let directory = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        return try UserResolver.resolve(.init(user: user, additionalGroups: groups), root: directory)
    }
}

@Suite struct UserResolverTests {
    private let passwd = """
        root:x:0:0:root:/root:/bin/sh
        daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
        app:x:1000:1001:App:/home/app:/bin/sh
        1234:x:2000:2001::/numbered:
        relative:x:3000:3000::home:
        """
    private let group = """
        root:x:0:
        adm:x:4:app,daemon
        staff:x:50:app
        app:x:1001:
        77:x:700:
        """

    private func resolve(_ user: String, groups: [String] = []) throws -> String {
        let result = try UserResolver.resolve(
            .init(user: user, additionalGroups: groups), passwd: Array(passwd.utf8), group: Array(group.utf8))
        return "\(result.uid):\(result.gid) \(result.additionalGids) \(result.home)"
    }

    @Test(arguments: [
        ("", "0:0 [0] /root"), ("root", "0:0 [0] /root"), ("0", "0:0 [0] /root"),
        ("app", "1000:1001 [1001, 4, 50] /home/app"), ("1000", "1000:1001 [1001, 4, 50] /home/app"),
        ("app:staff", "1000:50 [50] /home/app"), ("app:0", "1000:0 [0] /home/app"),
        ("app:", "1000:1001 [1001, 4, 50] /home/app"),
        ("1000:1001", "1000:1001 [1001] /home/app"), ("4242", "4242:0 [0] /"), ("4242:4343", "4242:4343 [4343] /"),
        (":staff", "0:50 [50] /root"), ("1234", "2000:2001 [2001] /numbered"), ("relative", "3000:3000 [3000] /"),
        ("app:77", "1000:700 [700] /home/app"),
    ])
    func namesAndNumbersAreFound(_ user: String, _ expected: String) throws { #expect(try resolve(user) == expected) }

    @Test func groupsAreAdded() throws {
        #expect(try resolve("app", groups: ["999", "adm", "root"]) == "1000:1001 [1001, 4, 50, 999, 0] /home/app")
    }

    @Test(arguments: [
        ("nobody", "unable to find user nobody: no matching entries in passwd file"),
        ("app:nogroup", "unable to find group nogroup: no matching entries in group file"),
        ("-1", "user -1: uids and gids must be in range 0-2147483647"),
        ("4294967295", "user 4294967295: uids and gids must be in range 0-2147483647"),
        ("0:4294967296", "group 4294967296: uids and gids must be in range 0-2147483647"),
    ])
    func whatIsNotThereIsSaid(_ user: String, _ sentence: String) {
        #expect(throws: OptionError(sentence)) { try resolve(user) }
    }

    @Test func missingFilesAreEmpty() throws {
        let root = try Root()
        #expect(try root.resolve("") == ResolvedUser(uid: 0, gid: 0, additionalGids: [0], home: "/"))
        #expect(try root.resolve("7:8").gid == 8)
        #expect(throws: OptionError("unable to find user app: no matching entries in passwd file")) {
            try root.resolve("app")
        }
        try Files.removeTree(root.path + "/etc")
        #expect(try root.resolve("0").uid == 0)
    }

    @Test func linksStayBelowTheRoot() throws {
        let root = try Root()
        let outside = try Root()
        try outside.write("passwd", "evil:x:0:0::/evil:\n")
        #expect(symlink("\(outside.path)/etc/passwd", "\(root.path)/etc/passwd") == 0)
        #expect(throws: OptionError("unable to find user evil: no matching entries in passwd file")) {
            try root.resolve("evil")
        }
        // One that climbs out ends below the root as well.
        unlink("\(root.path)/etc/passwd")
        try root.write("real", "good:x:5:6::/:\n")
        #expect(symlink("../../../../../../etc/real", "\(root.path)/etc/passwd") == 0)
        #expect(try root.resolve("good").uid == 5)
    }

    @Test func filesThatAreNoneAreRefused() throws {
        let root = try Root()
        #expect(mkfifo("\(root.path)/etc/passwd", 0o600) == 0)
        #expect(throws: OptionError("the image's /etc/passwd is not a regular file")) { try root.resolve("app") }
        unlink("\(root.path)/etc/passwd")
        try Files.makeDirectory("\(root.path)/etc/passwd")
        #expect(throws: OptionError("the image's /etc/passwd is not a regular file")) { try root.resolve("app") }
        try Files.removeTree("\(root.path)/etc/passwd")
        #expect(symlink("passwd", "\(root.path)/etc/passwd") == 0)
        #expect(throws: OptionError.self) { try root.resolve("app") }
    }

    @Test func filesWithoutEndAreRefused() throws {
        let root = try Root()
        try root.write("passwd", "")
        #expect(truncate("\(root.path)/etc/passwd", UserResolver.sizeLimit + 1) == 0)
        #expect(throws: OptionError("the image's /etc/passwd is larger than 16 MiB")) { try root.resolve("app") }
    }

    @Test func hostileLinesArePassedOver() throws {
        let long = String(repeating: "a", count: 1 << 20)
        let text =
            "+evil:x:0:0::/:\n-app:x:0:0::/:\n+\n#app:x:0:0::/:\napp\napp:x\napp:x:-1:0::/:\napp:x:0x10:0::/:\n"
            + "app:x:99999999999:0::/:\n\(long):x:1:1::/:\n::::::\napp:x:7:8::/srv:\n"
        var bytes = Array(text.utf8)
        bytes.insert(contentsOf: Array("app:x:0:0:".utf8) + [0] + Array("::\n".utf8), at: 0)
        let result = try UserResolver.resolve(
            .init(user: "app", additionalGroups: []), passwd: bytes, group: Array("+:x:0:app\nx:x:9:app\n".utf8))
        #expect(result == ResolvedUser(uid: 7, gid: 8, additionalGids: [8, 9], home: "/srv"))
        #expect(throws: OptionError.self) {
            try UserResolver.resolve(.init(user: "+evil", additionalGroups: []), passwd: bytes, group: [])
        }
    }

    // As in Docker: an image of the nineties has its users' names in Latin-1.
    @Test func aCommentOfAnyCharsetIsNoReasonToPassALineOver() throws {
        let passwd = Array("app:x:7:8:Andr".utf8) + [0xe9] + Array(":/srv:\napp:x:9:9::/:\n".utf8)
        let result = try UserResolver.resolve(.init(user: "app", additionalGroups: []), passwd: passwd, group: [])
        #expect(result == ResolvedUser(uid: 7, gid: 8, additionalGids: [8], home: "/srv"))
    }

    @Test func namesAreComparedByTheirBytes() throws {
        let passwd = Array("e\u{301}:x:1:1::/:\n\u{e9}:x:2:2::/:\n".utf8)
        let result = try UserResolver.resolve(.init(user: "\u{e9}", additionalGroups: []), passwd: passwd, group: [])
        #expect(result.uid == 2)
    }
}
