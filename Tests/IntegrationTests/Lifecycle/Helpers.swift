import Glibc
import Linux
import TestSupport
import Testing

extension Sandbox {
    /// `apus run -d --network none --name NAME FLAGS… busybox sh -c SCRIPT`; returns the id.
    @discardableResult
    func detached(_ name: String, _ script: String) throws -> String { try detached(name, [], script) }

    /// The same with flags.
    @discardableResult
    func detached(_ name: String, _ flags: [String], _ script: String) throws -> String {
        let words = ["run", "-d", "--network", "none", "--name", name] + flags + ["busybox", "sh", "-c", script]
        let result = try apus(words)
        guard result.code == 0 else { throw TestFailure("run -d: \(result)") }
        return String(result.text.dropLast())
    }

    /// One field of `inspect`.
    func inspect(_ name: String, _ field: String) throws -> String {
        try output("inspect", "--format", "{{\(field)}}", name)
    }

    /// Asks until `condition` holds; throws after `seconds`.
    func eventually(_ what: String, seconds: Int = 60, _ condition: () throws -> Bool) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while try !condition() {
            guard ContinuousClock.now < end else { throw TestFailure("waited too long for \(what)") }
            usleep(20_000)
        }
    }

    /// Waits until `system check` finds nothing: what goes with --rm goes behind the answer. Throws with what it says last.
    func eventuallyInOrder() throws {
        var last = ""
        do {
            try eventually("order") {
                let check = try apus("system", "check")
                last = "\(check)"
                return check.code == 0
            }
        } catch { throw TestFailure("\(error): \(last)") }
    }

    /// What a container printed so far, by its log's file.
    func log(_ id: String) -> String {
        (try? Files.readText("\(store)/containers/\(id)/\(id)-json.log")) ?? ""
    }

    /// A file of a container in the store.
    func store(_ id: String, _ name: String) throws -> String {
        try Files.readText("\(store)/containers/\(id)/\(name)")
    }

    /// How many events with `action` were noted.
    func events(_ action: String) -> Int {
        let text = (try? Files.readText("\(store)/events.log")) ?? ""
        return text.split(separator: "\n").count { $0.contains("\"Action\":\"\(action)\"") }
    }

    /// The number of a container's supervisor, by its state.
    func supervisor(_ id: String) throws -> ProcessID {
        let state = try Files.readText("\(runState)/containers/\(id)/state")
        for line in state.split(separator: "\n") where line.hasPrefix("supervisor=") {
            if let pid = ProcessID(line.dropFirst(11).prefix { $0 != " " }) { return pid }
        }
        throw TestFailure("no supervisor in:\n\(state)")
    }

    /// Waits until `process` has given back what memory it had.
    func awaitRest(_ process: ProcessID) throws {
        // KB of its own. It has some 85, in the debug build 145; one that does not rest has 500 and more.
        let own = 200
        // KB of its share of all memory: beside its own, pages of the executable, which the kernel brings sixteen at once.
        let share = 500
        var last = (0, 0)
        do {
            try eventually("the rest of \(process)") {
                last = (try kilobytes(process, "Private_Dirty"), try kilobytes(process, "Pss"))
                return last.0 <= own && last.1 <= share
            }
        } catch { throw TestFailure("\(error): private dirty and share are \(last) KB") }
    }

    private func kilobytes(_ process: ProcessID, _ name: String) throws -> Int {
        let text = try Files.readText("/proc/\(process)/smaps_rollup")
        for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
            if let number = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) { return number }
        }
        throw TestFailure("no \(name) in:\n\(text)")
    }
}

/// What the descriptors of process `pid` are, by number. One that the process closes meanwhile is not among them.
func openFiles(of pid: ProcessID) throws -> [String: String] {
    var files: [String: String] = [:]
    for name in try Files.list("/proc/\(pid)/fd") {
        do throws(SystemError) { files[name] = try Files.readLink("/proc/\(pid)/fd/\(name)") } catch {
            if error.errno != .noEntry { throw error }
        }
    }
    return files
}
