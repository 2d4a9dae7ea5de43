package import DockerTypes
package import Errors
package import Store

extension Engine {
    /// All volumes by their names, and a sentence for each whose record cannot be read. Throws where there is no list.
    package func listVolumes() throws(EngineError) -> (volumes: [VolumeDefinition], problems: [String]) {
        var problems: [String] = []
        do throws(StoreError) {
            return (try volumes.list { problems.append($0.description) }, problems)
        } catch { throw EngineError(error) }
    }

    /// Whether a container uses the volume. Throws where that cannot be told.
    package func isUsed(_ volume: VolumeDefinition) throws(EngineError) -> Bool {
        do throws(StoreError) { return try !volumes.users(of: volume.name).isEmpty } catch { throw EngineError(error) }
    }

    /// `volume inspect`. Throws where there is none.
    package func inspectVolume(_ name: String) throws(EngineError) -> VolumeInspection {
        do throws(StoreError) {
            return VolumeInspection(try volumes.read(name), mountpoint: volumes.data(of: name))
        } catch { throw EngineError(error) }
    }
}
