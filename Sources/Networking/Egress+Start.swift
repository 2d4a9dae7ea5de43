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
        do throws(SystemError) {
            var ready = try FileDescriptor.pipe()
            var exit = try FileDescriptor.pipe()
            var output = try FileDescriptor.pipe()
            let readyWrite = ready.takeSecond()
            let exitRead = exit.takeFirst()
            let outputWrite = output.takeSecond()
            let helper = try fork {
                Self.execute(
                    path, arguments, output: outputWrite.rawValue,
                    descriptors: [readyWrite.rawValue, exitRead.rawValue])
            }
            return RunningEgress(
                helper: "slirp4netns", pid: helper, watcher: nil, ready: ready.takeFirst(),
                output: output.takeFirst(), exitPipe: exit.takeSecond())
        } catch { throw .system(error) }
    }

    func startPasta(
        _ extra: [String], _ path: String, _ namespace: borrowing FileDescriptor
    ) throws(EgressError) -> RunningEgress {
        guard let pasta = Self.executable("pasta") else { throw .missing(helper: "pasta", package: "passt") }
        var arguments = ["pasta", "--config-net", "--quiet", "--foreground", "--netns-only"]
        // Nothing of the host's ports appears inside, nothing of the container's outside, unless it is asked for.
        for (short, long) in [("-t", "--tcp-ports"), ("-u", "--udp-ports"), ("-T", "--tcp-ns"), ("-U", "--udp-ns")]
        where !extra.contains(where: { $0 == short || $0.hasPrefix(long) }) { arguments += [short, "none"] }
        arguments += ["--no-map-gw"] + extra + ["--netns", path]
        do throws(SystemError) {
            var output = try FileDescriptor.pipe()
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
                exitPipe: nil)
        } catch { throw .system(error) }
    }

    private static func watch(_ namespace: CInt, _ ready: CInt) -> CInt {
        try? Credentials.setParentDeathSignal(SIGKILL)
        guard (try? NamespaceSet.network.enter(namespace)) != nil else { return 1 }
        for _ in 0..<1000 {
            if let routes = try? Files.readText("/proc/self/net/route"),
                routes.split(separator: "\n").dropFirst().contains(where: {
                    let fields = $0.split(separator: "\t")
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

    private static func execute(_ path: String, _ arguments: [String], output: CInt, descriptors: [CInt]) -> CInt {
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
