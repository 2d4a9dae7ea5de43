import Bytes
import ContainerSpec
package import Errors
import Linux
import Store
import Supervision

extension Engine {
    /// Gives the container that `text` names another name. Throws `EngineError`.
    package func renameContainer(_ text: String, to name: String) throws(EngineError) {
        let new = name.firstLetter == "/" ? String(name.dropping(1)) : name
        guard !new.isEmpty, !text.isEmpty else {
            throw EngineError("Neither old nor new names may be empty", .invalid)
        }
        let id = try containerID(text)
        let description = try description(id)
        let old = try currentName(id, was: description.name) ?? description.name
        guard old != new else {
            throw EngineError("Renaming a container with the same name as its current name", .invalid)
        }
        do throws(StoreError) { try containers.rename(id, to: new) } catch {
            let shown = if case .invalidName(let name) = error { StoreError.invalidName("/" + name) } else { error }
            throw EngineError("Error when allocating new name: \(shown)", error.kind)
        }
        do throws(StoreError) {
            try EndpointStore(paths).rename(id, to: new)
        } catch { throw EngineError("the container is renamed, but not on its networks: \(error)") }
        note(.rename(from: old), description, name: new)
    }
}
