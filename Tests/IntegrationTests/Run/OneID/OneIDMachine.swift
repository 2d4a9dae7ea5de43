import Linux
import TestSupport

/// A sandbox of an ordinary user without subordinate ids, as on a machine without newuidmap or /etc/subuid: for root, who
/// hides the latter.
struct OneIDMachine {
    let sandbox: Sandbox

    static var isAvailable: Bool { TestUser.root.isAvailable && TestUser.ordinary.isAvailable }

    /// Runs `body` with a machine that has the image `busybox`.
    static func with(_ body: (OneIDMachine) throws -> Void) throws {
        try withSandbox(.ordinary) { sandbox throws in
            let machine = OneIDMachine(sandbox: sandbox)
            try machine.output("import", try Fixtures.busyboxTar, "busybox")
            try body(machine)
        }
    }

    func apus(_ arguments: [String], input: [UInt8] = []) throws -> ProgramResult {
        try sandbox.apus(behind: sandbox.withoutSubordinateIDs, arguments, input: input)
    }

    /// What a command that succeeds writes, without the last line feed.
    @discardableResult
    func output(_ arguments: String...) throws -> String {
        let result = try apus(arguments)
        guard result.code == 0 else { throw TestFailure("\(arguments.joined(separator: " ")): \(result)") }
        return result.text.hasSuffix("\n") ? String(result.text.dropLast()) : result.text
    }

    /// Runs the shell's `script` in a new container of `image`, with `flags`; the container goes with it.
    func run(_ script: String, _ flags: [String] = [], image: String = "busybox") throws -> ProgramResult {
        try apus(["run", "--rm", "--network", "none"] + flags + [image, "sh", "-c", script])
    }

    /// Runs the shell's `script` in a new container `name`, which stays.
    func make(_ name: String, _ script: String, image: String = "busybox") throws {
        try output("run", "--network", "none", "--name", name, image, "sh", "-ec", script)
    }

    /// What `export` writes of the container `name`: "owner/group permissions" by path, as GNU tar lists them.
    func exported(_ name: String) throws -> [String: String] {
        let file = "\(sandbox.path)/work/\(name).export.tar"
        try output("export", "-o", file, name)
        return try Self.listing(file)
    }

    static func listing(_ file: String) throws -> [String: String] {
        let program = try RunningProgram(
            Spawn("/usr/bin/tar", ["--numeric-owner", "-tvf", file], environment: ["LC_ALL=C"]))
        program.closeInput()
        let result = try program.wait(seconds: 60)
        guard result.code == 0 else { throw TestFailure("tar: \(result)") }
        var owners: [String: String] = [:]
        for line in result.lines {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard words.count >= 6 else { continue }
            // A device has "major,minor" where others have their size.
            let device = words[0].first == "c" || words[0].first == "b" ? " \(words[2])" : ""
            var path = String(words[5])
            if path.hasPrefix("./") { path.removeFirst(2) }
            owners[path] = "\(words[1]) \(words[0])\(device)"
        }
        return owners
    }
}
