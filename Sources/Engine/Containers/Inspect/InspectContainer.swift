import ContainerSpec
package import DockerTypes
package import Errors
import Linux
import Logs
import OCI
import Store

extension Engine {
    /// `inspect` of the container that `text` names, with `sizes` of its files too. Throws where there is
    /// none.
    package func inspectContainer(_ text: String, sizes: Bool = false) throws(EngineError) -> ContainerInspection {
        let snapshot = try container(text)
        return try engine {
            let record = try containers.readRecord(snapshot.id)
            let directory = containers.directory(snapshot.id)
            let driver = try StorageDriver.keeping(directory) ?? snapshot.description.options.storageDriver ?? .overlay
            let log = try snapshot.description.logConfiguration().path(directory: directory, id: snapshot.id)
            var inspection = ContainerInspection(
                snapshot, filesDirectory: containers.runDirectory(snapshot.id),
                lowerDirectories: layerDirectories(record), driver: driver, directory: directory,
                volumes: volumes,
                logPath: log ?? "", health: health(of: snapshot), execIDs: execIDs(snapshot.id))
            guard sizes else { return inspection }
            let own = try ownSizes(of: [snapshot.id]).first ?? 0
            inspection.sizeOfOwnFiles = own
            let image = snapshot.description.imageID.flatMap { try? self.image($0.description) }
            inspection.sizeOfAllFiles = own + (image.map { size(of: $0) } ?? 0)
            return inspection
        }
    }
}
