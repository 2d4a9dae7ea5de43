package import Linux
package import Netlink

/// Why a container could not be put on its networks.
package enum NetworkError: Error, CustomStringConvertible {
    /// A request to the kernel's network that it refused.
    case refused(NetlinkError)
    /// This kernel lacks something that networks are made of, or a container around us forbids it.
    case unsupported(NetlinkError)
    /// What was asked for, which cannot be here: a sentence with the remedy.
    case impossible(String)
    /// A system call that failed while something was done.
    case failed(action: String, SystemError)

    package var description: String {
        switch self {
        case .refused(let error): "cannot set up the network: \(error)"
        case .unsupported(let error):
            "this kernel has no networks for containers (\(error)); use --network slirp4netns, host or none"
        case .impossible(let sentence): sentence
        case .failed(let action, let error): "cannot \(action): \(error)"
        }
    }
}

/// Runs `body`, whose failure prevents `action`.
@discardableResult
func doing<Result: ~Copyable>(
    _ action: @autoclosure () -> String, _ body: () throws(SystemError) -> Result
) throws(NetworkError) -> Result {
    do throws(SystemError) { return try body() } catch { throw .failed(action: action(), error) }
}

/// Runs `body`, a conversation with the kernel's network.
func asking<Result: ~Copyable>(_ body: () throws(NetlinkError) -> Result) throws(NetworkError) -> Result {
    do throws(NetlinkError) { return try body() } catch { throw .refused(error) }
}
