package import Runtime
package import Store

extension LayerStore {
    /// The layers that a process in `mode` unpacks and mounts: without subordinate ids all files belong to one user, and
    /// such layers are kept apart.
    package init(_ paths: StorePaths, _ mode: UserNamespace.Mode) {
        self.init(paths, mode == .single ? .squashed : .full)
    }
}
