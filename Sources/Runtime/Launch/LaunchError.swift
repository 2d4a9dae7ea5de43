package import Linux

/// Why a container's process could not be started: where, which call, on what, and why.
package struct LaunchError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The parts of a start, in about their order.
    package enum Step: UInt8, Sendable, CaseIterable, WireCodable {
        case request, process, namespaces, userMapping, cgroup, rootFileSystem, mounts, devices, console, sysctl
        case maskedPaths, readonlyPaths, pivot, hostname, descriptors, limits, credentials, labels, seccomp
        case workingDirectory, executable, initProcess, communication, hook, networkDevice

        var text: String {
            switch self {
            case .request: "cannot start the container"
            case .process: "cannot create the container's process"
            case .namespaces: "cannot enter the container's namespaces"
            case .userMapping: "cannot map the container's user ids"
            case .cgroup: "cannot move the container into its cgroup"
            case .rootFileSystem: "cannot set up the root file system"
            case .mounts: "cannot mount"
            case .devices: "cannot create the device"
            case .console: "cannot set up the container's terminal"
            case .sysctl: "cannot set the kernel parameter"
            case .maskedPaths: "cannot mask the path"
            case .readonlyPaths: "cannot make the path read-only"
            case .pivot: "cannot change the root directory"
            case .hostname: "cannot set the host name"
            case .descriptors: "cannot arrange the container's descriptors"
            case .limits: "cannot set the limits of the container's process"
            case .credentials: "cannot change to the container's user"
            case .labels: "cannot set the security label"
            case .seccomp: "cannot load the seccomp filter"
            case .workingDirectory: "cannot change to the working directory"
            case .executable: "exec"
            case .initProcess: "cannot start the init process"
            case .hook: "cannot run the hook"
            case .networkDevice: "cannot move the network device into the container"
            case .communication: "lost the container's process during its start"
            }
        }
    }

    package let step: Step
    /// The system call; empty where none failed.
    package let call: String
    package let errno: Errno
    /// What the call was about: a path, a name.
    package let object: String?
    /// The whole sentence, where there is a better one than step, object and errno make.
    package let sentence: String?

    package init(_ step: Step, _ error: SystemError, about object: String? = nil, sentence: String? = nil) {
        self.step = step
        self.call = error.call
        self.errno = error.errno
        self.object = object ?? error.object
        self.sentence = sentence
    }

    package init(_ step: Step, sentence: String, errno: Errno = .invalid) {
        self.step = step
        self.call = ""
        self.errno = errno
        self.object = nil
        self.sentence = sentence
    }

    /// The code that `docker run` exits with for it: 127 for what is not found, 126 for what cannot be executed,
    /// 125 for all else (docker-run, Exit status).
    package var exitCode: CInt {
        switch step {
        case .executable: return errno == .noEntry || errno == .notDirectory ? 127 : 126
        case .workingDirectory:
            return switch errno {
            case .noEntry: 127
            case .access, .notDirectory: 126
            default: 125
            }
        default: return 125
        }
    }

    package var description: String {
        if let sentence { return sentence }
        var text = step.text
        if let object { text += " \(object)" }
        text += ": \(errno)"
        if !call.isEmpty { text += " (\(call))" }
        return text
    }
}

extension LaunchError: WireCodable {
    package func encode(to encoder: inout WireEncoder) {
        encoder.write(step)
        encoder.write(call)
        encoder.write(errno.rawValue)
        encoder.write(object)
        encoder.write(sentence)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        step = try decoder.read(Step.self)
        call = try decoder.read(String.self)
        errno = Errno(try decoder.readInteger(Int32.self))
        object = try decoder.read(String?.self)
        sentence = try decoder.read(String?.self)
    }
}

/// Runs `body` as a part of `step`; what it throws becomes a `LaunchError` about `object`.
@inline(__always)
func step<T: ~Copyable>(
    _ step: LaunchError.Step, _ object: @autoclosure () -> String? = nil,
    sentence: (SystemError) -> String? = { _ in nil },
    _ body: () throws(SystemError) -> T
) throws(LaunchError) -> T {
    do throws(SystemError) {
        return try body()
    } catch {
        throw LaunchError(step, error, about: object(), sentence: sentence(error))
    }
}
