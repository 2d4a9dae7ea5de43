import Glibc
import Linux

/// A scope that systemd is making. The request is sent; the answer is awaited by `complete()`.
struct PendingScope: ~Copyable {
    private var bus: BusConnection
    private let call: UInt32
    private let request: CgroupRequest.ScopeRequest
    private let manager: SystemdManager
    private let processes: [ProcessID]
    private let mountPoint: String
    /// The longest that systemd may take, in seconds.
    private static let patience = 30

    private init(
        _ bus: consuming BusConnection, call: UInt32, _ request: CgroupRequest.ScopeRequest, _ manager: SystemdManager,
        _ processes: [ProcessID], _ mountPoint: String
    ) {
        self.bus = bus
        self.call = call
        self.request = request
        self.manager = manager
        self.processes = processes
        self.mountPoint = mountPoint
    }

    static func begin(
        _ scope: CgroupRequest.ScopeRequest, _ manager: SystemdManager, _ request: CgroupRequest, _ mountPoint: String
    ) throws(CgroupError) -> PendingScope {
        let processes = request.processes.isEmpty ? [getpid()] : request.processes
        var limits: [BusValue] = []
        // Where the container has the scope itself, systemd would undo limits that it has not been told.
        if scope.subgroup == nil, let resources = request.resources {
            limits = SystemdCalls.limits(try CgroupSettings(resources))
        }
        var bus = try manager.connect()
        if bus.isBus { _ = try bus.send(SystemdCalls.watchJobs) }
        let call = try bus.send(
            SystemdCalls.startTransientUnit(
                scope.name, SystemdCalls.scopeProperties(scope, processes: processes, limits: limits), bus: bus.isBus))
        return PendingScope(bus, call: call, scope, manager, processes, mountPoint)
    }

    /// Waits until the scope is there. Throws `CgroupError.systemd` with systemd's own words.
    consuming func complete() throws(CgroupError) -> Cgroup {
        try awaitJob(Deadline(seconds: Self.patience))
        let scope = SystemdScope(manager: manager, unit: request.name)
        guard let text = try? Files.readText("/proc/\(processes[0])/cgroup"),
            let path = CgroupSupport.path(inProcFile: text), path.contains("/\(request.name)"),
            let directory = CgroupSupport.directory(of: path, mountPoint: mountPoint)
        else {
            throw .systemd("systemd has made \(request.name), and its control group is not visible at \(mountPoint)")
        }
        guard let subgroup = request.subgroup else { return try Cgroup.open(directory, scope: scope) }
        return try divide(directory, subgroup, scope)
    }

    /// Waits for the job's end.
    mutating func awaitJob(_ deadline: Deadline) throws(CgroupError) {
        var job: String?
        var results: [String: String] = [:]
        while true {
            if let job, let result = results[job] {
                if result == "done" { return }
                throw .systemd("systemd could not make the scope \(request.name): the job's result is '\(result)'")
            }
            let message = try bus.next(deadline)
            if message.kind == .error, message.replySerial == call {
                throw .systemd("systemd refuses to make the scope \(request.name): \(message.errorText)")
            }
            if message.kind == .error, message.replySerial == 1, bus.isBus {
                throw .systemd("the message bus refuses us: \(message.errorText)")
            }
            if message.replySerial == call, case .objectPath(let path)? = message.body.first { job = path }
            if message.kind == .signal, message.member == "JobRemoved", message.body.count == 4,
                case .objectPath(let path) = message.body[1], case .string(let result) = message.body[3]
            {
                results[path] = result
            }
        }
    }

    // What made the scope leaves its top, which alone can then hand controllers to the container's cgroup.
    private func divide(_ top: String, _ subgroup: String, _ scope: SystemdScope) throws(CgroupError) -> Cgroup {
        let leaf = "\(top)/supervisor"
        do throws(SystemError) {
            try check("mkdir", leaf) { mkdir(leaf, 0o755) }
            for pid in processes { try Files.writeControl("\(pid)", to: "\(leaf)/cgroup.procs") }
        } catch { throw .failed(error) }
        guard var place = Place(reading: top) else { throw .failed(SystemError("open", top, .noEntry)) }
        do throws(SystemError) { try place.enable(place.available) } catch {
            for one in place.available.list { try? place.enable(Controllers(one)) }
        }
        let path = "\(top)/\(subgroup)"
        try doing { () throws(SystemError) in _ = try check("mkdir", path) { mkdir(path, 0o755) } }
        return try Cgroup.open(path, scope: scope)
    }
}
