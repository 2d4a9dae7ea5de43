import Engine
import OCI
import Rendering
import Store

extension Context {
    /// Prints which `kind` ("Volumes") a prune deleted, if there were any.
    func listDeleted(_ kind: String, _ lines: [String]) throws {
        guard !lines.isEmpty else { return }
        try output.line("Deleted \(kind):")
        for text in lines { try output.line(text) }
        try output.line("")
    }
}

extension PruneOutcome {
    /// Prints which images went, and which names of them.
    func listImages(_ context: Context) throws {
        try context.listDeleted(
            "Images",
            images.map { removal in
                switch removal {
                case .untagged(let name): "untagged: \(name)"
                case .deleted(let id): "deleted: \(id)"
                }
            })
    }

    /// Prints what was reclaimed, and complains of what could not be removed. Returns the exit code.
    func conclude(_ context: Context) throws -> CInt {
        try context.output.line("Total reclaimed space: \(HumanSize.decimal(reclaimed))")
        try context.output.flush()
        for problem in problems { context.complain(problem) }
        return problems.isEmpty ? 0 : 1
    }
}
