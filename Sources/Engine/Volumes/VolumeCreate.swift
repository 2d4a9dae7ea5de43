package import Bytes
import ContainerSpec
package import Errors
import Linux
import Logs
package import Store

/// A volume that a user wants (`volume create`).
package struct VolumeRequest: Sendable {
    /// nil: a name is made for it.
    package var name: String?
    /// nil: `local`, which is the only one.
    package var driver: String?
    package var options: [ByteKey: String] = [:]
    package var labels: [ByteKey: String] = [:]

    /// A volume of the driver `local` without options.
    package init(name: String?) { self.name = name }
}

extension Engine {
    /// The volumes of this store.
    package var volumes: VolumeStore { VolumeStore(paths) }

    /// Makes the volume and returns its name; one that is there already is left as it is. Throws `EngineError` in Docker's
    /// words.
    package func createVolume(_ request: VolumeRequest) throws(EngineError) -> String {
        let guarding = try holdOffSweeps()
        defer { guarding.descriptor.unlock() }
        let name = request.name.flatMap { $0.isEmpty ? nil : $0 }
        return try create(request, named: name ?? randomHex(bytes: 32), isAnonymous: name == nil, owner: nil).name
    }

    func create(
        _ request: VolumeRequest, named name: String, isAnonymous: Bool, owner: String?
    ) throws(EngineError) -> VolumeDefinition {
        if let driver = request.driver, !driver.isEmpty, !driver.isSame(as: "local") {
            throw EngineError(
                "create \(name): error looking up volume plugin \(driver): plugin \"\(driver)\" not found", .notFound)
        }
        var definition = VolumeDefinition(name: name, created: Timestamp.now().rfc3339)
        definition.options = request.options
        definition.labels = request.labels
        definition.isAnonymous = isAnonymous
        definition.owner = owner
        if isAnonymous { definition.labels[VolumeDefinition.anonymousLabel] = "" }
        do throws(StoreError) { try VolumeStore.checkName(name) } catch { throw EngineError(error) }
        do throws(OptionError) { try definition.checkOptions() } catch {
            throw EngineError("create \(name): \(error.description)", error.kind)
        }
        let (volume, isNew): (VolumeDefinition, Bool)
        do throws(StoreError) { (volume, isNew) = try volumes.create(definition) } catch { throw EngineError(error) }
        if isNew { note(.volume("create", name)) }
        return volume
    }
}

extension Event {
    /// An event of a volume.
    static func volume(_ action: String, _ name: String) -> Event {
        Event(.volume, action, id: name, attributes: ["driver": "local"])
    }
}

extension VolumeDefinition {
    /// Throws for what the driver `local` does not know, or cannot do without.
    fileprivate func checkOptions() throws(OptionError) {
        for name in options.keys.sorted() where !["type", "device", "o", "size"].contains(name) {
            throw OptionError("invalid option: \"\(name.text)\"")
        }
        if options["size"] != nil { throw OptionError("quota size requested but no quota support") }
        if let device = options["device"], !device.isEmpty { return }
        guard options["type"] == nil, options["o"] == nil else {
            throw OptionError("missing required option: \"device\"")
        }
    }
}
