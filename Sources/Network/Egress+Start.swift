import CLinux
import Glibc
import Linux

extension EgressHelper {
    func startSlirp(_ options: SlirpOptions, _ pid: ProcessID) throws(EgressError) -> RunningEgress {
        guard let path = Self.executable("slirp4netns") else {
            throw .missing(helper: "slirp4netns", package: "slirp4netns")
        }
        var arguments = ["slirp4netns", "--configure", "--mtu=\(options.mtu)"]
        if !options.allowHostLoopback { arguments.append("--disable-host-loopback") }
        if let cidr = options.cidr { arguments.append("--cidr=\(cidr)") }
        if options.enableIPv6 { arguments.append("--enable-ipv6") }
        if let address = options.outboundAddress { arguments.append("--outbound-addr=\(address)") }
        if let address = options.outboundAddress6 { arguments.append("--outbound-addr6=\(address)") }
        arguments += ["--ready-fd=3", "--exit-fd=4", String(pid), "tap0"]
        do throws(SystemError) {
            var ready = try FileDescriptor.pipe()
            var exit = try FileDescriptor.pipe()
            var output = try FileDescriptor.pipe()
            let readyRead = ready.takeFirst()
            let outputRead = output.takeFirst()
            let exitWrite = exit.takeSecond()
            let readyWrite = ready.takeSecond().release()
            let exitRead = exit.takeFirst().release()
            let outputWrite = output.takeSecond().release()
            let helper = try fork {
                Self.execute(path, arguments, output: outputWrite, descriptors: [readyWrite, exitRead])
            }
            close(readyWrite)
            close(exitRead)
            close(outputWrite)
            var byte: UInt8 = 0
            var poll = PollSet()
            poll.add(readyRead.rawValue)
            // It takes some 5 ms; a helper that hangs must not hang the container's start with it.
            let got = try poll.wait(milliseconds: 10_000) ? Glibc.read(readyRead.rawValue, &byte, 1) : 0
            if got == 1 { return RunningEgress(pid: helper, exitPipe: exitWrite) }
            let message = Self.lastLine(of: outputRead)
            kill(helper, SIGKILL)
            _ = try waitForExit(of: helper)
            throw SystemError("slirp4netns", message, .io)
        } catch {
            if error.call == "slirp4netns" { throw .failed(helper: "slirp4netns", output: error.object ?? "") }
            throw .system(error)
        }
    }

    // pasta configures the namespace, then goes to the background: its exit code says that the network is up.
    func startPasta(_ extra: [String], _ pid: ProcessID) throws(EgressError) -> RunningEgress {
        guard let path = Self.executable("pasta") else { throw .missing(helper: "pasta", package: "passt") }
        var arguments = ["pasta", "--config-net", "--quiet", "--foreground"]
        if !extra.contains(where: { $0 == "-t" || $0.hasPrefix("--tcp-ports") }) { arguments += ["-t", "none"] }
        if !extra.contains(where: { $0 == "-u" || $0.hasPrefix("--udp-ports") }) { arguments += ["-u", "none"] }
        if !extra.contains("-T") { arguments += ["-T", "none"] }
        if !extra.contains("-U") { arguments += ["-U", "none"] }
        arguments += ["--no-map-gw"] + extra + ["--netns", "/proc/\(pid)/ns/net"]
        do throws(SystemError) {
            var output = try FileDescriptor.pipe()
            let outputRead = output.takeFirst()
            let outputWrite = output.takeSecond().release()
            let helper = try fork { Self.execute(path, arguments, output: outputWrite, descriptors: []) }
            close(outputWrite)
            return try awaitInterface(helper, of: pid, outputRead)
        } catch {
            if error.call == "pasta" { throw .failed(helper: "pasta", output: error.object ?? "") }
            throw .system(error)
        }
    }

    // In the foreground pasta has no way to say that it is ready: its interface with an address and a default route is
    // the sign. 5 s is ten times what the slowest version needed.
    private func awaitInterface(
        _ helper: ProcessID, of pid: ProcessID, _ output: borrowing FileDescriptor
    ) throws(SystemError) -> RunningEgress {
        for _ in 0..<1000 {
            var status: CInt = 0
            if waitpid(helper, &status, WNOHANG) == helper {
                throw SystemError("pasta", Self.lastLine(of: output), .io)
            }
            if let routes = try? Files.readText("/proc/\(pid)/net/route"),
                routes.split(separator: "\n").dropFirst().contains(where: {
                    let fields = $0.split(separator: "\t")
                    return fields.count > 1 && fields[1] == "00000000"
                })
            {
                return RunningEgress(pid: helper, exitPipe: nil)
            }
            usleep(5000)
        }
        kill(helper, SIGKILL)
        _ = try waitForExit(of: helper)
        throw SystemError("pasta", "no default route after 5 s", .io)
    }

    private static func lastLine(of output: borrowing FileDescriptor) -> String {
        let text = (try? output.readAll(limit: 65536)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").last.map(String.init) ?? ""
    }

    private static func execute(_ path: String, _ arguments: [String], output: CInt, descriptors: [CInt]) -> CInt {
        // pasta needs SIGPIPE at its default when it starts.
        Signals.resetAll()
        _ = apus_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL), 0, 0, 0)
        // Out of the way first: a source may have one of the target numbers.
        let sources = descriptors.map { apus_fcntl_set($0, F_DUPFD, 20) }
        let log = apus_fcntl_set(output, F_DUPFD, 20)
        let null = apus_open(AT_FDCWD, "/dev/null", O_RDWR, 0)
        dup2(null, 0)
        dup2(log, 1)
        dup2(log, 2)
        for (place, source) in sources.enumerated() { dup2(source, CInt(3 + place)) }
        _ = apus_close_range(UInt32(3 + sources.count), UInt32.max, 0)
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        pointers.append(nil)
        execv(path, pointers)
        return 127
    }
}
