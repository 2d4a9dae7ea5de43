import Glibc

/// A program that is started, given its standard input, and read to its end. Safe in a process with threads.
package enum HelperProgram {
    /// What came of it.
    package struct Result: Sendable {
        package let status: ExitStatus
        package let output: [UInt8]
    }

    /// Runs `program`, looked for in PATH unless it has a slash, with `arguments` after its name and our environment,
    /// and waits for its end. Standard error is ours. Throws `SystemError` when it cannot be started (ENOENT: not
    /// found) or writes more than `limit` bytes (EFBIG; it is killed).
    package static func run(
        _ program: String, _ arguments: [String] = [], input: [UInt8] = [], limit: Int = 1 << 20
    ) throws(SystemError) -> Result {
        guard let path = path(of: program) else { throw SystemError("execve", program, .noEntry) }
        var inputs = try FileDescriptor.socketPair(type: CInt(SOCK_STREAM.rawValue))
        var outputs = try FileDescriptor.pipe()
        let childInput = inputs.takeFirst()
        let writer = StreamInput(inputs.takeSecond())
        let reader = outputs.takeFirst()
        let childOutput = outputs.takeSecond()
        let spawn = Spawn(path, arguments, environment: environment())
        let pid = try spawn.start(descriptors: [childInput.rawValue, childOutput.rawValue, STDERR_FILENO])
        endLifetime(childInput)
        endLifetime(childOutput)
        do throws(SystemError) {
            // A program that ends without reading all of its input is no failure of ours.
            _ = try writer.send(input)
            writer.end()
            let output = try reader.readAll(limit: limit)
            return Result(status: try waitForExit(of: pid), output: output)
        } catch {
            kill(pid, SIGKILL)
            _ = try? waitForExit(of: pid)
            throw error
        }
    }

    /// The file that the name `program` means, as execvp(3) finds it; nil where there is none.
    package static func path(of program: String) -> String? {
        SearchPath.own.find(program)
    }

    /// This process's environment, as `Spawn` takes it.
    package static func environment() -> [String] {
        var found: [String] = []
        var entry = environ
        while let text = entry.pointee {
            found.append(String(cString: text))
            entry += 1
        }
        return found
    }
}
