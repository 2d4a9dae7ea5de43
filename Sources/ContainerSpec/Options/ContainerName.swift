package import Errors
import Store

/// The names that a container may have.
package enum ContainerName {
    /// `text` without a leading slash, as Docker takes it. Throws `OptionError` for what is no name.
    package static func validated(_ text: String) throws(OptionError) -> String {
        do throws(StoreError) { return try ContainerStore.validName(text) } catch {
            throw OptionError(error.description)
        }
    }
}
