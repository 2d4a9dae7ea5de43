import ContainerSpec
package import Errors
import Linux
import Store
import Supervision

extension Engine {
    /// Gives the container that `text` names another name. Throws `EngineError`.
    package func renameContainer(_ text: String, to name: String) throws(EngineError) {
        let new = name.first == "/" ? String(name.dropFirst()) : name
        guard !new.isEmpty, !text.isEmpty else {
            throw EngineError("neither the old nor the new name may be empty", .invalid)
        }
        let id = try containerID(text)
        let description = try description(id)
        let old = try currentName(id, was: description.name) ?? description.name
        guard old != new else {
            throw EngineError("cannot rename container \(text): it has the name \(new) already", .invalid)
        }
        do throws(StoreError) { try containers.rename(id, to: new) } catch {
            throw EngineError("cannot rename container \(text): \(error)")
        }
        note(.rename(from: old), description, name: new)
    }
}
