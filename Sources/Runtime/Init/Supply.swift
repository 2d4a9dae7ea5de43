import Linux

/// What the process hears once its root has been handed over: that what is bound into it is there, and who it is. It comes while the
/// process makes what needs neither.
struct Supply {
    /// Who the process is; nil where its specification says so.
    private(set) var owner: ProcessOwner?
    private var isAwaited: Bool

    init(of request: borrowing LaunchRequest) {
        isAwaited = request.root.isProvided
    }

    /// Waits for it, where that has not been done.
    mutating func take(_ channel: borrowing PacketSocket) throws(LaunchError) {
        guard isAwaited else { return }
        isAwaited = false
        var packet = try ContainerInit.packet(channel)
        guard case .supplied(let known) = (try? Frame.decode(packet.bytes)) as ParentMessage? else {
            throw LaunchError(.communication, sentence: "the container's process got a message out of turn")
        }
        owner = known
        guard let file = packet.attachment.take() else { return }
        var decoder = WireDecoder(try step(.communication) { () throws(SystemError) in try file.readAll() })
        do throws(WireError) { owner = try ProcessOwner(from: &decoder) } catch {
            throw LaunchError(.communication, sentence: "the container's process was told wrongly who it is: \(error)")
        }
    }
}
