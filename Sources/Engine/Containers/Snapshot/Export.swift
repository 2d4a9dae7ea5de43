import Archive
import ContainerSpec
package import Errors
import Store
import Supervision

extension Engine {
    /// `export`: writes all of the file system of the container that `text` names to `output`, which is borrowed, as a tar
    /// archive: what its image and it itself have, without what is mounted in it. Throws `EngineError`; what `output` has
    /// then is no archive.
    package func exportContainer(_ text: String, to output: CInt) throws(EngineError) {
        let id = try containerID(text)
        let record: ContainerRecord
        do throws(StoreError) { record = try containers.readRecord(id) } catch { throw EngineError(error) }
        let description = try description(id)
        let archive = try tree(description, record).whole
        do throws(EngineError) { _ = try write(archive, to: output) } catch {
            throw EngineError("cannot export container \(text): \(error.message)", error.kind)
        }
        try requirePresence(id)
        note(.export, description, name: try currentName(id, was: description.name))
    }
}
