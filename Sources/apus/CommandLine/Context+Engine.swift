import ContainerSpec
import Engine
import Errors
import Glibc
import Store

extension Context {
    /// The engine on the store that the global options and the environment name. Throws `EngineError` or
    /// `StoreError` where there is none that this user may use.
    func engine() throws -> Engine {
        var engine = try Engine(paths ?? locateStore())
        if let name = options.storageDriver {
            do throws(OptionError) { engine.storageDriver = try StorageDriver(named: name) } catch {
                throw CommandFailure(error.description, status: 125)
            }
        }
        return engine
    }

    /// Where the store is that the global options and the environment name. Throws `StoreError`.
    func locateStore() throws(StoreError) -> StorePaths {
        try StorePaths.locate(root: options.root, run: options.runRoot) { name in
            getenv(name).map { String(cString: $0) }
        }
    }
}
