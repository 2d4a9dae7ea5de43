package import Linux

/// Why a container's namespace got no way out.
package enum EgressError: Error, CustomStringConvertible {
    /// The helper is not installed.
    case missing(helper: String, package: String)
    /// `/dev/net/tun` cannot be used.
    case noTunnelDevice(Errno)
    /// The helper ended, or said nothing, before the network was ready; the text is what it wrote.
    case failed(helper: String, output: String)
    case system(SystemError)

    package var description: String {
        switch self {
        case .missing(let helper, let package):
            "\(helper) is not installed: install the package \(package), or use --network host or --network none"
        case .noTunnelDevice(let errno):
            "cannot use /dev/net/tun (\(errno)), which slirp4netns and pasta need: "
                + "make it readable and writable, or use --network host or --network none"
        case .failed(let helper, let output):
            "\(helper) could not set up the network: \(output.isEmpty ? "it ended without a message" : output)"
        case .system(let error): "cannot set up the network: \(error)"
        }
    }
}
