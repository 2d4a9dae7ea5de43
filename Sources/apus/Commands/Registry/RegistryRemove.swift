import Engine
import Errors
import Flags
import Images
import Linux
import OCI

extension Verb {
    static let registryRemove = Verb(
        id: "registry rm",
        syntax: CommandSyntax(
            summary: "Delete tags or images at their registry",
            usage: ["NAME:TAG|NAME@DIGEST [NAME:TAG|NAME@DIGEST...]"],
            description:
                "Delete tags or images at their registry. A tag goes alone, and leaves the image;\n"
                + "an image goes by its digest, with all tags that it has. Nothing is asked.",
            arguments: .atLeast(1))
    ) { parsed, context in
        // All names are read before anything is deleted.
        let references = try parsed.positionals.map { name in
            let reference = try Reference(typed: name, defaultTag: nil)
            guard reference.tag != nil || reference.digest != nil else {
                throw CommandFailure(
                    "\(reference.familiarName) is a whole repository: name a tag (\(reference.familiarName):TAG) or a"
                        + " digest")
            }
            guard reference.tag == nil || reference.digest == nil else {
                throw CommandFailure(
                    "\(reference.familiar) has a tag and a digest: name the tag, which goes alone, or the digest, with which"
                        + " all its tags go")
            }
            return reference
        }
        var status: CInt = 0
        for reference in references {
            let repository = RemoteRepository(reference, context)
            do {
                try waitFor {
                    if let digest = reference.digest {
                        try await repository.delete(digest)
                    } else if let tag = reference.tag {
                        try await repository.delete(tag: tag)
                    }
                }
                let word = reference.digest == nil ? "Untagged" : "Deleted"
                try context.output.line("\(word): \(reference.familiar)")
            } catch let error as EngineError {
                try context.output.flush()
                context.complain(error.message)
                status = 1
            }
        }
        return status
    }
}
