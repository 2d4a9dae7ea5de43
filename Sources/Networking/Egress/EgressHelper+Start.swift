import Bytes
import Glibc
import Linux

extension EgressHelper {
    func startSlirp(_ options: SlirpOptions, _ namespace: String) throws(EgressError) -> RunningEgress {
        guard let path = Self.executable("slirp4netns") else {
            throw .missing(helper: "slirp4netns", package: "slirp4netns")
        }
        var arguments = ["slirp4netns", "--configure", "--mtu=\(options.mtu)"]
        if !options.allowHostLoopback { arguments.append("--disable-host-loopback") }
        if let cidr = options.cidr { arguments.append("--cidr=\(cidr)") }
        if options.enableIPv6 { arguments.append("--enable-ipv6") }
        if let address = options.outboundAddress { arguments.append("--outbound-addr=\(address)") }
        if let address = options.outboundAddress6 { arguments.append("--outbound-addr6=\(address)") }
        arguments += ["--ready-fd=3", "--exit-fd=4", "--netns-type=path", namespace, "tap0"]
        let program = SlirpProgram(path: path, arguments: arguments)
        do throws(SystemError) {
            return try program.start(.full)
        } catch { throw .system(error) }
    }

    func startPasta(
        _ extra: [String], _ path: String, _ namespace: borrowing FileDescriptor
    ) throws(EgressError) -> RunningEgress {
        guard let pasta = Self.executable("pasta") else { throw .missing(helper: "pasta", package: "passt") }
        var arguments = ["pasta", "--config-net", "--quiet", "--foreground", "--netns-only"]
        // Nothing of the host's ports appears inside, nothing of the container's outside, unless it is asked for.
        for (short, long) in [("-t", "--tcp-ports"), ("-u", "--udp-ports"), ("-T", "--tcp-ns"), ("-U", "--udp-ns")]
        where !extra.contains(where: { $0 == short || $0.begins(with: long) }) { arguments += [short, "none"] }
        arguments += ["--no-map-gw"] + extra + ["--netns", path]
        do throws(SystemError) {
            var output = try Self.logPipe()
            var ready = try FileDescriptor.pipe()
            let outputWrite = output.takeSecond()
            let readyWrite = ready.takeSecond()
            let helper = try fork { Self.execute(pasta, arguments, output: outputWrite.rawValue, descriptors: []) }
            let number = namespace.rawValue
            // In the foreground pasta has no word for being ready; a default route in the namespace is the sign. Looking
            // at it takes a process inside, which ends by itself.
            let watcher = try fork { Self.watch(number, readyWrite.rawValue) }
            return RunningEgress(
                helper: "pasta", pid: helper, watcher: watcher, ready: ready.takeFirst(), output: output.takeFirst(),
                exitPipe: nil, slirp: nil)
        } catch { throw .system(error) }
    }

    /// A pipe for what a helper writes, which is read once, where it ends before the network is up. Later messages that it
    /// has no room for are dropped: a helper that waited for a reader would forward no packets meanwhile, and what a
    /// container sends can make it write.
    static func logPipe() throws(SystemError) -> DescriptorPair {
        var ends = try FileDescriptor.pipe()
        let reader = ends.takeFirst()
        let writer = ends.takeSecond()
        let flags = try check("fcntl") { DescriptorTable.statusFlags(writer.rawValue) }
        try check("fcntl") { DescriptorTable.setStatusFlags(writer.rawValue, flags | O_NONBLOCK) }
        return DescriptorPair(reader, writer)
    }

    private static func watch(_ namespace: CInt, _ ready: CInt) -> CInt {
        try? Credentials.setParentDeathSignal(SIGKILL)
        guard (try? NamespaceSet.network.enter(namespace)) != nil else { return 1 }
        for _ in 0..<1000 {
            if let routes = try? Files.readText("/proc/self/net/route"),
                routes.split(on: "\n").dropFirst().contains(where: {
                    let fields = $0.split(on: "\t")
                    return fields.count > 1 && fields[1] == "00000000"
                })
            {
                var byte: UInt8 = 1
                return write(ready, &byte, 1) == 1 ? 0 : 1
            }
            usleep(5000)
        }
        return 1
    }

    fileprivate static func execute(_ path: String, _ arguments: [String], output: CInt, descriptors: [CInt]) -> CInt {
        // pasta needs SIGPIPE at its default when it starts.
        Signals.resetAll()
        let image = ExecutionImage(arguments: arguments, environment: HelperProgram.environment())
        do throws(SystemError) {
            try Credentials.setParentDeathSignal(SIGKILL)
            // Out of the way first: a source may have one of the target numbers.
            var sources: [CInt] = []
            for number in descriptors { sources.append(try DescriptorTable.copy(number, atLeast: 20)) }
            let log = try DescriptorTable.copy(output, atLeast: 20)
            DescriptorTable.silence([0])
            for target in [CInt](1...2) { try DescriptorTable.place(log, at: target) }
            for place in 0..<sources.count { try DescriptorTable.place(sources[place], at: CInt(3 + place)) }
            DescriptorTable.closeAll(from: CInt(3 + sources.count))
        } catch { return 127 }
        _ = image.execute(path)
        return 127
    }
}

/// slirp4netns as it is started for one namespace.
struct SlirpProgram: Sendable {
    let path: String
    let arguments: [String]

    /// What slirp4netns shuts itself into before it serves the container (slirp4netns(1)), from the strongest down: it
    /// reads what the container sends, and runs with the user's identity.
    enum Confinement: Int, Sendable, CaseIterable {
        /// A mount namespace with /etc and /run alone, and a filter for system calls.
        case full
        /// Where it may not mount: in some containers.
        case filter
        /// Where it was built without libseccomp, or the kernel takes no filters.
        case sandbox
        /// Before 0.4.
        case none

        var flags: [String] {
            switch self {
            case .full: ["--enable-sandbox", "--enable-seccomp"]
            case .filter: ["--enable-seccomp"]
            case .sandbox: ["--enable-sandbox"]
            case .none: []
            }
        }

        var next: Confinement? { Confinement(rawValue: rawValue + 1) }
    }

    func start(_ confinement: Confinement) throws(SystemError) -> RunningEgress {
        var ready = try FileDescriptor.pipe()
        var exit = try FileDescriptor.pipe()
        var output = try EgressHelper.logPipe()
        let readyWrite = ready.takeSecond()
        let exitRead = exit.takeFirst()
        let outputWrite = output.takeSecond()
        let words = Array(arguments[..<1]) + confinement.flags + Array(arguments[1...])
        let helper = try fork {
            EgressHelper.execute(
                path, words, output: outputWrite.rawValue, descriptors: [readyWrite.rawValue, exitRead.rawValue])
        }
        return RunningEgress(
            helper: "slirp4netns", pid: helper, watcher: nil, ready: ready.takeFirst(), output: output.takeFirst(),
            exitPipe: exit.takeSecond(), slirp: (self, confinement))
    }
}
