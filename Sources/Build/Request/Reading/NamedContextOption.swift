import Bytes
package import Errors
import Images
import Linux
import OCI

/// The text of `--build-context`: "NAME=PATH", or with "docker-image://", "oci-layout://" or a URL in the place of the path.
package enum NamedContextOption {
    /// The context that `text` says, with its name as FROM and `--from` use it. `directory` is what relative paths are relative to. Throws
    /// `OptionError`.
    package static func read(
        _ text: String, directory: String
    ) throws(OptionError) -> (name: String, context: BuildContext) {
        guard let place = text.place(of: "=") else {
            throw .usage("invalid context value: \(text.excerpt), expected key=value")
        }
        let name = try name(String(text[..<place]))
        return (name, try context(String(text.behind(place)), name, directory))
    }

    private static func name(_ text: String) throws(OptionError) -> String {
        let reference: Reference
        do throws(ReferenceError) { reference = try Reference(text, defaultTag: nil) } catch {
            throw .usage("invalid context name \(text.excerpt): \(error)")
        }
        let familiar = reference.familiar
        return familiar.ends(with: ":latest") ? String(familiar.droppingLast(7)) : familiar
    }

    private static func context(
        _ value: String, _ name: String, _ directory: String
    ) throws(OptionError) -> BuildContext {
        if let image = rest(value, "docker-image://") {
            do throws(ReferenceError) { _ = try Reference(image) } catch {
                throw OptionError("invalid image in build context \(name): \(error)")
            }
            return .image(image)
        }
        if let layout = rest(value, "oci-layout://") { return try self.layout(layout, name, directory) }
        if rest(value, "target:") != nil {
            throw OptionError("failed to find the target of context \(name): only a bake has targets")
        }
        switch ContextArgument.remote(value) {
        case .git(let url)?: return .git(url)
        case .url(let url)?: return .url(url)
        default: break
        }
        let path = OptionFields.absolute(value, directory)
        let status: FileStatus
        do throws(SystemError) {
            guard !value.isEmpty else { throw SystemError("stat", value, .noEntry) }
            status = try Files.status(path)
        } catch {
            throw OptionError("failed to get build context \(name): stat \(value): \(error.errno)", .notFound)
        }
        guard status.isDirectory else {
            throw OptionError("failed to get build context \(name): \(value) is not a directory")
        }
        return .directory(path)
    }

    // "PATH[:TAG][@DIGEST]"
    private static func layout(
        _ text: String, _ name: String, _ directory: String
    ) throws(OptionError) -> BuildContext {
        var path = text[...]
        var reference: String?
        if let at = path.lastPlace(of: "@") {
            reference = String(path.behind(at))
            path = path[..<at]
            guard reference.flatMap({ Digest($0) }) != nil else {
                throw OptionError("oci-layout of context \(name) has no digest behind \"@\"")
            }
        }
        if let colon = path.lastPlace(of: ":"), !path[colon...].has("/") {
            if reference == nil { reference = String(path.behind(colon)) }
            path = path[..<colon]
        }
        let directory = OptionFields.absolute(String(path), directory)
        func unresolved(_ cause: String, _ kind: ErrorKind) -> OptionError {
            OptionError(
                "oci-layout reference \(goQuoted("oci-layout://\(text.excerpt)")) could not be resolved: \(cause)", kind
            )
        }
        guard !path.isEmpty else { throw unresolved("there is no path", .invalid) }
        // What has a digest is found by that, whatever the index says.
        if reference.flatMap({ Digest($0) }) == nil {
            do throws(EngineError) { _ = try LayoutDirectory(directory).find(reference) } catch {
                throw unresolved(error.message, error.kind)
            }
        }
        return .layout(directory, reference: reference)
    }

    private static func rest(_ text: String, _ prefix: String) -> String? {
        text.begins(with: prefix) ? String(text.dropping(prefix.utf8.count)) : nil
    }
}
