import Glibc
import Linux
import TestSupport
import Testing

/// `container prune`, `system prune`, `system check`, `system df`.
@Suite struct SystemTests {
    @Test(arguments: TestUser.available) func stoppedContainersArePrunedAfterAQuestion(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            try sandbox.output("run", "--name", "done", "-l", "a=1", "--network", "none", "busybox", "true")
            let running = try sandbox.output("run", "-d", "--network", "none", "busybox", "sleep", "1000")
            let refused = try sandbox.apus("container", "prune", input: Array("n\n".utf8))
            // As Docker's client: a no is no failure.
            #expect(refused.code == 0 && refused.text.hasPrefix("WARNING! This will remove all stopped containers.\n"))
            #expect(
                try sandbox.output("container", "prune", "-f", "--filter", "label=a=2").hasPrefix("Total reclaimed"))
            #expect(try sandbox.output("container", "prune", "-f", "--filter", "until=1h").hasPrefix("Total reclaimed"))
            let removed = try sandbox.apus("container", "prune", input: Array("y\n".utf8))
            #expect(removed.code == 0 && removed.text.contains("Deleted Containers:\n"))
            #expect(try sandbox.output("ps", "-aq", "--no-trunc") == running)
            try sandbox.output("rm", "-f", running)
        }
    }

    @Test(arguments: TestUser.available) func theCheckFindsWhatIsWrongAndPruneRemovesWhatIsLeft(_ user: TestUser) throws
    {
        try withBusybox(user) { sandbox throws in
            try sandbox.output("run", "--name", "cc", "--network", "none", "busybox", "true")
            #expect(try sandbox.output("system", "check") == "everything is in order")
            // What killed processes leave.
            let id = String(repeating: "0", count: 64)
            try sandbox.tool(
                "bash", "-ec",
                """
                cd '\(sandbox.store)'; ln -s \(id) names/ghost; mkdir containers/\(id); mkdir -p '\(sandbox.runState)/containers/\(id.dropLast())1'
                touch -d '1 hour ago' '\(sandbox.runState)/containers/\(id.dropLast())1'
                mkdir containers/.dead.x; touch .events.999999999.abcd.tmp images/tmp/blob.1.x
                """)
            let found = try sandbox.apus("system", "check")
            #expect(found.code == 1)
            for words in [
                "container \(id.prefix(12)) has no record", "/containers/.dead.x is left",
                "belongs to a container that is gone", ".events.999999999.abcd.tmp is left", "blob.1.x is left",
            ] {
                #expect(found.errorText.contains(words), "\(words): \(found.errorText)")
            }
            try sandbox.output("system", "prune", "-f")
            #expect(try sandbox.output("system", "check") == "everything is in order")
            #expect(try sandbox.output("images", "-q").isEmpty == false)
        }
    }

    /// A removal that takes its time is no fault of the store, until whoever removed is gone.
    @Test func theCheckTellsARemovalFromWhatItLeft() throws {
        try withBusybox(.any) { sandbox throws in
            let id = String(repeating: "0", count: 64)
            let going = "\(sandbox.store)/containers/.dead.\(id)"
            try sandbox.tool(
                "bash", "-ec",
                """
                cd '\(sandbox.store)'; mkdir -p '\(going)' '\(sandbox.runState)/containers/\(id)'; ln -s \(id) names/ghost
                mkdir -p volumes/.dead.v layers/.dead.l
                """)
            let doomed = [going, "\(sandbox.store)/volumes/.dead.v", "\(sandbox.store)/layers/.dead.l"]
            var locks: [CInt] = []
            defer { for lock in locks { close(lock) } }
            for path in doomed {
                let lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                try #require(lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
                locks.append(lock)
            }
            #expect(try sandbox.output("system", "check") == "everything is in order")
            for lock in locks { flock(lock, LOCK_UN) }
            let found = try sandbox.apus("system", "check")
            for path in doomed { #expect(found.errorText.contains("\(path) is left of a")) }
            #expect(found.errorText.contains("the name ghost belongs to container 000000000000, which is gone"))
            #expect(found.errorText.contains("containers/\(id) belongs to a container that is gone"))
            try sandbox.output("system", "prune", "-f")
            #expect(try sandbox.output("system", "check") == "everything is in order")
        }
    }

    @Test func aDamagedBlobIsNamed() throws {
        try withBusybox(TestUser.any) { sandbox throws in
            try sandbox.tool(
                "bash", "-ec", "f=$(ls '\(sandbox.store)'/images/blobs/sha256/* | head -1); chmod u+w $f; echo x >> $f")
            let found = try sandbox.apus("system", "check")
            #expect(found.code == 1 && found.errorText.contains("has the content of sha256:"))
        }
    }

    @Test func pruneTakesUnusedImagesOnlyWhenAsked() throws {
        try withBusybox(TestUser.any) { sandbox throws in
            try sandbox.output("tag", "busybox", "other")
            try sandbox.output("system", "prune", "-f")
            // A line for each name, as Docker has it.
            #expect(Set(try sandbox.apus("images", "-q").lines).count == 1)
            let removed = try sandbox.output("system", "prune", "-af")
            #expect(removed.contains("Deleted Images:\nuntagged: ") && removed.contains("\ndeleted: sha256:"))
            #expect(try sandbox.output("images", "-q").isEmpty)
            #expect(try Files.list("\(sandbox.store)/layers").filter { $0.first != "." }.isEmpty)
        }
    }

    @Test func theDiskUsageHasDockersRows() throws {
        try withBusybox(TestUser.any) { sandbox throws in
            try sandbox.output("run", "--name", "cc", "--network", "none", "busybox", "sh", "-c", "echo 1234 > /file")
            let lines = try sandbox.apus("system", "df").lines
            #expect(lines[0].hasPrefix("TYPE            TOTAL     ACTIVE    SIZE"))
            #expect(lines.map { $0.prefix(10) }[1...] == ["Images    ", "Containers", "Local Volu", "Build Cach"])
            #expect(try sandbox.output("system", "df", "--format", "{{.Type}} {{.Size}}").contains("Containers 5B"))
            #expect(try sandbox.output("system", "df", "-v").contains("Containers space usage:"))
            try sandbox.output("rm", "cc")
        }
    }
}
