import Linux
import TestSupport
import Testing

/// Attempts by exchanging directories and links in a volume while a container with mounts below it starts.
@Suite struct SharedVolumeEscapes {
    private static let rounds = 25

    /// A volume in which `name` is a directory and, every other moment, a link that leads out of the root.
    private func withExchange(_ sandbox: Sandbox, _ body: (_ volume: String, _ outside: String) throws -> Void) throws {
        let outside = try sandbox.outside()
        let volume = "\(sandbox.path)/work/volume"
        try sandbox.tool(
            "/bin/sh", "-c", "mkdir -p \"$0/name\" && ln -s \"../../../../../../..$1\" \"$0/link\"", volume, outside)
        let swapper = try RunningProgram(
            sandbox.spawn(try Fixtures.attacker, ["swap", "\(volume)/name", "\(volume)/link"]))
        do {
            try body(volume, outside)
        } catch {
            swapper.send(9)
            _ = try? swapper.wait()
            throw error
        }
        swapper.send(9)
        _ = try swapper.wait()
    }

    /// CVE-2021-30465: a mount below a volume follows a link that appeared after it was checked.
    @Test(arguments: TestUser.available)
    func noMountLandsOutsideOfTheRoot(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let payload = "\(sandbox.path)/work/payload"
            try sandbox.tool("/bin/sh", "-c", "mkdir \"$0\" && echo payload >\"$0/file\"", payload)
            try withExchange(sandbox) { volume, outside throws in
                for _ in 0..<Self.rounds {
                    let result = try sandbox.run(
                        [
                            "-v", "\(volume):/volume", "-v", "\(payload):/volume/name/inner/deep", "--tmpfs",
                            "/volume/name/other",
                        ],
                        "sh", "-c",
                        "cat /volume/*/secret /volume/*/*/secret 2>/dev/null; awk '{ print $5 }' /proc/self/mountinfo")
                    // Some starts find nothing to mount on; none shows the host.
                    #expect([0, 125, 127].contains(result.code), "\(result)")
                    #expect(!result.text.contains("of-the-host"), "\(result)")
                    #expect(try sandbox.names(outside) == ["secret"])
                }
            }
            try control(sandbox)
        }
    }

    /// CVE-2024-45310: making the place of a mount makes a directory or file of the host's instead.
    @Test(arguments: TestUser.available)
    func noPlaceOfAMountIsMadeOutsideOfTheRoot(_ user: TestUser) throws {
        try withBusybox(user) { sandbox throws in
            let file = try sandbox.write("a file", to: "file")
            try withExchange(sandbox) { volume, outside throws in
                for number in 0..<Self.rounds {
                    let result = try sandbox.run(
                        [
                            "-v", "\(volume):/volume", "-v", "\(file):/volume/name/made-\(number)", "-w",
                            "/volume/name/work-\(number)",
                        ],
                        "true")
                    #expect([0, 125, 127].contains(result.code), "\(result)")
                    #expect(try sandbox.names(outside) == ["secret"])
                }
            }
            try control(sandbox)
        }
    }

    // A runtime that joins strings: the link as the exchange leaves it every other moment.
    private func control(_ sandbox: Sandbox) throws {
        let outside = try sandbox.outside()
        let volume = "\(sandbox.path)/work/volume"
        let script =
            "rm -rf \"$0/name\" \"$0/link\"; ln -s \"$1\" \"$0/name\"; \"$2\" naive-mount \"$0\" /name/made/deep"
        #expect(try sandbox.standIn(script, volume, outside, try Fixtures.attacker) == "mounted")
        #expect(try sandbox.names(outside) == ["made", "secret"])
    }
}
