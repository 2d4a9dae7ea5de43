import Glibc
package import Linux

/// What a program left: its output and how it ended.
package struct ProgramResult: Sendable, CustomStringConvertible {
    package let status: ExitStatus
    package let output: [UInt8]
    package let errors: [UInt8]

    /// The exit code as a shell gives it.
    package var code: CInt { status.shellCode }
    /// Standard output as text.
    package var text: String { String(decoding: output, as: UTF8.self) }
    /// Standard error as text.
    package var errorText: String { String(decoding: errors, as: UTF8.self) }
    /// Standard error without the news that a user with one id gets once.
    package var complaints: String {
        let lines = errors.split(separator: 10, omittingEmptySubsequences: false)
        let news = Array("WARNING: only one user id is available".utf8)
        return String(decoding: Array(lines.filter { !$0.starts(with: news) }.joined(separator: [10])), as: UTF8.self)
    }
    /// The lines of standard output.
    package var lines: [String] {
        // By bytes: a carriage return and a line feed are one Character.
        text.utf8.split(separator: 10).map { String(Substring($0)) }
    }

    package var description: String { "exit \(code)\n--- stdout\n\(text)\n--- stderr\n\(errorText)" }
}

/// A test's failure outside an expectation: what was done, and what came of it.
package struct TestFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// A program that a test started, with pipes as its standard streams.
package final class RunningProgram {
    package let pid: ProcessID
    private let name: String
    private var input: FileDescriptor?
    private let output: FileDescriptor
    private let errors: FileDescriptor
    private var collected: (output: [UInt8], errors: [UInt8]) = ([], [])
    private var openStreams = (output: true, errors: true)
    private var reaped = false

    /// Starts `program`. Throws `SystemError` where it cannot be.
    package init(_ program: Spawn) throws {
        name = ([program.path] + program.arguments).joined(separator: " ")
        var stdin = try FileDescriptor.pipe()
        var stdout = try FileDescriptor.pipe()
        var stderr = try FileDescriptor.pipe()
        let inEnd = stdin.takeFirst()
        let outEnd = stdout.takeSecond()
        let errEnd = stderr.takeSecond()
        pid = try program.start(descriptors: [inEnd.rawValue, outEnd.rawValue, errEnd.rawValue])
        input = stdin.takeSecond()
        output = stdout.takeFirst()
        errors = stderr.takeFirst()
    }

    deinit {
        if !reaped {
            kill(-pid, SIGKILL)
            kill(pid, SIGKILL)
            _ = try? waitForExit(of: pid)
        }
    }

    /// Writes to the program's standard input, as far as that reads it: one may end without.
    package func write(_ bytes: some Collection<UInt8>) throws {
        guard input != nil else { throw TestFailure("the input of \(name) is closed") }
        try Self.withoutBrokenPipe {
            do throws(SystemError) { try input!.writeAll(bytes) } catch {
                if error.errno != .brokenPipe { throw error }
            }
        }
    }

    /// Does `body`, for which SIGPIPE would end the whole run of tests. It is not ignored: programs that are started would inherit that.
    private static func withoutBrokenPipe(_ body: () throws -> Void) rethrows {
        var pipe = sigset_t()
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &pipe, &before)
        defer {
            // The thread's own, if one came.
            var none = timespec()
            while sigtimedwait(&pipe, nil, &none) > 0 {}
            pthread_sigmask(SIG_SETMASK, &before, nil)
        }
        try body()
    }

    /// Ends the program's standard input.
    package func closeInput() { input = nil }

    /// The time between two looks at something that a test waits for.
    package static func pause() { usleep(50_000) }

    /// Sends a signal to the program alone.
    package func send(_ signal: CInt) { kill(pid, signal) }

    /// Waits until standard output holds `text`; throws when it ends, or `seconds` pass, without.
    package func waitForOutput(_ text: String, seconds: Int = 60) throws {
        let deadline = Deadline(seconds: seconds)
        while !String(decoding: collected.output, as: UTF8.self).contains(text) {
            guard openStreams.output else { throw TestFailure("\(name) ended without '\(text)':\n\(soFar)") }
            try readSome(until: deadline, waitingFor: "'\(text)'")
        }
    }

    /// Whether standard output holds `text` by now, without waiting for more.
    package func hasWritten(_ text: String) throws -> Bool {
        var set = PollSet()
        let place = set.add(output.rawValue)
        while openStreams.output, try set.wait(milliseconds: 0), set.isReadable(place) {
            try readSome(until: Deadline(seconds: 1), waitingFor: "'\(text)'")
        }
        return String(decoding: collected.output, as: UTF8.self).contains(text)
    }

    /// Waits for the end of the program and of its output. Past `seconds` it is killed, and that is an error.
    package func wait(seconds: Int = 120) throws -> ProgramResult {
        let deadline = Deadline(seconds: seconds)
        while openStreams.output || openStreams.errors {
            try readSome(until: deadline, waitingFor: "the end of its output")
        }
        // Both pipes are closed; the program itself may run on, and its exit is waited for within the same time.
        if let pidfd = ProcessIdentity(of: pid)?.open() {
            var set = PollSet()
            set.add(pidfd.rawValue)
            if try !set.wait(milliseconds: deadline.milliseconds) { try giveUp("its exit") }
        }
        let status = try waitForExit(of: pid)
        reaped = true
        return ProgramResult(status: status, output: collected.output, errors: collected.errors)
    }

    private var soFar: String {
        "--- stdout\n\(String(decoding: collected.output, as: UTF8.self))\n--- stderr\n"
            + String(decoding: collected.errors, as: UTF8.self)
    }

    private func giveUp(_ what: String) throws -> Never {
        kill(-pid, SIGKILL)
        kill(pid, SIGKILL)
        throw TestFailure("\(name): waited too long for \(what)\n\(soFar)")
    }

    private func readSome(until deadline: Deadline, waitingFor what: String) throws {
        var set = PollSet()
        let outPlace = openStreams.output ? set.add(output.rawValue) : nil
        let errPlace = openStreams.errors ? set.add(errors.rawValue) : nil
        if try !set.wait(milliseconds: deadline.milliseconds) { try giveUp(what) }
        if let outPlace, set.isReadable(outPlace) {
            openStreams.output = try Self.append(from: output, to: &collected.output)
        }
        if let errPlace, set.isReadable(errPlace) {
            openStreams.errors = try Self.append(from: errors, to: &collected.errors)
        }
    }

    private static func append(from stream: borrowing FileDescriptor, to bytes: inout [UInt8]) throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = try chunk.withUnsafeMutableBytes { try stream.read(into: $0) }
        bytes.append(contentsOf: chunk[..<count])
        return count > 0
    }
}

/// A moment after which a test stops waiting: it guards against hanging, and measures nothing.
struct Deadline {
    private let end: ContinuousClock.Instant

    init(seconds: Int) { end = .now + .seconds(seconds) }

    /// Milliseconds that are left, for poll(2).
    var milliseconds: CInt {
        let left = ContinuousClock.Instant.now.duration(to: end)
        return CInt(max(0, left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000))
    }

    var isOver: Bool { milliseconds == 0 }
}
