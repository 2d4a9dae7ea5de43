import ContainerSpec
import Engine
import Errors
import Glibc
import Store

extension Context {
    /// The engine on the store that the global options and the environment name. Throws `EngineError` or
    /// `StoreError` where there is none that this user may use.
    func engine() throws -> Engine {
        let paths = try StorePaths.locate(root: options.root, run: options.runRoot) { name in
            getenv(name).map { String(cString: $0) }
        }
        var engine = try Engine(paths)
        if let name = options.storageDriver {
            do throws(OptionError) { engine.storageDriver = try StorageDriver(named: name) } catch {
                throw CommandFailure(error.description, status: 125)
            }
        }
        return engine
    }
}
