import Linux

/// What all that moves bytes for one container shares.
package final class RelayHub {
    let reactor: Reactor
    let transparent: TransparentSockets
    let buffer: SharedBuffer
    let streams: StreamRelay

    /// `namespace` is a descriptor of the shared namespace, which somebody else keeps open.
    package init(_ reactor: Reactor, namespace: CInt) {
        self.reactor = reactor
        transparent = TransparentSockets(namespace: namespace)
        buffer = SharedBuffer(reactor)
        streams = StreamRelay(reactor, buffer)
    }
}
