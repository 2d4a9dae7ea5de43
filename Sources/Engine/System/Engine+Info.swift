import Bytes
import ContainerSpec
package import DockerTypes
import Errors
import Glibc
import Linux
import Runtime
import Store
import Supervision

extension Engine {
    /// What `info` tells, and a sentence for each record that could not be read. Throws `EngineError`, and
    /// `StoreError` where the store itself cannot be read.
    package func systemInfo() throws -> (info: SystemInfo, problems: [String]) {
        let (containers, problems) = try listContainers()
        let (images, faults) = try images.images()
        var info = SystemInfo(
            controlGroups: .current(), dataDirectory: paths.data, runDirectory: paths.run)
        info.images = images.count
        for container in containers {
            switch container.state.status {
            case .running, .restarting: info.running += 1
            case .paused: info.paused += 1
            case .created, .removing, .exited, .dead: info.stopped += 1
            }
        }
        let names = KernelFacts.names()
        (info.name, info.hardware) = (names.host, names.hardware)
        let release = (try? Files.readText("/etc/os-release")) ?? ""
        if let name = Self.value(of: "PRETTY_NAME", in: release) { info.operatingSystem = name }
        info.operatingSystemVersion = Self.value(of: "VERSION_ID", in: release) ?? ""
        info.time = Timestamp.now().rfc3339
        info.processors = KernelFacts.onlineProcessorCount()
        info.memory = Self.machineMemory
        info.isRootless = geteuid() != 0
        if UserNamespace.plan().mode == .single { info.limitsOfOneID = OneUser.limits }
        var complaints = problems + faults
        var probe = DriverProbe()
        do throws(EngineError) { probe = try probeDrivers() } catch { complaints.append(error.message) }
        let (driver, status) = driverStatus(probe)
        info.storageDriver = driver.rawValue
        info.driverStatus = status
        return (info, complaints)
    }

    // The value of `KEY=value` or `KEY="value"` among lines (os-release(5)).
    private static func value(of key: String, in text: String) -> String? {
        for line in text.split(on: "\n") where line.begins(with: "\(key)=") {
            let value = line.dropping(key.utf8.count + 1)
            return value.begins(with: "\"") ? String(value.dropping(1).droppingLast(1)) : String(value)
        }
        return nil
    }
}
