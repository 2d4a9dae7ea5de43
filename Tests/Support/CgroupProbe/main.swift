// Makes a cgroup as a container's supervisor does, runs a command in it and says what became of it: from a process
// with one thread, in whatever session and namespace the test has put it.
//
//   CgroupProbe detect
//   CgroupProbe life: freezes, thaws and kills two processes, and says how that went
//   CgroupProbe sweep: removes what was left of others, however young
//   CgroupProbe end PATH: kills what is in a cgroup, and removes it
//   CgroupProbe processes PATH: the number of processes in a cgroup and below it
//   CgroupProbe run [--systemd | --directory PATH | --parent PARENT] [--name NAME] [--scope-only] [LIMIT=VALUE…] -- COMMAND…
//
// `{}` in the command becomes the cgroup's path. Limits are those of the runtime spec by short names.
import Bytes
import Cgroups
import Glibc
import Linux
import OCI

func fail(_ message: String) -> Never {
    let line = Array("\(message)\n".utf8)
    _ = write(2, line, line.count)
    exit(1)
}

func detect() {
    let support = CgroupSupport.detect()
    print("hierarchy=\(support.hierarchy.rawValue)")
    print("mount=\(support.mountPoint ?? "")")
    print("own=\(support.ownDirectory ?? "")")
    print("available=\(support.available)")
    print("delegated=\(support.delegated)")
    print("writable=\(support.isWritable)")
    print("unit=\(support.isDelegatedUnit)")
    print("manager=\(support.manager?.kind.rawValue ?? "")")
}

func resources(_ words: [String]) -> RuntimeSpec.Resources? {
    guard !words.isEmpty else { return nil }
    var resources = RuntimeSpec.Resources()
    var memory = RuntimeSpec.Resources.Memory()
    var cpu = RuntimeSpec.Resources.CPU()
    var rules: [RuntimeSpec.Resources.DeviceRule] = []
    for word in words {
        let parts = word.split(separator: "=", maxSplits: 1).map { String($0) }
        guard parts.count == 2 else { fail("'\(word)' is no limit") }
        switch parts[0] {
        case "memory": memory.limit = Int64(parts[1])
        case "swap": memory.swap = Int64(parts[1])
        case "reservation": memory.reservation = Int64(parts[1])
        case "pids": resources.pids = .init(limit: Int64(parts[1])!)
        case "shares": cpu.shares = UInt64(parts[1])
        case "quota": cpu.quota = Int64(parts[1])
        case "period": cpu.period = UInt64(parts[1])
        case "cpus": cpu.cpus = parts[1]
        case "deny":
            let numbers = parts[1].split(separator: ":")
            rules.append(.init(allow: true, access: "rwm"))
            rules.append(
                .init(allow: false, type: "c", major: Int64(numbers[0]), minor: Int64(numbers[1]), access: "rw"))
        default: resources.unified = (resources.unified ?? [:]).merging([ByteKey(parts[0]): parts[1]]) { $1 }
        }
    }
    resources.memory = memory
    resources.cpu = cpu
    resources.devices = rules.isEmpty ? nil : rules
    return resources
}

func run(_ arguments: [String]) throws(CgroupError) {
    var words = arguments[...]
    var placement: CgroupRequest.Placement?
    var parent: String?
    var name = "apus-probe-\(getpid())"
    var systemd = false
    var scopeOnly = false
    var limits: [String] = []
    while let word = words.popFirst(), word != "--" {
        switch word {
        case "--systemd": systemd = true
        case "--scope-only": scopeOnly = true
        case "--directory": placement = .directory(words.removeFirst())
        case "--parent": parent = words.removeFirst()
        case "--name": name = words.removeFirst()
        default: limits.append(word)
        }
    }
    if systemd {
        placement = .systemd(
            .init(
                name: "\(name).scope", slice: parent, description: "probe", subgroup: scopeOnly ? nil : "container"))
    }
    let request = CgroupRequest(placement ?? .automatic(name: name, parent: parent), resources: resources(limits))
    let cgroup = try Cgroup.create(request)
    let path = cgroup.path
    let command = words.map { $0.split(separator: "{}", omittingEmptySubsequences: false).joined(separator: path) }
    let pid: ProcessID
    let directory = cgroup.directory.rawValue
    do throws(SystemError) {
        pid = try fork {
            do throws(SystemError) {
                try Files.writeControl("0", to: "cgroup.procs", in: directory)
            } catch { fail("\(error)") }
            let image = command.map { strdup($0) } + [nil]
            execvp(image[0]!, image)
            return 127
        }
    } catch { throw .failed(error) }
    let status = try? waitForExit(of: pid)
    let statistics = cgroup.statistics()
    print("path=\(path)")
    print("status=\(status?.shellCode ?? -1)")
    print("oom-kills=\(cgroup.oomKills)")
    print("cpu=\(statistics.cpu.map { "\($0.usage)" } ?? "") throttled=\(statistics.cpu?.throttledPeriods ?? 0)")
    print("memory-peak=\(statistics.memory?.peak.map { "\($0)" } ?? "")")
    print("own=\(CgroupSupport.ownPath() ?? "")")
    try cgroup.remove()
    print("left=\(Files.exists(path))")
}

// A process that makes another; both would never end.
func life() throws {
    let cgroup = try Cgroup.create(CgroupRequest(.automatic(name: "apus-probe-\(getpid())")))
    let directory = cgroup.directory.rawValue
    let pid: ProcessID
    do throws(SystemError) {
        pid = try fork {
            try? Files.writeControl("0", to: "cgroup.procs", in: directory)
            _ = try? fork { while true { pause() } }
            while true { pause() }
        }
    } catch { throw CgroupError.failed(error) }
    while try cgroup.processes().count < 2 { usleep(1000) }
    print("populated=\(cgroup.isPopulated) frozen=\(cgroup.isFrozen)")
    try cgroup.freeze()
    print("frozen=\(cgroup.isFrozen)")
    try cgroup.thaw()
    print("frozen=\(cgroup.isFrozen)")
    try cgroup.freeze()
    var events = try CgroupEvents(cgroup)
    try cgroup.kill()
    let status = try? waitForExit(of: pid)
    print("status=\(status?.shellCode ?? -1)")
    while cgroup.isPopulated { events.wait(milliseconds: 1000) }
    print("populated=\(cgroup.isPopulated) processes=\(try cgroup.processes())")
    try Files.makeDirectories("\(cgroup.path)/a/b")
    try cgroup.remove()
    print("left=\(Files.exists(cgroup.path))")
}

func attempt(_ body: () throws -> Void) {
    do { try body() } catch { fail("\(error)") }
}

switch CommandLine.arguments.dropFirst().first {
case "detect": detect()
case "run":
    attempt { try run(Array(CommandLine.arguments.dropFirst(2))) }
case "life": attempt { try life() }
case "sweep": Cgroup.sweep(olderThan: 0)
case "end": attempt { try Cgroup.end(CommandLine.arguments[2]) }
case "processes": attempt { print(try Cgroup.open(CommandLine.arguments[2]).processes().count) }
default: fail("usage: CgroupProbe detect|life|sweep|end|processes|run …")
}
