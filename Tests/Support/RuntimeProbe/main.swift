// Starts one container from a configuration and a root directory, for tests: the test process itself has threads, and
// may not fork.

import FoundationEssentials
import Glibc
import Linux
import OCI
import Runtime

struct Options {
    var config = ""
    var root = ""
    var seccomp: String?
    var terminal = false
    var runsInit = false
    var creates = false
    var providesRoot = false
    var startsAhead = false
    var ownerGroups: Int?
    var ownUserNamespace = false
    // A file that is made some time after the root was handed over.
    var supplied: String?
    var makesDirectory = false
    var bindsHostProc = false
    var preserved: [CInt] = []

    init(_ arguments: [String]) {
        var rest = arguments[...]
        func value() -> String {
            guard let text = rest.popFirst() else { fail("an option has no value") }
            return text
        }
        while let option = rest.popFirst() {
            switch option {
            case "--config": config = value()
            case "--root": root = value()
            case "--seccomp": seccomp = value()
            case "--tty": terminal = true
            case "--init": runsInit = true
            case "--create": creates = true
            case "--provide": providesRoot = true
            case "--ahead": startsAhead = true
            case "--owner-groups": ownerGroups = Int(value())
            case "--supplies": supplied = value()
            case "--userns": ownUserNamespace = true
            case "--make-directory": makesDirectory = true
            case "--bind-host-proc": bindsHostProc = true
            case "--preserve-directory": preserved.append(open(value(), O_RDONLY | O_DIRECTORY))
            case "--preserve": preserved.append(CInt(value())!)
            default: fail("unknown option \(option)")
            }
        }
    }
}

func fail(_ text: String, _ code: CInt = 125) -> Never {
    let line = Array("probe: \(text)\n".utf8)
    write(2, line, line.count)
    exit(code)
}

func run(_ options: Options) throws -> CInt {
    let spec = try JSONDecoder().decode(RuntimeSpec.self, from: Data(Files.read(options.config)))
    if options.ownUserNamespace { try UserNamespace.enterNew(.single(user: geteuid(), group: getegid()), .single) }
    var request = LaunchRequest(
        spec: spec, root: options.providesRoot ? .provided : .directory(options.root),
        stdio: options.terminal ? .terminal : .descriptors(input: 0, output: 1, error: 2))
    if let file = options.seccomp { request.seccompProgram = try Files.read(file) }
    request.runsInit = options.runsInit
    request.startImmediately = !options.creates
    request.createWorkingDirectory = options.makesDirectory
    request.bindsHostProc = options.bindsHostProc
    request.preservedDescriptors = options.preserved
    var process = try InitProcess.begin(request)
    if options.providesRoot {
        let owner = options.ownerGroups.map {
            ProcessOwner(
                .init(uid: 1000, gid: 1000, additionalGids: (0..<$0).map { UInt32(1000 + $0) }),
                environment: ["HERE=there"])
        }
        try process.provide(root: try MountTree.clone(options.root, recursive: true).release())
        if let file = options.supplied {
            usleep(50_000)
            try Files.write("supplied\n".utf8, to: file)
        }
        try process.supply(owner: owner)
    }
    if options.startsAhead {
        try process.start()
    } else {
        try process.complete()
    }
    if options.creates, !options.startsAhead {
        // Whoever drives the probe sees that the command has not run yet.
        write(1, "created\n", 8)
        try process.start()
    }
    if let master = process.takeTerminal() { copy(master) }
    return try waitForExit(of: process.pid).shellCode
}

/// Until the last program in the container has closed the terminal (EIO).
func copy(_ master: borrowing FileDescriptor) {
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
        while let count = try? master.read(into: buffer), count > 0 { write(1, buffer.baseAddress, count) }
    }
}

do {
    exit(try run(Options(Array(CommandLine.arguments.dropFirst()))))
} catch let error as LaunchError {
    fail(error.description, error.exitCode)
} catch {
    fail("\(error)")
}
