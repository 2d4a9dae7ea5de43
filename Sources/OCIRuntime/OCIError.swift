import Cgroups
import Linux
import OCI
import Runtime
import Seccomp

/// Why a verb of the runtime's command line failed: one sentence.
package struct OCIError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Runs `body` and gives what it throws the form of this module.
func reporting<R: ~Copyable>(_ body: () throws -> R) throws(OCIError) -> R {
    do {
        return try body()
    } catch let error as OCIError {
        throw error
    } catch {
        throw OCIError("\(error)")
    }
}

/// As `reporting`, with what was being done before the reason.
func reporting<R: ~Copyable>(_ what: @autoclosure () -> String, _ body: () throws -> R) throws(OCIError) -> R {
    do {
        return try body()
    } catch let error as OCIError {
        throw error
    } catch {
        throw OCIError("\(what()): \(error)")
    }
}
