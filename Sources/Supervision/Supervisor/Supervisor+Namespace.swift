import Glibc
import Runtime
import Store

/// The user namespace that it works in.
extension Supervisor {
    /// `publishing`: for as long as it lives others join its namespace; who does not linger must not say so.
    mutating func enterUserNamespace(publishing: Bool = true) throws(SupervisorFailure) {
        let runDirectory = request.containers.paths.run
        var living = request.living
        do throws(UserNamespaceError) {
            let entered = try UserNamespace.enter(runDirectory: runDirectory, publishing: publishing, living: &living)
            mode = entered.mode
            isUnpublished = publishing && !entered.isPublished
        } catch { throw SupervisorFailure(error.description) }
        // A mount of another user namespace's is none that this one could attach.
        if mode != .host, living == nil { endPreparation() }
        if let made = request.living { close(made.number) }
    }

    /// Says that others can join its namespace, where it has not said so yet.
    mutating func publishNamespace() {
        guard isUnpublished else { return }
        isUnpublished = false
        UserNamespace.publish(runDirectory: request.containers.paths.run, mode: mode)
    }
}
