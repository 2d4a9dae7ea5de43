import Linux
import Store

extension Engine {
    /// Gives the container that `text` names another name. Throws `EngineError` with exit code 1.
    package func renameContainer(_ text: String, to name: String) throws(EngineError) {
        let new = name.first == "/" ? String(name.dropFirst()) : name
        guard !new.isEmpty, !text.isEmpty else {
            throw EngineError("neither the old nor the new name may be empty", exitCode: 1)
        }
        let id = try containerID(text)
        let description = try description(id)
        let old = try currentName(id, was: description.name) ?? description.name
        guard old != new else {
            throw EngineError("cannot rename container \(text): it has the name \(new) already", exitCode: 1)
        }
        do throws(StoreError) { try containers.rename(id, to: new) } catch {
            throw EngineError("cannot rename container \(text): \(error)", exitCode: 1)
        }
        note(.rename(from: old), description, name: new)
    }
}
