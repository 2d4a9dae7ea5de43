import Bytes
import ContainerSpec
import DockerTypes
import Errors
import Glibc
import Linux
import Runtime
import Store
import Supervision
import Workers

/// The process that tries the storage drivers: `probe-drivers RUN-DIRECTORY LAYERS` prints a line with the kind of the file
/// system, one with "yes" or "no" for reflinks, and `DRIVER SENTENCE` for each driver that cannot be used. Exit code 1 and a
/// sentence on standard error where that fails.
enum ProbeDriversWorker {
    static func run(_ arguments: [String]) -> CInt {
        guard arguments.count == 2 else { return 2 }
        do {
            _ = try UserNamespace.enter(runDirectory: arguments[0])
            let probe = try DriverProbe.run(in: arguments[1])
            var text = "\(probe.fileSystem)\n\(probe.hasReflinks ? "yes" : "no")\n"
            for driver in StorageDriver.allCases {
                guard let refusal = probe.refusals[driver] else { continue }
                text += "\(driver.rawValue) \(refusal.split(on: "\n").joined(separator: " "))\n"
            }
            try FileDescriptor(owning: 1).writeAll(Array(text.utf8))
            return 0
        } catch {
            try? FileDescriptor(owning: 2).writeAll(Array("\(error)".utf8))
            return 1
        }
    }
}

extension Engine {
    /// Tries the storage drivers on this store. Throws `EngineError` where that cannot be done.
    func probeDrivers() throws(EngineError) -> DriverProbe {
        let folder = layers.folder
        do throws(SystemError) { try Files.makeDirectories(folder) } catch {
            throw EngineError("cannot try the storage drivers: \(error)")
        }
        let bytes = try Worker.probeDrivers.answer(executable, [paths.run, folder])
        let lines = String(decoding: bytes, as: UTF8.self).split(on: "\n")
        guard lines.count >= 2 else { throw EngineError("cannot try the storage drivers: the worker said nothing") }
        var probe = DriverProbe()
        probe.fileSystem = String(lines[0])
        probe.hasReflinks = lines[1] == "yes"
        for line in lines.dropFirst(2) {
            guard let driver = StorageDriver(rawValue: String(line.until(" "))) else { continue }
            probe.refusals[driver] = String(line.dropping(driver.rawValue.utf8.count + 1))
        }
        return probe
    }

    /// The driver of new containers, and what `info` tells of it: as Docker does, and why those before it are not taken.
    func driverStatus(_ probe: DriverProbe) -> (driver: StorageDriver, status: [SystemInfo.DriverFact]) {
        let driver = storageDriver ?? probe.best
        var facts = [SystemInfo.DriverFact(name: "Backing Filesystem", value: probe.fileSystem)]
        switch driver {
        case .overlay:
            facts += [
                .init(name: "Supports d_type", value: "true"), .init(name: "Using metacopy", value: "false"),
                .init(name: "Native Overlay Diff", value: "true"), .init(name: "userxattr", value: "true"),
            ]
        case .fuseOverlay: break
        case .copy: facts.append(.init(name: "Reflinks", value: "\(probe.hasReflinks)"))
        }
        if storageDriver != nil { facts.append(.init(name: "Chosen by", value: "configuration")) }
        for other in StorageDriver.allCases {
            if let refusal = probe.refusals[other], storageDriver == nil || other == driver {
                facts.append(.init(name: other.rawValue, value: "refused: \(refusal)"))
            }
            if other == driver { break }
        }
        return (driver, facts)
    }
}
