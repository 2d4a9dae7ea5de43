import Linux
import OCI
import Store
import Synchronization

/// A layer that a build uses, wherever its directory is: in the store, or where a step of this build has just made it.
final class BuildLayer: Sendable {
    /// What is known of it.
    struct State: Sendable {
        /// Its directory. To be used while `LayerPins` hold it there.
        var path: String
        /// The name that the directory, or another one of the same layer, has in the store; nil until it has one.
        var directory: Digest?
        /// nil until its archive was read.
        var diffID: Digest?
        /// The archive's size in bytes, where it was read.
        var size: Int64?
        var created: String?
    }

    private let state: Mutex<State>
    /// What its step is filed under, and what that is called; nil where no step of a build made it.
    let label: Label?
    /// Where it was made, in this build; the directory may be in it until the end.
    private let scratch: LayerScratch?

    /// What the cache calls a layer.
    struct Label: Sendable {
        let key: Digest
        let description: String
    }

    init(_ state: State, _ label: Label? = nil, in scratch: LayerScratch? = nil) {
        self.state = Mutex(state)
        self.label = label
        self.scratch = scratch
    }

    var now: State { state.withLock { $0 } }

    func update(_ body: @Sendable (inout State) -> Void) { state.withLock { body(&$0) } }
}

/// Keeps layers' directories where they are while somebody is about to mount or read them: a step's layer gets its name when its archive was
/// read, and that may be while the next step is being started.
final class LayerPins: Sendable {
    private let count = Monitor(0)

    /// Holds all directories until the pin is released or goes.
    func pin() -> Pin {
        count.change { $0 += 1 }
        return Pin(self)
    }

    fileprivate func release() { count.change { $0 -= 1 } }

    /// Runs `body`, which may move directories, when nobody holds them; nobody can until it returns.
    func whenFree(_ body: () -> Void) { count.when({ $0 == 0 }, { _ in body() }) }

    /// Holds directories where they are. Any thread may release it, once.
    final class Pin: Sendable {
        private let pins: LayerPins
        private let isReleased = Mutex(false)

        fileprivate init(_ pins: LayerPins) { self.pins = pins }

        deinit { release() }

        func release() {
            let isFirst = isReleased.withLock { released in
                defer { released = true }
                return !released
            }
            if isFirst { pins.release() }
        }
    }
}
