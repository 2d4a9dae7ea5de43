import Build
import Bytes

/// What the parts of a step are called where one text both tells them apart and is shown, as BuildKit's `id` does.
struct PartNames: Sendable {
    private var owners: [ByteKey: Int] = [:]

    /// For `part`, which is at `place` among the step's: what is shown, or where another part has that already, what tells it apart.
    mutating func name(of part: BuildStep.Part, at place: Int) -> String {
        let name = ByteKey(part.name)
        if owners[name] == nil { owners[name] = place }
        return owners[name] == place ? part.name : part.id
    }
}
