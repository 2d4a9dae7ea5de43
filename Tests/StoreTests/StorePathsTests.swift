import Glibc
import Linux
import Store
import Testing

@Suite struct StorePathsTests {
    func located(
        user: UInt32 = 4711, root: String? = nil, run: String? = nil, _ variables: [String: String]
    ) throws -> StorePaths {
        try StorePaths.locate(root: root, run: run, user: user) { variables[$0] }
    }

    @Test func theXDGDirectoriesAreTaken() throws {
        let runtime = "/tmp/apus-paths." + randomHex(bytes: 6)
        try Files.makeDirectory(runtime, mode: 0o700)
        defer { rmdir(runtime) }
        let paths = try located(
            user: geteuid() == 0 ? 4711 : geteuid(),
            ["XDG_DATA_HOME": "/d", "HOME": "/h", "XDG_RUNTIME_DIR": runtime])
        #expect(paths.data == "/d/apus")
        // As root the directory is not the other user's, and so is passed over.
        #expect(paths.run == (geteuid() == 0 ? "/tmp/apus-4711" : runtime + "/apus"))
    }

    @Test func aRuntimeDirectoryThatOthersMayWriteToIsPassedOver() throws {
        let runtime = "/tmp/apus-paths." + randomHex(bytes: 6)
        let user: UInt32 = geteuid() == 0 ? 4711 : geteuid()
        try Files.makeDirectory(runtime, mode: 0o700)
        defer { rmdir(runtime) }
        if geteuid() == 0 { chown(runtime, user, user) }
        func run() throws -> String { try located(user: user, ["HOME": "/h", "XDG_RUNTIME_DIR": runtime]).run }
        #expect(try run() == runtime + "/apus")
        chmod(runtime, 0o777)
        #expect(try run() != runtime + "/apus")
    }

    @Test func theHomeDirectoryIsNextAndRelativePathsAreIgnored() throws {
        #expect(try located(["XDG_DATA_HOME": "d", "HOME": "/h"]).data == "/h/.local/share/apus")
    }

    @Test func rootHasTheSystemsDirectories() throws {
        let paths = try located(user: 0, ["HOME": "/root", "XDG_RUNTIME_DIR": "/run/user/0"])
        #expect(paths == StorePaths(data: "/var/lib/apus", run: "/run/apus"))
    }

    @Test func argumentsWinOverVariables() throws {
        let variables = ["APUS_ROOT": "/r", "APUS_RUN": "/s", "HOME": "/h"]
        #expect(try located(variables) == StorePaths(data: "/r", run: "/s"))
        #expect(try located(root: "/x/", run: "/y", variables) == StorePaths(data: "/x", run: "/y"))
    }

    @Test func withoutAHomeTheErrorSaysWhatToSet() {
        #expect {
            _ = try located(user: 3_999_999_999, [:])
        } throws: {
            "\($0)".contains("HOME")
        }
    }

    @Test func whatIsMissingIsMadeForTheUserAlone() throws {
        let store = try TemporaryStore()
        #expect(try Files.status(store.paths.data).permissions == 0o700)
        #expect(try Files.status(store.paths.run).permissions == 0o700)
        try store.paths.prepared()
    }

    @Test func aRunDirectoryThatOthersMayWriteToIsRefused() throws {
        let store = try TemporaryStore()
        chmod(store.paths.run, 0o777)
        #expect {
            try store.paths.prepared()
        } throws: {
            "\($0)".contains("chmod go-w")
        }
    }

    @Test func aLinkInPlaceOfTheRunDirectoryIsRefused() throws {
        let store = try TemporaryStore()
        try Files.removeTree(store.paths.run)
        symlink("/tmp", store.paths.run)
        #expect(throws: StoreError.self) { try store.paths.prepared() }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root to make another user's directory"))
    func anotherUsersDirectoryIsRefused() throws {
        let store = try TemporaryStore()
        chown(store.paths.run, 4711, 4711)
        #expect {
            try store.paths.prepared()
        } throws: {
            "\($0)".contains("belongs to uid 4711")
        }
    }

    @Test func aFileInTheWayIsNamed() throws {
        let store = try TemporaryStore()
        try Files.write([], to: store.root + "/file")
        let paths = StorePaths(data: store.root + "/file/apus", run: store.root + "/run")
        #expect {
            try paths.prepared()
        } throws: {
            "\($0)".contains(store.root + "/file/apus")
        }
    }

    // MARK: the run directory

    @Test func aRunDirectoryIsOneStoresAsLongAsItsContainersRun() throws {
        let (first, root) = (try TemporaryStore(), "/tmp/apus-store-tests." + randomHex(bytes: 8))
        defer { try? Files.removeTree(root) }
        try Files.makeDirectory(root, mode: 0o700)
        let second = StorePaths(data: root + "/data", run: first.paths.run)
        let claim = try first.containers.create(name: "runs")
        #expect {
            try second.prepared()
        } throws: {
            "\($0)".contains("it is the run directory of the store \(first.paths.data)")
        }
        // By another path it is the same store.
        symlink(first.paths.data, root + "/link")
        try StorePaths(data: root + "/link", run: first.paths.run).prepared()
        claim.hold.unlock()
        try second.prepared()
        try Files.removeTree(root + "/data")
        try first.paths.prepared()
    }

    @Test func aNamedStoreHasARunDirectoryOfItsOwn() throws {
        let root = "/tmp/apus-store-tests." + randomHex(bytes: 8)
        try Files.makeDirectory(root, mode: 0o700)
        defer { try? Files.removeTree(root) }
        func prepared(_ named: String?) throws -> StorePaths {
            let variables = ["XDG_DATA_HOME": root, "XDG_RUNTIME_DIR": root]
            return try StorePaths.locate(root: named, user: geteuid() == 0 ? 4711 : geteuid()) { variables[$0] }
        }
        let own = try prepared(nil)
        try #require(geteuid() != 0 || own.run == "/tmp/apus-4711")
        if geteuid() == 0 { return }
        let shared = try own.prepared().run
        #expect(shared == root + "/apus")
        #expect(try prepared(root + "/apus").prepared().run == shared)
        let (one, two) = (try prepared(root + "/one").prepared(), try prepared(root + "/two").prepared())
        #expect(one.run.hasPrefix(shared + "/stores/") && two.run.hasPrefix(shared + "/stores/") && one.run != two.run)
        #expect(try prepared(root + "/one").prepared().run == one.run)
    }
}
